"""Parquet and workbooks: each typed value becomes the text a CSV would have held; a sheet's formulas are found."""

import io
import zipfile
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage.intake.extracts import FileRefused, Limits, open_extract
from linkage.intake.readers import xlsx_child
from linkage.intake.spec import parse_spec
from linkage.intake.validate import rows
from linkage.reasons import FileReason, RowReason
from linkage.rows import Rejection, SourceRow
from tests.unit.linkage.bad_files import GOOD, HEADER, SPEC, duplicate_column, formula, parquet, workbook
from tests.unit.linkage.bad_files import rows as sound

VALUES: list[tuple[Any, str]] = [
    (None, ""),
    ("Ann", "Ann"),
    (True, "true"),
    (False, "false"),
    (9990000018.0, "9990000018"),
    (1.5, "1.5"),
    (7, "7"),
    (float("nan"), ""),
    (float("inf"), ""),
    (date(2019, 3, 12), "2019-03-12"),
    (datetime(2019, 3, 12), "2019-03-12"),
    (datetime(2019, 3, 12, 4, 5), "2019-03-12 04:05:00"),
    (datetime(2019, 3, 12, 4, 5, tzinfo=UTC), "2019-03-12 04:05:00"),
    (datetime(2019, 6, 3, 23, 0, tzinfo=UTC), "2019-06-04"),
    (Decimal("9990000018.0000000000"), "9990000018"),
    (Decimal("NaN"), ""),
    (Decimal("1E+3"), "1000"),
    (Decimal("3.20"), "3.20"),
    (time(4, 5), "04:05:00"),
]


@pytest.mark.parametrize(("value", "text"), VALUES)
def test_a_typed_value_has_one_text(value: Any, text: str) -> None:
    assert xlsx_child.as_text(value) == text


@pytest.mark.parametrize(
    "born",
    [
        pa.array([date(1987, 6, 5)] * 30),
        pa.array([datetime(1987, 6, 5)] * 30, pa.timestamp("ns")),
        pa.array([datetime(1987, 6, 5)] * 30, pa.timestamp("us", "UTC")),
        pa.array([19870605] * 30),
        pa.array(["05/06/1987"] * 30).dictionary_encode(),
    ],
    ids=["date", "nanoseconds", "with zone", "integer", "dictionary"],
)
def test_every_type_that_holds_a_date_gives_the_date(born: pa.Array, tmp_path: Path) -> None:
    path = tmp_path / "extract"
    path.write_bytes(parquet({"dob": born, "nhs": pa.array([9990000018.0] * 30)}))
    spec = parse_spec(SPEC)
    first = next(rows(open_extract(path, spec), spec))
    assert isinstance(first, SourceRow)
    assert first.row_number == 1
    assert first.people["self"].date_of_birth == date(1987, 6, 5)
    assert first.people["self"].nhs_number == "9990000018"


def test_an_overlong_field_of_a_typed_file_rejects_its_row_and_keeps_it_for_quarantine(tmp_path: Path) -> None:
    addresses = ["1 High Street"] * 29 + ["Canaryname " * 8000]
    path = tmp_path / "extract"
    path.write_bytes(parquet({"address": pa.array(addresses)}))
    spec = parse_spec(SPEC)
    *good, bad = rows(open_extract(path, spec), spec)
    assert len(good) == 29
    assert isinstance(bad, Rejection)
    assert bad.problem.code == RowReason.FIELD_TOO_LONG
    assert b"Canaryname" in bad.content


@pytest.mark.parametrize("limits", [Limits(parquet_rows=10), Limits(expanded=10)], ids=["rows", "size"])
def test_a_parquet_file_beyond_the_limits_is_refused(limits: Limits, tmp_path: Path) -> None:
    path = tmp_path / "extract"
    path.write_bytes(parquet())
    with pytest.raises(FileRefused) as caught:
        open_extract(path, parse_spec(SPEC), limits)
    assert caught.value.code == FileReason.EXPANDS_TOO_FAR


@pytest.mark.parametrize("kind", ["parquet", "xlsx"])
def test_a_typed_file_without_records_is_refused(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "extract"
    if kind == "parquet":
        pq.write_table(pa.table({name: pa.array([], pa.string()) for name in HEADER}), path)
    else:
        path.write_bytes(workbook(lambda book: book["Extract"].delete_rows(2, 40)))
    with pytest.raises(FileRefused) as caught:
        open_extract(path, parse_spec(SPEC))
    assert caught.value.code == FileReason.NO_RECORDS


def test_a_workbook_row_with_a_stray_cell_is_rejected_and_empty_rows_are_none(tmp_path: Path) -> None:
    path = tmp_path / "extract"

    def fill(book: Any) -> None:
        book["Extract"]["J4"] = "Canaryname"
        book["Extract"].append([])
        book["Extract"].cell(40, 1, "last")
        book["Extract"].cell(40, 3, "Ann")

    path.write_bytes(workbook(fill))
    spec = parse_spec(SPEC)
    found = list(rows(open_extract(path, spec), spec))
    refused = [row.problem for row in found if isinstance(row, Rejection)]
    assert [(problem.row_number, problem.code) for problem in refused] == [(4, RowReason.RAGGED_ROW.value)]
    assert len(found) == 31
    assert isinstance(found[-1], SourceRow)
    assert found[-1].row_number == 40


def test_the_limited_process_tells_rows_then_the_end(tmp_path: Path) -> None:
    path = tmp_path / "extract"
    path.write_bytes(workbook())
    header, first, *_, end = xlsx_child.rows(str(path), "Extract")
    assert header == list(HEADER)
    assert first == list(sound()[0])
    assert first[1:] == list(GOOD[1:])
    assert end == {"end": 31}


@pytest.mark.parametrize(
    ("content", "sheet", "last"),
    [
        (workbook(formula), "", {"fault": "formula_cells", "row": 5}),
        (workbook(duplicate_column), "Other", {"fault": "sheet_missing"}),
        (b"PK\x03\x04 no workbook", "", {"fault": "workbook_corrupt"}),
    ],
)
def test_the_limited_process_tells_what_is_wrong(content: bytes, sheet: str, last: object, tmp_path: Path) -> None:
    path = tmp_path / "extract"
    path.write_bytes(content)
    assert list(xlsx_child.rows(str(path), sheet)) == [last]


def test_a_formula_is_found_across_pieces_of_a_sheet() -> None:
    out = io.BytesIO()
    filler = b'<row><c r="A1"><v>1</v></c></row>' * 20_000
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("sheet.xml", b"<sheetData>" + filler + b'<c r="B77"><f>1+1</f></c>' + filler)
    with zipfile.ZipFile(out) as archive:
        assert xlsx_child.formula_row(archive, "sheet.xml") == 77
