"""The shapes that travel through linkage.

Invariants: no shape that can hold a clear identifier shows it in its `repr`; every id that leaves the linkage zone is
random; a row is named by its `RowKey` (dataset, load, row number) and never by its values.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from enum import StrEnum
from typing import NewType, Protocol

RoleId = NewType("RoleId", str)
"""Random 128-bit id (32 hex digits) of one role (self, mother, baby …) of one source record."""
PersonId = NewType("PersonId", str)
"""Random 128-bit id (32 hex digits) of one person."""


class Sex(StrEnum):
    FEMALE = "female"
    MALE = "male"
    INDETERMINATE = "indeterminate"


class Precision(StrEnum):
    DAY = "day"
    MONTH = "month"
    YEAR = "year"


class EventStatus(StrEnum):
    """Offered, declined, not reached and missed are different things and stay different."""

    HAPPENED = "happened"
    OFFERED = "offered"
    DECLINED = "declined"
    NOT_REACHED = "not_reached"
    MISSED = "missed"
    PLANNED = "planned"
    CANCELLED = "cancelled"


class Relation(StrEnum):
    """Read `a RELATION b`: a is the birth mother of b, the foster carer of b, a sibling of b …"""

    BIRTH_MOTHER = "birth_mother"
    PARENT = "parent"
    CARER = "carer"
    PARENTAL_RESPONSIBILITY = "parental_responsibility"
    ADOPTIVE_PARENT = "adoptive_parent"
    FOSTER_CARER = "foster_carer"
    CONTACT = "contact"
    PARTNER = "partner"
    SIBLING = "sibling"
    HOUSEHOLD = "household"


class Standing(StrEnum):
    ASSERTED = "asserted"
    CONFIRMED = "confirmed"
    DISPUTED = "disputed"
    SEALED = "sealed"


class KeyedHash(Protocol):
    """What linkage needs of the key ring: keyed hashing by label, and the encoder's and the zone's own keys."""

    def mac(self, label: str, data: bytes) -> bytes:
        """Return the 32-byte HMAC-SHA-256 of `data` under the key with this label."""

    def subkey(self, label: str, info: str) -> bytes:
        """Return a 32-byte key derived (HKDF-SHA-256) for one field of the encoder or for the zone's file."""


@dataclass(frozen=True, slots=True)
class RowKey:
    """How a row is named in errors and logs."""

    dataset: str
    load: str
    row_number: int


@dataclass(frozen=True, slots=True, repr=False)
class Identity:
    """The clear identifiers of one person in one row, cleaned but as sent. Numbers, dates and postcodes are canonical.

    Lives only between reading an extract and encoding it, and inside the vault's ciphertext.
    """

    nhs_number: str | None = None
    upn: str | None = None
    local_id: str | None = None
    given_name: str | None = None
    middle_names: str | None = None
    family_name: str | None = None
    former_family_name: str | None = None
    date_of_birth: date | None = None
    sex: Sex | None = None
    address: str | None = None
    postcode: str | None = None
    uprn: str | None = None
    telephone: str | None = None
    email: str | None = None

    def __repr__(self) -> str:
        held = [f.name for f in fields(self) if getattr(self, f.name) is not None]
        return f"Identity(holds {', '.join(held) or 'nothing'})"


@dataclass(frozen=True, slots=True)
class EventClaim:
    """Something that happened, as one row says: coded, categorised, dated. `values` holds codes and numbers only."""

    type: str
    category: str
    service: str
    role: str
    about: str | None
    organisation: str
    when: date | None
    precision: Precision
    until: date | None
    status: EventStatus
    values: Mapping[str, str | int | float | bool]


@dataclass(frozen=True, slots=True)
class InvolvementClaim:
    """An open or closed relation between a service and a person. Names and numbers here are of staff."""

    category: str
    service: str
    role: str
    organisation: str
    team: str | None
    professional: str | None
    professional_role: str | None
    accountable: str | None
    telephone: str | None
    since: date | None
    until: date | None


@dataclass(frozen=True, slots=True)
class TieClaim:
    """`from_role` RELATION `to_role`, between two roles of one row."""

    from_role: str
    relation: Relation
    to_role: str
    category: str
    standing: Standing
    since: date | None
    until: date | None


@dataclass(frozen=True, slots=True)
class Problem:
    """A rejection or warning: where and why, never the value. `column` is the extract's own header."""

    row_number: int
    column: str | None
    code: str


@dataclass(frozen=True, slots=True, repr=False)
class SourceRow:
    """One valid row. `record_id` is clear and becomes a token at once."""

    row_number: int
    record_id: str
    people: Mapping[str, Identity]
    unborn: frozenset[str]
    events: tuple[EventClaim, ...] = ()
    involvements: tuple[InvolvementClaim, ...] = ()
    ties: tuple[TieClaim, ...] = ()
    warnings: tuple[Problem, ...] = ()

    def __repr__(self) -> str:
        return f"SourceRow(row {self.row_number}, roles {', '.join(self.people)})"


@dataclass(frozen=True, slots=True, repr=False)
class Rejection:
    """A row that cannot be accepted. `content` is the raw row for the encrypted quarantine only.

    `record_id` is clear and becomes a token at once; it is None where the row is too broken to name its record.
    """

    problem: Problem
    content: bytes = field(default=b"")
    record_id: str | None = None

    def __repr__(self) -> str:
        return f"Rejection({self.problem})"
