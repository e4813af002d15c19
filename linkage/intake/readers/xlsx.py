"""XLSX, parsed in a throw-away process of its own with bounded memory and time (`xlsx_child.py`).

Invariants: the archive's directory is checked before anything is unpacked; whatever the workbook does to its parser,
this process goes on; nothing is written to disk, and what the parser says on standard error is thrown away.
"""

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from linkage.intake.readers import xlsx_child
from linkage.intake.readers.header import checked_header
from linkage.intake.readers.outcome import FileRefused, Limits, Record, RowFault, too_many_bad
from linkage.intake.spec_fields import FileHints
from linkage.reasons import FileReason, RowReason

_MOST_PARTS = 10_000
_ENCRYPTED = 0x1


def check_archive(path: Path, limits: Limits) -> None:
    """Refuse what is no workbook, is locked, or would unpack to far too much. Reads the directory only."""
    corrupt = False
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        corrupt = True
    if corrupt:
        raise FileRefused(FileReason.WORKBOOK_CORRUPT)
    if any(part.flag_bits & _ENCRYPTED for part in parts):
        raise FileRefused(FileReason.WORKBOOK_ENCRYPTED)
    size, packed = sum(part.file_size for part in parts), sum(part.compress_size for part in parts)
    bomb = size > limits.ratio_from and size > max(packed, 1) * limits.ratio
    if len(parts) > _MOST_PARTS or size > limits.workbook or bomb:
        raise FileRefused(FileReason.EXPANDS_TOO_FAR)
    if "xl/workbook.xml" not in {part.filename for part in parts}:
        raise FileRefused(
            FileReason.NOT_DECLARED_FORMAT, detail="It is a zip archive, not a workbook; unpack it first."
        )


def refuse_ole(path: Path) -> None:
    """A workbook in an OLE container is either locked or of the old kind."""
    with path.open("rb") as stream:
        head = stream.read(1 << 20)
    locked = "EncryptedPackage".encode("utf-16-le") in head
    raise FileRefused(FileReason.WORKBOOK_ENCRYPTED if locked else FileReason.WORKBOOK_OLD)


class Workbook:
    """One sheet of a workbook; rows are numbered as the spreadsheet shows them."""

    def __init__(self, path: Path, hints: FileHints, needed: Sequence[str], limits: Limits) -> None:
        self._path, self._limits = path, limits
        self._sheet, self._header_row = hints.sheet or "", hints.header_row
        check_archive(path, limits)
        found = next((cells for row, cells in self._rows() if row == self._header_row), [])
        while found and not found[-1].strip():
            found.pop()
        self.header = checked_header(found, needed, self._header_row)

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        limits = self._limits
        bounds = (str(limits.workbook_memory), str(limits.workbook_seconds))
        command = [sys.executable, "-I", xlsx_child.__file__, str(self._path.absolute()), self._sheet, *bounds]
        quiet = subprocess.DEVNULL
        with subprocess.Popen(command, stdin=quiet, stdout=subprocess.PIPE, stderr=quiet, env={}) as child:  # noqa: S603
            try:
                yield from self._decoded(child)
            finally:
                child.kill()

    def _decoded(self, child: "subprocess.Popen[bytes]") -> Iterator[tuple[int, list[str]]]:
        row_number = 0
        assert child.stdout is not None  # a pipe was asked for
        while line := child.stdout.readline(self._limits.line * 8):
            if not line.endswith(b"\n"):
                break
            said: Any = json.loads(line)
            if isinstance(said, dict):
                self._ended(said)
                return
            row_number += 1
            yield row_number, said
        killed = (child.poll() is None and line) or child.wait() < 0
        raise FileRefused(FileReason.WORKBOOK_TOO_LARGE if killed else FileReason.WORKBOOK_CORRUPT)

    def _ended(self, said: dict[str, Any]) -> None:
        if "fault" in said:
            raise FileRefused(FileReason(said["fault"]), said.get("row"))

    def records(self) -> Iterator[Record]:
        """Every row below the header that is not empty. Raises `FileRefused`."""
        width = len(self.header)
        for row_number, cells in self._rows():
            if row_number <= self._header_row or not any(map(str.strip, cells)):
                continue
            yield row_number, self._judged(cells, width)

    def _judged(self, cells: list[str], width: int) -> list[str] | RowFault:
        if max(map(len, cells)) > self._limits.field:
            return RowFault(RowReason.FIELD_TOO_LONG, json.dumps(cells).encode())
        if any(map(str.strip, cells[width:])):
            return RowFault(RowReason.RAGGED_ROW, json.dumps(cells).encode())
        return cells[:width] + [""] * (width - len(cells))

    def inspect(self) -> int:
        """Read every row once and count the records. Raises `FileRefused`."""
        count = bad = 0
        for _, cells in self.records():
            count += 1
            bad += isinstance(cells, RowFault)
        if not count:
            raise FileRefused(FileReason.NO_RECORDS)
        if too_many_bad(bad, count):
            raise FileRefused(FileReason.TOO_MANY_BAD_ROWS)
        return count
