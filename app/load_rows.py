"""From a valid row to what is stored of it: pseudonymous rows for the record store, nothing clear among them.

Invariants: ids are random; of an identity only the month of birth, the sex and the area of its postcode stay outside
the vault; a category that no agreement in force covers is counted and left out.
"""

import secrets
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from app.envelopes import pack
from linkage.loads import Staged
from linkage.rows import EventClaim, Identity, InvolvementClaim, Problem, SourceRow, TieClaim


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


@dataclass(frozen=True, slots=True, repr=False)
class PlacedRow:
    """A row with its new random ids, and the ids of the version it supersedes."""

    row: SourceRow
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


def shape(placed: PlacedRow, scope: LoadScope, places: Mapping[str, Place], staged: Staged) -> Counter[str]:
    """Add one row's rows to `staged`; return how many claims of each category were not covered."""
    row = placed.row
    staged.records.append(_record(placed, scope))
    staged.roles.extend(_role(placed, scope, role, identity, places) for role, identity in row.people.items())
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


def _role(
    placed: PlacedRow, scope: LoadScope, role: str, identity: Identity, places: Mapping[str, Place]
) -> dict[str, Any]:
    place = places.get(identity.postcode or "", Place())
    born = identity.date_of_birth
    return {
        "id": placed.role_ids[role],
        "record_id": placed.record_id,
        "role": role,
        "provider": scope.provider,
        "unborn": role in placed.row.unborn,
        "birth_month": None if born is None else f"{born.year:04d}-{born.month:02d}",
        "sex": None if identity.sex is None else str(identity.sex),
        "ward": place.ward,
        "locality": place.locality,
        "nation": place.nation,
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
