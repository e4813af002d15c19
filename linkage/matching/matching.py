"""Matching: from what lies in the zone to groups of profiles, in full or from what is new alone.

Invariants: nothing is written to the record store; a full run trains (unless a model is given), compares everything and
replaces what stood; an incremental run takes the saved model and looks only where something came, went or was decided,
and is refused where what everything rests on has changed (`basis`): then all is compared afresh. Both leave the same
working tables: `member`, `grouped` (profile, grp), `pair`, `live`.
Source: Splink's model (Fellegi and Sunter 1969), average linkage with constraints."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from linkage.grouping import persons
from linkage.matching import (
    blocking,
    blocking_choice,
    components,
    exclusions,
    explaining,
    frequencies,
    incremental,
    maternity,
    merging,
    model,
    profiles,
    scoring,
    splink_engine,
)
from linkage.zone import state
from linkage.zone.encrypted import ENGINE_VERSION
from linkage.zone.zone import Zone

SHAPE = 2
"""Grows when what is kept between runs changes its meaning, so that the next run compares everything afresh."""
Scorer = Callable[[Zone, Mapping[str, Any], Sequence[int]], None]
"""Makes `pair` (a, b, match_weight, standing) of `profile` under settings and blocking rules."""
MOST_NEW = 0.25
"""Where more than this share of all profiles is new, comparing everything costs no more and learns better."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A steward's binding word on two roles."""

    id: str
    kind: str
    role_a: str
    role_b: str


@dataclass(frozen=True, slots=True)
class Found:
    """What a matching worked out: how much, by which model, and what the next one needs to go on from here."""

    full: bool
    profiles: int
    pairs: int
    settings: Mapping[str, Any]
    grouping: persons.Grouping
    next: Mapping[str, Any]


def basis(zone: Zone, join: float, notes: set[tuple[str, str, str]]) -> dict[str, Any]:
    """What a run rests on, beside the records: if any of it differs for what stands, everything is compared afresh."""
    listed = {
        name: zone.rows(f"SELECT count(*), coalesce(bit_xor(hash(x)), 0) FROM zone.{name} x")[0]
        for name in ("supersession", "seal")
    }
    by_dataset: dict[str, list[list[str]]] = {}
    for name, role, note in sorted(notes):
        by_dataset.setdefault(name, []).append([role, note])
    lists = {name: [int(count), str(mixed)] for name, (count, mixed) in listed.items()}
    return {"shape": SHAPE, "engine": ENGINE_VERSION, "join": join, "lists": lists, "notes": by_dataset}


def still_stands(before: Mapping[str, Any], now: Mapping[str, Any], datasets: Sequence[str]) -> bool:
    """Whether what stands rests on the same; notes count only for data sets that were there."""
    same = ("shape", "engine", "join", "lists")
    notes = all(before["notes"].get(name) == now["notes"].get(name) for name in datasets)
    return notes and all(before[name] == now[name] for name in same)


