"""Asking who looked: in what right, what must be weighed, by when, and what may happen next. Pure.

Invariants: what is not known stops a release; where anything could put a child or a parent in danger two officers must
agree, on the same findings; a request once closed stays closed; the clock runs from the day of receipt and stands still
only while the asker is awaited.
Sources: UK GDPR Articles 12(3), 12A and 15; Data Protection Act 2018 Sch. 2 para 16, Sch. 3; Children Act 1989 ss.2-3;
Gillick v West Norfolk [1986] AC 112; the ICO's guidance on requests for information about children.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from governance.legal_time import legal_date
from governance.policy.request import Facts
from governance.terms import Category
from governance.wishes.responsibility import subject_at
from governance.wishes.wishes import Subject

ADULT: Final = 18
HEARD_FROM: Final = 12
"""From this age a child's own view is asked before a parent is answered."""
ONE_MONTH, EXTENDED_MONTHS = 1, 3


class Right(StrEnum):
    """In what right somebody asks."""

    PARENTAL_RESPONSIBILITY = "parental_responsibility"
    COMPETENT_CHILD = "competent_child"
    ADULT_SELF = "adult_self"


class Evidence(StrEnum):
    """What the officer has seen."""

    IDENTITY_SEEN = "identity_seen"
    RESPONSIBILITY_SEEN = "responsibility_seen"
    COMPETENCE_ASSESSED = "competence_assessed"
    CHILD_HEARD = "child_heard"


class Weight(StrEnum):
    STOPS = "stops"
    TWO_OFFICERS = "two_officers"


class Finding(StrEnum):
    """What the checks found, in the order in which it is told."""

    NO_SUCH_PERSON = "no_such_person"
    ERASED = "erased"
    UNBORN = "unborn"
    IDENTITY_NOT_SEEN = "identity_not_seen"
    NOT_THEMSELVES = "not_themselves"
    NOT_AN_ADULT = "not_an_adult"
    NOT_A_CHILD = "not_a_child"
    AGE_UNKNOWN = "age_unknown"
    COMPETENCE_NOT_ASSESSED = "competence_not_assessed"
    NOT_RESPONSIBLE = "not_responsible"
    RESPONSIBILITY_NOT_SEEN = "responsibility_not_seen"
    AGAINST_ASKER = "against_asker"
    PROTECTED = "protected"
    DOMESTIC_ABUSE = "domestic_abuse"
    PROTECTION_WORK = "protection_work"
    IN_CARE = "in_care"
    BEFORE_COURT = "before_court"
    CHILD_NOT_HEARD = "child_not_heard"


