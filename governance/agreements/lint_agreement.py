"""What an agreement must say as a whole, whatever its kind.

Invariants: a rule yields where it is wrong and why, never a value of the document; every bilingual text that is there
is there in both languages; the notice speaks of every flow and tells its own kind of say.
Sources: the ICO Data Sharing Code, Annex A; the WASPI quality assurance checklist; UK GDPR Articles 5(1)(e), 13, 14;
the Welsh Language (Wales) Measure 2011; UN Convention on the Rights of the Child, Article 3.
"""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Final

from governance.agreements.findings import Severity
from governance.agreements.flows import Agreement, Text
from governance.agreements.marked_yaml import Path
from governance.terms import SubjectRole

REVIEW_YEARS: Final = 2
CHILDREN: Final = frozenset({SubjectRole.CHILD, SubjectRole.SIBLING})

Fault = tuple[Path, Severity, str]
AgreementRule = Callable[[Agreement], Iterator[Fault]]


def both_languages(text: Text, path: Path) -> Iterator[Fault]:
    """Welsh no less favourably than English."""
    if not text.cy.strip():
        yield path, Severity.ERROR, "has no Welsh text"
    if not text.en.strip():
        yield path, Severity.ERROR, "has no English text"


def _kept_how_long(agreement: Agreement) -> Iterator[Fault]:
    if not (agreement.retention or "").strip():
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
        yield from both_languages(getattr(agreement, name), (name,))
    for name, path in OPTIONAL_TEXTS.items():
        text = getattr(agreement, name)
        if text.en or text.cy:
            yield from both_languages(text, path)


OPTIONAL_TEXTS: Final[dict[str, Path]] = {
    "population": ("population", "description"),
    "obligations": ("obligations",),
    "security": ("security",),
}


def _best_interests(agreement: Agreement) -> Iterator[Fault]:
    about_children = any(CHILDREN & flow.subjects for flow in agreement.flows)
    if about_children and not agreement.best_interests.en.strip():
        yield ("best_interests",), Severity.ERROR, "shares children's data without saying why it is in their interest"
    elif about_children:
        yield from both_languages(agreement.best_interests, ("best_interests",))


def _led_by_party(agreement: Agreement) -> Iterator[Fault]:
    if agreement.lead not in agreement.organisations:
        yield ("lead",), Severity.ERROR, "the lead organisation is not a party"


def _parties_once(agreement: Agreement) -> Iterator[Fault]:
    if len(agreement.organisations) != len(agreement.parties):
        yield ("parties",), Severity.ERROR, "an organisation is a party twice"


def _ages(agreement: Agreement) -> Iterator[Fault]:
    youngest, oldest = agreement.ages
    if youngest > oldest:
        yield ("population", "to_age"), Severity.ERROR, "the oldest age is below the youngest"


def _signed_by_the_designated(agreement: Agreement) -> Iterator[Fault]:
    for place, party in enumerate(agreement.parties):
        if party.signatory is not None and party.signatory != party.designated_person:
            yield ("parties", place, "signatory"), Severity.ERROR, "the signatory is not the designated person"


def _numbered_once(agreement: Agreement) -> Iterator[Fault]:
    seen: set[str] = set()
    for place, flow in enumerate(agreement.flows):
        if flow.no in seen:
            yield ("flows", place, "no"), Severity.ERROR, "this flow number is used twice"
        seen.add(flow.no)


def _notice_is_whole(agreement: Agreement) -> Iterator[Fault]:
    if agreement.notice is None:
        return
    spoken_of = {line.flow for line in agreement.notice}
    for place, flow in enumerate(agreement.flows):
        if flow.no not in spoken_of:
            yield ("notice",), Severity.ERROR, f"says nothing of flow {flow.no} (flows[{place}])"


def _notice_is_true(agreement: Agreement) -> Iterator[Fault]:
    says = {flow.no: flow.say for flow in agreement.flows}
    seen: set[str] = set()
    for place, line in enumerate(agreement.notice or ()):
        where: Path = ("notice", place)
        if line.flow not in says:
            yield (*where, "flow"), Severity.ERROR, "speaks of a flow that is not there"
        elif line.say is not says[line.flow]:
            yield (*where, "say"), Severity.ERROR, "tells families another kind of say than the flow gives them"
        if line.flow in seen:
            yield (*where, "flow"), Severity.ERROR, "speaks of this flow twice"
        seen.add(line.flow)
        yield from both_languages(line.text, (*where, "text"))


AGREEMENT_RULES: Final[tuple[AgreementRule, ...]] = (
    _kept_how_long,
    _assessed,
    _dates,
    _bilingual,
    _best_interests,
    _led_by_party,
    _parties_once,
    _ages,
    _signed_by_the_designated,
    _numbered_once,
    _notice_is_whole,
    _notice_is_true,
)
