"""Files put together wrongly: several behind one another, hidden characters in ids, the wrong declared encoding."""

from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from linkage.intake.extracts import FileRefused, open_extract
from linkage.intake.spec import parse_spec
from linkage.intake.validate import rows
from linkage.reasons import FileReason, RowReason
from linkage.rows import Rejection, SourceRow
from tests.unit.linkage.bad_files import CANARIES, SPEC, parquet, text
from tests.unit.linkage.bad_files import rows as sound

FORMATTED = SPEC.replace("date_of_birth: dob", 'date_of_birth: {column: dob, format: "%d/%m/%Y"}')


def _read(path: Path, content: bytes, spec_text: str = SPEC) -> tuple[list[SourceRow], list[Rejection]]:
    path.write_bytes(content)
    spec = parse_spec(spec_text)
    found = list(rows(open_extract(path, spec), spec))
    return [r for r in found if isinstance(r, SourceRow)], [r for r in found if isinstance(r, Rejection)]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "marked"])
def test_a_header_in_the_middle_makes_no_person(tmp_path: Path, mark: bytes) -> None:
    taken, rejected = _read(tmp_path / "both.csv", text().encode() + mark + text().encode())
    assert len(taken) == 60
    assert [(r.problem.row_number, r.problem.code) for r in rejected] == [(32, RowReason.HEADER_AGAIN)]


def test_a_person_with_one_header_word_is_no_header(tmp_path: Path) -> None:
    taken, rejected = _read(tmp_path / "odd.csv", text().replace("C-771230", "id").encode())
    assert (len(taken), rejected) == (30, [])


@pytest.mark.parametrize("hidden", ["\ufeff", "\u200b", "\u202e", "\x85x", "\xad"])
def test_a_record_id_with_hidden_characters_is_no_second_record(tmp_path: Path, hidden: str) -> None:
    taken, rejected = _read(tmp_path / "ids.csv", text().replace("C-771230", f"C-7{hidden}71230").encode())
    assert len(taken) == 29
    assert [r.problem.code for r in rejected] == [RowReason.CONTROL_CHARACTERS]


def test_utf_8_declared_as_windows_1252_is_refused(tmp_path: Path) -> None:
    spec = SPEC + "\nfile: {encoding: windows-1252}\n"
    with pytest.raises(FileRefused) as caught:
        _read(tmp_path / "a.csv", text().replace("Birdcage", "Álvarez").encode(), spec)
    assert caught.value.code is FileReason.ENCODING_WRONG


def test_one_stray_byte_in_windows_1252_rejects_its_row_alone(tmp_path: Path) -> None:
    """0x81 stands for nothing there, and two bytes that happen to be UTF-8 do not hide it."""
    spec = SPEC + "\nfile: {encoding: windows-1252}\n"
    held = text().replace("C-771230", "C-\u00c1").replace("Birdcage", "B\u00e9d").encode("windows-1252")
    taken, rejected = _read(tmp_path / "a.csv", held.replace(b"C-\xc1", b"C-\xc3\x81"), spec)
    assert len(taken) == 29
    assert [r.problem.code for r in rejected] == [RowReason.UNDECODABLE]


def test_an_instant_is_a_day_by_londons_clock(tmp_path: Path) -> None:
    born = pa.array([datetime(1987, 6, 4, 23, tzinfo=UTC)] * len(sound()), pa.timestamp("us", tz="UTC"))
    for spec in (SPEC, FORMATTED):
        taken, _ = _read(tmp_path / "a.parquet", parquet({"dob": born}), spec)
        assert taken[0].people["self"].date_of_birth == date(1987, 6, 5)


def test_a_part_of_a_second_does_not_cost_the_date(tmp_path: Path) -> None:
    seen = pa.array([datetime(1987, 6, 5, 1, 2, 3, 456)] * len(sound()))
    taken, _ = _read(tmp_path / "a.parquet", parquet({"dob": seen}), FORMATTED)
    assert taken[0].people["self"].date_of_birth == date(1987, 6, 5)


def test_a_clock_of_nowhere_refuses_the_file(tmp_path: Path) -> None:
    lost = pa.array([0] * len(sound()), pa.timestamp("us", tz="Nowhere/Atlantis"))
    with pytest.raises(FileRefused) as caught:
        _read(tmp_path / "a.parquet", parquet({"dob": lost}))
    assert caught.value.code is FileReason.PARQUET_CORRUPT
    assert not [canary for canary in CANARIES if canary in str(caught.value)]


def test_a_view_of_text_is_text(tmp_path: Path) -> None:
    taken, _ = _read(tmp_path / "a.parquet", parquet({"given": pa.array(["Ann"] * len(sound()), pa.string_view())}))
    assert taken[0].people["self"].given_name == "Ann"
