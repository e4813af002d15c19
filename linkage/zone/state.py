"""What linkage keeps between runs, sealed: profiles, their members, scored pairs, frequencies.

Invariants: a run's parts are written before the record store knows the run, and count only once it does: parts of a run
that was cut off are dropped at the next start; a full run replaces all that stood before, an incremental run adds; a
later part overrules an earlier one on the same profile."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from linkage.zone.sealed import filled
from linkage.zone.zone import Zone

ROWS, KEYS, MEMBER, LEFT, GONE = "rows", "keys", "member", "left", "gone"
PAIR, CLAIM, COMPONENT, GROUP, FREQUENCY, MATERNITY = "pair", "claim", "component", "group", "frequency", "maternity"
CROWDED, SINGLY = "crowded", "singly"
KINDS = (ROWS, KEYS, MEMBER, LEFT, GONE, PAIR, CLAIM, COMPONENT, GROUP, FREQUENCY, MATERNITY, CROWDED, SINGLY)
"""Profiles as compared; their block keys; their roles; roles and profiles that went; scored pairs; what a person can
have only once; which profiles hang together; which are one person; term frequencies; pregnancies and births; blocks
left out as too large; whom data sets that hold each person once describe."""
NOWHERE = -1
Marks = NDArray[np.bool_]
"""Of every profile, by its number, whether it is meant."""
_ARROW = {
    "BIGINT": pa.int64(), "UBIGINT": pa.uint64(), "INTEGER": pa.int32(), "UTINYINT": pa.uint8(),
    "DOUBLE": pa.float64(), "BOOLEAN": pa.bool_(), "VARCHAR": pa.string(),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class KnownRun:
    """A run that the record store knows, oldest first. One that `merges` holds what those since the full one left."""

    id: str
    full: bool
    merges: bool = False


def standing(runs: Sequence[KnownRun]) -> list[str]:
    """The runs whose parts make up the present state: the newest full run and those after it."""
    full = max((at for at, run in enumerate(runs) if run.full), default=None)
    if full is None:
        return []
    since = max((at for at, run in enumerate(runs) if run.merges and at > full), default=full + 1)
    return [run.id for run in (runs[full], *runs[since:])]


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


def marks(zone: Zone, query: str, count: int) -> Marks:
    """The profiles that a query names, of `count` profiles."""
    chosen: Marks = np.zeros(count, np.bool_)
    chosen[zone.table(query).column(0).to_numpy()] = True
    return chosen


def labels(zone: Zone, kind: str, runs: Sequence[str], column: str, count: int) -> NDArray[np.int64]:
    """Of each of `count` profiles what the newest part that names it says in a column; `NOWHERE` where none does."""
    found: NDArray[np.int64] = np.full(count, NOWHERE, np.int64)
    for table in opened(zone, kind, runs):
        found[table.column("profile").to_numpy()] = table.column(column).to_numpy()
    return found


def gathered(
    zone: Zone, kind: str, runs: Sequence[str], columns: Mapping[str, str], chosen: Marks, *ends: str
) -> pa.Table:
    """The rows of a kind's parts whose columns `ends` (profile numbers) are all marked: column → SQL type."""
    schema = pa.schema([(name, _ARROW[kind]) for name, kind in columns.items()])
    found = [schema.empty_table()]
    for table in opened(zone, kind, runs):
        among = np.logical_and.reduce([chosen[table.column(end).to_numpy()] for end in ends])
        held = table.select([name for name in columns if name in table.column_names])
        found.append(filled(held.take(pa.array(np.flatnonzero(among))), schema))
    return pa.concat_tables(found)


def fill_among(
    zone: Zone, name: str, kind: str, runs: Sequence[str], columns: Mapping[str, str], chosen: Marks, *ends: str
) -> None:
    """Make table `name` of what `gathered` finds."""
    with zone.lent("fresh_rows", gathered(zone, kind, runs, columns, chosen, *ends)):
        zone.run(f"CREATE OR REPLACE TABLE {name} AS FROM fresh_rows")


def discard(zone: Zone, run_ids: Collection[str]) -> None:
    """Forget what these runs wrote."""
    owners = {owner for kind in KINDS for owner, _, _ in zone.parts.names(kind)}
    zone.parts.drop(KINDS, owners - set(run_ids))