WEIGHTS: Final[Mapping[Finding, Weight]] = {
    Finding.NO_SUCH_PERSON: Weight.STOPS,
    Finding.ERASED: Weight.STOPS,
    Finding.UNBORN: Weight.STOPS,
    Finding.IDENTITY_NOT_SEEN: Weight.STOPS,
    Finding.NOT_THEMSELVES: Weight.STOPS,
    Finding.NOT_AN_ADULT: Weight.STOPS,
    Finding.NOT_A_CHILD: Weight.STOPS,
    Finding.AGE_UNKNOWN: Weight.STOPS,
    Finding.COMPETENCE_NOT_ASSESSED: Weight.STOPS,
    Finding.NOT_RESPONSIBLE: Weight.STOPS,
    Finding.RESPONSIBILITY_NOT_SEEN: Weight.STOPS,
    Finding.AGAINST_ASKER: Weight.TWO_OFFICERS,
    Finding.PROTECTED: Weight.TWO_OFFICERS,
    Finding.DOMESTIC_ABUSE: Weight.TWO_OFFICERS,
    Finding.PROTECTION_WORK: Weight.TWO_OFFICERS,
    Finding.IN_CARE: Weight.TWO_OFFICERS,
    Finding.BEFORE_COURT: Weight.TWO_OFFICERS,
    Finding.CHILD_NOT_HEARD: Weight.TWO_OFFICERS,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks about whom, in what right, and what was seen. Both ids are those of today."""

    person_id: str
    asker_person_id: str
    right: Right
    evidence: frozenset[Evidence]


Check = Callable[[Asked, Facts, datetime], bool]


def _unborn(_asked: Asked, facts: Facts, _at: datetime) -> bool:
    return bool(facts.members) and facts.members[0].unborn


def _age(facts: Facts) -> int | None:
    return facts.members[0].age if facts.members and not facts.members[0].unborn else None


def _own_right(asked: Asked) -> bool:
    return asked.right is not Right.PARENTAL_RESPONSIBILITY


def _known_age(facts: Facts, test: Callable[[int], bool]) -> bool:
    age = _age(facts)
    return age is not None and test(age)


def _decides(facts: Facts, at: datetime) -> Subject:
    """Who may speak for the child, by ties and by what is recorded over and above them."""
    index = facts.members[0]
    return subject_at(index.person_id, False, facts.holders(index), facts.responsibilities, at)


def _responsible(asked: Asked, facts: Facts, at: datetime) -> bool:
    return bool(facts.members) and asked.asker_person_id in _decides(facts, at).responsible


def _open_blocks(facts: Facts, at: datetime) -> bool:
    return any(block.open(legal_date(at)) for block in facts.blocks)


def _holds(facts: Facts, categories: frozenset[Category]) -> bool:
    return any(segment.category in categories for segment in facts.held)


PROTECTION_WORK: Final = frozenset({Category.CHILD_PROTECTION, Category.LOOKED_AFTER})

CHECKS: Final[Mapping[Finding, Check]] = {
    Finding.NO_SUCH_PERSON: lambda _asked, facts, _at: not facts.members,
    Finding.ERASED: lambda asked, facts, _at: asked.person_id in facts.erased,
    Finding.UNBORN: _unborn,
    Finding.IDENTITY_NOT_SEEN: lambda asked, _facts, _at: Evidence.IDENTITY_SEEN not in asked.evidence,
    Finding.NOT_THEMSELVES: lambda asked, _facts, _at: (
        _own_right(asked) is not (asked.person_id == asked.asker_person_id)
    ),
    Finding.NOT_AN_ADULT: lambda asked, facts, _at: (
        asked.right is Right.ADULT_SELF and _known_age(facts, lambda age: age < ADULT)
    ),
    Finding.NOT_A_CHILD: lambda asked, facts, _at: (
        asked.right is not Right.ADULT_SELF and _known_age(facts, lambda age: age >= ADULT)
    ),
    Finding.AGE_UNKNOWN: lambda _asked, facts, _at: _age(facts) is None,
    Finding.COMPETENCE_NOT_ASSESSED: lambda asked, _facts, _at: (
        asked.right is Right.COMPETENT_CHILD and Evidence.COMPETENCE_ASSESSED not in asked.evidence
    ),
    Finding.NOT_RESPONSIBLE: lambda asked, facts, at: not _own_right(asked) and not _responsible(asked, facts, at),
    Finding.RESPONSIBILITY_NOT_SEEN: lambda asked, _facts, _at: (
        not _own_right(asked) and Evidence.RESPONSIBILITY_SEEN not in asked.evidence
    ),
    Finding.AGAINST_ASKER: lambda asked, facts, at: any(
        block.against == asked.asker_person_id and block.since <= legal_date(at) for block in facts.blocks
    ),
    Finding.PROTECTED: lambda _asked, facts, at: _open_blocks(facts, at),
    Finding.DOMESTIC_ABUSE: lambda _asked, facts, _at: _holds(facts, frozenset({Category.DOMESTIC_ABUSE})),
    Finding.PROTECTION_WORK: lambda _asked, facts, _at: _holds(facts, PROTECTION_WORK),
    Finding.IN_CARE: lambda _asked, facts, at: bool(facts.members) and _decides(facts, at).in_care,
    Finding.BEFORE_COURT: lambda _asked, facts, at: bool(facts.members) and _decides(facts, at).before_court,
    Finding.CHILD_NOT_HEARD: lambda asked, facts, _at: (
        not _own_right(asked)
        and Evidence.CHILD_HEARD not in asked.evidence
        and _known_age(facts, lambda age: age >= HEARD_FROM)
    ),
}
"""Each finding with the check that makes it."""


def findings(asked: Asked, facts: Facts, at: datetime) -> tuple[Finding, ...]:
    """Return everything that stands in the way of an answer, or needs a second officer. Facts start with the person."""
    return tuple(finding for finding in Finding if CHECKS[finding](asked, facts, at))


def stopped(found: Iterable[Finding]) -> bool:
    return any(WEIGHTS[finding] is Weight.STOPS for finding in found)


def needs_two(found: Iterable[Finding]) -> bool:
    return any(WEIGHTS[finding] is Weight.TWO_OFFICERS for finding in found)


class Step(StrEnum):
    """What happens to a request, in the order it usually does."""

    RECEIVED = "received"
    CLOCK_STOPPED = "clock_stopped"
    CLOCK_RESUMED = "clock_resumed"
    EXTENDED = "extended"
    PROPOSED = "proposed"
    RETURNED = "returned"
    RELEASED = "released"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


_ENDS: Final = frozenset({Step.REFUSED, Step.WITHDRAWN})
_WORK: Final = _ENDS | {Step.CLOCK_STOPPED, Step.EXTENDED, Step.PROPOSED, Step.RELEASED}

NEXT: Final[Mapping[Step, frozenset[Step]]] = {
    Step.RECEIVED: _WORK,
    Step.CLOCK_STOPPED: frozenset({Step.CLOCK_RESUMED, Step.WITHDRAWN}),
    Step.CLOCK_RESUMED: _WORK,
    Step.EXTENDED: _WORK - {Step.EXTENDED},
    Step.PROPOSED: _ENDS | {Step.RETURNED, Step.RELEASED},
    Step.RETURNED: _WORK,
    Step.RELEASED: frozenset(),
    Step.REFUSED: frozenset(),
    Step.WITHDRAWN: frozenset(),
}
"""What may follow each step."""


@dataclass(frozen=True, slots=True)
class Taken:
    """One step, when it was taken and by whom (a staff id). A release is bound to its content and the log's size."""

    step: Step
    at: datetime
    by: str
    found: tuple[Finding, ...] = ()
    left_out: frozenset[str] = frozenset()
    content_hash: str | None = None
    log_size: int | None = None


def due(received_on: date, steps: Sequence[Taken], today: date) -> date:
    """Return the last day for an answer: one month from receipt (three if extended), and as long as the clock stood.

    The day of the same number in the later month, or that month's last; public holidays are not counted in, so the day
    is never told too late.
    """
    extended = any(taken.step is Step.EXTENDED for taken in steps)
    return _months_on(received_on, EXTENDED_MONTHS if extended else ONE_MONTH) + timedelta(_stood(steps, today))


def _stood(steps: Sequence[Taken], today: date) -> int:
    days, since = 0, None
    for taken in steps:
        if taken.step is Step.CLOCK_STOPPED:
            since = legal_date(taken.at)
        elif since is not None:
            days, since = days + (legal_date(taken.at) - since).days, None
    return days + ((today - since).days if since is not None else 0)


def _months_on(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    following = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    last = (following - timedelta(1)).day
    return date(year, month + 1, min(day.day, last))
