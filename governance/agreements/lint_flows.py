"""What each flow must say: its law, its duty of confidence, the family's say, who its ends are.

Invariants: a flow without a legal basis, a power and, where it needs one, an Article 9 condition is an error; what it
tells families is what it does; a public authority rests on its task, never on an interest.
Sources: UK GDPR Articles 6(1) with its last sentence, 7, 9(2) and 21; DPA 2018 s.10, Sch 1 Parts 1 and 2; the Data
(Use and Access) Act 2025 (recognised legitimate interests); the common law duty of confidence.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from governance.agreements.findings import Severity
from governance.agreements.flows import Agreement, Confidentiality, Flow, Identifiability
from governance.agreements.lint_agreement import Fault, both_languages
from governance.terms import Category, LegalBasis, Purpose, Say

FlowRule = Callable[[Flow, Agreement], Iterator[Fault]]

SPECIAL_CATEGORIES: Final = frozenset(
    {
        Category.MATERNITY,
        Category.BIRTH,
        Category.HEALTH_VISITING,
        Category.DEVELOPMENT,
        Category.INFANT_FEEDING,
        Category.IMMUNISATION,
        Category.PRIMARY_CARE,
        Category.SEND,
        Category.CHILD_PROTECTION,
        Category.LOOKED_AFTER,
        Category.DOMESTIC_ABUSE,
        Category.ADULT_HEALTH,
        Category.SOCIAL_CARE,
    }
)
"""Categories that hold data concerning health, sex life or criminal allegations (UK GDPR Articles 9 and 10)."""

NEEDS_SCHEDULE_1: Final[Mapping[str, bool]] = {
    "a": False,
    "b": True,
    "c": False,
    "d": False,
    "e": False,
    "f": False,
    "g": True,
    "h": True,
    "i": True,
    "j": True,
}
"""Article 9(2)'s conditions, and whether DPA 2018 s.10 asks for a condition of its Schedule 1 besides."""

INTERESTS: Final = frozenset({LegalBasis.RECOGNISED_LEGITIMATE_INTEREST, LegalBasis.LEGITIMATE_INTERESTS})
"""Bases that no public authority has in carrying out its tasks (UK GDPR Article 6(1))."""

_CONDITION: Final = re.compile(r"\b9\(2\)\(([a-j])\)")
_SCHEDULE_1: Final = re.compile(r"\bSch(?:edule)?\.?\s*1\b.*\bpara", re.IGNORECASE)


def _has_basis(flow: Flow, _agreement: Agreement) -> Iterator[Fault]:
    if flow.basis is None:
        yield ("basis",), Severity.ERROR, "has no legal basis (UK GDPR Article 6)"
    if not flow.gateway:
        yield ("gateway",), Severity.ERROR, "cites no power or duty to share"


def _has_article_9(flow: Flow, _agreement: Agreement) -> Iterator[Fault]:
    special = sorted(flow.categories & SPECIAL_CATEGORIES)
    if special and not flow.article_9:
        yield ("article_9",), Severity.ERROR, f"carries {special[0]} without an Article 9 condition"


def _names_its_condition(flow: Flow, _agreement: Agreement) -> Iterator[Fault]:
    if not flow.article_9:
        return
    named = _CONDITION.findall(flow.article_9)
    if not named:
        yield ("article_9",), Severity.ERROR, "names no condition of Article 9(2), as 9(2)(h)"
    elif any(NEEDS_SCHEDULE_1[letter] for letter in named) and not _SCHEDULE_1.search(flow.article_9):
        yield ("article_9",), Severity.ERROR, "names no condition of DPA 2018 Sch 1, which this one needs"


def _no_interest_of_an_authority(flow: Flow, agreement: Agreement) -> Iterator[Fault]:
    if flow.basis not in INTERESTS:
        return
    private = {party.organisation for party in agreement.parties if party.public_authority is False}
    if not {flow.source, *(to.organisation for to in flow.to)} <= private:
        yield ("basis",), Severity.ERROR, "a public authority (or a party that does not say it is none) cannot use this"


def _tells_the_truth(flow: Flow, _agreement: Agreement) -> Iterator[Fault]:
    by_consent = flow.basis is LegalBasis.CONSENT
    if by_consent and flow.say is not Say.CAN_REFUSE:
        yield ("say",), Severity.ERROR, "rests on consent, so families must be told that they can refuse"
    if not by_consent and flow.say is Say.CAN_REFUSE:
        yield ("say",), Severity.ERROR, "says families can refuse, but does not rest on consent"
    if flow.say is Say.CAN_OBJECT and not flow.objection_honoured:
        yield ("objection_honoured",), Severity.ERROR, "says families can object, but an objection changes nothing"
    if flow.say is Say.CANNOT_BE_STOPPED and flow.objection_honoured:
        yield ("say",), Severity.ERROR, "says it cannot be stopped, but an objection is honoured"


def _has_consent_form(flow: Flow, _agreement: Agreement) -> Iterator[Fault]:
    if flow.basis is LegalBasis.CONSENT and flow.consent_form is None:
        yield ("consent_form",), Severity.ERROR, "rests on consent, but names no form on which it is given"
    if flow.basis is not LegalBasis.CONSENT and flow.consent_form is not None:
        yield ("consent_form",), Severity.WARNING, "names a consent form, but does not rest on consent"


def _confidence(flow: Flow, _agreement: Agreement) -> Iterator[Fault]:
    if flow.basis is LegalBasis.CONSENT and flow.confidentiality is not Confidentiality.EXPLICIT_CONSENT:
        yield ("confidentiality",), Severity.WARNING, "rests on consent, but not its duty of confidence"


def _counts_without_names(flow: Flow, _agreement: Agreement) -> Iterator[Fault]:
    beyond = flow.purposes == {Purpose.PLANNING}
    if beyond and flow.identifiability is Identifiability.IDENTIFIABLE:
        yield ("identifiability",), Severity.WARNING, "is for planning alone, and yet identifies people"


def _in_catalogue(flow: Flow, _agreement: Agreement) -> Iterator[Fault]:
    if flow.unknown_categories:
        yield ("categories",), Severity.ERROR, "names a category that is not in the catalogue"


def _between_parties(flow: Flow, agreement: Agreement) -> Iterator[Fault]:
    if flow.source not in agreement.organisations:
        yield ("from",), Severity.ERROR, "comes from an organisation that is not a party"
    for place, recipient in enumerate(flow.to):
        if recipient.organisation not in agreement.organisations:
            yield ("to", place, "organisation"), Severity.ERROR, "goes to an organisation that is not a party"


def _explained(flow: Flow, _agreement: Agreement) -> Iterator[Fault]:
    yield from both_languages(flow.why, ("why",))


FLOW_RULES: Final[tuple[FlowRule, ...]] = (
    _has_basis,
    _has_article_9,
    _names_its_condition,
    _no_interest_of_an_authority,
    _tells_the_truth,
    _has_consent_form,
    _confidence,
    _counts_without_names,
    _in_catalogue,
    _between_parties,
    _explained,
)
