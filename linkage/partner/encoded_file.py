"""What a partner's encoded file says: a header, stretches of rows, an end.

Invariants: a file is read whole and checked before anything of it is taken, and gives the same again; it holds marks,
tokens, encodings, codes and dates of events, the month of birth and sex, and identities only where sealed for the
service; no identifier in clear. Whatever is not of this shape is refused whole."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa

from linkage.catalogue import catalogue
from linkage.encoding.encode import MARK, ROLE_COLUMNS, SCHEMA
from linkage.intake.readers.outcome import FileRefused
from linkage.partner.transport import FrameWriter, frames
from linkage.reasons import FileReason, Reason, RowReason
from linkage.rows import (
    EventClaim,
    EventStatus,
    InvolvementClaim,
    Precision,
    Problem,
    Relation,
    SourceRow,
    Standing,
    TieClaim,
)

_HEADER, _ROWS, _END = b"H", b"R", b"E"
_FORM = 1
_ENVELOPES = pa.schema(
    [
        pa.field("row", pa.int32(), nullable=False),
        pa.field("role", pa.string(), nullable=False),
        pa.field("birth_month", pa.string()),
        pa.field("stated_sex", pa.string()),
        pa.field("envelope", pa.binary()),
    ]
)
ENCODED = tuple(name for name in SCHEMA.names if name not in ROLE_COLUMNS)
PEOPLE = pa.schema([*_ENVELOPES, *(SCHEMA.field(name) for name in ENCODED)])
"""One line for each role of each row: its row's place in the stretch, what the record store keeps, its encodings."""
_CODES = frozenset(str(reason.value) for kind in (Reason, RowReason) for reason in kind)


@dataclass(frozen=True, slots=True)
class Header:
    """What the whole file shares. `source` is a mark of the extract's own digest; `sender` opens the envelopes."""

    dataset: str
    provider: str
    spec: str
    source: str
    physical: int
    sender: str | None
    form: int = _FORM


@dataclass(frozen=True, slots=True, repr=False)
class EncodedRow:
    """One row's claims as a partner sent them; `people` names its roles."""

    row_number: int
    mark: bytes
    content: bytes
    people: Mapping[str, int]
    unborn: frozenset[str]
    events: tuple[EventClaim, ...]
    involvements: tuple[InvolvementClaim, ...]
    ties: tuple[TieClaim, ...]
    warnings: tuple[Problem, ...]


@dataclass(frozen=True, slots=True, repr=False)
class EncodedStretch:
    """Rows, the people in them (`PEOPLE`; `EncodedRow.people` says on which line each stands), rejections.

    `refused` and `opted_out` are the marks of rejected rows that name their record; `unnamed` counts those that do not.
    """

    rows: tuple[EncodedRow, ...]
    people: pa.Table
    rejections: tuple[Problem, ...]
    refused: tuple[bytes, ...]
    opted_out: tuple[bytes, ...]
    unnamed: int


def row_plain(row: SourceRow, mark: bytes, content: bytes) -> dict[str, Any]:
    """A row's claims as JSON values."""
    return {
        "n": row.row_number,
        "mark": mark.hex(),
        "content": content.hex(),
        "unborn": sorted(row.unborn),
        "events": [_plain(claim) for claim in row.events],
        "involvements": [_plain(claim) for claim in row.involvements],
        "ties": [_plain(claim) for claim in row.ties],
        "warnings": [[problem.column, problem.code] for problem in row.warnings],
    }


def _plain(claim: EventClaim | InvolvementClaim | TieClaim) -> dict[str, Any]:
    found = {name: value.isoformat() if isinstance(value, date) else value for name, value in asdict(claim).items()}
    return {name: value for name, value in found.items() if value is not None}


class EncodedWriter:
    """Writes one encoded file; nothing is left behind on failure."""

    def __init__(self, path: Path, key: bytes, header: Header) -> None:
        self._frames, self._header, self._rows = FrameWriter(path, key), header, 0

    def __enter__(self) -> "EncodedWriter":
        self._frames.__enter__()
        self._frames.add(_HEADER + json.dumps(asdict(self._header)).encode())
        return self

    def add(
        self, rows: Sequence[Mapping[str, Any]], people: pa.Table, rejections: Sequence[tuple[Problem, bytes | None]]
    ) -> None:
        """Add a stretch. Each rejection comes with its record's mark, where it names its record."""
        told = [[p.row_number, p.column, p.code, None if mark is None else mark.hex()] for p, mark in rejections]
        claims = json.dumps({"rows": list(rows), "rejections": told}, ensure_ascii=False).encode()
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, PEOPLE) as stream:
            stream.write_table(people)
        self._frames.add(_ROWS + len(claims).to_bytes(4, "big") + claims + sink.getvalue().to_pybytes())
        self._rows += len(rows) + len(told)

    def __exit__(self, kind: Any, error: Any, at: Any) -> None:
        if kind is None:
            self._frames.add(_END + str(self._rows).encode())
        self._frames.__exit__(kind, error, at)


@dataclass(frozen=True, slots=True)
class EncodedFile:
    """A sound encoded file."""

    path: Path
    header: Header
    _key: bytes

    def __repr__(self) -> str:
        return f"EncodedFile({self.header.dataset}, {self.header.physical} records)"

    def stretches(self) -> Iterator[EncodedStretch]:
        """Every stretch, in order. Raises `FileRefused`."""
        return _stretches(self.path, self._key, self.header)


def open_encoded(path: Path, key: bytes) -> EncodedFile:
    """Read the whole file once and check it; raise `FileRefused` where anything of it cannot be taken."""
    first = next(frames(path, key))
    header = _header(first)
    for _ in _stretches(path, key, header):
        pass
    return EncodedFile(path, header, key)


