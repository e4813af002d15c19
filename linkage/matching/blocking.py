"""Which pairs are compared: rules, their keys on every profile, and the distinct pairs that the rules propose.

Invariants: a pair is proposed once, with a < b, and told to the first rule that proposes it; a rule's largest blocks
are left to other rules, by size alone (and by whether an earlier run left them), so that the same profiles give the
same pairs; only keys and profile numbers are read; memory is bounded by passes over ranges of profiles, whatever the
number of pairs.
Source: standard blocking with several keys (Fellegi and Sunter 1969; Christen 2012, ch. 4)."""

from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from linkage.matching.model import BLOCKING, BROAD, used_blocking
from linkage.matching.model import block_column as column
from linkage.zone.encrypted import Database

__all__ = [
    "BLOCKING",
    "Costs",
    "RuleCost",
    "add_blocks",
    "candidates",
    "column",
    "key",
    "keys_sql",
    "leave_crowded",
    "propose",
]

PAIR_BUDGET_PER_RULE = 12
"""A blocking rule may propose so many pairs per profile; its largest blocks are left to other rules."""
_BROAD_BUDGET = 1
_FLOOR = 200_000
_SLACK = 1.25
"""How much larger a block must be than what can be afforded, or smaller, to be treated otherwise than before."""
_PAIRS_AT_ONCE = 24_000_000
"""Proposed pairs that are sorted in memory at once (8 bytes each, some three times over)."""
CROWDED = {"rule": "BIGINT", "key": "BIGINT"}
_RULE_BITS, _ID_BITS = 6, 28
Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class RuleCost:
    """What one rule costs: pairs it proposes, and those among them that no rule before it proposes."""

    rule: int
    proposed: int
    new: int

    @property
    def columns(self) -> tuple[str, ...]:
        return BLOCKING[self.rule]


@dataclass(frozen=True, slots=True)
class Costs:
    """What blocking cost: distinct pairs, and each rule's part in the order in which the rules were asked."""

    pairs: int
    rules: tuple[RuleCost, ...]


class _TooMany(OverflowError):
    """More profiles than a packed pair can name."""


def _key_sql(at: int) -> str:
    parts = BLOCKING[at]
    present = " AND ".join(f"{part} IS NOT NULL" for part in parts)
    return f"CASE WHEN {present} THEN CAST(hash({', '.join(parts)}) >> 1 AS BIGINT) END"


def keys_sql(rules: Sequence[int]) -> str:
    """The columns `block_00 …` of these rules, as a select list over the profile's own columns."""
    return ", ".join(f"{_key_sql(at)} AS {column(at)}" for at in rules)


def key(zone: Database, rules: Sequence[int], table: str = "profile") -> None:
    """Give every row of the table its keys under these rules, however large their blocks are."""
    held = {name for name, *_ in zone.rows(f"DESCRIBE {table}")}
    stale = [column(at) for at in rules if column(at) in held]
    kept = f"* EXCLUDE ({', '.join(stale)})" if stale else "*"
    keys = f", {keys_sql(rules)}" if rules else ""
    zone.run(f"CREATE OR REPLACE TABLE {table} AS SELECT {kept}{keys} FROM {table}")


def budget(profiles: int, at: int | None = None) -> int:
    """How many pairs one rule may propose."""
    broad = at is not None and BLOCKING[at] in BROAD
    return (_BROAD_BUDGET if broad else PAIR_BUDGET_PER_RULE) * profiles + _FLOOR


def add_blocks(
    zone: Database, profiles: int, filled: Collection[str], before: Mapping[int, Numbers] | None = None
) -> list[int]:
    """Add a column per blocking rule to `profile`, empty where a block is too large; the rules in use.

    Makes `crowded` (rule, key) of the blocks left out. `before` are those that an earlier run left out: a block changes
    sides only when it has clearly outgrown, or shrunk below, what can be afforded, so that a few new rows do not bring
    about, or take away, comparisons among the many that stand.
    """
    used = used_blocking(filled)
    key(zone, used)
    zone.run("CREATE OR REPLACE TABLE crowded (rule BIGINT, key BIGINT)")
    for at in used:
        held = zone.table(f"SELECT {column(at)} AS key FROM profile WHERE {column(at)} IS NOT NULL").column("key")
        known = None if before is None else before.get(at, np.zeros(0, np.int64))
        _note(zone, at, left_out(held.to_numpy(), budget(profiles, at), known))
    leave_crowded(zone, used)
    return used


