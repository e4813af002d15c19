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
from app.load_rows import LoadScope, PlacedRow, new_id, problem_row, shape
from app.stretches import Stretch
from governance.keys import quarantine, vault
from linkage.encoding.encode import received_records, rekey
from linkage.intake import loads
from linkage.intake.spec import DatasetSpec
from linkage.rows import Problem, Rejection
from linkage.zone.zone import Zone


@dataclass
class Tally:
    accepted: int = 0
    duplicates: int = 0
    problems: int = 0
    unnamed: int = 0
    refused: list[str] = field(default_factory=list)
    opted_out: list[str] = field(default_factory=list)
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

    def take(self, stretch: Stretch) -> None:
        """Pseudonymise and stage one stretch of the file."""
        placed, clashes = self._place(stretch)
        self._encode(stretch, placed)
        staged = loads.Staged()
        rejections = [*stretch.rejections, *clashes]
        with self.deployment.database.writing() as session:
            facts = stretch.facts(session, placed)
            for row in placed:
                self.tally.not_covered.update(shape(row, self.scope, facts[row.at], staged))
            self._report(staged, rejections, placed)
            loads.stage(session, staged)
            self._seal(session, stretch.identities(placed), rejections)
        self.tally.accepted += len(placed)
        self.tally.unnamed += stretch.unnamed
        self.tally.refused += received_records(self.deployment.ring, stretch.refused_marks)
        self.tally.opted_out += received_records(self.deployment.ring, stretch.opted_out_marks)

    def end_opted_out(self) -> list[str]:
        """End what is held of records whose person has opted out since, whatever kind of load says so."""
        held = self.zone.known(self.scope.dataset, self.tally.opted_out)
        ended = [record_id for record_id, _ in held.values()]
        self.zone.end(ended)
        return ended

    def end_unseen(self) -> list[str]:
        """End what a snapshot no longer holds. A record whose row was rejected is held still; and where a rejected
        row does not even name its record, nothing is ended: stale is safer than silently missing."""
        if self.tally.unnamed:
            return []
        self.zone.mark_seen(self.tally.refused)
        return self.zone.end_unseen(self.scope.dataset)

    def _place(self, stretch: Stretch) -> tuple[list[PlacedRow], list[Rejection]]:
        """Give new and changed records their ids; set unchanged ones aside, and reject two versions in one file."""
        ring = self.deployment.ring
        tokens = received_records(ring, stretch.marks)
        digests = self._digests(tokens, stretch.contents)
        known = self.zone.known(self.scope.dataset, tokens)
        earlier = {token: known[token][1] for token in self.zone.seen(tokens)}
        fresh: dict[str, tuple[int, str, str | None]] = {}
        clashes: list[Rejection] = []
        for at, (token, digest) in enumerate(zip(tokens, digests, strict=True)):
            record_id, held = known.get(token, (None, None))
            if earlier.setdefault(token, digest) != digest:
                clashes.append(stretch.clash(at))
            elif token in fresh or held == digest:
                self.tally.duplicates += 1
            else:
                fresh[token] = (at, digest, record_id)
        self.zone.mark_seen([token for token in earlier if token not in fresh])
        placed = self._with_ids(stretch, [(at, old) for at, _, old in fresh.values()])
        self.zone.add_records(
            [(row.record_id, token, digest) for row, (token, (_, digest, _)) in zip(placed, fresh.items(), strict=True)]
        )
        return placed, clashes

    def _digests(self, tokens: list[str], contents: Iterable[bytes]) -> list[str]:
        """What tells that a record has changed; bound to the record, so that records that say the same look unalike."""
        scope = self.scope_digest.encode()
        told = (scope + token.encode() + mark for token, mark in zip(tokens, contents, strict=True))
        return [mac.hex()[:32] for mac in self.deployment.ring.mac_many("content/1", told)]

    def _with_ids(self, stretch: Stretch, chosen: list[tuple[int, str | None]]) -> list[PlacedRow]:
        with self.deployment.database.reading() as session:
            held = loads.roles_of(session, [old for _, old in chosen if old is not None])
        return [
            PlacedRow(
                at=at,
                row=stretch.rows[at],
                record_id=new_id(),
                role_ids={role: new_id() for role in stretch.rows[at].people},
                supersedes=old,
                superseded_roles={
                    role: held[(old, role)]
                    for role in stretch.rows[at].people
                    if old is not None and (old, role) in held
                },
            )
            for at, old in chosen
        ]

    def _encode(self, stretch: Stretch, placed: list[PlacedRow]) -> None:
        if placed:
            self.zone.add_encoded(rekey(stretch.encoded(placed), self.deployment.ring))

    def _seal(self, session: Session, identities: list[tuple[str, bytes]], rejections: list[Rejection]) -> None:
        ring, keys = self.deployment.ring, self.deployment.wrapped_keys
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