def _header(frame: bytes) -> Header:
    try:
        if frame[:1] != _HEADER:
            raise ValueError("not a header")
        header = Header(**json.loads(frame[1:]))
        marks = [bytes.fromhex(mark) for mark in (header.source, header.sender) if mark is not None]
        if header.form != _FORM or not isinstance(header.physical, int) or any(len(mark) != 32 for mark in marks):
            raise ValueError("another form")
    except (ValueError, TypeError):
        header = None
    if header is None:
        raise FileRefused(FileReason.ENCODED_DAMAGED)
    return header


def _stretches(path: Path, key: bytes, header: Header) -> Iterator[EncodedStretch]:
    rows, ended = 0, False
    for at, frame in enumerate(frames(path, key)):
        if ended or (at == 0) != (frame[:1] == _HEADER):
            raise FileRefused(FileReason.ENCODED_DAMAGED)
        if frame[:1] == _ROWS:
            stretch = _stretch(frame)
            rows += len(stretch.rows) + len(stretch.rejections)
            yield stretch
        elif frame[:1] == _END:
            ended = frame[1:] == str(rows).encode() and rows == header.physical
    if not ended:
        raise FileRefused(FileReason.ENCODED_DAMAGED)


def _stretch(frame: bytes) -> EncodedStretch:
    found = None
    with suppress(ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError, pa.ArrowException):
        found = _read_stretch(frame)
    if found is None:
        raise FileRefused(FileReason.ENCODED_DAMAGED)
    return found


def _read_stretch(frame: bytes) -> EncodedStretch:
    size = 5 + int.from_bytes(frame[1:5], "big")
    claims = json.loads(frame[5:size])
    people = pa.ipc.open_stream(frame[size:]).read_all()
    if people.schema != PEOPLE:
        raise ValueError("people of another shape")
    lines: list[dict[str, int]] = [{} for _ in claims["rows"]]
    for line, (row, role) in enumerate(zip(*(people.column(n).to_pylist() for n in ("row", "role")), strict=True)):
        if row < 0 or role in lines[row]:
            raise ValueError("a line of no row, or twice")
        lines[row][role] = line
    rows = tuple(_row(row, at) for row, at in zip(claims["rows"], lines, strict=True))
    marks = [None if mark is None else _mark(mark) for *_, mark in claims["rejections"]]
    rejections = tuple(_problem(number, column, code) for number, column, code, _ in claims["rejections"])
    told = [(mark, problem.code == RowReason.OPTED_OUT) for mark, problem in zip(marks, rejections, strict=True)]
    refused = tuple(mark for mark, out in told if mark is not None and not out)
    opted_out = tuple(mark for mark, out in told if mark is not None and out)
    return EncodedStretch(rows, people, rejections, refused, opted_out, marks.count(None))


def _mark(text: str) -> bytes:
    mark = bytes.fromhex(text)
    if len(mark) != MARK:
        raise ValueError("a mark of another length")
    return mark


def _problem(number: Any, column: Any, code: Any) -> Problem:
    if not isinstance(number, int) or not isinstance(column, str | None) or code not in _CODES:
        raise ValueError("not a problem")
    return Problem(number, column, code)


def _row(held: Mapping[str, Any], people: Mapping[str, int]) -> EncodedRow:
    if not people or not isinstance(held["n"], int):
        raise ValueError("a row without people or number")
    row = EncodedRow(
        held["n"],
        _mark(held["mark"]),
        bytes.fromhex(held["content"]),
        people,
        frozenset(held["unborn"]),
        tuple(EventClaim(**_typed(EventClaim, claim)) for claim in held["events"]),
        tuple(InvolvementClaim(**_typed(InvolvementClaim, claim)) for claim in held["involvements"]),
        tuple(TieClaim(**_typed(TieClaim, claim)) for claim in held["ties"]),
        tuple(_problem(held["n"], column, code) for column, code in held["warnings"]),
    )
    roles = {role for event in row.events for role in (event.role, event.about) if role is not None}
    roles |= {claim.role for claim in row.involvements}
    roles |= {role for tie in row.ties for role in (tie.from_role, tie.to_role)} | row.unborn
    if not roles <= people.keys():
        raise ValueError("a claim about nobody in the row")
    _check_words(row)
    return row


def _check_words(row: EncodedRow) -> None:
    """Types, categories and services are the catalogue's own."""
    known = catalogue()
    claims: tuple[EventClaim | InvolvementClaim, ...] = (*row.events, *row.involvements)
    categories = {claim.category for claim in claims} | {tie.category for tie in row.ties}
    if not {event.type for event in row.events} <= known.event_types.keys():
        raise ValueError("an event of no known type")
    if not categories <= set(known.categories) or not {claim.service for claim in claims} <= set(known.services):
        raise ValueError("a category or service that is not known")


_READ: Mapping[str, Any] = {
    "when": date.fromisoformat, "until": date.fromisoformat, "since": date.fromisoformat,
    "precision": Precision, "status": EventStatus, "relation": Relation, "standing": Standing,
    "values": dict,
}  # fmt: skip


def _typed(kind: type[EventClaim | InvolvementClaim | TieClaim], claim: Mapping[str, Any]) -> dict[str, Any]:
    """The claim's fields as the rows hold them; one left out is None."""
    names = [field.name for field in fields(kind)]
    if not set(claim) <= set(names):
        raise ValueError("a field that no claim has")
    found = {name: None if claim.get(name) is None else _READ.get(name, str)(claim[name]) for name in names}
    for value in (found.get("values") or {}).values():
        if not isinstance(value, str | int | float):
            raise ValueError("a value that is no code or number")
    return found
