"""The ledger in the forms in which it leaves: exact lines, a table, FHIR.

Invariants: an export is streamed, so that no size of log needs memory; whoever calls this has logged it first.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy.orm import Session

from governance.ledger import export_csv, export_fhir, ledger


class Format(StrEnum):
    JSONL = "jsonl"
    CSV = "csv"
    FHIR = "fhir"


@dataclass(frozen=True, slots=True)
class Form:
    """How one format is written, and what it is called on the web."""

    media_type: str
    suffix: str
    write: Callable[[Iterable[str], datetime], Iterator[str]]


def _lines(lines: Iterable[str], _at: datetime) -> Iterator[str]:
    return (f"{line}\n" for line in lines)


def _table(lines: Iterable[str], _at: datetime) -> Iterator[str]:
    return export_csv.rows(lines)


FORMS: Final[Mapping[Format, Form]] = {
    Format.JSONL: Form("application/jsonl", "jsonl", _lines),
    Format.CSV: Form("text/csv; charset=utf-8", "csv", _table),
    Format.FHIR: Form("application/fhir+json", "fhir.json", export_fhir.bundle),
}


def pieces(session: Session, chosen: Format, at: datetime, counted: Callable[[], None]) -> Iterator[str]:
    """Yield the text of every sequenced entry in one format, calling `counted` once an entry."""
    return FORMS[chosen].write(_counting(ledger.export(session), counted), at)


def _counting(lines: Iterable[str], counted: Callable[[], None]) -> Iterator[str]:
    for line in lines:
        counted()
        yield line
