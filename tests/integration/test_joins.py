"""Who joined whom, counted against a listing of every row."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from linkage.quality.joins import DatasetPair, dataset_pairs, joined_by_load, newest_loads
from tests.integration.linking import Partnership
from tests.integration.noisy_people import noisy


@pytest.fixture
def partnership(tmp_path: Path) -> Iterator[Partnership]:
    made = Partnership(tmp_path / "zone")
    rows, _ = noisy(40, 9)
    for name in ("health", "school"):
        made.load(name, rows[name])
    made.link()
    yield made
    made.engine.dispose()


def test_rows_are_counted_with_whom_they_joined(partnership: Partnership) -> None:
    persons = partnership.persons()
    held = {name: [who for (dataset, _), who in persons.items() if dataset == name] for name in ("health", "school")}
    with Session(partnership.engine) as session:
        loads = newest_loads(session)
        joined = {one.dataset: one for one in joined_by_load(session, loads)}
    for own, other in (("health", "school"), ("school", "health")):
        expected = sum(who in held[other] for who in held[own])
        repeated = sum(held[own].count(who) > 1 for who in held[own])
        assert joined[own].rows == len(held[own])
        assert joined[own].joined.get(other, 0) == expected > 0
        assert joined[own].joined.get(own, 0) == repeated
        assert joined[own].alone == sum((held["health"] + held["school"]).count(who) == 1 for who in held[own])
        assert joined[own].waiting == 0


def test_a_load_that_was_never_linked_waits(partnership: Partnership) -> None:
    rows, _ = noisy(40, 9)
    partnership.load("council", rows["council"])
    with Session(partnership.engine) as session:
        [one] = [one for one in joined_by_load(session, newest_loads(session)) if one.dataset == "council"]
    assert (one.waiting, one.alone, one.joined) == (one.rows, 0, {})


def test_two_data_sets_share_the_persons_that_both_hold(partnership: Partnership) -> None:
    persons = partnership.persons()
    health, school = (
        {who for (dataset, _), who in persons.items() if dataset == name} for name in ("health", "school")
    )
    with Session(partnership.engine) as session:
        assert dataset_pairs(session) == [
            DatasetPair("health", "school", len(health), len(school), len(health & school))
        ]
