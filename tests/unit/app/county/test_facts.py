"""Facts beside the extracts speak governance's closed vocabularies and point at rows that can be read."""

import csv
from datetime import date
from pathlib import Path

from app.county import CountySummary
from app.county.books import ADDRESS, FORMER, NOTHING, ROW, SHARED_PARENT
from governance.terms import BlockKind, RelationshipKind, Role, SignerBasis, WishAnswer
from linkage.rows import Relation
from tests.unit.app.county.reading import truth

DEMO = {"hv.morgan", "ig.patel", "analyst.reid", "fsw.evans", "sw.okoro", "steward.price", "hv.cadi", "aw.stone",
        "hs.bevan", "sc.lowe"}  # fmt: skip


def table(county: Path, name: str) -> list[dict[str, str]]:
    with (county / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_staff_are_about_twelve_in_a_thousand_families_with_the_demo_accounts(
    medium: tuple[Path, CountySummary],
) -> None:
    staff = table(medium[0], "staff")
    names = [row["username"] for row in staff]
    assert len(set(names)) == len(names)
    assert set(names) >= DEMO
    assert 30 <= len(staff) <= 60
    assert {row["role"] for row in staff} <= {role.value for role in Role}
    codes = {row["code"] for row in table(medium[0], "organisations")}
    assert {row["organisation"] for row in staff} == codes


def test_every_reference_points_at_a_readable_row(medium: tuple[Path, CountySummary]) -> None:
    people = truth(medium[0])
    staff = {row["username"] for row in table(medium[0], "staff")}
    for name in ("caseloads", "declarations", "wishes", "blocks"):
        rows = table(medium[0], name)
        assert rows
        for row in rows:
            assert (row["dataset"], row["record_id"], row["person_role"]) in people
            assert row.get("username", "hv.morgan") in staff
            if row.get("against_dataset"):
                assert (row["against_dataset"], row["against_record_id"], row["against_role"]) in people
            if row.get("signer"):
                assert (row["dataset"], row["record_id"], row["signer"]) in people


def test_vocabularies_are_closed(medium: tuple[Path, CountySummary]) -> None:
    wishes = table(medium[0], "wishes")
    assert {row["kind"] for row in wishes} == {"consent", "objection", "opt_out"}
    assert {row["answer"] for row in wishes} <= {answer.value for answer in WishAnswer}
    assert {row["basis"] for row in wishes} <= {basis.value for basis in SignerBasis}
    assert {row["kind"] for row in table(medium[0], "blocks")} <= {kind.value for kind in BlockKind}
    assert {row["kind"] for row in table(medium[0], "caseloads")} <= {kind.value for kind in RelationshipKind}
    relations = {relation.value for relation in Relation} | {FORMER}
    assert {row["relation"] for row in table(medium[0], "truth_ties")} <= relations
    assert {row["evidence"] for row in table(medium[0], "truth_ties")} == {ROW, SHARED_PARENT, ADDRESS, NOTHING}


def test_ties_join_people_of_the_truth_once(medium: tuple[Path, CountySummary]) -> None:
    people = set(truth(medium[0]).values())
    ties = [(t["person_a"], t["relation"], t["person_b"]) for t in table(medium[0], "truth_ties")]
    assert len(set(ties)) == len(ties)
    assert {p for a, _, b in ties for p in (a, b)} <= people


def test_dates_of_facts_are_legal_dates_up_to_today(medium: tuple[Path, CountySummary]) -> None:
    for row in table(medium[0], "caseloads"):
        assert date(2016, 1, 1) <= date.fromisoformat(row["since"]) <= date(2026, 11, 22)


def test_the_demo_accounts_meet_the_families_they_are_for(medium: tuple[Path, CountySummary]) -> None:
    people = truth(medium[0])
    met: dict[str, set[str]] = {}
    for row in table(medium[0], "caseloads"):
        met.setdefault(row["username"], set()).add(people[row["dataset"], row["record_id"], row["person_role"]])
    families = {name: {person[:3] for person in people if person[0] == "F"} for name, people in met.items()}
    assert families["hv.morgan"] >= {"F01", "F04", "F05", "F06", "F07", "F10", "F11"}
    assert families["fsw.evans"] >= {"F01", "F04", "F06", "F11"}
    assert families["sw.okoro"] >= {"F01", "F03", "F07", "F10"}
    assert met["aw.stone"] == {"F01-father"}
    assert "F12-niece" in met["sc.lowe"]
    assert families["hv.cadi"] == {"F09"}
    assert families["hs.bevan"] == {"F06", "F08"}
