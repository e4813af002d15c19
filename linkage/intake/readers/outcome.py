"""What a reader gives: records, faults of single rows, or the refusal of the whole file."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from linkage.reasons import FILE_SENTENCES, FileReason, RowReason


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on what a file may cost. Sizes in bytes, fields in characters."""

    field: int = 64 << 10
    line: int = 1 << 20
    expanded: int = 64 << 30
    ratio: int = 200
    ratio_from: int = 8 << 20
    workbook: int = 1 << 30
    workbook_memory: int = 2 << 30
    workbook_seconds: int = 300
    lines_in_record: int = 50
    parquet_rows: int = 200_000_000


class FileRefused(Exception):
    """A file that is refused whole. `column` is a name that the spec holds too, never a name found only in the file."""

    def __init__(
        self, code: FileReason, row_number: int | None = None, column: str | None = None, detail: str = ""
    ) -> None:
        self.code = code
        self.row_number = row_number
        self.column = column
        self._detail = detail
        where = f"Row {row_number}: " if row_number else ""
        self.message = f"{where}{FILE_SENTENCES[code]}{' ' + detail if detail else ''}"
        super().__init__(f"{self.message} ({code.value})")

    def alone(self) -> "FileRefused":
        """The same refusal without the parser's exception that led to it, which may hold what was being read."""
        return FileRefused(self.code, self.row_number, self.column, self._detail)


@dataclass(frozen=True, slots=True, repr=False)
class RowFault:
    """A record that could not be read. `content` is its raw text, for the encrypted quarantine only."""

    code: RowReason
    content: bytes = field(default=b"")

    def __repr__(self) -> str:
        return f"RowFault({self.code})"


Record = tuple[int, "list[str] | RowFault"]
Records = Callable[[], Iterator[Record]]


def too_many_bad(bad: int, all_records: int) -> bool:
    """Whether so many rows are bad that the file must be: over half, or over a tenth when that is ten or more."""
    return bad * 2 > all_records or (bad >= 10 and bad * 10 > all_records)
