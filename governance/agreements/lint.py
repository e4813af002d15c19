"""Reading an agreement as an information governance lawyer would, before anyone signs it.

Invariants: every finding names a line, a field and what is wrong; an agreement with an error is never imported; a
warning may be signed off by people. Sources: the ICO Data Sharing Code, Annex A (checklist); the WASPI quality
assurance checklist; UK GDPR Articles 6, 7 and 9; the Welsh Language (Wales) Measure 2011.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Final

from governance.agreements.findings import Finding, Severity, field_name
from governance.agreements.flows import Agreement, Confidentiality, Flow, Text
from governance.agreements.marked_yaml import Path, line_of
from governance.terms import Category, LegalBasis, Say, SubjectRole

REVIEW_YEARS: Final = 2

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

CHILDREN: Final = frozenset({SubjectRole.CHILD, SubjectRole.SIBLING})


Fault = tuple[Path, Severity, str]


def check(agreement: Agreement) -> tuple[Finding, ...]:
    """Return what is wrong or doubtful, by line."""
    faults = [fault for rule in AGREEMENT_RULES for fault in rule(agreement)]
    for place, flow in enumerate(agreement.flows):
        for rule in FLOW_RULES:
            faults += [(("flows", place, *path), how, what) for path, how, what in rule(flow, agreement)]
    return tuple(sorted(_finding(agreement.lines, fault) for fault in faults))


def _finding(lines: Mapping[Path, int], fault: Fault) -> Finding:
    path, severity, message = fault
    return Finding(line_of(lines, path), field_name(path), severity, message)


# --- the agreement as a whole


def _kept_how_long(agreement: Agreement) -> Iterator[Fault]:
    if not agreement.retention:
        yield ("retention",), Severity.ERROR, "does not say how long recipients keep what they receive"


def _assessed(agreement: Agreement) -> Iterator[Fault]:
    if not agreement.dpia:
        yield ("dpia",), Severity.WARNING, "names no data protection impact assessment"


def _dates(agreement: Agreement) -> Iterator[Fault]:
    if agreement.review_due > _years_after(agreement.effective_from, REVIEW_YEARS):
        yield ("review_due",), Severity.ERROR, "is more than two years after the agreement takes effect"
    if not agreement.effective_from < agreement.review_due <= agreement.expires:
        yield ("expires",), Severity.ERROR, "the dates do not follow each other: takes effect, review, expiry"


def _years_after(day: date, years: int) -> date:
    leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year + years, day=28 if leap_day else day.day)


def _bilingual(agreement: Agreement) -> Iterator[Fault]:
    for name in ("title", "purposes"):
        yield from _both(getattr(agreement, name), (name,))


def _both(text: Text, path: Path) -> Iterator[Fault]:
    if not text.cy.strip():
        yield path, Severity.ERROR, "has no Welsh text"
    if not text.en.strip():
        yield path, Severity.ERROR, "has no English text"


def _best_interests(agreement: Agreement) -> Iterator[Fault]:
    about_children = any(CHILDREN & flow.subjects for flow in agreement.flows)
    if about_children and not agreement.best_interests.en.strip():
        yield ("best_interests",), Severity.ERROR, "shares children's data without saying why it is in their interest"
    elif about_children:
        yield from _both(agreement.best_interests, ("best_interests",))


def _led_by_party(agreement: Agreement) -> Iterator[Fault]:
    if agreement.lead not in agreement.organisations:
        yield ("lead",), Severity.ERROR, "the lead organisation is not a party"


def _parties_once(agreement: Agreement) -> Iterator[Fault]:
    if len(agreement.organisations) != len(agreement.parties):
        yield ("parties",), Severity.ERROR, "an organisation is a party twice"


def _numbered_once(agreement: Agreement) -> Iterator[Fault]:
    seen: set[str] = set()
    for place, flow in enumerate(agreement.flows):
        if flow.no in seen:
            yield ("flows", place, "no"), Severity.ERROR, "this flow number is used twice"
        seen.add(flow.no)


# --- each flow


def _has_basis(flow: Flow, _agreement: Agreement) -> Iterator[Fault]:
    if flow.basis is None:
        yield ("basis",), Severity.ERROR, "has no legal basis (UK GDPR Article 6)"
    if not flow.gateway:
        yield ("gateway",), Severity.ERROR, "cites no power or duty to share"


def _has_article_9(flow: Flow, _agreement: Agreement) -> Iterator[Fault]:
    special = sorted(flow.categories & SPECIAL_CATEGORIES)
    if special and not flow.article_9:
        yield ("article_9",), Severity.ERROR, f"carries {special[0]} without an Article 9 condition"


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


def _confidence(flow: Flow, _agreement: Agreement) -> Iterator[Fault]:
    if flow.basis is LegalBasis.CONSENT and flow.confidentiality is not Confidentiality.EXPLICIT_CONSENT:
        yield ("confidentiality",), Severity.WARNING, "rests on consent, but not its duty of confidence"


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
    yield from _both(flow.why, ("why",))


AGREEMENT_RULES: Final[tuple[Callable[[Agreement], Iterator[Fault]], ...]] = (
    _kept_how_long,
    _assessed,
    _dates,
    _bilingual,
    _best_interests,
    _led_by_party,
    _parties_once,
    _numbered_once,
)

FLOW_RULES: Final[tuple[Callable[[Flow, Agreement], Iterator[Fault]], ...]] = (
    _has_basis,
    _has_article_9,
    _tells_the_truth,
    _confidence,
    _in_catalogue,
    _between_parties,
    _explained,
)
