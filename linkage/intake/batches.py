"""A stretch of an extract by column: what its rows hold, before and without an object for each of them.

Invariants: every list is as long as the batch has good rows, in their order; `rows` and `rejections` together are every
record of the stretch, once; clear identifiers live here only until the batch is encoded and sealed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import repeat

import pyarrow as pa

from linkage.encoding.encode import Identities, by_column
from linkage.rows import EventClaim, Identity, InvolvementClaim, Problem, Rejection, SourceRow, TieClaim

_FIELDS = tuple(held.name for held in fields(Identity))
Claims = tuple[tuple[EventClaim, ...], tuple[InvolvementClaim, ...], tuple[TieClaim, ...]]


@dataclass(frozen=True, slots=True, repr=False)
class People:
    """One role in every row of a batch. `held` says in which rows it has any identifier at all."""

    columns: Mapping[str, Sequence[object]]
    held: Sequence[bool]

    def identities(self) -> list[Identity | None]:
        every = [self.columns.get(name) or repeat(None, len(self.held)) for name in _FIELDS]
        made = map(Identity, *every)
        return [person if held else None for person, held in zip(made, self.held, strict=True)]

    def by_column(self) -> Identities:
        """The rows in which the role has any identifier."""
        rows = sum(self.held)
        if rows == len(self.held):
            return by_column(self.columns, rows)
        kept = {
            name: [value for value, held in zip(column, self.held, strict=True) if held]
            for name, column in self.columns.items()
        }
        return by_column(kept, rows)

    def where_held(self, values: Sequence[str]) -> pa.Array:
        return pa.array([value for value, held in zip(values, self.held, strict=True) if held], pa.string())


@dataclass(frozen=True, slots=True, repr=False)
class Batch:
    """`people` by role; `claims` and `warnings` by row where there are any."""

    row_numbers: Sequence[int]
    record_ids: Sequence[str]
    people: Mapping[str, People]
    unborn: frozenset[str]
    claims: Sequence[Claims] | None
    warnings: Mapping[int, Sequence[Problem]]
    rejections: Sequence[Rejection]

    def __len__(self) -> int:
        return len(self.row_numbers)

    def rows(self) -> Iterator[SourceRow]:
        roles = list(self.people)
        found = zip(*(held.identities() for held in self.people.values()), strict=True)
        none: Claims = ((), (), ())
        for at, identities in enumerate(found):
            people = {role: person for role, person in zip(roles, identities, strict=True) if person is not None}
            events, involvements, ties = self.claims[at] if self.claims else none
            yield SourceRow(
                self.row_numbers[at],
                self.record_ids[at],
                people,
                self.unborn & people.keys() if self.unborn else self.unborn,
                events,
                involvements,
                ties,
                tuple(self.warnings.get(at, ())),
            )

    def in_order(self) -> Iterator[SourceRow | Rejection]:
        """Every row and rejection, by row number."""
        waiting = iter(self.rejections)
        rejection = next(waiting, None)
        for row in self.rows():
            while rejection is not None and rejection.problem.row_number < row.row_number:
                yield rejection
                rejection = next(waiting, None)
            yield row
        while rejection is not None:
            yield rejection
            rejection = next(waiting, None)