def left_out(held: Numbers, most: int, before: Numbers | None) -> Numbers:
    """The keys whose blocks are larger than the rule can afford."""
    keys = np.sort(held)
    starts, sizes = _runs(keys)
    blocks, largest = keys[starts], largest_afforded(sizes, most)
    if before is None:
        return blocks[sizes > largest]
    bound = np.full(len(blocks), largest * _SLACK)
    at = np.minimum(np.searchsorted(blocks, before), max(len(blocks) - 1, 0))
    bound[at[blocks[at] == before] if len(blocks) else at[:0]] = largest / _SLACK
    return blocks[sizes > bound]


def _note(zone: Database, at: int, keys: Numbers) -> None:
    if len(keys):
        with zone.lent("fresh_crowded", pa.table({"key": keys})):
            zone.run(f"INSERT INTO crowded SELECT {at}, key FROM fresh_crowded")


def leave_crowded(zone: Database, rules: Sequence[int]) -> None:
    """Empty the keys in `crowded` on every profile."""
    for (at,) in zone.rows("SELECT DISTINCT rule FROM crowded ORDER BY 1"):
        if at in rules:
            name = column(at)
            zone.run(f"UPDATE profile SET {name} = NULL WHERE {name} IN (SELECT key FROM crowded WHERE rule = {at})")


def largest_afforded(sizes: Numbers, most: int) -> int:
    """The size up to which all blocks together propose no more than `most` pairs."""
    counts = np.bincount(sizes) if len(sizes) else np.zeros(1, np.int64)
    each = np.arange(len(counts), dtype=np.float64)
    spent = np.cumsum(counts * each * (each - 1) / 2)
    return max(1, int(np.searchsorted(spent, most, side="right")) - 1)


def _runs(keys: Numbers) -> tuple[Numbers, Numbers]:
    """Where each run of equal sorted keys starts, and how long it is."""
    if not len(keys):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]])
    return starts, np.diff(np.r_[starts, len(keys)])


@dataclass(frozen=True, slots=True)
class _Block:
    """One rule's profiles in the order of their keys, with how many of the same block stand after each."""

    profile: Numbers
    later: Numbers

    @property
    def pairs(self) -> int:
        return int(self.later.sum())


def _block(profile: Numbers, keys: Numbers) -> _Block:
    order = np.argsort(keys)
    starts, sizes = _runs(keys[order])
    ends = np.repeat(starts + sizes, sizes)
    later = ends - np.arange(len(order)) - 1
    shared = np.repeat(sizes > 1, sizes)
    return _Block(profile[order][shared], later[shared])


def _packed(block: _Block, rank: int, low: int, high: int) -> Numbers:
    """The block's pairs whose first profile lies in [low, high): first, second and the rule's rank in one number."""
    first = np.repeat(np.arange(len(block.profile)), block.later)
    before = np.cumsum(block.later) - block.later
    second = first + 1 + (np.arange(len(first)) - np.repeat(before, block.later))
    one, other = block.profile[first], block.profile[second]
    a, b = np.minimum(one, other), np.maximum(one, other)
    inside = (a >= low) & (a < high)
    if not inside.all():
        a, b = a[inside], b[inside]
    packed: Numbers = (((a << _ID_BITS) | b) << _RULE_BITS) | rank
    return packed


def _read(zone: Database, at: int) -> tuple[Numbers, Numbers]:
    name = column(at)
    held = zone.table(f"SELECT profile, {name} AS key FROM profile WHERE {name} IS NOT NULL")
    profile, keys = (np.asarray(held.column(name).to_numpy(), np.int64) for name in ("profile", "key"))
    return profile, keys


def _each(zone: Database, rules: Sequence[int], low: int, high: int) -> Iterator[Numbers]:
    """Every rule's packed pairs; the next rule is read while the last ones are worked out."""

    def made(profile: Numbers, keys: Numbers, rank: int) -> Numbers:
        return _packed(_block(profile, keys), rank, low, high)

    with ThreadPoolExecutor(2) as workers:
        waiting: deque[Future[Numbers]] = deque()
        for rank, at in enumerate(rules):
            waiting.append(workers.submit(made, *_read(zone, at), rank))
            if len(waiting) > 2:
                yield waiting.popleft().result()
        yield from (future.result() for future in waiting)


