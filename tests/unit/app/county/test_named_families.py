"""The twelve named families: the same in every county, each with its trap."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from app.county import write_county
from linkage.rows import Identity, SourceRow
from tests.unit.app.county.reading import DATASETS, read_dataset, truth

Rows = dict[str, list[tuple[str, str, str, Identity]]]


def table(county: Path, name: str) -> list[dict[str, str]]:
    with (county / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def named(county: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = json.loads((county / "named_families.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def rows(small: Path) -> Rows:
    """Per named person: dataset, record id, role and what the row says."""
    people, found = truth(small), Rows()
    for dataset in DATASETS:
        for row in read_dataset(small, dataset):
            if not isinstance(row, SourceRow):
                continue
            for role, seen in row.people.items():
                person = people[dataset, row.record_id, role]
                found.setdefault(person, []).append((dataset, row.record_id, role, seen))
    return found


def events_of(county: Path, dataset: str, kind: str, role: str, person: str) -> int:
    """Count the events of one kind in rows in which `role` is this person."""
    people = truth(county)
    rows = [row for row in read_dataset(county, dataset) if isinstance(row, SourceRow)]
    mine = [row for row in rows if people.get((dataset, row.record_id, role)) == person]
    return sum(event.type == kind for row in mine for event in row.events)


def numbers(rows: Rows, person: str) -> set[str]:
    return {seen.nhs_number for _, _, _, seen in rows[person] if seen.nhs_number}


def test_they_are_the_same_whatever_size_and_seed(small: Path, tmp_path: Path) -> None:
    write_county(5, 99, "high", tmp_path)
    assert named(tmp_path) == named(small)
    assert list(named(small)) == [str(n) for n in range(1, 13)]
    named_rows = sum(len(refs) for family in named(small).values() for refs in family["people"].values())
    for name in ("truth_persons.csv",):
        one, other = ((folder / name).read_text("utf-8").splitlines()[: named_rows + 1] for folder in (small, tmp_path))
        assert one == other


def test_they_are_written_without_random_errors(rows: Rows) -> None:
    for person, seen in rows.items():
        if person.startswith("F") and person not in {"F04-twin-1", "F04-twin-2", "F10-child"}:
            assert len(numbers(rows, person)) <= 1, person
            births = {s.date_of_birth for _, _, _, s in seen if s.date_of_birth}
            assert len(births) <= 1, person


def test_listed_rows_are_the_truth(small: Path) -> None:
    people = truth(small)
    for family in named(small).values():
        for person, refs in family["people"].items():
            assert all(people[dataset, record, role] == person for dataset, record, role in refs)


def test_1_the_refuge_is_blocked_against_the_father_who_has_parental_responsibility(small: Path, rows: Rows) -> None:
    people = truth(small)
    blocks = [b for b in table(small, "blocks") if b["kind"] == "refuge"]
    blocked = {people[b["dataset"], b["record_id"], b["person_role"]] for b in blocks}
    against = {people[b["against_dataset"], b["against_record_id"], b["against_role"]] for b in blocks}
    assert blocked == {"F01-child", "F01-mother", "F01-baby"}
    assert against == {"F01-father"}
    ties = {(t["person_a"], t["relation"], t["person_b"]) for t in table(small, "truth_ties")}
    assert ("F01-father", "parental_responsibility", "F01-child") in ties
    assert ("F01-father", "household", "F01-child") not in ties
    homes = {seen.postcode for _, _, _, seen in rows["F01-child"] if seen.postcode}
    assert {seen.postcode for _, _, _, seen in rows["F01-father"]} < homes
    assert len(homes) == 2


def test_2_the_adopted_toddlers_two_identities_are_sealed_apart(small: Path, rows: Rows) -> None:
    [sealed] = table(small, "sealed")
    assert set(sealed.values()) == numbers(rows, "F02-old") | numbers(rows, "F02-new")
    old, new = ({(s.given_name, s.date_of_birth) for *_, s in rows[p] if s.given_name} for p in ("F02-old", "F02-new"))
    assert old == new
    ties = table(small, "truth_ties")
    assert not any({"F02-old", "F02-new"} == {t["person_a"], t["person_b"]} for t in ties)


def test_3_the_removed_child_is_a_fact_about_the_mother_and_blocked_from_her(small: Path, rows: Rows) -> None:
    assert events_of(small, "social-care", "earlier_child_removed", "carer", "F03-mother") == 1
    assert [role for _, _, role, _ in rows["F03-unborn"]] == ["baby"]
    people = truth(small)
    placed = {(people[b["dataset"], b["record_id"], b["person_role"]],
               people[b["against_dataset"], b["against_record_id"], b["against_role"]])
              for b in table(small, "blocks") if b["kind"] == "placement"}  # fmt: skip
    assert ("F03-removed", "F03-mother") in placed


def test_4_one_twins_birth_row_carries_the_mothers_number(rows: Rows) -> None:
    [mother] = numbers(rows, "F04-mother")
    births = {s.given_name: s.nhs_number for d, _, r, s in rows["F04-twin-2"] if (d, r) == ("maternity-births", "baby")}
    assert births == {"Baby 2": mother}
    assert numbers(rows, "F04-twin-1") != numbers(rows, "F04-twin-2") - {mother}


def test_5_the_lost_pregnancy_has_a_booking_and_no_birth(small: Path, rows: Rows) -> None:
    assert {dataset for dataset, *_ in rows["F05-unborn"]} == {"maternity-bookings"}
    assert events_of(small, "maternity-bookings", "pregnancy_loss", "baby", "F05-unborn") == 1
    worker = {c["username"] for c in table(small, "caseloads") if truth(small).get(
        (c["dataset"], c["record_id"], c["person_role"])) == "F05-sibling"}  # fmt: skip
    assert worker == {"hv.morgan"}


def test_6_the_parents_wishes_are_opposed_and_the_father_is_first_seen_in_early_help(small: Path, rows: Rows) -> None:
    assert rows["F06-father"][0][0] == "early-help"
    people = truth(small)
    rows_of = [
        w for w in table(small, "wishes") if people[w["dataset"], w["record_id"], w["person_role"]] == "F06-child"
    ]
    wishes = {people[w["dataset"], w["record_id"], w["signer"]]: w["answer"] for w in rows_of if w["kind"] == "consent"}
    assert wishes == {"F06-mother": "given", "F06-father": "refused"}


def test_7_the_foster_home_is_one_address_and_no_family(small: Path) -> None:
    ties = {(t["person_a"], t["relation"], t["person_b"]) for t in table(small, "truth_ties")}
    assert {("F07-carer-1", "foster_carer", f"F07-placed-{n}") for n in (1, 2)} <= ties
    together = {frozenset((a, b)) for a, relation, b in ties if relation in {"sibling", "household"}}
    assert not any(f"F07-placed-{n}" in pair for n in (1, 2) for pair in together)


def test_8_forty_families_share_the_hostel(rows: Rows) -> None:
    addresses: dict[str, set[str]] = {}
    for person, seen in rows.items():
        if person.startswith("F08-") and person.endswith("-child"):
            for *_, s in seen:
                addresses.setdefault(s.address or "", set()).add(person)
    assert max(map(len, addresses.values())) == 40
    assert len({s.postcode for *_, s in rows["F08-01-child"] if s.postcode}) >= 3


def test_9_the_child_is_born_in_england_and_visited_in_wales(rows: Rows) -> None:
    assert {"maternity-births", "community-contacts-wales"} <= {dataset for dataset, *_ in rows["F09-child"]}
    assert not any(dataset == "community-contacts" for dataset, *_ in rows["F09-child"])


def test_10_the_protection_plan_stands_under_the_superseded_number(small: Path, rows: Rows) -> None:
    [pair] = table(small, "supersessions")
    assert numbers(rows, "F10-child") == set(pair.values())
    held = {dataset: s.nhs_number for dataset, _, _, s in rows["F10-child"] if s.nhs_number}
    assert held["social-care"] == pair["old_nhs_number"]
    assert held["community-contacts"] == pair["new_nhs_number"]


def test_11_the_cousins_share_name_and_birth_and_nothing_else(rows: Rows) -> None:
    one, other = ({(s.given_name, s.family_name, s.date_of_birth) for *_, s in rows[f"F11-cousin-{n}"]} for n in (1, 2))
    assert one == other
    assert len(one) == 1
    assert not numbers(rows, "F11-cousin-1") & numbers(rows, "F11-cousin-2")


def test_12_the_niece_sits_in_a_reception_class_of_eight(small: Path, rows: Rows) -> None:
    school = [
        r for r in read_dataset(small, "school-census") if isinstance(r, SourceRow) and "|8852999|" in r.record_id
    ]
    assert len(school) == 8
    people = truth(small)
    declared = {people[d["dataset"], d["record_id"], d["person_role"]] for d in table(small, "declarations")}
    assert declared == {"F12-niece", "F12-mother"}
