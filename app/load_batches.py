"""One load under way, batch by batch: ids, tokens and encodings, ciphertext, staged rows.

Invariants: clear identifiers live in one batch at a time, and leave it as tokens, encodings and ciphertext; of two
versions of one record in a file the first is taken and the second rejected, unless they are alike; what a batch stages
is not current.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from app.deployment import Deployment
from app.envelopes import pack
from app.load_rows import LoadScope, Place, PlacedRow, content, new_id, problem_row, shape
from governance import quarantine, vault
from linkage import loads, reference
from linkage.encode import RoleIdentity, encode, rekey
from linkage.reasons import RowReason
from linkage.rows import Problem, Rejection, SourceRow
from linkage.spec import DatasetSpec
from linkage.zone import Zone


@dataclass
class Tally:
    accepted: int = 0
    duplicates: int = 0
    problems: int = 0
    unnamed: int = 0
    refused: list[str] = field(default_factory=list)
    rejected: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)
    not_covered: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Load:
    """One load under way: where its batches go, and what every one of them needs."""

    deployment: Deployment
    zone: Zone
    spec: DatasetSpec
    scope: LoadScope
    scope_digest: str
    started_at: datetime
    tally: Tally

    def take(self, batch: list[SourceRow | Rejection]) -> None:
        """Pseudonymise and stage one batch."""
        rejections = [item for item in batch if isinstance(item, Rejection)]
        placed, clashes = self._place([item for item in batch if isinstance(item, SourceRow)])
        self._encode(placed)
        staged = loads.Staged()
        with self.deployment.database.writing() as session:
            places = _places(session, placed)
            for row in placed:
                self.tally.not_covered.update(shape(row, self.scope, places, staged))
            self._report(staged, [*rejections, *clashes], placed)
            loads.stage(session, staged)
            self._seal(session, placed, [*rejections, *clashes])
        self.tally.accepted += len(placed)
        self.tally.unnamed += sum(rejection.record_id is None for rejection in rejections)
        self.tally.refused += self._tokens(r.record_id for r in rejections if r.record_id is not None)

    def end_unseen(self) -> list[str]:
        """End what a snapshot no longer holds. A record whose row was rejected is held still; and where a rejected
        row does not even name its record, nothing is ended: stale is safer than silently missing."""
        if self.tally.unnamed:
            return []
        self.zone.mark_seen(self.tally.refused)
        return self.zone.end_unseen(self.scope.dataset)

    def _place(self, rows: list[SourceRow]) -> tuple[list[PlacedRow], list[Rejection]]:
        """Give new and changed records their ids; set unchanged ones aside, and reject two versions in one file."""
        ring = self.deployment.ring
        tokens = self._tokens(row.record_id for row in rows)
        digests = [mac.hex()[:32] for mac in ring.mac_many("content/1", (self._content(row) for row in rows))]
        known = self.zone.known(self.scope.dataset, tokens)
        earlier = {token: known[token][1] for token in self.zone.seen(tokens)}
        fresh: dict[str, tuple[SourceRow, str, str | None]] = {}
        clashes: list[Rejection] = []
        for row, token, digest in zip(rows, tokens, digests, strict=True):
            record_id, held = known.get(token, (None, None))
            if earlier.setdefault(token, digest) != digest:
                clashes.append(_clash(row))
            elif token in fresh or held == digest:
                self.tally.duplicates += 1
            else:
                fresh[token] = (row, digest, record_id)
        self.zone.mark_seen([token for token in earlier if token not in fresh])
        placed = self._with_ids(list(fresh.values()))
        self.zone.add_records(
            [(row.record_id, token, digest) for row, (token, (_, digest, _)) in zip(placed, fresh.items(), strict=True)]
        )
        return placed, clashes

    def _tokens(self, record_ids: Iterable[str]) -> list[str]:
        named = (f"{self.scope.dataset}\x1f{record_id}".encode() for record_id in record_ids)
        return [mac.hex()[:32] for mac in self.deployment.ring.mac_many("record-id/1", named)]

    def _content(self, row: SourceRow) -> bytes:
        return self.scope_digest.encode() + content(row)

    def _with_ids(self, rows: list[tuple[SourceRow, str, str | None]]) -> list[PlacedRow]:
        replaced = [old for _, _, old in rows if old is not None]
        with self.deployment.database.reading() as session:
            held = loads.roles_of(session, replaced)
        return [
            PlacedRow(
                row=row,
                record_id=new_id(),
                role_ids={role: new_id() for role in row.people},
                supersedes=old,
                superseded_roles={r: held[(old, r)] for r in row.people if old is not None and (old, r) in held},
            )
            for row, _, old in rows
        ]

    def _encode(self, placed: list[PlacedRow]) -> None:
        identities = [
            RoleIdentity(
                role_id=row.role_ids[role],
                record_id=row.record_id,
                dataset=self.scope.dataset,
                provider=self.scope.provider,
                role=role,
                unborn=role in row.row.unborn,
                one_row_per_person=self.spec.one_row_per_person,
                identity=identity,
            )
            for row in placed
            for role, identity in row.row.people.items()
        ]
        if identities:
            self.zone.add_encoded(rekey(encode(identities, self.deployment.ring), self.deployment.ring))

    def _seal(self, session: Session, placed: list[PlacedRow], rejections: list[Rejection]) -> None:
        ring, keys = self.deployment.ring, self.deployment.wrapped_keys
        identities = [(row.role_ids[role], pack(held)) for row in placed for role, held in row.row.people.items()]
        vault.store(session, vault.seal_many(ring, keys, identities, self.started_at))
        rows = ((rejection.problem.row_number, rejection.content) for rejection in rejections if rejection.content)
        quarantine.store_quarantine(
            session, quarantine.seal_quarantine(ring, keys, self.scope.load_id, rows, self.started_at)
        )

    def _report(self, staged: loads.Staged, rejections: list[Rejection], placed: list[PlacedRow]) -> None:
        for rejection in rejections:
            self.tally.rejected[str(rejection.problem.code)] += 1
            self._add_problem(staged, rejection.problem, "rejected")
        for row in placed:
            for warning in row.row.warnings:
                self.tally.warnings[str(warning.code)] += 1
                self._add_problem(staged, warning, "warning")

    def _add_problem(self, staged: loads.Staged, problem: Problem, severity: str) -> None:
        self.tally.problems += 1
        staged.problems.append(problem_row(problem, self.scope.load_id, self.tally.problems, severity))


def _places(session: Session, placed: Iterable[PlacedRow]) -> dict[str, Place]:
    postcodes = {i.postcode for row in placed for i in row.row.people.values() if i.postcode is not None}
    return {code: Place(*areas) for code, areas in reference.area_of(session, sorted(postcodes)).items()}


def _clash(row: SourceRow) -> Rejection:
    return Rejection(Problem(row.row_number, None, RowReason.DUPLICATE_RECORD_ID), content(row))
