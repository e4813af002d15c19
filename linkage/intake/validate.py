"""From records to rows: a spec applied to an extract, record by record.

Invariants: a bad row never stops a good one and every record gives exactly one row or rejection; a row whose people all
lack identifiers is rejected; of a row whose person has opted out nothing is kept, not even in quarantine; problems name
row, column and code only, and the raw record travels only in `Rejection.content`, for the encrypted quarantine.
"""

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from itertools import islice
from operator import itemgetter
from typing import Protocol, TypeVar

from linkage.intake.batches import Batch, Claims, People
from linkage.intake.cells import Cells, condition
from linkage.intake.claims import EventPlan, InvolvementPlan, Role, TiePlan, Warn, WarnAt
from linkage.intake.extracts import Extract
from linkage.intake.readers.outcome import Record, RowFault
from linkage.intake.spec_model import DatasetSpec
from linkage.reasons import Reason, RowReason
from linkage.rows import Problem, Rejection, SourceRow

LONGEST_RECORD_ID = 255
BATCH = 8192
"""Records understood together: many enough to meet each text once, few enough to hold in clear."""
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_HIDDEN = re.compile("[\x80-\x9f\xad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")

T_co = TypeVar("T_co", covariant=True)


class _Claiming(Protocol[T_co]):
    def forget(self) -> None: ...

    def claim(self, cells: Cells, people: Collection[str], warn: Warn) -> T_co | None: ...


