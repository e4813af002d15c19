"""What linkage keeps between runs, sealed: profiles, their members, scored pairs, frequencies.

Invariants: a run's parts are written before the record store knows the run, and count only once it does: parts of a run
that was cut off are dropped at the next start; a full run replaces all that stood before, an incremental run adds; a
later part overrules an earlier one on the same profile."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from linkage.zone.zone import Zone

ROWS, KEYS, MEMBER, LEFT, GONE = "rows", "keys", "member", "left", "gone"
PAIR, CLAIM, COMPONENT, FREQUENCY, MATERNITY = "pair", "claim", "component", "frequency", "maternity"
KINDS = (ROWS, KEYS, MEMBER, LEFT, GONE, PAIR, CLAIM, COMPONENT, FREQUENCY, MATERNITY)
"""Profiles as compared; their block keys; their roles; roles and profiles that went; scored pairs; what a person can
have only once; which profiles hang together; term frequencies; pregnancies and births."""


@dataclass(frozen=True, slots=True)
class KnownRun:
    """A run that the record store knows, oldest first."""

    id: str
    full: bool


def standing(runs: Sequence[KnownRun]) -> list[str]:
    """The runs whose parts make up the present state: the newest full run and those after it."""
    full = max((at for at, run in enumerate(runs) if run.full), default=None)
    return [] if full is None else [run.id for run in runs[full:]]


def settle(zone: Zone, runs: Sequence[KnownRun]) -> list[str]:
    """Drop what unknown or overtaken runs left; the runs that make up the present state, if all of it is there."""
    kept = standing(runs)
    zone.parts.drop(KINDS, kept)
    if not kept or not zone.parts.names(ROWS, kept[:1]):
        return []
    return kept


def save(zone: Zone, run_id: str, kind: str, query: str) -> None:
    """Seal a query's result as parts of this run, a bounded number of rows at a time."""
    for table in zone.tables(query):
        zone.parts.add(kind, run_id, table)


def opened(zone: Zone, kind: str, runs: Sequence[str]) -> Iterator[pa.Table]:
    for _, table in zone.parts.read(kind, runs):
        yield table


def fill(
    zone: Zone, name: str, kind: str, runs: Sequence[str], columns: Mapping[str, str], where: str = "TRUE"
) -> None:
    """Make table `name` of a kind's parts: column → SQL type; only rows for which `where` holds."""
    zone.run(f"CREATE OR REPLACE TABLE {name} ({', '.join(f'{c} {t}' for c, t in columns.items())})")
    for table in opened(zone, kind, runs):
        held = set(table.column_names)
        listed = ", ".join(c if c in held else f"CAST(NULL AS {t}) AS {c}" for c, t in columns.items())
        with zone.lent("opened", table):
            zone.run(f"INSERT INTO {name} SELECT {listed} FROM opened WHERE {where}")


def discard(zone: Zone, run_ids: Collection[str]) -> None:
    """Forget what these runs wrote."""
    owners = {owner for kind in KINDS for owner, _, _ in zone.parts.names(kind)}
    zone.parts.drop(KINDS, owners - set(run_ids))
