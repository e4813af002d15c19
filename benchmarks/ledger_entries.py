"""Entries as a day's work leaves them, for measuring the ledger: looks at families, searches, sign-ins."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime

from governance.ledger.entries import AuditEvent, acted, decided
from governance.terms import (
    Actor,
    Category,
    Decision,
    EventKind,
    FlowRef,
    Outcome,
    Purpose,
    Reason,
    RelationshipKind,
    Role,
    Segment,
    SegmentDecision,
    SubjectRole,
    Withholding,
)

START = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
_FLOW = FlowRef("early-help-isp", 3, "04")
_MEMBERS = (SubjectRole.CHILD, SubjectRole.MOTHER, SubjectRole.FATHER, SubjectRole.SIBLING, SubjectRole.SIBLING)
_CATEGORIES = tuple(Category)[:10]


def events(count: int, seed: int = 1) -> Iterator[AuditEvent]:
    """Yield so many: of ten, three looks at a family of five (50 segments), three searches, four smaller acts."""
    chance = random.Random(seed)
    for n in range(count):
        actor = Actor(f"{chance.randrange(5000):032x}", "ZCH", Role.HEALTH_VISITOR, None, True, True, None, True)
        kind = n % 10
        if kind < 3:
            yield _look(actor, chance)
        elif kind < 6:
            yield acted(EventKind.SEARCH, Outcome.PERMIT, actor)
        else:
            yield acted(EventKind.PURPOSE_STATED, Outcome.DONE, actor, Purpose.EARLY_HELP)


def _look(actor: Actor, chance: random.Random) -> AuditEvent:
    people = [f"{chance.getrandbits(128):032x}" for _ in _MEMBERS]
    segments = tuple(
        _decided(Segment(person, subject, category, "ZCH"))
        for person, subject in zip(people, _MEMBERS, strict=True)
        for category in _CATEGORIES
    )
    decision = Decision(Outcome.PARTIAL, Reason.PERMITTED, (), segments, RelationshipKind.CASELOAD, "e" * 64, START)
    return decided(EventKind.READ_FAMILY, actor, Purpose.EARLY_HELP, decision, people)


def _decided(segment: Segment) -> SegmentDecision:
    if segment.subject is SubjectRole.CHILD:
        return SegmentDecision(segment, True, Reason.PERMITTED, (), _FLOW, Withholding.SIGNALLED)
    return SegmentDecision(segment, False, Reason.NO_AGREEMENT, (Reason.NO_AGREEMENT,), None, Withholding.SILENT)
