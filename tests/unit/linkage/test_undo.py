"""A merge undone restores exactly what was, and no later run brings it back."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import combinations, count
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.database import Database
from linkage import store
from linkage.grouping.persons import Bounds, Change, Claims, Pairs, group
from linkage.persons import placement, run_store
from linkage.persons.decisions import DecisionKind, DecisionRefused, decide, standing, withdraw
from linkage.persons.undo import UndoFault, UndoRefused, undo_merge
from linkage.zone.zone import Zone, open_zone
from tests.stored import Stored
from tests.unit.linkage.linkage_keys import TestKeys

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


@pytest.fixture
def session(sqlite_database: Database) -> Iterator[Session]:
    with sqlite_database.writing() as opened:
        yield opened


@pytest.fixture
def zone(tmp_path: Path) -> Iterator[Zone]:
    with open_zone(tmp_path / "zone", TestKeys(), memory_limit="1GB") as opened:
        yield opened


class Runs:
    """A record store whose runs group roles as they are told."""

    def __init__(self, session: Session, zone: Zone, roles: int) -> None:
        self.session = session
        stored = Stored(session)
        months = ("2022-03", "2022-04", None)
        self.roles = [
            stored.record("contacts", self={"birth_month": months[at % 3], "sex": "fm"[at % 2]})["self"]
            for at in range(roles)
        ]
        self._zone, self._numbers = zone, count(1)

    def run(self, *groups: Sequence[int]) -> None:
        self.place([[self.roles[at] for at in members] for members in groups])

    def place(self, groups: Sequence[Sequence[str]]) -> list[Change]:
        """Give these groups of roles their persons, as a run does; what changed but for creations."""
        rows = [(role, at) for at, roles in enumerate(groups) for role in roles]
        placed = pa.table({"role_id": [role for role, _ in rows], "grp": [at for _, at in rows]})
        with self._zone.lent("rows", placed):
            self._zone.run("CREATE OR REPLACE TABLE placed AS SELECT * FROM rows")
        placement.hold_all(self.session, self._zone)
        placement.follow(self._zone)
        changes = placement.settle(self._zone)
        run_store.write_persons(self.session, self._zone, f"run{next(self._numbers)}", changes, NOW)
        return changes

    def person_of(self, at: int) -> str | None:
        query = select(store.record_role.c.person_id).where(store.record_role.c.id == self.roles[at])
        return self.session.execute(query).scalar()

    def state(self) -> Mapping[str, Any]:
        people = self.session.execute(select(store.person).order_by(store.person.c.id)).all()
        roles = self.session.execute(select(store.record_role).order_by(store.record_role.c.id)).all()
        return {"person": [tuple(row) for row in people], "role": [tuple(row) for row in roles]}

    def merges(self) -> list[str]:
        history = store.person_history.c
        query = select(store.person_history).where(history.kind == "merged").order_by(history.run_id.desc())
        return [row.id for row in self.session.execute(query)]

    def regroup(self) -> list[list[str]]:
        """Group as a full run would where every pair looks like one person, but for what stewards decided."""
        size = len(self.roles)
        pairs = np.array(list(combinations(range(size), 2)), np.int64)
        said = [
            (self.roles.index(role), side, int(d.id[:8], 16))
            for d in standing(self.session) for side, role in enumerate((d.role_a, d.role_b))
            if d.kind is DecisionKind.DIFFERENT
        ]  # fmt: skip
        rows = np.array(sorted(set(said)), np.int64).reshape(-1, 3)
        claims = Claims(rows[:, 0], np.zeros(len(rows), np.int16), rows[:, 1], ("decision",), rows[:, 2])
        found = group(np.arange(size), Pairs(pairs[:, 0], pairs[:, 1], np.full(len(pairs), 12.0)), claims, Bounds())
        return [[self.roles[at] for at in members] for members in found.groups]


def test_a_merge_undone_restores_persons_and_roles_exactly(session: Session, zone: Zone) -> None:
    runs = Runs(session, zone, 5)
    runs.run([0, 1, 2], [3, 4])
    before = runs.state()
    runs.run([0, 1, 2, 3, 4])
    assert runs.state() != before
    done = undo_merge(session, runs.merges()[0], "steward", NOW)
    assert runs.state() == before
    row = session.execute(select(store.person_history).where(store.person_history.c.id == done.history_id)).one()
    assert (row.kind, row.undoes, sorted(row.role_ids)) == ("restored", runs.merges()[0], sorted(runs.roles[3:]))


def test_merges_undone_last_first_restore_redirects_through_each_other(session: Session, zone: Zone) -> None:
    runs = Runs(session, zone, 9)
    states = []
    for groups in (
        [[0, 1, 2, 3, 4], [5, 6], [7, 8]],
        [[0, 1, 2, 3, 4], [5, 6, 7, 8]],
        [[0, 1, 2, 3, 4, 5, 6, 7, 8]],
    ):
        runs.run(*groups)
        states.append(runs.state())
    for merge, before in zip(runs.merges(), (states[1], states[0]), strict=True):
        undo_merge(session, merge, "steward", NOW)
        assert runs.state() == before


def test_an_earlier_merge_can_be_undone_inside_a_later_one(session: Session, zone: Zone) -> None:
    runs = Runs(session, zone, 9)
    runs.run([0, 1, 2, 3, 4], [5, 6], [7, 8])
    first = runs.state()
    runs.run([0, 1, 2, 3, 4], [5, 6, 7, 8])
    runs.run([0, 1, 2, 3, 4, 5, 6, 7, 8])
    later, earlier = runs.merges()
    undo_merge(session, earlier, "steward", NOW)
    assert undo_merge(session, later, "steward", NOW).roles == 2
    assert runs.state() == first


def test_no_later_run_merges_again_what_was_undone(session: Session, zone: Zone) -> None:
    runs = Runs(session, zone, 5)
    runs.run([0, 1, 2], [3, 4])
    before = runs.state()
    runs.run([0, 1, 2, 3, 4])
    done = undo_merge(session, runs.merges()[0], "steward", NOW)
    groups = runs.regroup()
    assert sorted(map(sorted, groups)) == sorted([sorted(runs.roles[:3]), sorted(runs.roles[3:])])
    assert runs.place(groups) == []
    assert runs.state() == before
    assert done.decision_id is not None
    withdraw(session, done.decision_id, "steward", NOW)
    assert len(runs.regroup()) == 1


def test_versions_that_came_since_move_with_their_role(session: Session, zone: Zone) -> None:
    runs = Runs(session, zone, 4)
    runs.run([0, 1], [2], [3])
    runs.run([0, 1, 2], [3])
    holder = runs.person_of(0)
    roles = store.record_role
    session.execute(update(roles).where(roles.c.id == runs.roles[3]).values(person_id=holder, supersedes=runs.roles[2]))
    done = undo_merge(session, runs.merges()[0], "steward", NOW)
    assert {at for at in range(4) if runs.person_of(at) == done.person} == {2, 3}
    assert {d.role_a for d in standing(session)} == {runs.roles[3]}


def test_a_merge_is_undone_once(session: Session, zone: Zone) -> None:
    runs = Runs(session, zone, 3)
    runs.run([0, 1], [2])
    runs.run([0, 1, 2])
    [merge] = runs.merges()
    undo_merge(session, merge, "steward", NOW)
    with pytest.raises(UndoRefused) as found:
        undo_merge(session, merge, "steward", NOW + timedelta(hours=1))
    assert found.value.fault is UndoFault.UNDONE


def test_only_merges_can_be_undone(session: Session, zone: Zone) -> None:
    runs = Runs(session, zone, 2)
    runs.run([0, 1])
    [created] = session.execute(select(store.person_history.c.id)).scalars()
    for history_id, fault in ((created, UndoFault.NOT_A_MERGE), ("0" * 32, UndoFault.UNKNOWN_CHANGE)):
        with pytest.raises(UndoRefused) as found:
            undo_merge(session, history_id, "steward", NOW)
        assert found.value.fault is fault


def test_a_merge_that_a_steward_decided_is_undone_only_after_the_decision(session: Session, zone: Zone) -> None:
    runs = Runs(session, zone, 3)
    runs.run([0, 1], [2])
    runs.run([0, 1, 2])
    said = decide(session, "same", runs.roles[0], runs.roles[2], "records_checked", "steward", "steward", NOW)
    before = runs.state()
    with pytest.raises(DecisionRefused) as found:
        undo_merge(session, runs.merges()[0], "steward", NOW)
    assert found.value.standing == (said,)
    assert runs.state() == before


def test_nothing_is_undone_where_nothing_is_left(session: Session, zone: Zone) -> None:
    runs = Runs(session, zone, 3)
    runs.run([0, 1], [2])
    runs.run([0, 1, 2])
    runs.run([0, 1], [2])
    with pytest.raises(UndoRefused) as found:
        undo_merge(session, runs.merges()[0], "steward", NOW)
    assert found.value.fault is UndoFault.NOTHING_LEFT
