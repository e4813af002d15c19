"""Importing reference data: good files are taken and versioned, bad ones refused whole."""

from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.database import Database
from linkage import store
from linkage.intake.reference import area_names, area_of, import_areas, import_milestones, import_postcodes
from linkage.intake.reference_files import ReferenceRefused
from linkage.kin import records

HEADER = "postcode,ward,ward_name,lsoa,locality,locality_name,nation,imd_decile\n"
GOOD = HEADER + "MR1 1AA,E1,Hexby,L1,LOC1,North,England,3\ngw11ab,W1,Glanwern,L2,,,WALES,\n"
SCHEDULE = """schedules:
  - schedule: healthy-child
    version: "2026-04"
    nation: England
    milestones:
      - code: new_birth
        title: {en: New birth visit, cy: Ymweliad geni newydd}
        from_days: 10
        to_days: 14
        event_types: [new_birth_visit]
        service: health_visiting
      - code: antenatal
        title: {en: Antenatal visit}
        from_days: -84
        to_days: 0
        event_types: [antenatal_visit]
        service: health_visiting
"""


def write(tmp_path: Path, text: str, name: str = "file") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def size(session: Session) -> tuple[int, ...]:
    tables = (store.postcode_area, store.area, store.milestone)
    return tuple(session.execute(select(func.count()).select_from(table)).scalar_one() for table in tables)


def test_postcodes_are_spelled_one_way_and_found_in_batches(database: Database, tmp_path: Path) -> None:
    with database.writing() as session:
        report = import_postcodes(session, write(tmp_path, GOOD))
        assert (report.rows, report.unchanged, len(report.version)) == (2, False, 40)
        got = area_of(session, ["GW1 1AB", "MR1 1AA", "MR1 1AA", "ZZ1 1ZZ"] + [f"AB{n} 1AA" for n in range(1200)])
        assert got == {"MR1 1AA": ("E1", "LOC1", "england"), "GW1 1AB": ("W1", None, "wales")}
        assert area_names(session, ["E1", "LOC1", "X"]) == {"E1": ("Hexby", None), "LOC1": ("North", None)}


def test_the_same_file_again_changes_nothing(sqlite_database: Database, tmp_path: Path) -> None:
    with sqlite_database.writing() as session:
        import_postcodes(session, write(tmp_path, GOOD))
        assert import_postcodes(session, write(tmp_path, GOOD)).unchanged
        import_milestones(session, write(tmp_path, SCHEDULE))
        assert import_milestones(session, write(tmp_path, SCHEDULE)).unchanged
        assert size(session) == (2, 3, 2)


def test_a_version_replaces_itself_and_postcodes_replace_their_elders(
    sqlite_database: Database, tmp_path: Path
) -> None:
    with sqlite_database.writing() as session:
        import_postcodes(session, write(tmp_path, GOOD), "2026-05")
        import_postcodes(session, write(tmp_path, GOOD.replace("E1,Hexby", "E2,Hexby New")), "2026-08")
        assert area_of(session, ["MR1 1AA"])["MR1 1AA"][0] == "E2"
        one = HEADER + "MR1 1AA,E3,Third,,,,England,1\n"
        import_postcodes(session, write(tmp_path, one), "2026-08")
        assert area_of(session, ["MR1 1AA", "GW1 1AB"]) == {"MR1 1AA": ("E3", None, "england")}


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        (GOOD + "MR1 1AA,E1,Hexby,L1,LOC1,North,England,3\n", 4, "postcode"),
        (GOOD + "QQZ 9QQ,E1,Hexby,L1,LOC1,North,England,3\n", 4, "postcode"),
        (GOOD + "MR1 1AB,,Hexby,L1,LOC1,North,England,3\n", 4, "ward"),
        (GOOD + "MR1 1AB,E1,Hexby,L1,LOC1,North,Narnia,3\n", 4, "nation"),
        (GOOD + "MR1 1AB,E1,Hexby,L1,LOC1,North,England,11\n", 4, "imd_decile"),
        (GOOD + "MR1 1AB,E1,Other name,L1,LOC1,North,England,3\n", 4, "ward_name"),
        (GOOD + "MR1 1AB,E1\n", 4, "(row)"),
        (GOOD + 'MR1 1AB,"E1" x,Hexby,L1,LOC1,North,England,3\n', 4, "(file)"),
        (HEADER, 1, "(file)"),
        ("", 1, "postcode"),
        ("postcode,ward\nMR1 1AA,E1\n", 1, "nation"),
        (HEADER.replace("lsoa", "ward") + "MR1 1AA,E1,E1,E1,,,England,3\n", 1, "(header)"),
        (GOOD + "MR1 1AB," + "E" * 13 + ",,,,,England,\n", 4, "ward"),
    ],
)
def test_a_bad_postcode_file_names_line_and_column_and_changes_nothing(
    sqlite_database: Database, tmp_path: Path, text: str, line: int, column: str
) -> None:
    with sqlite_database.writing() as session:
        import_postcodes(session, write(tmp_path, GOOD), "first")
        before = size(session)
        with pytest.raises(ReferenceRefused) as refused:
            import_postcodes(session, write(tmp_path, text, "bad"), "first")
        assert (line, column) in {(p.line, p.column) for p in refused.value.problems}
        assert "QQZ" not in str(refused.value)
        assert size(session) == before


