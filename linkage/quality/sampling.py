"""A probability sample of linked and unlinked pairs, by weight, so that quality can be estimated without any truth.

Invariants: every pair of a stratum has the same, recorded chance of being drawn; a pair's place in the draw is a hash
of its two representative roles under the run's seed, independent of everything known of it; pairs of people who are
sealed from each other are in no stratum; what is drawn is told as profiles, and named by roles only.
Source: stratified simple random sampling with Neyman's allocation (Cochran 1977, ch. 5)."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from linkage.quality.compared import Pair
from linkage.zone.zone import Database

EDGES = (-6.0, -3.0, -1.0, 0.0, 1.0, 3.0, 6.0, 12.0)
"""Bounds of the strata, in weight above the threshold at which groups join."""
LINKED, APART, UNCOMPARED = "linked", "apart", "linked:uncompared"
NOT_ASKED = frozenset({f"{APART}:below {EDGES[0]:+g}"})
"""Far below the threshold pairs are many and matches next to none: a sample there would tell of noise only."""
LEAST_IN_STRATUM = 12
_LEAST_DOUBT = 0.02
"""No stratum is taken to hold less doubt when the sample is shared out: models are wrong where they are sure, too."""
_HASHES = 2**32
_INSIDE = 200_000


@dataclass(frozen=True, slots=True)
class Drawn:
    """One sampled pair, with the chance that it was drawn."""

    pair: Pair
    stratum: str
    match_weight: float | None
    linked: bool
    chance: float


@dataclass(frozen=True, slots=True)
class Stratum:
    """How many pairs a stratum holds, and their mean weight."""

    name: str
    pairs: int
    weight: float


def stratum_names() -> list[str]:
    """The strata in the order of their numbers: apart by rising weight, then linked by rising weight."""
    bounds = [f"{edge:+g}" for edge in EDGES]
    bands = [f"below {bounds[0]}", *(f"{a} to {b}" for a, b in pairwise(bounds)), f"from {bounds[-1]}"]
    return [f"{side}:{band}" for side in (APART, LINKED) for band in bands]


def stratum_sql(weight: str, linked: str, join: float) -> str:
    """SQL: the number of a pair's stratum."""
    band = " + ".join(f"CAST({weight} >= {join + edge!r} AS UTINYINT)" for edge in EDGES)
    return f"CAST({len(EDGES) + 1} * CAST({linked} AS UTINYINT) + {band} AS UTINYINT)"


def doubt(weight: float, join: float) -> float:
    """The standard deviation of one answer, if the chance of a match is logistic in the weight above the threshold."""
    chance = 1.0 / (1.0 + 2.0 ** min(max(join - weight, -60.0), 60.0))
    return max(math.sqrt(chance * (1.0 - chance)), _LEAST_DOUBT)


def allocation(strata: Sequence[Stratum], wanted: int, join: float) -> Mapping[str, int]:
    """Share `wanted` answers out over the strata: by size times doubt, at least a few each, never more than held."""
    shares = {s.name: s.pairs * doubt(s.weight, join) for s in strata}
    total = sum(shares.values()) or 1.0
    return {s.name: min(s.pairs, max(LEAST_IN_STRATUM, round(wanted * shares[s.name] / total))) for s in strata}


_STOOD = """
CREATE OR REPLACE TABLE reviewed AS SELECT profile, any_value(g.grp) AS person, min(m.role_id) AS role_id,
hash(min(m.role_id)) AS draw, count(*) AS roles FROM member m JOIN grouped g USING (profile) GROUP BY profile
"""
_SEALED = """
CREATE OR REPLACE TABLE sealed_person AS SELECT DISTINCT x.person, s.nhs_a, s.nhs_b, p.nhs
FROM reviewed x JOIN {profile} p USING (profile) JOIN zone.seal s ON p.nhs IN (s.nhs_a, s.nhs_b)
"""
_BARRED = """
CREATE OR REPLACE TABLE barred AS SELECT DISTINCT least(m.profile, n.profile) AS a, greatest(m.profile, n.profile) AS b
FROM (SELECT record_id FROM live GROUP BY 1 HAVING count(*) > 1) d JOIN live l USING (record_id)
JOIN live r ON r.record_id = l.record_id AND l.role_id < r.role_id
JOIN member m ON m.role_id = l.role_id JOIN member n ON n.role_id = r.role_id
UNION
SELECT p.a, p.b FROM sealed_person s JOIN sealed_person t ON s.nhs_a = t.nhs_a AND s.nhs_b = t.nhs_b AND s.nhs <> t.nhs
JOIN reviewed x ON x.person = s.person JOIN {pair} p ON p.a = x.profile JOIN reviewed y ON y.profile = p.b
WHERE y.person = t.person
"""
"""Pairs that are never asked: two roles of one record, who are two persons, and persons sealed from each other."""


