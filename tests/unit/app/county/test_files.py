"""The files of a county: same arguments, same bytes; nothing rejected but what was spoilt on purpose."""

import hashlib
from collections import Counter
from pathlib import Path

import pytest
from stdnum.gb import nhs, upn

from app.county import CountySummary, write_county
from app.county.county import LAYOUTS, files
from linkage.intake.reference_files import read_milestones, read_postcodes
from linkage.rows import Rejection, SourceRow
from tests.unit.app.county.reading import DATASETS, Rows, extract_path, truth

SPOILT = {"missing_record_id"}


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def test_same_arguments_give_the_same_bytes(small: Path, tmp_path: Path) -> None:
    write_county(40, 1, "medium", tmp_path)
    assert digests(tmp_path) == digests(small)


def test_another_seed_gives_another_county(small: Path, tmp_path: Path) -> None:
    write_county(40, 2, "medium", tmp_path)
    assert digests(tmp_path)["truth_persons.csv"] != digests(small)["truth_persons.csv"]


def test_every_dataset_has_its_spec_and_every_file_is_listed(small: Path) -> None:
    assert sorted(layout.dataset for layout in LAYOUTS) == DATASETS
    assert sorted(files(small)) == sorted(small.iterdir())


def test_a_negative_county_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError):
        write_county(-1, 1, "low", tmp_path)


def test_progress_is_told_after_each_family(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    write_county(3, 1, "low", tmp_path, lambda done, of: told.append((done, of)))
    assert told == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize("dataset", DATASETS)
def test_an_extract_reads_back_through_its_spec(
    dataset: str, medium: tuple[Path, CountySummary], medium_rows: Rows
) -> None:
    folder, summary = medium
    people = {key for key in truth(folder) if key[0] == dataset}
    found, reasons, warnings = set(), Counter[str](), Counter[str]()
    for row in medium_rows[dataset]:
        if isinstance(row, Rejection):
            reasons[row.problem.code] += 1
            continue
        found |= {(dataset, row.record_id, role) for role in row.people}
        warnings.update(problem.code for problem in row.warnings)
    assert found == people
    assert set(reasons) <= SPOILT
    rows = summary.rows[dataset]
    assert rows > 100
    assert sum(reasons.values()) <= max(3, 0.003 * rows)
    assert warnings.total() <= max(4, 0.01 * rows)


def test_some_rows_are_spoilt(medium_rows: Rows) -> None:
    rows = medium_rows["community-contacts"]
    warned = {problem.code for row in rows if isinstance(row, SourceRow) for problem in row.warnings}
    assert any(isinstance(row, Rejection) for row in rows)
    assert {"check_failed", "date_impossible"} <= warned


def test_all_numbers_pass_an_independent_check(medium_rows: Rows) -> None:
    numbers: set[str] = set()
    pupils: set[str] = set()
    for dataset in DATASETS:
        for row in medium_rows[dataset]:
            for seen in row.people.values() if isinstance(row, SourceRow) else ():
                numbers |= {seen.nhs_number} if seen.nhs_number else set()
                pupils |= {seen.upn} if seen.upn else set()
    assert len(numbers) > 5000
    assert all(nhs.is_valid(number) and number.startswith("999") for number in numbers)
    assert len(pupils) > 500
    assert all(upn.is_valid(number) for number in pupils)
    assert any(number[-1].isalpha() for number in pupils)


def test_encodings_and_layouts_differ_as_partners_do(small: Path) -> None:
    heads = {dataset: extract_path(small, dataset).read_bytes()[:4] for dataset in DATASETS}
    assert heads["maternity-bookings"].startswith(b"\xef\xbb\xbf")
    assert heads["early-years-census"].startswith(b"\xff\xfe")
    assert heads["maternity-births"].startswith(b"\x1f\x8b")
    assert heads["eyfsp"] == b"PK\x03\x04"
    assert "ô".encode("cp1252") in extract_path(small, "community-contacts-wales").read_bytes()
    assert len({layout.delimiter for layout in LAYOUTS}) == 4


def test_reference_files_import(small: Path) -> None:
    steps = read_milestones(small / "milestones.yaml")
    assert {step.nation.lower() for step in steps} == {"england", "wales"}
    nations = Counter(row.nation.lower() for row in read_postcodes(small / "postcodes.csv"))
    assert nations["england"] >= 600
    assert nations["wales"] >= 600