def test_a_file_that_is_not_text_or_not_there_is_refused(sqlite_database: Database, tmp_path: Path) -> None:
    path = tmp_path / "bytes"
    path.write_bytes(HEADER.encode() + b"MR1 1AA,\xff\xfe,,,,,England,\n")
    with sqlite_database.writing() as session:
        for bad in (path, tmp_path / "absent"):
            with pytest.raises(ReferenceRefused):
                import_postcodes(session, bad)
            with pytest.raises(ReferenceRefused):
                import_milestones(session, bad)


def test_area_names_in_welsh_come_from_their_own_file(sqlite_database: Database, tmp_path: Path) -> None:
    text = "code,kind,name_en,name_cy\nW1,ward,Glanwern,Glan Wern\n"
    with sqlite_database.writing() as session:
        assert import_areas(session, write(tmp_path, text)).rows == 1
        assert import_areas(session, write(tmp_path, text)).unchanged
        assert area_names(session, ["W1"]) == {"W1": ("Glanwern", "Glan Wern")}


def test_the_newest_version_of_a_schedule_is_read_in_order_of_due_days(database: Database, tmp_path: Path) -> None:
    with database.writing() as session:
        import_milestones(session, write(tmp_path, SCHEDULE))
        import_milestones(session, write(tmp_path, SCHEDULE.replace("2026-04", "2026-10").replace("New birth", "X")))
        got = records.milestones(session, "England")
        assert [(m.code, m.version) for m in got] == [("antenatal", "2026-10"), ("new_birth", "2026-10")]
        assert got[1].title_cy == "Ymweliad geni newydd"
        assert got[0].title_cy is None
        assert got[1].event_types == ("new_birth_visit",)
        assert records.milestones(session, "wales") == []
        assert size(session)[2] == 4


@pytest.mark.parametrize(
    ("old", "new", "line", "field"),
    [
        ("from_days: 10", "from_days: ten", 8, "schedules[1].milestones[1].from_days"),
        ("to_days: 14", "to_days: 9", 9, "schedules[1].milestones[1].to_days"),
        ("[new_birth_visit]", "[no_such_event]", 10, "schedules[1].milestones[1].event_types[1]"),
        ("service: health_visiting\n      -", "service: magic\n      -", 11, "schedules[1].milestones[1].service"),
        ("nation: England", "nation: Narnia", 4, "schedules[1].nation"),
        ("code: new_birth", "code: antenatal", 1, "schedules"),
        ('version: "2026-04"', "colour: red", 3, "schedules[1].colour"),
        ("schedules:", "plans:", 1, "plans"),
    ],
)
def test_a_bad_schedule_names_line_and_field_and_changes_nothing(
    sqlite_database: Database, tmp_path: Path, old: str, new: str, line: int, field: str
) -> None:
    assert old in SCHEDULE
    with sqlite_database.writing() as session:
        with pytest.raises(ReferenceRefused) as refused:
            import_milestones(session, write(tmp_path, SCHEDULE.replace(old, new, 1)))
        assert (line, field) in {(p.line, p.column) for p in refused.value.problems}
        assert size(session) == (0, 0, 0)


def test_versions_are_ordered_as_people_read_them() -> None:
    versions = ["10", "2", "2026-10", "2026-9", "2026-09a", ""]
    assert sorted(versions, key=records.version_order) == ["", "2", "10", "2026-9", "2026-09a", "2026-10"]
