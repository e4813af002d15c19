"""Limits of looking: what counts, when they are reached, and that nothing unknown passes."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.exc import OperationalError

from app.database import Database
from app.gate import Gate
from governance import people
from governance.ledger.pace import READS, Limits, Pace, reached
from governance.overrides.store import Asked, grant
from governance.terms import (
    AlarmKind,
    Category,
    EventKind,
    FamilyTold,
    OverrideKind,
    OverrideReason,
    Purpose,
    Reason,
)
from tests.integration.partnership import LATER, WORKERS, Partnership, build


class Limited(Partnership):
    limits = Limits(Pace(3, 5), Pace(2, 4))

    @property
    def gate(self) -> Gate:
        return Gate(self.database, self.ring, self.limits)


@pytest.fixture
def partnership(sqlite_database: Database) -> Partnership:
    made = build(sqlite_database)
    return Limited(made.database, made.ring, made.staff, made.agreements, made.relationships)


def search(partnership: Partnership, who: str, at: datetime) -> Reason:
    with partnership.database.reading() as session:
        actor = people.actor_for(session, partnership.staff[who], WORKERS[who][1], at.date())
    return partnership.gate.search(actor, at, "r", ["ada"]).decision.reason


def test_reads_stop_at_the_limit_and_go_on_when_the_hour_is_over(partnership: Partnership) -> None:
    reasons = [partnership.read("hv").decision.reason for _ in range(4)]
    assert reasons == [Reason.PERMITTED] * 3 + [Reason.RATE_LIMITED]
    assert partnership.read("sw").decision.reason is Reason.PERMITTED
    later = LATER + timedelta(hours=1, seconds=1)
    assert partnership.read("hv", at=later).decision.reason is Reason.PERMITTED
    assert partnership.read("hv", at=later).decision.reason is Reason.RATE_LIMITED
    assert partnership.read("hv", at=LATER + timedelta(days=2)).decision.reason is Reason.PERMITTED


def test_searches_have_limits_of_their_own(partnership: Partnership) -> None:
    found = [search(partnership, "hv", LATER) for _ in range(3)]
    assert found == [Reason.PERMITTED, Reason.PERMITTED, Reason.RATE_LIMITED]
    assert partnership.read("hv").decision.reason is Reason.PERMITTED


def test_refused_looks_count_and_not_found_stays_not_found(partnership: Partnership) -> None:
    reasons = [partnership.read("hv", "nobody").decision.reason for _ in range(5)]
    assert set(reasons) == {Reason.NOT_FOUND}
    assert partnership.read("hv").decision.reason is Reason.RATE_LIMITED


def test_one_alarm_is_raised_a_day(partnership: Partnership) -> None:
    for _ in range(6):
        partnership.read("hv")
    with partnership.database.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT kind, about FROM alarm").all()
    assert [tuple(row) for row in rows] == [(AlarmKind.RATE_LIMITED, partnership.staff["hv"])]


@pytest.mark.parametrize(
    ("kind", "told"),
    [(OverrideKind.BREAK_GLASS, Reason.PERMITTED), (OverrideKind.SAFEGUARDING, Reason.NO_RELATIONSHIP)],
)
def test_a_break_glass_read_is_never_stopped_another_override_is(
    partnership: Partnership, kind: OverrideKind, told: Reason
) -> None:
    for _ in range(4):
        partnership.read("hv")
    granted(partnership, kind)
    assert partnership.read("hv", "ben", Purpose.SAFEGUARDING).decision.reason is told


def granted(partnership: Partnership, kind: OverrideKind) -> None:
    asked = Asked(
        "ben", kind, OverrideReason.IMMEDIATE_DANGER, frozenset(Category), FamilyTold.NOT_YET,
        LATER + timedelta(hours=2), "The child was heard screaming.",
    )  # fmt: skip
    with partnership.database.writing() as session:
        actor = people.actor_for(session, partnership.staff["hv"], WORKERS["hv"][1], LATER.date())
        assert actor is not None
        grant(session, FakeSealer(partnership), LATER, actor, Purpose.SAFEGUARDING, asked, LATER)  # type: ignore[arg-type]


class FakeSealer:
    """Seals nothing: what is tested here is not the words."""

    def __init__(self, partnership: Partnership) -> None:
        self.ring = partnership.ring

    def seal(self, *_: str) -> object:
        class Nothing:
            nonce = ciphertext = b""

        return Nothing


def test_what_cannot_be_counted_is_not_within_limits(partnership: Partnership) -> None:
    with partnership.database.engine.connect() as connection:
        connection.exec_driver_sql("ALTER TABLE audit_entry RENAME TO gone")
        connection.commit()
    with partnership.database.reading() as session, pytest.raises(OperationalError):
        reached(session, partnership.staff["hv"], READS, Pace(1, 1), LATER)
    with pytest.raises(OperationalError):
        partnership.read("hv")


def test_exports_count_as_reads() -> None:
    assert {EventKind.READ_FAMILY, EventKind.EXPORT} == READS
