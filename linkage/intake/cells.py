"""From a spec's words to small functions over one record's fields, made once per extract.

Invariants: every function is total: it gives a value, None for an empty field, or a `Reason`; none keeps what it saw.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from operator import itemgetter

from linkage.intake.spec_fields import (
    BirthDateColumn,
    DateColumn,
    NameColumn,
    OnlyIf,
    Part,
    PostcodeColumn,
    SexColumn,
    Source,
    TextColumn,
    ValueColumn,
)
from linkage.intake.spec_model import Person
from linkage.normalise import contact, dates, names, numbers, places
from linkage.normalise.text import tidy
from linkage.reasons import Reason
from linkage.rows import Precision, Sex

Cells = Sequence[str]
Read = Callable[[Cells], str]
Parse = Callable[[str], object]
Places = Mapping[str, int]
Kept = str | int | float | bool

LONGEST_LABEL = 120
_INTEGER = re.compile(r"-?[0-9]{1,9}(?:\.0+)?")
_DECIMAL = re.compile(r"-?[0-9]{1,9}(?:\.[0-9]{1,9})?")
_ORGANISATION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,19}")
_ISO = ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S.%f")
_BOOLEANS = {"Y": True, "YES": True, "TRUE": True, "1": True, "N": False, "NO": False, "FALSE": False, "0": False}
_SEXES = {
    "F": Sex.FEMALE, "FEMALE": Sex.FEMALE, "2": Sex.FEMALE, "GIRL": Sex.FEMALE, "BENYW": Sex.FEMALE,
    "M": Sex.MALE, "MALE": Sex.MALE, "1": Sex.MALE, "BOY": Sex.MALE, "GWRYW": Sex.MALE,
    "I": Sex.INDETERMINATE, "X": Sex.INDETERMINATE, "9": Sex.INDETERMINATE, "INDETERMINATE": Sex.INDETERMINATE,
}  # fmt: skip
_SEX_NOT_KNOWN = frozenset({"U", "UNKNOWN", "0", "NOT KNOWN", "NOT STATED", "NOT SPECIFIED"})


def reader(columns: str | Sequence[str], at: Places, part: str | None = None) -> Read:
    """Read a column, or several joined by a space; or one part of its words. Fields come trimmed."""
    indexes = [at[column] for column in ((columns,) if isinstance(columns, str) else columns)]
    if len(indexes) == 1 and part is None:
        return itemgetter(indexes[0])
    if part is None:
        return lambda cells: " ".join(filter(None, (cells[place] for place in indexes)))
    cut = {"first": slice(0, 1), "rest": slice(1, None), "last": slice(-1, None)}[part]
    return lambda cells: " ".join(" ".join(cells[place] for place in indexes).split()[cut])


def _local_id(text: str) -> str | Reason:
    return tidy(text, LONGEST_LABEL)


def _label(text: str) -> str | Reason:
    return tidy(text, LONGEST_LABEL)


def _sex(text: str) -> Sex | Reason:
    word = text.upper()
    return Reason.PLACEHOLDER if word in _SEX_NOT_KNOWN else _SEXES.get(word, Reason.CODE_UNKNOWN)


def _listed(codes: Mapping[str, object]) -> Parse:
    return lambda text: codes.get(text, Reason.CODE_UNKNOWN)


def date_parser(column: DateColumn | BirthDateColumn, typed: bool) -> dates.DateParser:
    """A parser of the column's formats; typed files hold ISO dates whatever the spec says of their text."""
    patterns = column.format
    return dates.parser((*patterns, *_ISO) if typed and patterns else patterns)


_TEXT_PARSERS: Mapping[str, Parse] = {
    "nhs_number": numbers.nhs_number,
    "upn": numbers.upn,
    "uprn": numbers.uprn,
    "local_id": _local_id,
    "address": places.address,
    "telephone": contact.telephone,
    "email": contact.email,
}


def _identifier_parser(name: str, column: Part, typed: bool) -> Parse:
    if isinstance(column, BirthDateColumn):
        return date_parser(column, typed)
    if isinstance(column, SexColumn):
        return _listed(column.codes) if column.codes else _sex
    if isinstance(column, PostcodeColumn):
        return places.postcode_any if column.format == "any" else places.postcode
    return names.clean if isinstance(column, NameColumn) else _TEXT_PARSERS[name]


