"""What stewards decide and take back holds in every later run, incremental or full."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from linkage import store
from linkage.encoding.encode import nhs_token
from linkage.persons import seals
from linkage.persons.decisions import decide, standing, withdraw
from linkage.persons.run_store import known_runs
from linkage.persons.undo import undo_merge
from linkage.rows import Identity
from linkage.run import LinkReport, link
from linkage.zone import state
from tests.integration.linking import KEYS, Partnership
from tests.integration.test_linkage_run import BIRTHS, MOTHER, _child

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
OTHERS = ("Aled", "Bethan", "Carys", "Dylan", "Elin", "Gethin", "Huw", "Iwan", "Lowri", "Mair", "Nerys", "Owain")


@pytest.fixture
def partnership(tmp_path: Path) -> Iterator[Partnership]:
    made = Partnership(tmp_path / "zone")
    yield made
    made.engine.dispose()


def _crowd(partnership: Partnership) -> None:
    """People enough for a few new rows to be few, so that runs are incremental."""
    rows = {
        f"x{at}": {
            "self": Identity(
                given_name=name, family_name=f"Family{name}", date_of_birth=date(2021, 1 + at, 9), postcode="SA1 2BB"
            )
        }
        for at, name in enumerate(OTHERS)
    }
    partnership.load("crowd", rows)


def _act(partnership: Partnership, act: Callable[[Session], Any]) -> Any:
    with Session(partnership.engine) as session, session.begin():
        return act(session)


def _role(partnership: Partnership, dataset: str, row: int, role: str = "self") -> str:
    query = (
        sa.select(store.record_role.c.id)
        .join(store.source_record, store.source_record.c.id == store.record_role.c.record_id)
        .where(
            store.source_record.c.dataset == dataset,
            store.source_record.c.row_number == row,
            store.record_role.c.role == role,
        )
        .order_by(store.source_record.c.load_id)
    )
    return str(_act(partnership, lambda session: session.execute(query).scalars().first()))


def _link(partnership: Partnership, *, full: bool = False) -> LinkReport:
    with Session(partnership.engine) as session, session.begin(), partnership.zone() as zone:
        return link(session, zone, KEYS, full=full)


def _decide(partnership: Partnership, kind: str, a: str, b: str) -> str:
    return str(_act(partnership, lambda s: decide(s, kind, a, b, "records_checked", "steward", "steward", NOW)))


def _two_numbers(partnership: Partnership) -> tuple[str, str]:
    partnership.load("health", {"1": {"self": _child("Ffion", nhs_number="9990000018")}})
    partnership.load("wales", {"A": {"self": _child("Ffion", nhs_number="9990000026")}})
    _crowd(partnership)
    return _role(partnership, "health", 1), _role(partnership, "wales", 1)


def _together(partnership: Partnership) -> bool:
    persons = partnership.persons()
    return persons[("health", "1 self")] == persons[("wales", "1 self")]


def test_a_steward_joins_two_numbers_until_the_decision_is_withdrawn(partnership: Partnership) -> None:
    a, b = _two_numbers(partnership)
    _link(partnership)
    assert not _together(partnership)
    said = _decide(partnership, "same", a, b)
    report = _link(partnership)
    assert (_together(partnership), report.mode, report.merged) == (True, "incremental", 1)
    assert _link(partnership, full=True).split == 0
    assert _together(partnership)
    _act(partnership, lambda session: withdraw(session, said, "steward", NOW))
    assert _link(partnership).split == 1
    assert not _together(partnership)


def test_a_joined_person_stays_whole_when_news_touch_one_side_alone(partnership: Partnership) -> None:
    a, b = _two_numbers(partnership)
    _decide(partnership, "same", a, b)
    _link(partnership)
    partnership.load("school", {"N": {"self": _child("Ffion", nhs_number="9990000018", telephone="02920180000")}})
    report = _link(partnership)
    assert report.mode == "incremental"
    assert _together(partnership)
    assert report.split == 0


def test_a_merge_undone_stays_undone_in_every_later_run(partnership: Partnership) -> None:
    mistaken = Identity(given_name="Gwenllian", family_name="Price", date_of_birth=date(2020, 7, 8), postcode="LL1 1AA")
    _crowd(partnership)
    partnership.load("health", {"1": {"self": _child("Ffion")}})
    _link(partnership)
    partnership.load("wales", {"A": {"self": mistaken}})
    _link(partnership)
    before = partnership.persons()
    partnership.load("wales", {"A": {"self": _child("Ffion")}})
    _link(partnership, full=True)
    newest = _role(partnership, "health", 1)
    merges = sa.select(store.person_history.c.id).where(store.person_history.c.kind == "merged")
    [merge] = _act(partnership, lambda session: session.execute(merges).scalars().all())
    _act(partnership, lambda session: undo_merge(session, merge, "steward", NOW))
    for full in (False, True, False):
        report = _link(partnership, full=full)
        assert (report.created, report.merged, report.split) == (0, 0, 0)
        assert partnership.persons()[("health", "1 self")] == before[("health", "1 self")]
        assert not _together(partnership)
    assert newest in {role for d in _act(partnership, standing) for role in (d.role_a, d.role_b)}


def test_an_unborn_child_taken_from_a_newborn_stays_a_person_of_its_own(partnership: Partnership) -> None:
    booking = {"ties": [{"from_": "mother", "relation": "birth_mother", "to": "baby"}]}
    unborn = Identity(local_id="F1")
    _crowd(partnership)
    partnership.load("bookings", {"B": {"mother": MOTHER, "baby": unborn}}, spec=booking, unborn=["baby"])
    _link(partnership)
    alone = partnership.persons()[("bookings", "1 baby")]
    partnership.load("births", {"1": {"mother": MOTHER, "baby": _child("Ffion", local_id="F1-1")}}, spec=BIRTHS)
    _link(partnership)
    assert partnership.persons()[("births", "1 baby")] == alone
    _decide(
        partnership, "different", _role(partnership, "bookings", 1, "baby"), _role(partnership, "births", 1, "baby")
    )
    for full in (False, True):
        _link(partnership, full=full)
        persons = partnership.persons()
        assert persons[("bookings", "1 baby")] != persons[("births", "1 baby")]


def test_the_zone_says_who_is_sealed_from_whom(partnership: Partnership) -> None:
    a, b = _two_numbers(partnership)
    other = _role(partnership, "crowd", 1)
    with partnership.zone() as zone:
        zone.add_seals([(nhs_token(KEYS, "9990000018"), nhs_token(KEYS, "9990000026"))])
    _link(partnership)
    with Session(partnership.engine) as session, partnership.zone() as zone:
        runs = state.standing(known_runs(session))
        found = seals.seals_of(zone, runs, {"one": [a], "two": [other, b], "three": [other]})
    assert seals.apart(found["one"], found["two"])
    assert not seals.apart(found["one"], found["three"])
    assert not seals.apart(found["one"], found["one"])
