"""What one record claims: who its people are, what happened to them, who is involved, who belongs to whom.

Invariants: an optional value that is malformed is missing, with a warning; an event without a usable date, person or
status is dropped with a warning; a birth is kept to the month, as its day is a clear date of birth. Warnings name
column and code only. Each plan is made once per extract.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from typing import Any

from linkage.catalogue import catalogue
from linkage.intake.batches import People
from linkage.intake.cells import (
    Cell,
    Cells,
    Kept,
    Places,
    at_precision,
    condition,
    date_parser,
    identifiers,
    reader,
    source_cell,
    value_cell,
)
from linkage.intake.spec_fields import DateColumn
from linkage.intake.spec_model import Event, Involvement, Person, Tie
from linkage.normalise import dates
from linkage.reasons import Reason
from linkage.rows import EventClaim, EventStatus, InvolvementClaim, Precision, Relation, TieClaim

_STAFF_FIELDS = ("organisation", "team", "professional", "role", "accountable", "telephone")

Warn = Callable[[str | None, Reason], None]
WarnAt = Callable[[int, str | None, Reason], None]


class _Dates:
    """A pair of optional date columns: from when, until when."""

    def __init__(self, start: DateColumn | None, end: DateColumn | None, at: Places, typed: bool) -> None:
        self.start = _date_cell(start, at, typed)
        self.end = _date_cell(end, at, typed)

    def forget(self) -> None:
        _forget(self.start, self.end)

    def read(self, cells: Cells, warn: Warn) -> tuple[date | None, date | None]:
        start, end = (_date(cell, cells, warn) for cell in (self.start, self.end))
        if end is not None and self.end is not None and start is not None and end < start:
            warn(self.end.column, Reason.ENDS_BEFORE_START)
            end = None
        return start, None if end == dates.OPEN_END else end


def _forget(*cells: Cell | None) -> None:
    for cell in cells:
        if cell is not None:
            cell.forget()


def _date_cell(column: DateColumn | None, at: Places, typed: bool) -> Cell | None:
    if column is None:
        return None
    return Cell("date", column.column, reader(column.column, at), date_parser(column, typed))


def _date(cell: Cell | None, cells: Cells, warn: Warn) -> date | None:
    found = _value(cell, cells, warn) if cell else None
    return found if isinstance(found, date) else None


def _value(cell: Cell, cells: Cells, warn: Warn) -> object:
    """The cell's value, or None when it is empty or malformed (with a warning)."""
    text = cell.read(cells)
    if not text:
        return None
    value = cell.understood(text)
    if isinstance(value, Reason):
        warn(cell.column, value)
        return None
    return value


class Role:
    """One person of a row."""

    def __init__(self, person: Person, at: Places, typed: bool, today: date) -> None:
        self._cells = identifiers(person, at, typed)
        self._born = person.date_of_birth.column if person.date_of_birth else None
        self._today = today

    def people(self, columns: Sequence[Sequence[str]], warn: WarnAt) -> People:
        """The identifiers found in every row. Each distinct text of a column is understood once."""
        held: dict[str, Sequence[object]] = {}
        for cell in self._cells:
            texts = cell.texts(columns)
            parsed: dict[str, object] = {text: cell.parse(text) if text else None for text in set(texts)}
            wrong = {text: value for text, value in parsed.items() if isinstance(value, Reason)}
            if wrong:
                _warn_where(texts, wrong, cell.column, warn)
                parsed.update(dict.fromkeys(wrong))
            held[cell.name] = [*map(parsed.__getitem__, texts)]
        self._judge_births(held.get("date_of_birth", ()), warn)
        nothing = (None,) * len(held)
        return People(held, [row != nothing for row in zip(*held.values(), strict=True)])

    def _judge_births(self, born: Sequence[object], warn: WarnAt) -> None:
        dates_held = {day for day in set(born) if isinstance(day, date)}
        unlikely = {day: Reason.DATE_IMPLAUSIBLE for day in dates_held if dates.is_implausible(day, self._today)}
        if unlikely:
            _warn_where(born, unlikely, self._born, warn)


def _warn_where(values: Sequence[object], wrong: Mapping[Any, Reason], column: str | None, warn: WarnAt) -> None:
    for at, value in enumerate(values):
        if value in wrong:
            warn(at, column, wrong[value])


