"""The dataset spec as a whole: what a person at a provider writes to say what their columns mean.

Invariants: `people` holds every role, whether written as `identifiers` or `people`; equal meaning gives an equal
`digest`; `columns()` is every column that the spec reads and no other.
"""

import hashlib
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

import rfc8785
from pydantic import Field, model_validator

from linkage.intake.spec_fields import (
    AnyBirthDate,
    AnyDate,
    AnyName,
    AnyPostcode,
    AnyProvider,
    AnySex,
    AnySource,
    AnyStatus,
    AnyText,
    Category,
    Column,
    Columns,
    Coverage,
    EventTypeName,
    FileHints,
    OnlyIf,
    Part,
    Role,
    ServiceName,
    Source,
    StatusSource,
    Text,
    Title,
    ValueColumn,
)
from linkage.rows import EventStatus, Precision, Relation, Standing

SELF = "self"


class Person(Part):
    """The identifiers of one role; each is optional."""

    unborn: bool = False
    nhs_number: AnyText | None = None
    upn: AnyText | None = None
    local_id: AnyText | None = None
    given_name: AnyName | None = None
    middle_names: AnyName | None = None
    family_name: AnyName | None = None
    former_family_name: AnyName | None = None
    date_of_birth: AnyBirthDate | None = None
    sex: AnySex | None = None
    address: AnyText | None = None
    postcode: AnyPostcode | None = None
    uprn: AnyText | None = None
    telephone: AnyText | None = None
    email: AnyText | None = None

    @model_validator(mode="after")
    def _has_an_identifier(self) -> Self:
        if not any(name != "unborn" for name in self.model_fields_set):
            raise ValueError("a person needs at least one identifier")
        return self


class Event(Part):
    """Something that a row says happened."""

    type: EventTypeName
    person: Role = SELF
    about: Role | None = None
    when: AnyDate | None = None
    until: AnyDate | None = None
    precision: Precision = Precision.DAY
    status: AnyStatus = StatusSource(value=EventStatus.HAPPENED)
    organisation: Source | None = None
    service: ServiceName | None = None
    category: Category | None = None
    values: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")], ValueColumn] = Field(default_factory=dict)
    only_if: OnlyIf | None = None


class Involvement(Part):
    """A service's relation with a person, as a row says."""

    service: ServiceName
    category: Category
    person: Role = SELF
    organisation: Source | None = None
    team: AnySource | None = None
    professional: AnySource | None = None
    role: AnySource | None = None
    accountable: AnySource | None = None
    telephone: AnySource | None = None
    since: AnyDate | None = None
    until: AnyDate | None = None
    only_if: OnlyIf | None = None


class Tie(Part):
    """`from` RELATION `to`, between two roles of a row."""

    from_: Annotated[Role, Field(alias="from")]
    relation: Relation
    to: Role
    standing: Standing = Standing.ASSERTED
    since: AnyDate | None = None
    until: AnyDate | None = None
    category: Category = "family"
    only_if: OnlyIf | None = None


def _parts(value: Any) -> Iterator[Part]:
    """Every part below a value, itself included."""
    if isinstance(value, Part):
        yield value
        for name in type(value).model_fields:
            yield from _parts(getattr(value, name))
    elif isinstance(value, dict):
        for held in value.values():
            yield from _parts(held)
    elif isinstance(value, tuple):
        for held in value:
            yield from _parts(held)


class DatasetSpec(Part):
    """One dataset of one provider."""

    dataset: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,79}$")]
    provider: AnyProvider
    record_id: Columns
    identifiers: Person | None = None
    people_by_role: Annotated[dict[Role, Person] | None, Field(alias="people", min_length=1)] = None
    version: Annotated[int, Field(ge=1)] = 1
    title: Title | None = None
    standard: Text | None = None
    file: FileHints = FileHints()
    load: Literal["delta", "snapshot"] = "delta"
    one_row_per_person: bool = False
    required: tuple[Column, ...] = ()
    opted_out: OnlyIf | None = None
    ties: tuple[Tie, ...] = ()
    events: tuple[Event, ...] = ()
    involvements: tuple[Involvement, ...] = ()
    coverage: Coverage | None = None

    @model_validator(mode="after")
    def _identifiers_or_people(self) -> Self:
        if (self.identifiers is None) == (self.people_by_role is None):
            raise ValueError("give either identifiers or people")
        return self

    @property
    def people(self) -> dict[str, Person]:
        """Role -> identifiers; `identifiers` is the role `self`."""
        return dict(self.people_by_role or {SELF: self.identifiers or Person.model_construct()})

    def columns(self) -> tuple[str, ...]:
        """Every column that the spec reads, in the order in which it first names them."""
        named: dict[str, None] = dict.fromkeys(self.record_id)
        for part in _parts(self):
            column = getattr(part, "column", None)
            named.update(dict.fromkeys((column,) if isinstance(column, str) else column or ()))
        named.update(dict.fromkeys(self.required))
        return tuple(named)

    def canonical(self) -> dict[str, Any]:
        """The spec as plain JSON values, defaults filled in."""
        plain: dict[str, Any] = self.model_dump(mode="json", exclude={"identifiers", "people_by_role"})
        if self.opted_out is None:
            del plain["opted_out"]  # a spec that says nothing of it is the spec it always was
        plain["people"] = {role: person.model_dump(mode="json") for role, person in self.people.items()}
        return plain

    def digest(self) -> str:
        """SHA-256 (hex) of the canonical JSON (RFC 8785)."""
        return hashlib.sha256(rfc8785.dumps(self.canonical())).hexdigest()
