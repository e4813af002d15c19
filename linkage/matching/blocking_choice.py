"""Which blocking rules earn their keep: what each would cost and buy, measured on a sample, overall and per data sets.

Invariants: rules are asked from the cheapest to the dearest, and a pair is told to the first that proposes it, so that
a dear rule is judged by what only it finds; a rule is left out only where it is dear, hardly ever right and of little
account between every two data sets; the sample is drawn by a seeded hash, the same profiles giving the same choice.
Source: pairs completeness against reduction ratio (Christen 2012, ch. 7), without labels: a pair that the finished
model finds likelier than not, and that no veto bars, counts as found."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from linkage.matching import model, scoring
from linkage.matching.blocking import BLOCKING, propose
from linkage.zone.encrypted import Database

_SEED = 411
_SAMPLE, _SAMPLE_PER_DATASET = 5_000, 500
_WORTH_ASKING = 50_000
"""With fewer profiles every rule is affordable."""
_DEAR = 0.25
"""New pairs per profile above which a rule has to earn its keep."""
_RIGHT = 0.004
"""Of its new pairs, so many must be likely …"""
_ACCOUNT = 0.005
"""… or of all likely pairs between some two data sets so many must be its own."""
_ENOUGH = 100
"""Likely pairs between two data sets below which their share says nothing."""
Between = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Bought:
    """What one rule adds to those before it for the sampled profiles: pairs, and those likely to be one person."""

    rule: int
    proposed: int
    new: int
    likely: int
    between: Mapping[Between, tuple[int, int]]
    """(new, likely) by the two data sets, in order of name."""

    @property
    def columns(self) -> tuple[str, ...]:
        return BLOCKING[self.rule]


@dataclass(frozen=True, slots=True)
class Choice:
    """The rules worth asking, cheapest first, and what all cost and buy on a sample of so many profiles."""

    rules: tuple[int, ...]
    sampled: int
    costs: tuple[Bought, ...]


def _sample(zone: Database) -> int:
    zone.run(
        "CREATE OR REPLACE TABLE sampled AS SELECT profile FROM profile QUALIFY row_number() OVER (PARTITION BY dataset"
        f" ORDER BY hash(content, {_SEED}), profile) <= greatest({_SAMPLE_PER_DATASET}, {_SAMPLE}"
        " // (SELECT count(DISTINCT dataset) FROM profile))"
    )
    [(count,)] = zone.rows("SELECT count(*) FROM sampled")
    return int(count)


def measure(zone: Database, settings: Mapping[str, Any], rules: Sequence[int]) -> tuple[int, tuple[Bought, ...]]:
    """What each rule costs and buys, from the cheapest to the dearest; how many profiles were asked."""
    sampled = _sample(zone)
    proposed = propose(zone, rules, "sampled")
    order = sorted(range(len(rules)), key=lambda rank: (proposed.get(rank, 0), rules[rank]))
    places = ", ".join(str(order.index(rank)) for rank in range(len(rules)))
    zone.run(
        f"CREATE OR REPLACE TABLE sample_candidate AS SELECT a, b, min(([{places}])[rank + 1]) AS place"
        " FROM proposed GROUP BY a, b"
    )
    zone.run(f"CREATE OR REPLACE TABLE sample_pair AS {scoring.pairs_sql(settings, candidate='sample_candidate')}")
    likely = f"p.standing = {model.FREE} AND p.match_weight >= 0"
    found = zone.rows(
        "SELECT place, least(l.dataset, r.dataset), greatest(l.dataset, r.dataset), count(*),"
        f" count(*) FILTER ({likely}) FROM sample_candidate c LEFT JOIN sample_pair p USING (a, b)"
        " JOIN profile l ON l.profile = c.a JOIN profile r ON r.profile = c.b GROUP BY ALL"
    )
    for name in ("sampled", "proposed", "sample_candidate", "sample_pair"):
        zone.run(f"DROP TABLE {name}")
    between: list[dict[Between, tuple[int, int]]] = [{} for _ in rules]
    for place, one, other, new, right in found:
        between[place][(one, other)] = (new, right)
    return sampled, tuple(
        _bought(rules[rank], proposed.get(rank, 0), held) for rank, held in zip(order, between, strict=True)
    )


def _bought(rule: int, proposed: int, between: Mapping[Between, tuple[int, int]]) -> Bought:
    new, likely = (sum(counts[at] for counts in between.values()) for at in (0, 1))
    return Bought(rule, proposed, new, likely, between)


def earns(cost: Bought, sampled: int, likely: Mapping[Between, int]) -> bool:
    if cost.new <= _DEAR * sampled or cost.likely >= _RIGHT * cost.new:
        return True
    return any(
        likely[pair] >= _ENOUGH and right >= _ACCOUNT * likely[pair] for pair, (_new, right) in cost.between.items()
    )


def choose(zone: Database, settings: Mapping[str, Any], rules: Sequence[int]) -> Choice:
    """The rules worth asking of `profile`, whose keys and frequencies are in place."""
    [(count,)] = zone.rows("SELECT count(*) FROM profile")
    if count < _WORTH_ASKING:
        return Choice(tuple(rules), 0, ())
    sampled, costs = measure(zone, settings, rules)
    likely: Counter[Between] = Counter()
    for cost in costs:
        likely.update({pair: right for pair, (_new, right) in cost.between.items()})
    return Choice(tuple(cost.rule for cost in costs if earns(cost, sampled, likely)), sampled, costs)
