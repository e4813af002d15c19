"""Requests to know who looked: the officer's desk, and the report as the asker reads it.

Invariants: every table here has exactly its enum's members (a test holds them equal); the report's words are the same
whether or not anything was left out; nobody is named but, where the deployment tells names at all, workers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from app import labels
from app.disclosing import Opened, waits
from app.identity import Organisation
from app.language import N_, Language
from governance.reports.asking import NEXT, WEIGHTS, Evidence, Finding, Right, Step, Weight, needs_two, stopped
from governance.reports.store import Held
from governance.terms import Category, EventKind, Outcome, Purpose, Role

RIGHTS: Final[Mapping[Right, str]] = {
    Right.PARENTAL_RESPONSIBILITY: N_("A parent, or someone else with parental responsibility"),
    Right.COMPETENT_CHILD: N_("The child, who understands what they ask for"),
    Right.ADULT_SELF: N_("An adult, about themselves"),
}

EVIDENCE: Final[Mapping[Evidence, str]] = {
    Evidence.IDENTITY_SEEN: N_("Proof of who they are was seen"),
    Evidence.RESPONSIBILITY_SEEN: N_("Proof of parental responsibility was seen"),
    Evidence.COMPETENCE_ASSESSED: N_("The child’s understanding was assessed"),
    Evidence.CHILD_HEARD: N_("The child’s own view was asked"),
}

FINDINGS: Final[Mapping[Finding, str]] = {
    Finding.NO_SUCH_PERSON: N_("Nobody with this number is in the record."),
    Finding.ERASED: N_("The record was erased."),
    Finding.UNBORN: N_("It is about an unborn child."),
    Finding.IDENTITY_NOT_SEEN: N_("No proof of who is asking was seen."),
    Finding.NOT_THEMSELVES: N_("Who is asking does not fit the right they ask in."),
    Finding.NOT_AN_ADULT: N_("The person is under 18."),
    Finding.NOT_A_CHILD: N_("The person is 18 or older."),
    Finding.AGE_UNKNOWN: N_("The person’s age is not known."),
    Finding.COMPETENCE_NOT_ASSESSED: N_("The child’s understanding was not assessed."),
    Finding.NOT_RESPONSIBLE: N_("Who is asking does not hold parental responsibility today, as far as is known."),
    Finding.RESPONSIBILITY_NOT_SEEN: N_("No proof of parental responsibility was seen."),
    Finding.AGAINST_ASKER: N_("A protection stands or stood against the person who is asking."),
    Finding.PROTECTED: N_("Somebody in this family is protected: a refuge, placement, adoption or court order."),
    Finding.DOMESTIC_ABUSE: N_("There is information about domestic abuse in this family."),
    Finding.PROTECTION_WORK: N_("There is or was child protection work, or a child is or was looked after."),
    Finding.IN_CARE: N_("A care order is in force."),
    Finding.BEFORE_COURT: N_("A court is dealing with the child."),
    Finding.CHILD_NOT_HEARD: N_("The child is 12 or older and was not asked for their own view."),
}

WEIGHTS_SAID: Final[Mapping[Weight, str]] = {
    Weight.STOPS: N_("Stops a release"),
    Weight.TWO_OFFICERS: N_("Two officers must agree"),
}

STEPS: Final[Mapping[Step, str]] = {
    Step.RECEIVED: N_("Received"),
    Step.CLOCK_STOPPED: N_("Clock stopped: waiting for the person who asked"),
    Step.CLOCK_RESUMED: N_("Clock running again"),
    Step.EXTENDED: N_("Extended by two months"),
    Step.PROPOSED: N_("Release proposed: a second officer must agree"),
    Step.RETURNED: N_("Proposal sent back"),
    Step.RELEASED: N_("Report released"),
    Step.REFUSED: N_("Refused"),
    Step.WITHDRAWN: N_("Withdrawn"),
}

ACTS: Final[Mapping[Step, str]] = {
    Step.CLOCK_STOPPED: N_("Stop the clock"),
    Step.CLOCK_RESUMED: N_("Start the clock again"),
    Step.EXTENDED: N_("Extend by two months"),
    Step.RETURNED: N_("Send the proposal back"),
    Step.REFUSED: N_("Refuse the request"),
    Step.WITHDRAWN: N_("Record that it was withdrawn"),
}
"""Steps that are a button of their own."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One line of the list of requests."""

    id: str
    right: str
    received: date
    due: date
    overdue: bool
    waits: bool
    state: str


