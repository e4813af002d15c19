"""Linkage end to end on small partnerships: what must be joined, what must stay apart, what a second run changes."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from linkage import store
from linkage.encoding.encode import nhs_token
from linkage.index.index import open_index
from linkage.index.search import SearchQuery, Strength, find
from linkage.persons.decisions import DecisionKind, DecisionOrigin, DecisionReason, decide
from linkage.quality import evaluation
from linkage.rows import Identity
from linkage.run import link
from linkage.zone.zone import ZoneBusy, ZoneError, ZoneFault, open_zone
from tests.integration.linking import KEYS, Partnership
from tests.unit.linkage.linkage_keys import TestKeys

BIRTHS = {
    "ties": [{"from_": "mother", "relation": "birth_mother", "to": "baby"}],
    "events": [{"type": "birth", "person": "baby"}],
}
HOME: dict[str, Any] = {"address": "12 High Street", "postcode": "CF10 1AA"}
MOTHER = Identity(
    given_name="Megan", family_name="Jones", date_of_birth=date(1994, 5, 6), nhs_number="9990000018", **HOME
)
BORN = date(2024, 2, 3)


def _child(given: str, **more: str) -> Identity:
    return Identity(given_name=given, family_name="Jones", date_of_birth=BORN, **(HOME | more))


@pytest.fixture
def partnership(tmp_path: Path) -> Iterator[Partnership]:
    made = Partnership(tmp_path / "zone")
    yield made
    made.engine.dispose()


def test_records_of_one_child_join_and_a_second_run_changes_nothing(partnership: Partnership) -> None:
    partnership.load(
        "health", {"1": {"self": _child("Ffion")}, "2": {"self": _child("Gareth", nhs_number="9990000026")}}
    )
    partnership.load("school", {"A": {"self": _child("Fion")}})
    first = partnership.link()
    persons = partnership.persons()
    assert persons[("health", "1 self")] == persons[("school", "1 self")] != persons[("health", "2 self")]
    again = partnership.link()
    assert partnership.persons() == persons
    assert (again.created, again.merged, again.split) == (0, 0, 0)
    assert again.persons == first.persons == 2


def test_a_number_alone_never_links(partnership: Partnership) -> None:
    one = Identity(nhs_number="9990000018", given_name="Aled", family_name="Rees", date_of_birth=BORN)
    other = Identity(nhs_number="9990000018", given_name="Zofia", family_name="Nowak", date_of_birth=date(1990, 1, 2))
    bare = Identity(nhs_number="9990000018")
    partnership.load("a", {"1": {"self": one}})
    partnership.load("b", {"1": {"self": other}, "2": {"self": bare}})
    partnership.link()
    assert len(set(partnership.persons().values())) == 3


def test_twins_stay_apart_and_the_mothers_number_on_a_babys_row_joins_nobody(partnership: Partnership) -> None:
    rows = {
        "1": {"mother": MOTHER, "baby": _child("Baby 1", nhs_number="9990000018", local_id="F1-1")},
        "2": {"mother": MOTHER, "baby": _child("Baby 2", nhs_number="9990000034", local_id="F1-2")},
    }
    partnership.load("births", rows, spec=BIRTHS)
    partnership.link()
    persons = partnership.persons()
    assert persons[("births", "1 mother")] == persons[("births", "2 mother")]
    assert len({persons[("births", f"{row} {role}")] for row, role in ((1, "mother"), (1, "baby"), (2, "baby"))}) == 3


def test_an_unborn_child_is_joined_to_the_newborn_of_the_same_mother(partnership: Partnership) -> None:
    booking = {"ties": BIRTHS["ties"], "events": []}
    partnership.load(
        "bookings", {"1": {"mother": MOTHER, "baby": Identity(local_id="F7")}}, spec=booking, unborn=["baby"]
    )
    assert partnership.link().persons == 2
    before = partnership.persons()[("bookings", "1 baby")]
    partnership.load("births", {"1": {"mother": MOTHER, "baby": _child("Baby", local_id="F7-1")}}, spec=BIRTHS)
    partnership.link()
    persons = partnership.persons()
    assert persons[("births", "1 baby")] == persons[("bookings", "1 baby")] == before
    with Session(partnership.engine) as session:
        unborn = session.execute(sa.select(store.person.c.unborn).where(store.person.c.id == before)).scalar_one()
        ties = session.execute(sa.select(store.tie.c.relation, store.tie.c.person_b)).all()
    assert not unborn
    assert {who for relation, who in ties if relation == "birth_mother"} == {before}


def test_a_stewards_same_takes_the_unborn_child_along_though_its_mother_is_not_looked_at(
    partnership: Partnership,
) -> None:
    booking = {"ties": BIRTHS["ties"], "events": []}
    partnership.load(
        "bookings", {"1": {"mother": MOTHER, "baby": Identity(local_id="F7")}}, spec=booking, unborn=["baby"]
    )
    born = _child("Ffion", local_id="F7-1", nhs_number="9990000026")
    partnership.load("births", {"1": {"mother": MOTHER, "baby": born}}, spec=BIRTHS)
    partnership.load("contacts", {"1": {"self": _child("Ffion", nhs_number="9990000034")}})
    partnership.link()
    roles = partnership.role_ids()
    with Session(partnership.engine) as session, session.begin():
        decide(
            session, DecisionKind.SAME, roles[("births", "1 baby")], roles[("contacts", "1 self")],
            DecisionReason.RECORDS_CHECKED, DecisionOrigin.STEWARD, "steward", datetime(2026, 11, 22, tzinfo=UTC),
        )  # fmt: skip
    report = partnership.link()
    assert (report.mode, report.merged, report.split) == ("incremental", 1, 0)
    persons = partnership.persons()
    assert persons[("bookings", "1 baby")] == persons[("births", "1 baby")] == persons[("contacts", "1 self")]


def test_two_valid_numbers_need_a_supersession(partnership: Partnership) -> None:
    partnership.load("a", {"1": {"self": _child("Ffion", nhs_number="9990000018")}})
    partnership.load("b", {"1": {"self": _child("Ffion", nhs_number="9990000026")}})
    assert partnership.link().possible_duplicates == 1
    assert len(set(partnership.persons().values())) == 2
    with partnership.zone() as zone:
        zone.add_supersessions([(nhs_token(KEYS, "9990000018"), nhs_token(KEYS, "9990000026"))])
    report = partnership.link()
    assert (report.merged, report.possible_duplicates) == (1, 0)
    assert len(set(partnership.persons().values())) == 1


def test_a_sealed_pair_is_neither_joined_nor_in_doubt(partnership: Partnership) -> None:
    partnership.load("a", {"1": {"self": _child("Ffion", nhs_number="9990000018")}})
    partnership.load("b", {"1": {"self": _child("Ffion", nhs_number="9990000026")}})
    with partnership.zone() as zone:
        zone.add_seals([(nhs_token(KEYS, "9990000018"), nhs_token(KEYS, "9990000026"))])
    assert partnership.link().possible_duplicates == 0
    assert len(set(partnership.persons().values())) == 2


def test_one_row_per_person_is_believed(partnership: Partnership) -> None:
    partnership.load("a", {"1": {"self": _child("Ffion")}, "2": {"self": _child("Ffion")}}, one_row_per_person=True)
    partnership.link()
    assert len(set(partnership.persons().values())) == 2


def test_a_superseded_version_keeps_to_its_successors_person(partnership: Partnership) -> None:
    partnership.load("a", {"1": {"self": _child("Ffion")}})
    partnership.load("a", {"1": {"self": _child("Ffion", postcode="CF10 2BB")}})
    partnership.link()
    with Session(partnership.engine) as session:
        persons = session.execute(sa.select(store.record_role.c.person_id)).scalars().all()
    assert len(persons) == 2
    assert len(set(persons)) == 1


def test_a_link_is_explained_by_weights_that_add_up_to_splinks(partnership: Partnership) -> None:
    partnership.load("a", {"1": {"self": _child("Ffion")}, "2": {"self": _child("Gareth")}})
    partnership.load("b", {"1": {"self": _child("Ffion")}})
    partnership.link()
    who = partnership.persons()[("a", "1 self")]
    other = partnership.persons()[("a", "2 self")]
    with Session(partnership.engine) as session, partnership.zone() as zone:
        told = evaluation.explain(session, zone, who, other)
        with pytest.raises(ZoneError):
            zone.rows("SELECT * FROM nowhere")
    total = told["prior"] + sum(field["weight"] + field["rarity"] for field in told["fields"])
    assert total == pytest.approx(told["match_weight"], abs=1e-9)
    assert {field["field"]: field["agreement"] for field in told["fields"]}["given"] == "different"


def test_a_person_is_found_by_number_or_by_name_and_birth(partnership: Partnership) -> None:
    partnership.load("a", {"1": {"self": _child("Ffion", nhs_number="9990000018")}, "2": {"self": _child("Gareth")}})
    partnership.link()
    who = partnership.persons()[("a", "1 self")]
    with open_index(partnership.folder, KEYS) as index:
        whose = partnership.persons_of
        [hit] = find(index, SearchQuery(nhs_number="999 000 0018"), whose)
        assert (hit.person_id, hit.strength, hit.matched_on) == (who, Strength.EXACT, ("nhs_number",))
        assert find(index, SearchQuery(nhs_number="9990000019"), whose) == []
        born = SearchQuery(given_name="ffion", family_name="JONES", date_of_birth=BORN)
        named = find(index, born, whose)
        assert (named[0].person_id, named[0].strength) == (who, Strength.EXACT)
        near = find(index, SearchQuery(given_name="Ffionn", family_name="Jones"), whose)
        assert near[0].person_id == who
        unknown = SearchQuery(given_name="Zofia", family_name="Nowak", date_of_birth=date(1990, 1, 2))
        assert find(index, unknown, whose) == []


def test_an_index_of_an_uncommitted_run_is_never_the_published_one(partnership: Partnership) -> None:
    partnership.load("a", {"1": {"self": _child("Ffion")}})
    with Session(partnership.engine) as session, partnership.zone() as zone:
        link(session, zone, KEYS)
        session.rollback()
    with pytest.raises(ZoneError) as caught:
        open_index(partnership.folder, KEYS)
    assert caught.value.fault is ZoneFault.NO_INDEX


def test_one_process_holds_the_zone(partnership: Partnership) -> None:
    with partnership.zone(), pytest.raises(ZoneBusy):
        partnership.zone()
    partnership.zone().close()


def test_rows_of_a_load_that_never_completed_are_removed(partnership: Partnership) -> None:
    partnership.load("a", {"1": {"self": _child("Ffion")}, "2": {"self": _child("Gareth")}})
    partnership.load("b", {"1": {"self": _child("Ffion")}})
    with partnership.zone() as zone:
        assert zone.reconcile([f"{1:032x}"]) == 1
        assert [part.column("dataset").to_pylist() for _, part in zone.parts.read("encoded")] == [["a", "a"]]
        assert zone.reconcile([f"{1:032x}"]) == 0


def test_a_snapshot_ends_what_it_does_not_hold(partnership: Partnership) -> None:
    with partnership.zone() as zone:
        zone.begin("l1", 1, "a")
        zone.add_records([("r1", "t1", "d"), ("r2", "t2", "d"), ("r3", "t3", "d")])
        zone.commit()
        zone.begin("l2", 2, "a")
        zone.mark_seen(["t1"])
        zone.add_records([("r4", "t2", "e")])
        assert zone.end_unseen("a") == ["r3"]
        zone.commit()
        assert zone.known("a", ["t1", "t2", "t3"]) == {"t1": ("r1", "d"), "t2": ("r4", "e")}
        zone.begin("l3", 3, "a")
        zone.add_records([("r5", "t3", "d")])
        zone.rollback()
        assert zone.known("a", ["t3"]) == {}


def test_a_wrong_key_opens_nothing_and_tells_nothing(partnership: Partnership) -> None:
    partnership.load("a", {"1": {"self": _child("Ffion")}})
    with pytest.raises(ZoneError) as caught:
        open_zone(partnership.folder, TestKeys(b"stolen"))
    assert caught.value.fault is ZoneFault.UNREADABLE
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_no_name_token_or_spill_is_readable_in_any_file(partnership: Partnership) -> None:
    rows = {str(n): {"self": _child(f"Canaryname{n}", nhs_number="9990000018")} for n in range(3)}
    partnership.load("a", rows)
    partnership.link()
    token = nhs_token(KEYS, "9990000018")
    with open_zone(partnership.folder, KEYS, memory_limit="64MB", threads=1) as zone:
        zone.run("CREATE TABLE wide AS SELECT repeat('ZZCANARY' || i, 40) AS s, random() AS r FROM range(400000) t(i)")
        held = [path.read_bytes() for path in partnership.folder.rglob("*") if path.is_file()]
        assert any(path.is_file() for path in (partnership.folder / "spill").iterdir())
    held += [path.read_bytes() for path in partnership.folder.rglob("*") if path.is_file()]
    for secret in (b"CANARYNAME", b"Canaryname", b"ZZCANARY", b"9990000018", token.to_bytes(8, "little", signed=True)):
        assert all(secret not in content for content in held)
    assert not (partnership.folder / "spill").exists()