def _claims(plans: tuple[_Claiming[T_co], ...], cells: Cells, people: Collection[str], warn: Warn) -> tuple[T_co, ...]:
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
    opted_out: Callable[[Cells], bool] | None
    opted_out_column: str | None
    header: tuple[tuple[int, str], ...]

    def batch(self, records: Sequence[Record]) -> Batch:
        """A stretch of records by column."""
        rejections: list[Rejection] = []
        numbers, raws = self._sound(records, rejections)
        columns = [[*map(str.strip, column)] for column in zip(*raws, strict=True)]
        warnings: dict[int, list[Problem]] = {}

        def warn(at: int, column: str | None, reason: Reason) -> None:
            warnings.setdefault(at, []).append(Problem(numbers[at], column, reason.value))

        people = {name: role.people(columns, warn) for name, role in self.roles} if raws else {}
        if raws and not all(map(any, zip(*(held.held for held in people.values()), strict=True))):
            return self._without_nobody(records, people, numbers, rejections)
        ids = [columns[place] for place in self.record_id] if raws else [[]]
        named = ids[0] if len(ids) == 1 else [*map(_joined, map(list, zip(*ids, strict=True)))]
        claims = self._claims(columns, people, warn) if raws and self._has_claims else None
        return Batch(numbers, named, people, self.unborn, claims, warnings, rejections)

    def _without_nobody(
        self, records: Sequence[Record], people: Mapping[str, People], numbers: list[int], already: list[Rejection]
    ) -> Batch:
        """The batch again without the rows in which nobody has an identifier; those are rejected."""
        found = zip(numbers, zip(*(held.held for held in people.values()), strict=True), strict=True)
        nobody = {number for number, held in found if not any(held)}
        batch = self.batch([record for record in records if record[0] not in nobody])
        for number, cells in records:
            if number in nobody and not isinstance(cells, RowFault):
                ids = [cells[place].strip() for place in self.record_id]
                problem = Problem(number, None, RowReason.NO_IDENTIFIERS.value)
                already.append(_rejection(problem, cells, ids))
        return replace(batch, rejections=sorted(already, key=lambda rejection: rejection.problem.row_number))

    def _sound(self, records: Sequence[Record], rejections: list[Rejection]) -> tuple[list[int], list[Cells]]:
        """The records that may be read further; the others become rejections."""
        plain: list[Cells] = [cells for _, cells in records if not isinstance(cells, RowFault)]
        if len(plain) == len(records) and self._all_sound(plain):
            return [number for number, _ in records], plain
        numbers: list[int] = []
        raws: list[Cells] = []
        for row_number, cells in records:
            if isinstance(cells, RowFault):
                rejections.append(Rejection(Problem(row_number, None, cells.code.value), cells.content))
                continue
            refusal = self._refusal(row_number, cells)
            if refusal is None:
                numbers.append(row_number)
                raws.append(cells)
            else:
                made = _rejection(refusal, cells, [cells[place].strip() for place in self.record_id])
                gone = refusal.code == RowReason.OPTED_OUT.value
                rejections.append(replace(made, content=b"") if gone else made)
        return numbers, raws

    def _all_sound(self, raws: Sequence[Cells]) -> bool:
        """Whether plainly no record of a stretch is refused; looked at by column, as it mostly holds."""
        if self.check_controls or self.opted_out is not None:
            return False
        for place in (*self.record_id, *(place for _, place in self.required)):
            if not all(map(str.strip, map(itemgetter(place), raws))):
                return False
        ids = [list(map(itemgetter(place), raws)) for place in self.record_id]
        longest = sum(max(map(len, column)) for column in ids)
        named = self.record_column in "\n".join(ids[0])
        return longest <= LONGEST_RECORD_ID and not named and all("".join(column).isascii() for column in ids)

    @property
    def _has_claims(self) -> bool:
        return bool(self.events or self.involvements or self.ties)

    def _claims(self, columns: Sequence[Sequence[str]], people: Mapping[str, People], warn_at: WarnAt) -> list[Claims]:
        made: list[Claims] = []
        held = {name: found.held for name, found in people.items()}
        for at, cells in enumerate(zip(*columns, strict=True)):
            present = [name for name, found in held.items() if found[at]]
            warn = partial(warn_at, at)
            made.append((
                _claims(self.events, cells, present, warn),
                _claims(self.involvements, cells, present, warn),
                _claims(self.ties, cells, present, warn),
            ))  # fmt: skip
        plans: tuple[_Claiming[object], ...] = (*self.events, *self.involvements, *self.ties)
        for plan in plans:
            plan.forget()
        return made

    def _refusal(self, row_number: int, cells: Cells) -> Problem | None:
        ids = [cells[place].strip() for place in self.record_id]
        if ids[0].lstrip("\ufeff") == self.record_column and self._is_header(cells):
            return Problem(row_number, None, RowReason.HEADER_AGAIN.value)
        if self.check_controls and _CONTROLS.search("\n".join(map(str.strip, cells))):
            return Problem(row_number, None, RowReason.CONTROL_CHARACTERS.value)
        if not all(ids):
            return Problem(row_number, self.record_column, RowReason.MISSING_RECORD_ID.value)
        if not all(map(str.isascii, ids)) and _HIDDEN.search("".join(ids)):
            return Problem(row_number, self.record_column, RowReason.CONTROL_CHARACTERS.value)
        if sum(map(len, ids)) > LONGEST_RECORD_ID:
            return Problem(row_number, self.record_column, RowReason.FIELD_TOO_LONG.value)
        if self.opted_out is not None and self.opted_out([*map(str.strip, cells)]):
            return Problem(row_number, self.opted_out_column, RowReason.OPTED_OUT.value)
        for column, place in self.required:
            if not cells[place].strip():
                return Problem(row_number, column, RowReason.REQUIRED_MISSING.value)
        return None

    def _is_header(self, cells: Cells) -> bool:
        return all(cells[place].strip().lstrip("\ufeff") == column for place, column in self.header)


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
        opted_out=None if spec.opted_out is None else condition(spec.opted_out, at),
        opted_out_column=None if spec.opted_out is None else spec.opted_out.column,
        header=tuple((at[column], column) for column in spec.columns()),
    )


def batches(extract: Extract, spec: DatasetSpec, today: date | None = None, size: int = BATCH) -> Iterator[Batch]:
    """The extract's records by column, so many at a time, in order. `today` judges what is implausible.

    Raises `FileRefused` only if the file changed after it was opened.
    """
    understand = understood(extract, spec, today)
    records = iter(extract)
    while stretch := list(islice(records, size)):
        yield understand(stretch)


def understood(extract: Extract, spec: DatasetSpec, today: date | None = None) -> Callable[[Sequence[Record]], Batch]:
    """What makes a batch of any stretch of the extract's records."""
    return _plan(spec, extract, today or date.today()).batch


def rows(extract: Extract, spec: DatasetSpec, today: date | None = None) -> Iterator[SourceRow | Rejection]:
    """Every record of the extract as a row or a rejection, in order."""
    for batch in batches(extract, spec, today):
        yield from batch.in_order()