class EventPlan:
    def __init__(self, event: Event, provider: str, at: Places, typed: bool) -> None:
        kind = catalogue().event_types[event.type]
        self._event, self._provider = event, provider
        self._category, self._service = event.category or kind.category, event.service or kind.service
        self._applies = condition(event.only_if, at)
        self._dates = _Dates(event.when, event.until, at, typed)
        self._values = tuple(value_cell(name, column, at) for name, column in event.values.items())
        by = event.organisation
        self._organisation = None if by is None else source_cell("organisation", by, at)
        status = event.status
        self._status = reader(status.column, at) if status.column else None
        self._codes: Mapping[str, EventStatus] = status.codes or {}
        self._precision = event.precision
        if event.type == "birth" and event.precision is Precision.DAY:
            self._precision = Precision.MONTH

    def claim(self, cells: Cells, people: Collection[str], warn: Warn) -> EventClaim | None:
        if not self._applies(cells) or self._says_nothing(cells):
            return None
        event = self._event
        if event.person not in people:
            warn(None, Reason.EVENT_WITHOUT_PERSON)
            return None
        when, until = self._dates.read(cells, warn)
        if when is None and event.when is not None:
            warn(event.when.column, Reason.EVENT_WITHOUT_DATE)
            return None
        status = self._status_of(cells)
        if status is None:
            warn(event.status.column, Reason.STATUS_UNKNOWN)
            return None
        return EventClaim(
            event.type,
            self._category,
            self._service,
            event.person,
            event.about if event.about in people else None,
            self._by(cells, warn),
            when and at_precision(when, self._precision),
            self._precision,
            until and at_precision(until, self._precision),
            status,
            self._kept(cells, warn),
        )

    def forget(self) -> None:
        """Drop what was met of the batch's texts."""
        self._dates.forget()
        _forget(*self._values, self._organisation)

    def _says_nothing(self, cells: Cells) -> bool:
        """The date is empty and so is all else that the row could say of it: it did not happen."""
        start = self._dates.start
        if start is None or start.read(cells):
            return False
        return not (self._status and self._status(cells)) and not any(cell.read(cells) for cell in self._values)

    def _status_of(self, cells: Cells) -> EventStatus | None:
        return self._codes.get(self._status(cells)) if self._status else self._event.status.value

    def _by(self, cells: Cells, warn: Warn) -> str:
        found = _value(self._organisation, cells, warn) if self._organisation else None
        return found if isinstance(found, str) else self._provider

    def _kept(self, cells: Cells, warn: Warn) -> dict[str, Kept]:
        found = ((cell.name, _value(cell, cells, warn)) for cell in self._values)
        return {name: value for name, value in found if isinstance(value, str | int | float)}


class InvolvementPlan:
    def __init__(self, involvement: Involvement, provider: str, at: Places, typed: bool) -> None:
        self._involvement, self._provider = involvement, provider
        self._applies = condition(involvement.only_if, at)
        self._dates = _Dates(involvement.since, involvement.until, at, typed)
        sources = ((name, getattr(involvement, name)) for name in _STAFF_FIELDS)
        self._cells = tuple(source_cell(name, source, at) for name, source in sources if source is not None)
        named = (*(cell for cell in self._cells if cell.column), self._dates.start, self._dates.end)
        self._telling = tuple(cell.read for cell in named if cell is not None)

    def forget(self) -> None:
        """Drop what was met of the batch's texts."""
        self._dates.forget()
        _forget(*self._cells)

    def claim(self, cells: Cells, people: Collection[str], warn: Warn) -> InvolvementClaim | None:
        involvement = self._involvement
        if involvement.person not in people or not self._applies(cells):
            return None
        if self._telling and not any(read(cells) for read in self._telling):
            return None
        found = {cell.name: _value(cell, cells, warn) for cell in self._cells}
        said = {name: text for name, text in found.items() if isinstance(text, str)}
        since, until = self._dates.read(cells, warn)
        return InvolvementClaim(
            involvement.category,
            involvement.service,
            involvement.person,
            said.get("organisation", self._provider),
            said.get("team"),
            said.get("professional"),
            said.get("role"),
            said.get("accountable"),
            said.get("telephone"),
            since,
            until,
        )


class TiePlan:
    def __init__(self, tie: Tie, at: Places, typed: bool) -> None:
        self._tie = tie
        self._applies = condition(tie.only_if, at)
        self._dates = _Dates(tie.since, tie.until, at, typed)

    def forget(self) -> None:
        """Drop what was met of the batch's texts."""
        self._dates.forget()

    def claim(self, cells: Cells, people: Collection[str], warn: Warn) -> TieClaim | None:
        tie = self._tie
        if tie.from_ not in people or tie.to not in people or not self._applies(cells):
            return None
        since, until = self._dates.read(cells, warn)
        if since is not None and tie.relation is Relation.BIRTH_MOTHER:
            since = at_precision(since, Precision.MONTH)
        return TieClaim(tie.from_, tie.relation, tie.to, tie.category, tie.standing, since, until)
