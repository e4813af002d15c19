"""From a valid row to what is stored of it: pseudonymous rows for the record store, nothing clear among them.

Invariants: ids are random; of an identity only the month of birth, the sex and the area of its postcode stay outside
the vault; a category that no agreement in force covers is counted and left out.
"""

import secrets
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from app.envelopes import pack
from linkage.intake.loads import Staged
from linkage.rows import EventClaim, InvolvementClaim, Problem, SourceRow, TieClaim


@dataclass(frozen=True, slots=True)
class Place:
    """The areas of one postcode."""

    ward: str | None = None
    locality: str | None = None
    nation: str | None = None


@dataclass(frozen=True, slots=True)
class LoadScope:
    """What every row of one load shares."""

    load_id: str
    dataset: str
    provider: str
    covered: Collection[str]


class Claims(Protocol):
    """What a row says beside who its people are, whichever way it came."""

    @property
    def row_number(self) -> int: ...
    @property
    def people(self) -> Mapping[str, object]: ...
    @property
    def unborn(self) -> frozenset[str]: ...
    @property
    def events(self) -> tuple[EventClaim, ...]: ...
    @property
    def involvements(self) -> tuple[InvolvementClaim, ...]: ...
    @property
    def ties(self) -> tuple[TieClaim, ...]: ...
    @property
    def warnings(self) -> tuple[Problem, ...]: ...


@dataclass(frozen=True, slots=True)
class RoleFacts:
    """What stays outside the vault of one identity."""

    birth_month: str | None
    sex: str | None
    place: Place


@dataclass(frozen=True, slots=True, repr=False)
class PlacedRow:
    """A row with its new random ids, and the ids of the version it supersedes; `at` is its place in its stretch."""

    at: int
    row: Claims
    record_id: str
    role_ids: Mapping[str, str]
    supersedes: str | None
    superseded_roles: Mapping[str, str]

    def __repr__(self) -> str:
        return f"PlacedRow(row {self.row.row_number})"


def new_id() -> str:
    """Return a random 128-bit id as 32 hex digits."""
    return secrets.token_hex(16)


def content(row: SourceRow) -> bytes:
    """Return everything a row says, for a keyed digest that tells whether a record has changed."""
    people = b"\x1e".join(role.encode() + b"\x1f" + pack(identity) for role, identity in sorted(row.people.items()))
    claims = repr((sorted(row.unborn), row.events, row.involvements, row.ties))
    return people + b"\x1d" + claims.encode()


def shape(placed: PlacedRow, scope: LoadScope, facts: Mapping[str, RoleFacts], staged: Staged) -> Counter[str]:
    """Add one row's rows to `staged`; return how many claims of each category were not covered."""
    row = placed.row
    staged.records.append(_record(placed, scope))
    staged.roles.extend(_role(placed, scope, role, facts[role]) for role in row.people)
    events = [claim for claim in row.events if claim.category in scope.covered]
    involvements = [claim for claim in row.involvements if claim.category in scope.covered]
    ties = [claim for claim in row.ties if claim.category in scope.covered]
    staged.events.extend(_event(claim, placed, scope) for claim in events if claim.when is not None)
    staged.involvements.extend(_involvement(claim, placed, scope) for claim in involvements)
    staged.ties.extend(_tie(claim, placed, scope) for claim in ties)
    categories = [claim.category for claims in (row.events, row.involvements, row.ties) for claim in claims]
    return Counter(category for category in categories if category not in scope.covered)


def problem_row(problem: Problem, load_id: str, ordinal: int, severity: str) -> dict[str, Any]:
    """Return a problem as the row of the rejection report it becomes."""
    return {
        "load_id": load_id,
        "ordinal": ordinal,
        "row_number": problem.row_number,
        "column": problem.column,
        "code": str(problem.code),
        "severity": severity,
    }


def _record(placed: PlacedRow, scope: LoadScope) -> dict[str, Any]:
    return {
        "id": placed.record_id,
        "dataset": scope.dataset,
        "load_id": scope.load_id,
        "row_number": placed.row.row_number,
        "supersedes": placed.supersedes,
    }


def _role(placed: PlacedRow, scope: LoadScope, role: str, facts: RoleFacts) -> dict[str, Any]:
    return {
        "id": placed.role_ids[role],
        "record_id": placed.record_id,
        "role": role,
        "provider": scope.provider,
        "unborn": role in placed.row.unborn,
        "birth_month": facts.birth_month,
        "sex": facts.sex,
        "ward": facts.place.ward,
        "locality": facts.place.locality,
        "nation": facts.place.nation,
        "current": False,
        "supersedes": placed.superseded_roles.get(role),
    }


def _event(claim: EventClaim, placed: PlacedRow, scope: LoadScope) -> dict[str, Any]:
    return {
        "id": new_id(),
        "role_id": placed.role_ids[claim.role],
        "about_role_id": None if claim.about is None else placed.role_ids.get(claim.about),
        "load_id": scope.load_id,
        "category": claim.category,
        "type": claim.type,
        "service": claim.service,
        "organisation": claim.organisation,
        "provider": scope.provider,
        "occurred_on": claim.when,
        "precision": str(claim.precision),
        "until": claim.until,
        "status": str(claim.status),
        "values": dict(claim.values),
        "current": False,
    }


def _involvement(claim: InvolvementClaim, placed: PlacedRow, scope: LoadScope) -> dict[str, Any]:
    return {
        "id": new_id(),
        "role_id": placed.role_ids[claim.role],
        "load_id": scope.load_id,
        "category": claim.category,
        "service": claim.service,
        "organisation": claim.organisation,
        "provider": scope.provider,
        "team": claim.team,
        "professional": claim.professional,
        "professional_role": claim.professional_role,
        "accountable": claim.accountable,
        "telephone": claim.telephone,
        "since": claim.since,
        "until": claim.until,
        "current": False,
    }


def _tie(claim: TieClaim, placed: PlacedRow, scope: LoadScope) -> dict[str, Any]:
    return {
        "id": new_id(),
        "record_id": placed.record_id,
        "load_id": scope.load_id,
        "from_role_id": placed.role_ids[claim.from_role],
        "relation": str(claim.relation),
        "to_role_id": placed.role_ids[claim.to_role],
        "provider": scope.provider,
        "standing": str(claim.standing),
        "since": claim.since,
        "until": claim.until,
        "current": False,
    }
