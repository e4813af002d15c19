"""A stretch of a load, whichever way it came: read at the door, or encoded by the partner.

Invariants: a row is known by its marks alone, which the partner's encoder makes as the door does, so that both ways
supersede and repeat each other; clear identifiers are held by the door's stretch only, and no longer than it lasts.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import pyarrow as pa
from sqlalchemy.orm import Session

from app.envelopes import pack
from app.load_rows import Claims, LoadScope, Place, PlacedRow, RoleFacts, content
from linkage.encoding.encode import RoleIdentity, content_marks, encode, record_marks
from linkage.intake import reference
from linkage.intake.spec import DatasetSpec
from linkage.reasons import RowReason
from linkage.rows import Identity, KeyedHash, Problem, Rejection, SourceRow

HELD, NOT_HELD = b"\x01", b"\x00"
"""Whether the row's names come along: a row sent again with its names is not the same row."""


class Stretch(Protocol):
    """What a load needs to know of some rows."""

    @property
    def rows(self) -> Sequence[Claims]: ...
    @property
    def marks(self) -> Sequence[bytes]: ...
    @property
    def contents(self) -> Sequence[bytes]: ...
    @property
    def rejections(self) -> Sequence[Rejection]: ...
    @property
    def refused_marks(self) -> Sequence[bytes]: ...
    @property
    def opted_out_marks(self) -> Sequence[bytes]: ...
    @property
    def unnamed(self) -> int: ...

    def clash(self, at: int) -> Rejection:
        """The rejection of a row that contradicts another of the same file."""

    def encoded(self, placed: Sequence[PlacedRow]) -> pa.Table:
        """The encodings of placed rows under the encoder's keys, with their new ids."""

    def facts(self, session: Session, placed: Sequence[PlacedRow]) -> Mapping[int, Mapping[str, RoleFacts]]:
        """What stays outside the vault, by place in the stretch and role."""

    def identities(self, placed: Sequence[PlacedRow]) -> list[tuple[str, bytes]]:
        """(role id, packed identity) of those whose names came along."""


def marked(row: SourceRow, *, held: bool) -> bytes:
    """Everything a row says, for its content's mark."""
    return (HELD if held else NOT_HELD) + content(row)


def sex_and_month(identity: Identity) -> tuple[str | None, str | None]:
    """(sex, month of birth) as the record store keeps them."""
    born = identity.date_of_birth
    month = None if born is None else f"{born.year:04d}-{born.month:02d}"
    return (None if identity.sex is None else str(identity.sex)), month


class DoorStretch:
    """Rows read by the service itself."""

    def __init__(
        self, items: Iterable[SourceRow | Rejection], spec: DatasetSpec, scope: LoadScope, keys: KeyedHash
    ) -> None:
        found = list(items)
        self._spec, self._scope, self._keys = spec, scope, keys
        self.rows = [item for item in found if isinstance(item, SourceRow)]
        self.rejections = [item for item in found if isinstance(item, Rejection)]
        self.marks = record_marks(keys, scope.dataset, (row.record_id for row in self.rows))
        self.contents = content_marks(keys, (marked(row, held=True) for row in self.rows))
        named = [(item.record_id, _out(item)) for item in self.rejections if item.record_id is not None]
        self.refused_marks = record_marks(keys, scope.dataset, [record for record, out in named if not out])
        self.opted_out_marks = record_marks(keys, scope.dataset, [record for record, out in named if out])
        self.unnamed = len(self.rejections) - len(named)

    def clash(self, at: int) -> Rejection:
        row = self.rows[at]
        return Rejection(Problem(row.row_number, None, RowReason.DUPLICATE_RECORD_ID), content(row))

    def encoded(self, placed: Sequence[PlacedRow]) -> pa.Table:
        return encode(
            [
                RoleIdentity(
                    role_id=row.role_ids[role],
                    record_id=row.record_id,
                    dataset=self._scope.dataset,
                    provider=self._scope.provider,
                    role=role,
                    unborn=role in row.row.unborn,
                    one_row_per_person=self._spec.one_row_per_person,
                    identity=identity,
                )
                for row in placed
                for role, identity in self.rows[row.at].people.items()
            ],
            self._keys,
        )

    def facts(self, session: Session, placed: Sequence[PlacedRow]) -> dict[int, dict[str, RoleFacts]]:
        people = {row.at: self.rows[row.at].people for row in placed}
        postcodes = {i.postcode for held in people.values() for i in held.values() if i.postcode is not None}
        areas = reference.area_of(session, sorted(postcodes))
        return {
            at: {
                role: _facts(identity, Place(*areas.get(identity.postcode or "", ())))
                for role, identity in held.items()
            }
            for at, held in people.items()
        }

    def identities(self, placed: Sequence[PlacedRow]) -> list[tuple[str, bytes]]:
        return [
            (row.role_ids[role], pack(identity))
            for row in placed
            for role, identity in self.rows[row.at].people.items()
        ]


def _out(rejection: Rejection) -> bool:
    return rejection.problem.code == RowReason.OPTED_OUT


def _facts(identity: Identity, place: Place) -> RoleFacts:
    sex, month = sex_and_month(identity)
    return RoleFacts(month, sex, place)