@dataclass(frozen=True, slots=True)
class FindingView:
    said: str
    weight: str
    stops: bool


@dataclass(frozen=True, slots=True)
class StepView:
    said: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class RequestPage:
    id: str
    right: str
    evidence: tuple[str, ...]
    received: date
    due: date
    overdue: bool
    findings: tuple[FindingView, ...]
    steps: tuple[StepView, ...]
    acts: tuple[tuple[str, str], ...]
    may_release: bool
    needs_two: bool
    released: bool
    left_out: str


@dataclass(frozen=True, slots=True)
class LookView:
    at: datetime
    what: str
    organisation: str
    role: str | None
    worker: str | None
    purpose: str | None
    categories: str
    outcome: str
    override: bool
    index: int
    leaf_hash: str


@dataclass(frozen=True, slots=True)
class ReportView:
    right: str
    received: date
    released: datetime
    size: int
    content_hash: str
    looks: tuple[LookView, ...]


def waiting(words: Language, held: Held, due: date, today: date) -> Waiting:
    still = waits(held)
    return Waiting(
        held.id, words.gettext(RIGHTS[held.asked.right]), held.received_on, due, still and due < today, still,
        words.gettext(STEPS[held.last.step]),
    )  # fmt: skip


def request_page(words: Language, opened: Opened, workers: Mapping[str, str], today: date) -> RequestPage:
    """Return one request as its officer works on it."""
    held, following = opened.held, NEXT[opened.held.last.step]
    return RequestPage(
        id=held.id,
        right=words.gettext(RIGHTS[held.asked.right]),
        evidence=tuple(words.gettext(EVIDENCE[e]) for e in Evidence if e in held.asked.evidence),
        received=held.received_on,
        due=opened.due,
        overdue=waits(held) and opened.due < today,
        findings=tuple(_finding(words, finding) for finding in opened.found),
        steps=tuple(StepView(words.gettext(STEPS[t.step]), t.at, workers.get(t.by, "")) for t in held.steps),
        acts=tuple((str(step), words.gettext(said)) for step, said in ACTS.items() if step in following),
        may_release=Step.RELEASED in following and not stopped(opened.found),
        needs_two=needs_two(opened.found) and held.last.step is not Step.PROPOSED,
        released=held.last.step is Step.RELEASED,
        left_out=" ".join(sorted(held.last.left_out)),
    )


def _finding(words: Language, finding: Finding) -> FindingView:
    weight = WEIGHTS[finding]
    return FindingView(words.gettext(FINDINGS[finding]), words.gettext(WEIGHTS_SAID[weight]), weight is Weight.STOPS)


def report_view(
    words: Language, content: Mapping[str, Any], content_hash: str, known: Mapping[str, Organisation]
) -> ReportView:
    """Return a report in the reader's language."""
    return ReportView(
        right=words.gettext(RIGHTS[Right(content["right"])]),
        received=date.fromisoformat(content["received_on"]),
        released=datetime.fromisoformat(content["released_at"]),
        size=content["log_size"],
        content_hash=content_hash,
        looks=tuple(_look(words, line, known) for line in content["looks"]),
    )


def _look(words: Language, line: Mapping[str, Any], known: Mapping[str, Organisation]) -> LookView:
    where = known.get(line["organisation"] or "")
    shown = [words.gettext(labels.CATEGORIES[Category(name)]) for name in line["categories"]]
    return LookView(
        at=datetime.fromisoformat(line["at"]),
        what=words.gettext(labels.EVENT_KINDS[EventKind(line["kind"])]),
        organisation=words.pick(where.name_en, where.name_cy) if where else line["organisation"] or "",
        role=words.gettext(labels.ROLES[Role(line["role"])]) if line["role"] else None,
        worker=line["worker"],
        purpose=words.gettext(labels.PURPOSES[Purpose(line["purpose"])]) if line["purpose"] else None,
        categories=words.together(shown) if shown else "",
        outcome=words.gettext(labels.OUTCOMES[Outcome(line["outcome"])]),
        override=line["override"],
        index=line["index"],
        leaf_hash=line["leaf_hash"],
    )
