"""An incident lists who saw what was wrongly joined, while it was, and nobody else."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app import incidents
from app.deployment import Deployment
from app.incidents import NoSuchIncident, open_incidents
from governance.ledger import ledger
from governance.ledger.entries import AuditEvent
from governance.store import audit_entry
from governance.terms import EventKind, Outcome
from linkage import store
from linkage.persons.run_store import new_id
from tests.factories import deployed
from tests.stored import Stored


def _day(day: int) -> datetime:
    return datetime(2026, 11, day, 12, tzinfo=UTC)


@pytest.fixture
def deployment(tmp_path: Path, migrated_sqlite: Path) -> Iterator[Deployment]:
    with deployed(tmp_path / "home", migrated_sqlite) as opened:
        yield opened


@pytest.fixture
def session(deployment: Deployment) -> Iterator[Session]:
    with deployment.database.writing() as opened:
        yield opened


class _Past:
    """Changes of persons and what was seen of them, on days of November."""

    def __init__(self, deployment: Deployment, session: Session) -> None:
        self._ring, self._session, self._stored = deployment.ring, session, Stored(session)

    def role(self, loaded: int = 1) -> str:
        self._stored.load("contacts", completed=_day(loaded))
        return self._stored.record("contacts", self={})["self"]

    def change(self, kind: str, who: str, other: str | None, roles: list[str], day: int, run: str = "earlier") -> None:
        self._session.execute(
            insert(store.person_history).values(
                id=new_id(), run_id=run, kind=kind, person_id=who, other_id=other, role_ids=roles, recorded_at=_day(day)
            )
        )

    def seen(
        self, day: int, who: str | None, kind: EventKind = EventKind.READ_FAMILY, outcome: Outcome = Outcome.PERMIT
    ) -> str:
        event = AuditEvent(kind, outcome, subjects=() if who is None else (who,))
        return ledger.record(self._session, self._ring, event, _day(day))

    def opened(self, day: int = 20) -> list[list[str]]:
        assert open_incidents(self._session, self._ring, "run", _day(day)) == 1
        return [[use["entry"] for use in held.uses] for held in incidents.listed(self._session)]


@pytest.fixture
def past(deployment: Deployment, session: Session) -> _Past:
    return _Past(deployment, session)


def test_only_what_was_seen_while_wrongly_joined_is_listed(past: _Past) -> None:
    own, wrong = past.role(), past.role()
    past.change("created", "P", None, [own], 2)
    past.change("merged", "Q", "P", [wrong], 10)
    past.seen(5, "P")
    past.seen(5, None, EventKind.COHORT)
    seen = past.seen(12, "P")
    exported = past.seen(13, "P", EventKind.EXPORT, Outcome.DONE)
    past.seen(13, "P", outcome=Outcome.DENY)
    past.seen(13, "somebody")
    past.seen(13, "P", EventKind.PURPOSE_STATED)
    counted = past.seen(14, None, EventKind.COHORT)
    past.change("split", "R", "P", [wrong], 15, "run")
    assert past.opened() == [[seen, exported, counted]]


def test_what_moved_on_with_others_is_followed_back(past: _Past) -> None:
    own, wrong, later = past.role(), past.role(), past.role()
    past.change("created", "P", None, [own, wrong], 3)
    past.change("created", "S", None, [later], 3)
    before = past.seen(5, "P")
    past.seen(5, "S")
    past.change("merged", "P", "S", [own, wrong], 10)
    after = past.seen(12, "S")
    past.change("split", "R", "S", [wrong], 15, "run")
    assert past.opened() == [[before, after]]


def test_what_moved_alone_was_rightly_seen_before(past: _Past) -> None:
    own, wrong = past.role(), past.role()
    past.change("created", "P", None, [own], 3)
    past.change("created", "Q", None, [wrong], 3)
    past.seen(5, "Q")
    past.change("merged", "Q", "P", [wrong], 10)
    past.change("split", "Q2", "P", [wrong], 15, "run")
    assert past.opened() == [[]]


def test_a_role_that_joined_without_a_change_counts_from_its_load(past: _Past) -> None:
    past.change("created", "P", None, [past.role()], 2)
    wrong = past.role(loaded=7)
    past.seen(6, "P")
    seen = past.seen(8, "P")
    past.change("split", "R", "P", [wrong], 15, "run")
    assert past.opened() == [[seen]]


def test_closing_is_recorded_and_happens_once(past: _Past, deployment: Deployment, session: Session) -> None:
    past.change("split", "R", "P", [past.role()], 15, "run")
    past.opened()
    [held] = incidents.listed(session)
    incidents.close(session, deployment.ring, held.id, "officer", _day(21))
    assert incidents.listed(session) == []
    [closed] = incidents.listed(session, closed=True)
    assert (closed.closed_by, closed.closed_at) == ("officer", _day(21))
    kinds = [row.kind for row in session.execute(select(audit_entry).order_by(audit_entry.c.recorded_at))]
    assert kinds[-1] == EventKind.STEWARD_DECISION
    with pytest.raises(NoSuchIncident):
        incidents.close(session, deployment.ring, held.id, "officer", _day(22))


def test_a_run_without_splits_opens_nothing(past: _Past, deployment: Deployment, session: Session) -> None:
    past.change("merged", "Q", "P", [past.role()], 10, "run")
    assert open_incidents(session, deployment.ring, "run", _day(20)) == 0
