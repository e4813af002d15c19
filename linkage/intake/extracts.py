"""Opens an extract: what it is, whether it is sound as a whole, and its records one at a time.

Invariants: every fault of the whole file is found in a first pass, before any record is given out; the second pass
gives exactly the records that the first one counted, or refuses (the file changed); memory does not grow with the
file; the digest is of the file's own bytes.
"""

import hashlib
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from linkage.intake.readers.csv_text import CsvText
from linkage.intake.readers.outcome import FileRefused, Limits, Record, Records, RowFault
from linkage.intake.readers.parquet import Parquet
from linkage.intake.readers.sniff import Kind, kind_of
from linkage.intake.readers.xlsx import Workbook, refuse_ole
from linkage.intake.spec_model import DatasetSpec
from linkage.reasons import FileReason

__all__ = ["Extract", "FileRefused", "Limits", "Record", "RowFault", "open_extract"]

_FORMATS = {Kind.TEXT: "csv", Kind.GZIP: "csv", Kind.PARQUET: "parquet", Kind.ZIP: "xlsx", Kind.OLE: "xlsx"}


@dataclass(frozen=True, slots=True, repr=False)
class Extract:
    """One sound file. `physical_records` counts every record, good or bad; the header and blank lines are none."""

    format: str
    header: tuple[str, ...]
    digest: str
    physical_records: int
    has_controls: bool
    _path: Path = field()
    _records: Records = field()
    _identity: tuple[int, int, int] = field()

    def __repr__(self) -> str:
        return f"Extract({self.format}, {self.physical_records} records)"

    @property
    def is_typed(self) -> bool:
        """Whether dates came as dates, so that their text is ISO whatever the spec's format says."""
        return self.format != "csv"

    def __iter__(self) -> Iterator[Record]:
        return self.records()

    def records(self) -> Iterator[Record]:
        """(row number, fields in the header's order or a fault). Raises `FileRefused` if the file changed."""
        count, refusal = 0, None
        try:
            for record in self._records():
                count += 1
                yield record
        except FileRefused as fault:
            refusal = fault.alone()
        if refusal is not None:
            raise refusal
        if count != self.physical_records or _identity(self._path) != self._identity:
            raise FileRefused(FileReason.FILE_CHANGED)


def _identity(path: Path) -> tuple[int, int, int]:
    unreadable = False
    try:
        found = path.stat()
        unreadable = not stat.S_ISREG(found.st_mode)
    except OSError:
        unreadable = True
    if unreadable:
        raise FileRefused(FileReason.FILE_UNREADABLE)
    return found.st_ino, found.st_size, found.st_mtime_ns


def _fingerprint(path: Path) -> tuple[bytes, str]:
    """The first bytes and the SHA-256 (hex) of the whole file."""
    unreadable = False
    try:
        with path.open("rb") as stream:
            head = stream.read(64)
            stream.seek(0)
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        unreadable = True
    if unreadable:
        raise FileRefused(FileReason.FILE_UNREADABLE)
    return head, digest


def _reader(path: Path, kind: Kind, spec: DatasetSpec, limits: Limits) -> CsvText | Parquet | Workbook:
    needed = spec.columns()
    if kind is Kind.OLE:
        refuse_ole(path)
    if kind is Kind.PARQUET:
        return Parquet(path, needed, limits)
    if kind is Kind.ZIP:
        return Workbook(path, spec.file, needed, limits)
    return CsvText(path, kind, spec.file, needed, limits)


def open_extract(path: Path, spec: DatasetSpec, limits: Limits | None = None) -> Extract:
    """Check the whole file against the spec's structure and make it ready to read. Raises `FileRefused`."""
    try:
        return _opened(path, spec, limits or Limits())
    except FileRefused as fault:
        refusal = fault.alone()
    raise refusal


def _opened(path: Path, spec: DatasetSpec, limits: Limits) -> Extract:
    identity = _identity(path)
    head, digest = _fingerprint(path)
    if not head:
        raise FileRefused(FileReason.FILE_EMPTY)
    kind = kind_of(head)
    found, declared = _FORMATS[kind], spec.file.format
    if declared and found != declared:
        raise FileRefused(FileReason.NOT_DECLARED_FORMAT, detail=f"Declared: {declared}. Found: {found}.")
    reader = _reader(path, kind, spec, limits)
    has_controls = not isinstance(reader, CsvText) or reader.scan.has_controls
    count = reader.inspect()
    return Extract(found, reader.header, digest, count, has_controls, path, reader.records, identity)
