"""From records to rows: a spec applied to an extract, record by record.

Invariants: a bad row never stops a good one and every record gives exactly one row or rejection; a row whose people all
lack identifiers is rejected; problems name row, column and code only, and the raw record travels only in
`Rejection.content`, for the encrypted quarantine.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol, TypeVar

from linkage.cells import Cells
from linkage.claims import EventPlan, InvolvementPlan, Role, TiePlan, Warn
from linkage.extracts import Extract
from linkage.readers.outcome import RowFault
from linkage.reasons import Reason, RowReason
from linkage.rows import Identity, Problem, Rejection, SourceRow
from linkage.spec_model import DatasetSpec

LONGEST_RECORD_ID = 255
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_HIDDEN = re.compile("[\x80-\x9f\xad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")

T_co = TypeVar("T_co", covariant=True)


class _Claiming(Protocol[T_co]):
    def claim(self, cells: Cells, people: Mapping[str, Identity], warn: Warn) -> T_co | None: ...


def _claims(
    plans: tuple[_Claiming[T_co], ...], cells: Cells, people: Mapping[str, Identity], warn: Warn
) -> tuple[T_co, ...]:
    if not plans:
        return ()
    made = [plan.claim(cells, people, warn) for plan in plans]
    return tuple([claim for claim in made if claim is not None])


def _rejection(problem: Problem, cells: Cells, ids: list[str]) -> Rejection:
    named = _joined(ids) if all(part and part.isprintable() for part in ids) else None
    return Rejection(problem, json.dumps(list(cells)).encode(), named)


def _joined(ids: list[str]) -> str:
    """One id of several columns; a bar within a part is escaped, so that no two lists give one id."""
    if len(ids) == 1:
        return ids[0]
    return "|".join(part.replace("\\", "\\\\").replace("|", "\\|") for part in ids)


@dataclass(frozen=True, slots=True)
class _Plan:
    """A spec made ready for one header."""

    record_id: tuple[int, ...]
    record_column: str
    required: tuple[tuple[str, int], ...]
    roles: tuple[tuple[str, Role], ...]
    unborn: frozenset[str]
    events: tuple[EventPlan, ...]
    involvements: tuple[InvolvementPlan, ...]
    ties: tuple[TiePlan, ...]
    check_controls: bool
    header: tuple[tuple[int, str], ...]

    def row(self, row_number: int, raw: Cells) -> SourceRow | Rejection:
        cells = [*map(str.strip, raw)]
        ids = [cells[place] for place in self.record_id]
        refusal = self._refusal(row_number, cells, ids)
        if refusal is not None:
            return _rejection(refusal, raw, ids)
        warnings: list[Problem] = []

        def warn(column: str | None, reason: Reason) -> None:
            warnings.append(Problem(row_number, column, reason.value))

        people = {name: found for name, role in self.roles if (found := role.identity(cells, warn)) is not None}
        if not people:
            return _rejection(Problem(row_number, None, RowReason.NO_IDENTIFIERS.value), raw, ids)
        return SourceRow(
            row_number,
            _joined(ids),
            people,
            self.unborn & people.keys(),
            _claims(self.events, cells, people, warn),
            _claims(self.involvements, cells, people, warn),
            _claims(self.ties, cells, people, warn),
            tuple(warnings),
        )

    def _refusal(self, row_number: int, cells: Cells, ids: list[str]) -> Problem | None:
        if ids[0].lstrip("\ufeff") == self.record_column and self._is_header(cells):
            return Problem(row_number, None, RowReason.HEADER_AGAIN.value)
        if self.check_controls and _CONTROLS.search("\n".join(cells)):
            return Problem(row_number, None, RowReason.CONTROL_CHARACTERS.value)
        if not all(ids):
            return Problem(row_number, self.record_column, RowReason.MISSING_RECORD_ID.value)
        if not all(map(str.isascii, ids)) and _HIDDEN.search("".join(ids)):
            return Problem(row_number, self.record_column, RowReason.CONTROL_CHARACTERS.value)
        if sum(map(len, ids)) > LONGEST_RECORD_ID:
            return Problem(row_number, self.record_column, RowReason.FIELD_TOO_LONG.value)
        for column, place in self.required:
            if not cells[place]:
                return Problem(row_number, column, RowReason.REQUIRED_MISSING.value)
        return None

    def _is_header(self, cells: Cells) -> bool:
        return all(cells[place].lstrip("\ufeff") == column for place, column in self.header)


def _plan(spec: DatasetSpec, extract: Extract, today: date) -> _Plan:
    at = {column: place for place, column in enumerate(extract.header)}
    typed, provider = extract.is_typed, spec.provider.code
    return _Plan(
        record_id=tuple(at[column] for column in spec.record_id),
        record_column=spec.record_id[0],
        required=tuple((column, at[column]) for column in spec.required),
        roles=tuple((name, Role(person, at, typed, today)) for name, person in spec.people.items()),
        unborn=frozenset(name for name, person in spec.people.items() if person.unborn),
        events=tuple(EventPlan(event, provider, at, typed) for event in spec.events),
        involvements=tuple(InvolvementPlan(held, provider, at, typed) for held in spec.involvements),
        ties=tuple(TiePlan(tie, at, typed) for tie in spec.ties),
        check_controls=extract.has_controls,
        header=tuple((at[column], column) for column in spec.columns()),
    )


def rows(extract: Extract, spec: DatasetSpec, today: date | None = None) -> Iterator[SourceRow | Rejection]:
    """Every record of the extract as a row or a rejection, in order. `today` judges what is implausible.

    Raises `FileRefused` only if the file changed after it was opened.
    """
    plan = _plan(spec, extract, today or date.today())
    for row_number, cells in extract:
        if isinstance(cells, RowFault):
            yield Rejection(Problem(row_number, None, cells.code.value), cells.content)
        else:
            yield plan.row(row_number, cells)
