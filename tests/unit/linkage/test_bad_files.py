"""Every bad file is refused whole with its own code, and no message repeats a value."""

import os
import traceback
import tracemalloc
from pathlib import Path

import pytest

from linkage.intake.extracts import FileRefused, open_extract
from linkage.intake.spec import parse_spec
from linkage.intake.validate import rows
from linkage.reasons import FILE_SENTENCES, FileReason
from tests.unit.linkage.bad_files import CANARIES, SPEC, BadFile, bad_files, text

CORPUS = bad_files()


def _refusal(path: Path, spec: str) -> FileRefused:
    with pytest.raises(FileRefused) as caught:
        open_extract(path, parse_spec(spec))
    return caught.value


def _told(fault: BaseException | None) -> str:
    """All that an error, its causes and its printed trace could tell a log."""
    if fault is None:
        return ""
    printed = "".join(traceback.format_exception(fault))
    return f"{fault}{fault!r}{vars(fault)}{printed}{_told(fault.__cause__)}{_told(fault.__context__)}"


def test_the_corpus_holds_at_least_forty_different_faults() -> None:
    assert len(CORPUS) >= 40
    assert len({bad.name for bad in CORPUS}) == len(CORPUS)


@pytest.mark.parametrize("bad", CORPUS, ids=lambda bad: bad.name)
def test_a_bad_file_is_refused_with_its_code_and_without_its_values(bad: BadFile, tmp_path: Path) -> None:
    path = tmp_path / "extract"
    path.write_bytes(bad.content)
    refusal = _refusal(path, bad.spec)
    assert refusal.code == bad.code, refusal.message
    assert refusal.message.count(FILE_SENTENCES[bad.code]) == 1
    if bad.row is not None:
        assert refusal.row_number == bad.row
    if bad.column is not None:
        assert refusal.column == bad.column
    assert refusal.__cause__ is None
    assert refusal.__context__ is None
    told = _told(refusal).casefold()
    assert not [canary for canary in CANARIES if canary.casefold() in told]


def test_every_file_reason_has_its_sentence() -> None:
    assert set(FILE_SENTENCES) == set(FileReason)


def test_the_corpus_shows_every_file_reason_but_those_of_the_file_system() -> None:
    others = {reason for reason in FileReason if reason.startswith("encoded_")}
    unseen = set(FileReason) - {bad.code for bad in CORPUS} - others
    assert unseen == {FileReason.FILE_UNREADABLE, FileReason.FILE_CHANGED}


@pytest.mark.parametrize("kind", ["missing", "folder", "pipe"])
def test_what_is_no_regular_file_is_refused(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "extract"
    if kind == "folder":
        path.mkdir()
    if kind == "pipe":
        os.mkfifo(path)
    assert _refusal(path, SPEC).code == FileReason.FILE_UNREADABLE


def test_a_file_that_changes_after_it_was_checked_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "extract"
    path.write_text(text())
    spec = parse_spec(SPEC)
    extract = open_extract(path, spec)
    path.write_text(text(count=31))
    with pytest.raises(FileRefused) as caught:
        list(rows(extract, spec))
    assert caught.value.code == FileReason.FILE_CHANGED


def test_an_endless_line_is_refused_before_it_is_held(tmp_path: Path) -> None:
    path = tmp_path / "extract"
    path.write_bytes(b"x" * 50_000_000)
    tracemalloc.start()
    code = _refusal(path, SPEC).code
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert code == FileReason.LINE_TOO_LONG
    assert most < 5_000_000


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    spec = parse_spec(SPEC)
    peaks = []
    for count in (20_000, 60_000):
        path = tmp_path / f"extract-{count}"
        path.write_text(text(count=count))
        tracemalloc.start()
        assert sum(1 for _ in rows(open_extract(path, spec), spec)) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.5
