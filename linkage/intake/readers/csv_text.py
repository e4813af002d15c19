"""Text with delimiters, by RFC 4180 and its common departures, on Python's own strict parser.

Invariants: a record that spans lines is either whole or the whole file is refused: a quotation mark that opens and
never closes must not swallow the rows after it; every line that is not blank belongs to exactly one record or fault;
records are numbered as a spreadsheet shows them (the header is row 1 unless the spec says otherwise).
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import NoReturn

from linkage.intake.readers.byte_scan import ByteScan, scan
from linkage.intake.readers.header import checked_header, matches
from linkage.intake.readers.outcome import FileRefused, Limits, Record, RowFault, too_many_bad
from linkage.intake.readers.sniff import Kind, unpacked
from linkage.intake.spec_fields import FileHints
from linkage.reasons import FileReason, RowReason

DELIMITERS = {"comma": ",", "tab": "\t", "semicolon": ";", "pipe": "|"}
_NAMES = {sign: name for name, sign in DELIMITERS.items()}
_SURROGATE = re.compile("[\ud800-\udfff]")
_AHEAD = 1024
"""So many lines are read at once; where each is one whole record they are parsed together."""
_SWALLOW_FROM = 5
"""From this many columns on, a line inside a quoted field that looks like a whole row is taken for one."""


class _Lines:
    """Lines of text with their ends, remembering those of the record being read."""

    def __init__(self, text: Iterator[str]) -> None:
        self._text = text
        self.record: list[str] = []
        self.taken = 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = next(self._text)
        self.taken += 1
        self.record.append(line)
        return line


def _end_of(line: str) -> str:
    return "\r\n" if line.endswith("\r\n") else line[-1:] if line.endswith(("\n", "\r")) else ""


class CsvText:
    """One text file: looked at by bytes, then its header found; `records` may be read again and again."""

    def __init__(self, path: Path, kind: Kind, hints: FileHints, needed: Sequence[str], limits: Limits) -> None:
        self._path, self._kind, self._limits = path, kind, limits
        self._header_row = hints.header_row
        self.scan: ByteScan = scan(path, kind, hints.encoding, limits)
        declared = DELIMITERS.get(hints.delimiter or "", hints.delimiter)
        self.delimiter, found = self._choose(declared, needed)
        self._spaced = len(found) > 1 and all(name.startswith(" ") for name in found[1:])
        self.header = checked_header(found, needed, self._header_row)
        self._line_end = self.scan.line_end or self._first_end()
        self._may_be_plain = (
            len(self.header) > 1
            and self.scan.line_end is not None
            and not self.scan.has_bad_text
            and self.scan.longest_line <= limits.field
        )

    @contextmanager
    def _text(self) -> Iterator[io.TextIOWrapper]:
        changed = False
        try:
            with unpacked(self._path, self._kind) as stream:
                yield io.TextIOWrapper(stream, self.scan.encoding, self.scan.errors, newline="")
        except UnicodeDecodeError:
            changed = True
        if changed:
            raise FileRefused(FileReason.FILE_CHANGED)

    def _header_by(self, delimiter: str) -> list[str]:
        with self._text() as text:
            reader = csv.reader(text, delimiter=delimiter, strict=True)
            try:
                first = [found for _, found in zip(range(self._header_row), reader, strict=False)]
            except csv.Error:
                return []
        return first[-1] if len(first) == self._header_row else []

    def _first_end(self) -> str:
        with self._text() as text:
            return _end_of(next(text, ""))

    def _choose(self, declared: str | None, needed: Sequence[str]) -> tuple[str, list[str]]:
        headers = {sign: self._header_by(sign) for sign in DELIMITERS.values()}
        if not any(headers.values()):
            raise FileRefused(FileReason.HEADER_UNREADABLE, self._header_row)
        scores = {sign: matches(header, needed) for sign, header in headers.items()}
        best = max(scores, key=lambda sign: (scores[sign], sign == declared, len(headers[sign])))
        if declared and scores[best] > scores[declared]:
            detail = f"Declared: {_NAMES[declared]}. The header is separated by {_NAMES[best]}."
            raise FileRefused(FileReason.WRONG_DELIMITER, self._header_row, detail=detail)
        if scores[best] < len(needed) and len(needed) > 1 and len(headers[best]) < len(needed):
            self._refuse_strange_delimiter(headers[best], needed)
        return declared or best, headers[declared or best]

    def _refuse_strange_delimiter(self, found: list[str], needed: Sequence[str]) -> None:
        joined = " ".join(found)
        if all(column in joined for column in needed):
            detail = "It is none of comma, tab, semicolon, pipe."
            raise FileRefused(FileReason.WRONG_DELIMITER, self._header_row, detail=detail)

    def records(self) -> Iterator[Record]:
        """Every record after the header: its row number with its fields or its fault. Raises `FileRefused`."""
        with self._text() as text:
            row_number = yield from self._slowly(text, [], 0, self._header_row)
            while ahead := list(islice(text, _AHEAD)):
                rows = self._plainly(ahead)
                if rows is None:
                    row_number = yield from self._slowly(text, ahead, row_number)
                else:
                    yield from enumerate(rows, start=row_number + 1)
                    row_number += len(rows)

    def _plainly(self, ahead: list[str]) -> list[list[str]] | None:
        """The rows of lines that are one whole and faultless record each, or None where any line is not."""
        if not self._may_be_plain:
            return None
        try:
            rows = list(csv.reader(ahead, delimiter=self.delimiter, skipinitialspace=self._spaced, strict=True))
        except csv.Error:
            return None
        return rows if len(rows) == len(ahead) and set(map(len, rows)) == {len(self.header)} else None

    def _slowly(
        self, text: io.TextIOWrapper, ahead: list[str], row_number: int, last: int | None = None
    ) -> Generator[Record, None, int]:
        """Record by record through the lines read ahead, or up to row `last`; the last row number."""
        lines = _Lines(chain(ahead, text))
        reader = csv.reader(lines, delimiter=self.delimiter, skipinitialspace=self._spaced, strict=True)
        while row_number != last and (last is not None or lines.taken < len(ahead)):
            lines.record.clear()
            cells = self._next(reader, lines, row_number + 1)
            if cells is None:
                break
            row_number += 1
            if row_number > self._header_row and cells != [] and cells != [""]:
                yield row_number, self._judged(cells, lines.record, row_number)
        return row_number

    def _next(self, reader: Iterator[list[str]], lines: _Lines, row_number: int) -> list[str] | RowFault | None:
        fault = None
        try:
            return next(reader)
        except StopIteration:
            return None
        except csv.Error as error:
            fault = "limit" if "field limit" in str(error) else "end" if "unexpected end" in str(error) else "quote"
        if len(lines.record) > 1 or fault == "end":
            self._refuse_quote(row_number)
        code = RowReason.FIELD_TOO_LONG if fault == "limit" else RowReason.BAD_QUOTING
        return RowFault(code, lines.record[-1].encode("utf-8", "surrogatepass"))

    def _judged(self, cells: list[str] | RowFault, lines: list[str], row_number: int) -> list[str] | RowFault:
        if self.scan.line_end is None:
            self._check_line_end(lines, row_number)
        if isinstance(cells, RowFault):
            return cells
        width = len(self.header)
        if len(cells) > width and not any(map(str.strip, cells[width:])):
            del cells[width:]
        if len(lines) > 1:
            self._check_span(cells, lines, row_number)
        fault = self._fault(cells, width)
        return cells if fault is None else RowFault(fault, "".join(lines).encode("utf-8", "surrogatepass"))

    def _fault(self, cells: list[str], width: int) -> RowReason | None:
        if self.scan.has_bad_text and _SURROGATE.search("\n".join(cells)):
            return RowReason.UNDECODABLE
        if len(cells) != width:
            return RowReason.RAGGED_ROW
        if self.scan.longest_line > self._limits.field and any(len(cell) > self._limits.field for cell in cells):
            return RowReason.FIELD_TOO_LONG
        return None

    def _check_line_end(self, lines: list[str], row_number: int) -> None:
        if _end_of(lines[-1]) not in ("", self._line_end):
            raise FileRefused(FileReason.MIXED_LINE_ENDS, row_number)

    def _check_span(self, cells: list[str], lines: list[str], row_number: int) -> None:
        width = len(self.header)
        row_like = width >= _SWALLOW_FROM and any(line.count(self.delimiter) == width - 1 for line in lines[1:])
        if len(cells) != width or row_like or len(lines) > self._limits.lines_in_record:
            self._refuse_quote(row_number)

    def _refuse_quote(self, row_number: int) -> NoReturn:
        raise FileRefused(FileReason.RUNAWAY_QUOTE, row_number)

    def inspect(self) -> int:
        """Read every record once and count them. Raises `FileRefused` for any fault of the whole file."""
        faults: Counter[RowReason] = Counter()
        count = 0
        for _, cells in self.records():
            count += 1
            if isinstance(cells, RowFault):
                faults[cells.code] += 1
        if not count:
            raise FileRefused(FileReason.NO_RECORDS)
        if too_many_bad(sum(faults.values()), count):
            encoding = faults[RowReason.UNDECODABLE] * 2 > sum(faults.values())
            raise FileRefused(FileReason.ENCODING_WRONG if encoding else FileReason.TOO_MANY_BAD_ROWS)
        return count