@dataclass(frozen=True, slots=True)
class Tables:
    """The run's working tables that hold what it compared."""

    profile: str = "profile"
    pair: str = "pair"


EVERYTHING, ADDED = Tables(), Tables("every_profile", "new_pair")
"""Of a full run, and of one that looked at what is new."""


def judge(zone: Database, join: float, seed: int, tables: Tables = EVERYTHING) -> None:
    """Make `reviewed` and `judged` from the run's profiles, pairs, `member` and `grouped`.

    `reviewed` holds each profile's person (its group), first role and number of roles; `judged` each compared pair with
    whether it is linked, its stratum and its place in the draw. Two roles of one record are two persons, and not asked.
    """
    zone.run(_STOOD)
    zone.run(_SEALED.format(profile=tables.profile))
    zone.run("CREATE TABLE IF NOT EXISTS live (role_id VARCHAR, record_id VARCHAR)")
    zone.run(_BARRED.format(pair=tables.pair))
    [(barred,)] = zone.rows("SELECT count(*) FROM barred")
    asked = f"(FROM {tables.pair} ANTI JOIN barred USING (a, b))" if barred else tables.pair
    zone.run(
        f"CREATE OR REPLACE TABLE judged AS SELECT j.*, {stratum_sql('match_weight', 'linked', join)} AS stratum FROM ("
        " SELECT p.a, p.b, p.match_weight, p.standing, x.person AS person_a, y.person AS person_b,"
        f" x.person = y.person AS linked, CAST(hash(x.draw, y.draw, {seed}) % {_HASHES} AS UINTEGER) AS place"
        f" FROM {asked} p JOIN reviewed x ON x.profile = p.a JOIN reviewed y ON y.profile = p.b) j"
    )


def strata(zone: Database) -> list[Stratum]:
    names = stratum_names()
    rows = zone.rows("SELECT stratum, count(*), avg(match_weight) FROM judged GROUP BY 1 ORDER BY 1")
    return [Stratum(names[at], pairs, weight) for at, pairs, weight in rows]


def draw(zone: Database, held: Sequence[Stratum], sizes: Mapping[str, int]) -> list[Drawn]:
    """The pairs of each stratum that come first in the draw."""
    if not held:
        return []
    names = stratum_names()
    bounds = " ".join(f"WHEN {names.index(s.name)} THEN {_bound(s.pairs, sizes[s.name])}" for s in held)
    found: dict[str, list[tuple[int, int, float, bool]]] = {stratum.name: [] for stratum in held}
    for at, a, b, weight, linked in zone.rows(
        "SELECT stratum, a, b, match_weight, linked FROM judged"
        f" WHERE place <= CASE stratum {bounds} ELSE -1 END ORDER BY stratum, place, a, b"
    ):
        found[names[at]].append((a, b, weight, linked))
    drawn = {stratum.name: found[stratum.name][: sizes[stratum.name]] for stratum in held}
    return [
        Drawn((a, b), stratum.name, weight, linked, len(drawn[stratum.name]) / stratum.pairs)
        for stratum in held
        for a, b, weight, linked in drawn[stratum.name]
    ]


def _bound(pairs: int, size: int) -> int:
    """The place in the draw below which enough pairs of a stratum surely lie."""
    return int(_HASHES * min(1.0, (size + 8.0 * math.sqrt(size) + 20.0) / pairs))


def uncompared(zone: Database, join: float) -> Stratum:
    """Pairs of profiles that are one person though no rule compared them: only how many there are is worked out."""
    [(inside,)] = zone.rows(
        "SELECT coalesce(sum(n * (n - 1) // 2), 0) FROM (SELECT count(*) AS n FROM reviewed GROUP BY person)"
    )
    [(compared,)] = zone.rows("SELECT count(*) FROM judged WHERE linked")
    return Stratum(UNCOMPARED, max(0, int(inside) - int(compared)), join)


def draw_uncompared(zone: Database, stratum: Stratum, size: int, seed: int) -> list[Drawn]:
    """Some of those pairs. Where they are many, they are drawn among the pairs of a random part of the persons."""
    if not stratum.pairs or not size:
        return []
    part = int(_HASHES * min(1.0, _INSIDE / stratum.pairs))
    rows = zone.rows(
        f"WITH part AS (SELECT * FROM reviewed WHERE hash(person, {seed}) % {_HASHES} <= {part}),"
        f" met AS (SELECT a, b FROM judged WHERE linked AND hash(person_a, {seed}) % {_HASHES} <= {part})"
        " SELECT x.profile, y.profile FROM part x JOIN part y ON x.person = y.person AND x.profile < y.profile"
        " ANTI JOIN met j ON j.a = x.profile AND j.b = y.profile"
        f" ORDER BY hash(x.draw, y.draw, {seed}), 1, 2 LIMIT {size}"
    )
    return [Drawn((a, b), stratum.name, None, True, len(rows) / stratum.pairs) for a, b in rows]