def _pass(zone: Database, rules: Sequence[int], low: int, high: int, most: int) -> tuple[list[Numbers], int]:
    """All pairs whose first profile lies in [low, high), or below a smaller bound where they are too many at once."""
    held: list[Numbers] = []
    for fresh in _each(zone, rules, low, high):
        held.append(_below(fresh, high))
        while sum(map(len, held)) > most and high - low > 1:
            high = (low + high) // 2
            held = [_below(packed, high) for packed in held]
    return held, high


def _below(packed: Numbers, high: int) -> Numbers:
    bound = high << (_ID_BITS + _RULE_BITS)
    return packed if not len(packed) or packed.max() < bound else packed[packed < bound]


def _store(zone: Database, packed: Numbers) -> Numbers:
    """Add the distinct pairs to `candidate`; how many are told to each rank."""
    packed.sort()
    pairs = packed >> _RULE_BITS
    first = np.ones(len(pairs), dtype=bool)
    np.not_equal(pairs[1:], pairs[:-1], out=first[1:])
    pairs, ranks = pairs[first], (packed[first] & ((1 << _RULE_BITS) - 1)).astype(np.uint8)
    fresh = pa.table({"a": pairs >> _ID_BITS, "b": pairs & ((1 << _ID_BITS) - 1), "rank": ranks})
    with zone.lent("found", fresh):
        zone.run("INSERT INTO candidate SELECT a, b, rank FROM found")
    return np.bincount(ranks, minlength=1 << _RULE_BITS).astype(np.int64)


def candidates(
    zone: Database, rules: Sequence[int], *, fresh: str | None = None, at_once: int = _PAIRS_AT_ONCE
) -> Costs:
    """Fill `candidate` (a, b, rank of the first rule that proposes the pair) with all pairs that the rules propose.

    `fresh` names a table of profile numbers: then only pairs with at least one of them.
    """
    zone.run("CREATE OR REPLACE TABLE candidate (a BIGINT, b BIGINT, rank UTINYINT)")
    if fresh is not None:
        return _meeting(zone, rules, fresh)
    [(low, high)] = zone.rows("SELECT coalesce(min(profile), 0), coalesce(max(profile), -1) + 1 FROM profile")
    if high >= 1 << _ID_BITS or low < 0 or len(rules) >= 1 << _RULE_BITS:
        raise _TooMany("more profiles or rules than blocking can number")
    proposed, new = np.zeros((2, 1 << _RULE_BITS), dtype=np.int64)
    while low < high:
        held, reached = _pass(zone, rules, low, high, at_once)
        proposed[: len(held)] += [len(packed) for packed in held]
        new += _store(zone, np.concatenate([np.zeros(0, np.int64), *held]))
        low = reached
    return _costs(rules, proposed.tolist(), new.tolist())


def _costs(rules: Sequence[int], proposed: Sequence[int], new: Sequence[int]) -> Costs:
    each = tuple(RuleCost(at, *counts) for at, *counts in zip(rules, proposed, new, strict=False))
    return Costs(sum(cost.new for cost in each), each)


def propose(zone: Database, rules: Sequence[int], some: str) -> dict[int, int]:
    """Make `proposed` (a, b, rank) of the pairs of a few profiles with all: one join of their keys per rule."""
    keys = ", ".join(("profile", *map(column, rules)))
    zone.run(
        f"CREATE OR REPLACE TABLE asked AS SELECT {keys} FROM profile WHERE profile IN (SELECT profile FROM {some})"
    )
    zone.run("CREATE OR REPLACE TABLE proposed (a BIGINT, b BIGINT, rank UTINYINT)")
    for rank, at in enumerate(rules):
        zone.run(
            f"INSERT INTO proposed SELECT DISTINCT least(f.profile, p.profile), greatest(f.profile, p.profile), {rank}"
            f" FROM profile p JOIN asked f ON f.{column(at)} = p.{column(at)} AND f.profile <> p.profile"
        )
    zone.run("DROP TABLE asked")
    return dict(zone.rows("SELECT rank, count(*) FROM proposed GROUP BY 1"))


def _meeting(zone: Database, rules: Sequence[int], fresh: str) -> Costs:
    counted = propose(zone, rules, fresh)
    zone.run("INSERT INTO candidate SELECT a, b, min(rank) FROM proposed GROUP BY a, b")
    new = dict(zone.rows("SELECT rank, count(*) FROM candidate GROUP BY 1"))
    zone.run("DROP TABLE proposed")
    ranks = range(len(rules))
    return _costs(rules, [counted.get(rank, 0) for rank in ranks], [new.get(rank, 0) for rank in ranks])