@dataclass(frozen=True, slots=True)
class Cell:
    """One field of interest: its name here, its column in the extract, how it is read and understood.

    `place` is the one column that is read as it stands, where that is all that reading does.
    """

    name: str
    column: str
    read: Read
    parse: Parse
    place: int | None = None
    met: dict[str, object] = field(default_factory=dict, compare=False, repr=False)

    def understood(self, text: str) -> object:
        """What the text means; each text is parsed once until `forget`."""
        if text not in self.met:
            self.met[text] = self.parse(text)
        return self.met[text]

    def forget(self) -> None:
        self.met.clear()

    def texts(self, columns: Sequence[Sequence[str]]) -> Sequence[str]:
        """What the cell reads in every row of trimmed columns."""
        if self.place is not None:
            return columns[self.place]
        return [*map(self.read, zip(*columns, strict=True))]


def identifiers(person: Person, at: Places, typed: bool) -> tuple[Cell, ...]:
    """The cells of one role's identifiers."""
    cells = []
    for name in (name for name in Person.model_fields if name != "unborn"):
        column = getattr(person, name)
        if column is not None:
            part = column.part if isinstance(column, NameColumn) else None
            label = column.column[0] if isinstance(column, TextColumn | NameColumn) else column.column
            read = reader(column.column, at, part)
            whole = part is None and (isinstance(column.column, str) or len(column.column) == 1)
            place = at[label] if whole else None
            cells.append(Cell(name, label, read, _identifier_parser(name, column, typed), place))
    return tuple(cells)


def _number(column: ValueColumn) -> Parse:
    whole = column.type == "integer"
    form = _INTEGER if whole else _DECIMAL
    least = column.min if column.min is not None else -999_999
    most = column.max if column.max is not None else 999_999

    def parse(text: str) -> int | float | Reason:
        if not form.fullmatch(text):
            return Reason.NUMBER_FORM
        number = float(text)
        if not least <= number <= most:
            return Reason.OUT_OF_RANGE
        return int(number) if whole else round(number, 4)

    return parse


def _boolean(text: str) -> bool | Reason:
    return _BOOLEANS.get(text.upper(), Reason.CODE_UNKNOWN)


def value_cell(name: str, column: ValueColumn, at: Places) -> Cell:
    """The cell of one event value."""
    makers: Mapping[str, Callable[[], Parse]] = {
        "code": lambda: _listed(column.code_table()),
        "integer": lambda: _number(column),
        "decimal": lambda: _number(column),
        "boolean": lambda: _boolean,
    }
    return Cell(name, column.column, reader(column.column, at), makers[column.type]())


def _organisation(text: str) -> str | Reason:
    return text if _ORGANISATION.fullmatch(text) else Reason.ORGANISATION_FORM


_SOURCE_PARSERS: Mapping[str, Parse] = {"organisation": _organisation, "telephone": contact.telephone}


def source_cell(name: str, source: Source, at: Places) -> Cell:
    """The cell of a label about staff or an organisation; a constant reads the same in every row."""
    parse = _SOURCE_PARSERS.get(name, _label)
    if source.column is None:
        constant = source.value or ""
        return Cell(name, "", lambda cells: constant, lambda text: text)
    return Cell(name, source.column, reader(source.column, at), parse)


def condition(only_if: OnlyIf | None, at: Places) -> Callable[[Cells], bool]:
    """Whether a record meets the condition; every record does when there is none."""
    if only_if is None:
        return lambda cells: True
    place = at[only_if.column]
    if only_if.present is not None:
        present = only_if.present
        return lambda cells: bool(cells[place]) is present
    if only_if.is_ is not None:
        among = frozenset(only_if.is_)
        return lambda cells: cells[place] in among
    none_of = frozenset(only_if.not_ or ())
    return lambda cells: cells[place] not in none_of


def at_precision(day: date, precision: Precision) -> date:
    """The first day of the month or year when only that is kept."""
    if precision is Precision.DAY:
        return day
    return day.replace(day=1) if precision is Precision.MONTH else day.replace(month=1, day=1)
