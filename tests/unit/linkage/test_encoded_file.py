"""An encoded file of another shape is refused whole, whoever sealed it."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from linkage.encoding.encode import MARK
from linkage.intake.readers.outcome import FileRefused
from linkage.partner.encoded_file import PEOPLE, EncodedWriter, Header, open_encoded
from linkage.partner.transport import FrameWriter
from linkage.reasons import FileReason
from linkage.rows import Problem

KEY = b"k" * 32
EVENT = {
    "type": "asq3", "category": "development", "service": "health_visiting", "role": "self", "organisation": "Z",
    "when": "2026-01-02", "precision": "day", "status": "happened", "values": {"score": 3},
}  # fmt: skip


def _row(**changes: Any) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "n": 2, "mark": "00" * MARK, "content": "00" * 32, "unborn": [], "events": [EVENT], "involvements": [],
        "ties": [], "warnings": [],
    }  # fmt: skip
    return plain | changes


def _people(row: int = 0, role: str = "self", lines: int = 1) -> pa.Table:
    held = {name: pa.nulls(lines, PEOPLE.field(name).type) for name in PEOPLE.names}
    held |= {
        "row": pa.array([row] * lines, pa.int32()),
        "role": pa.array([role] * lines),
        "dob_default": pa.array([False] * lines),
    }
    return pa.table(held, schema=PEOPLE)


def _file(path: Path, rows: list[dict[str, Any]], people: pa.Table, *, physical: int = 1) -> Path:
    with EncodedWriter(path, KEY, Header("d", "P", "spec", "00" * 32, physical, None)) as writer:
        writer.add(rows, people, [])
    return path


def test_a_sound_file_comes_back(tmp_path: Path) -> None:
    found = open_encoded(_file(tmp_path / "f", [_row()], _people()), KEY)
    [stretch] = found.stretches()
    assert stretch.rows[0].events[0].values == {"score": 3}
    assert stretch.rows[0].people == {"self": 0}
    assert "00" not in repr(found)


@pytest.mark.parametrize(
    "changes",
    [
        {"mark": "00"}, {"mark": 7}, {"n": "2"}, {"unborn": ["baby"]}, {"warnings": [["col", "a value"]]},
        {"events": [EVENT | {"type": "spying"}]}, {"events": [EVENT | {"service": "spies"}]},
        {"events": [EVENT | {"when": "soon"}]}, {"events": [EVENT | {"role": "mother"}]},
        {"events": [EVENT | {"note": "free text"}]}, {"events": [EVENT | {"values": {"x": ["list"]}}]}, {"ties": 3},
    ],
)  # fmt: skip
def test_a_row_of_another_shape_refuses_the_file(tmp_path: Path, changes: dict[str, Any]) -> None:
    path = _file(tmp_path / "f", [_row(**changes)], _people())
    with pytest.raises(FileRefused) as caught:
        open_encoded(path, KEY)
    assert caught.value.code == FileReason.ENCODED_DAMAGED


@pytest.mark.parametrize("people", [_people(row=-1), _people(row=1), _people(lines=2), _people(role="other")])
def test_people_of_no_row_refuse_the_file(tmp_path: Path, people: pa.Table) -> None:
    with pytest.raises(FileRefused):
        open_encoded(_file(tmp_path / "f", [_row()], people), KEY)


def test_counts_that_do_not_add_up_refuse_the_file(tmp_path: Path) -> None:
    with pytest.raises(FileRefused):
        open_encoded(_file(tmp_path / "f", [_row()], _people(), physical=2), KEY)


def test_a_file_without_header_or_end_is_refused(tmp_path: Path) -> None:
    wrong = Header("d", "P", "spec", "not hexadecimal", 0, "00")
    for frames in (
        [b"R"],
        [b"H" + json.dumps(asdict(wrong)).encode(), b"E0"],
        [b"H{}"],
        [b"H" + json.dumps({"form": 9}).encode()],
        [b""],
    ):
        with FrameWriter(tmp_path / "f", KEY) as writer:
            for frame in frames:
                writer.add(frame)
        with pytest.raises(FileRefused):
            open_encoded(tmp_path / "f", KEY)


def test_rejections_come_back_with_their_marks(tmp_path: Path) -> None:
    with EncodedWriter(tmp_path / "f", KEY, Header("d", "P", "spec", "00" * 32, 2, None)) as writer:
        problems = [(Problem(2, None, "ragged_row"), None), (Problem(3, "a", "required_missing"), b"m" * MARK)]
        writer.add([], PEOPLE.empty_table(), problems)
    [stretch] = open_encoded(tmp_path / "f", KEY).stretches()
    assert (stretch.unnamed, stretch.refused) == (1, (b"m" * MARK,))
    assert [problem.code for problem in stretch.rejections] == ["ragged_row", "required_missing"]