def lay_roles(zone: Zone, name: str, roles: Collection[str]) -> None:
    """Make a table of role ids."""
    with zone.lent("fresh", pa.table({"role_id": pa.array(sorted(roles), pa.string())})):
        zone.run(f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM fresh")


def lay_decisions(zone: Zone, decisions: Sequence[Decided]) -> None:
    """Make `decision` (id, kind, side, role_id), and `decided`: roles that must stay profiles of their own."""
    rows = [(d.id, d.kind, side, role) for d in decisions for side, role in enumerate((d.role_a, d.role_b))]
    columns = list(zip(*rows, strict=True)) or [()] * 4
    types = (pa.string(), pa.string(), pa.int64(), pa.string())
    names = ("id", "kind", "side", "role_id")
    fresh = pa.table({n: pa.array(c, t) for n, c, t in zip(names, columns, types, strict=True)})
    with zone.lent("fresh", fresh):
        zone.run("CREATE OR REPLACE TABLE decision AS SELECT * FROM fresh")
    zone.run("CREATE OR REPLACE TABLE decided AS SELECT DISTINCT role_id FROM decision")


def _group(zone: Zone, bounds: persons.Bounds) -> persons.Grouping:
    """Group the profiles in `scope` by `pair`, `claim` and `decision`; make `grouped` (profile, grp)."""
    ids = zone.table("SELECT profile FROM scope ORDER BY profile").column("profile").to_numpy()
    held = zone.table(f"SELECT a, b, {profiles.WEIGHT} AS weight FROM pair")
    pairs = persons.Pairs(*(held.column(name).to_numpy() for name in ("a", "b", "weight")))
    grouping = persons.group(ids, pairs, exclusions.read(zone), bounds, exclusions.together(zone))
    found = pa.table({"profile": ids, "grp": np.asarray(grouping.group_of, np.int64)})
    with zone.lent("found", found):
        zone.run("CREATE OR REPLACE TABLE grouped AS SELECT * FROM found")
    return grouping


def score(zone: Zone, settings: Mapping[str, Any], rules: Sequence[int]) -> None:
    """Score every pair that blocking proposes, in this process."""
    blocking.candidates(zone, rules)
    zone.run(f"CREATE OR REPLACE TABLE pair AS {scoring.pairs_sql(settings)}")


def full(
    zone: Zone, bounds: persons.Bounds, settings: Mapping[str, Any] | None = None, scorer: Scorer = score,
    teach: Callable[[Mapping[str, Any]], Mapping[str, Any]] = dict, runs: Sequence[str] = (),
) -> Found:  # fmt: skip
    """Compare everything. With `settings` a saved model is used, else one is trained, and taught what answers show.

    `runs` are those whose state this run replaces: blocks that they left out are not lightly taken up again.
    """
    before = _left_out(zone, runs)
    profiles.prepare(zone)
    count = profiles.fold(zone)
    filled = profiles.filled_columns(zone)
    rules: list[int] = []
    used: Mapping[str, Any] = settings or {}
    pairs = 0
    if count > 1 and model.used_comparisons(filled):
        rules = blocking.add_blocks(zone, count, filled, before)
        certain = profiles.certain_pairs(zone, filled)
        used = settings or teach(splink_engine.train(zone, count, filled, certain))
        frequencies.learn(zone, used)
        frequencies.attach(zone, used)
        rules = list(blocking_choice.choose(zone, used, rules).rules)
        scorer(zone, used, rules)
        [(pairs,)] = zone.rows("SELECT count(*) FROM pair")
    else:
        zone.run("CREATE OR REPLACE TABLE crowded (rule BIGINT, key BIGINT)")
        zone.run("CREATE OR REPLACE TABLE pair (a BIGINT, b BIGINT, match_weight DOUBLE, standing INTEGER)")
    exclusions.state(zone)
    zone.run("CREATE OR REPLACE TABLE scope AS SELECT profile FROM profile")
    grouping = _group(zone, bounds)
    alone = [name for (name,) in zone.rows("SELECT dataset FROM alone ORDER BY 1")]
    following = {"next_profile": count, "rules": rules, "alone": alone}
    return Found(True, count, pairs, used, grouping, following)


def _left_out(zone: Zone, runs: Sequence[str]) -> dict[int, NDArray[np.int64]] | None:
    """The keys of the blocks that these runs left out, by rule; None where there were no runs."""
    if not runs:
        return None
    state.fill(zone, "crowded", state.CROWDED, runs, blocking.CROWDED)
    held = zone.table("SELECT rule, key FROM crowded")
    rule, key = (np.asarray(held.column(name).to_numpy()) for name in ("rule", "key"))
    return {int(at): key[rule == at] for at in np.unique(rule)}


def increment(zone: Zone, bounds: persons.Bounds, since: incremental.Since, alone: Sequence[str]) -> Found | None:
    """Compare what is new; None where so much is new, or so awkwardly decided, that everything should be compared.

    `left_role` holds the roles that went, `asked_role` those whose persons are to be looked at again.
    """
    incremental.leave(zone, since)
    if not incremental.ask(zone, since):
        return None
    _lay_alone(zone, alone)
    fresh = incremental.meet(zone, since)
    if fresh > MOST_NEW * since.next_profile:
        return None
    explaining.open_frequencies(zone, since.runs, since.settings)
    incremental.recall(zone, since)
    incremental.compare(zone, since)
    incremental.surround(zone, since)
    grouping = incremental.settle_beside(zone, _group(zone, bounds))
    [(pairs,)] = zone.rows("SELECT count(*) FROM new_pair")
    numbers = incremental.numbers_used(zone, since)
    following = {"next_profile": numbers, "rules": list(since.rules), "alone": list(alone)}
    return Found(False, fresh, int(pairs), since.settings, grouping, following)


def _lay_alone(zone: Zone, alone: Sequence[str]) -> None:
    with zone.lent("fresh", pa.table({"dataset": pa.array(alone, pa.string())})):
        zone.run("CREATE OR REPLACE TABLE alone AS SELECT * FROM fresh")


def keep(zone: Zone, run_id: str, found: Found, reach: float, merged: Sequence[str] = ()) -> None:
    """Seal what the next run needs: everything after a full run, else what this run adds to what stands, after what
    the runs that it merges added."""
    merging.copy(zone, merged, run_id)
    if found.full:
        _keep(zone, run_id, found, _EVERYTHING)
        for column in scoring.frequency_columns(found.settings) if found.settings else ():
            state.save(zone, run_id, state.FREQUENCY, f"SELECT '{column}' AS name, value, tf FROM frequency_{column}")
        state.save(zone, run_id, state.CROWDED, "SELECT rule, key FROM crowded")
        state.save(zone, run_id, state.SINGLY, "SELECT described FROM singly")
    else:
        _keep(zone, run_id, found, _ADDED)
        state.save(zone, run_id, state.SINGLY, "SELECT described FROM new_singly")
        state.save(zone, run_id, state.LEFT, "SELECT role_id FROM leaving")
        state.save(zone, run_id, state.GONE, "SELECT profile FROM newly_gone")
    components.label(zone, reach)
    state.save(zone, run_id, state.COMPONENT, "SELECT profile, component FROM component_of")
    state.save(zone, run_id, state.GROUP, "SELECT profile, grp FROM grouped")


def indexed(found: Found) -> Mapping[str, str]:
    """The tables that hold the profiles and members to be indexed: all, or those that are new."""
    tables = _EVERYTHING if found.full else _ADDED
    return {"profile": tables["profile"], "member": "member"}


_EVERYTHING = {"profile": "profile", "member": "member", "pair": "pair", "claim": "claim"}
_ADDED = {"profile": "profile", "member": "new_member", "pair": "new_pair", "claim": "new_claim"}
"""The working tables that hold what is kept."""


def _keep(zone: Zone, run_id: str, found: Found, tables: Mapping[str, str]) -> None:
    rows = ", ".join((*profiles.CARRIED, *profiles.STANDING))
    keys = ", ".join(("profile", "content", *_blocks(found)))
    state.save(zone, run_id, state.ROWS, f"SELECT {rows} FROM {tables['profile']} ORDER BY profile")
    state.save(zone, run_id, state.KEYS, f"SELECT {keys} FROM {tables['profile']} ORDER BY profile")
    state.save(zone, run_id, state.MEMBER, f"SELECT profile, role_id FROM {tables['member']}")
    state.save(zone, run_id, state.PAIR, f"SELECT {', '.join(incremental.PAIR)} FROM {tables['pair']}")
    state.save(zone, run_id, state.CLAIM, f"SELECT profile, kind, scope, value FROM {tables['claim']}")
    state.save(zone, run_id, state.MATERNITY, f"SELECT {', '.join(maternity.COLUMNS)} FROM new_maternity")


def _blocks(found: Found) -> list[str]:
    return [blocking.column(at) for at in found.next["rules"]]
