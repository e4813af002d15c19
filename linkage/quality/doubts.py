"""Which doubtful pairs a steward's next answers would tell most about.

Invariants: a contradiction of numbers comes first, an over-large person next; after that a pair counts by what an
answer would move (the pairs of records that would join or part), how near it stands to the threshold, how seldom its
pattern of agreement was answered, and how often answers on that pattern spoke against the engine; pairs that are vetoed
or sealed are never asked; one question per two persons."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import pyarrow as pa

from linkage.matching.model import VETOED
from linkage.quality.compared import Pair, Pattern
from linkage.zone.zone import Database


class ReviewReason(StrEnum):
    """Why a pair is put to a steward."""

    TWO_NUMBERS = "two_numbers"
    OVERSIZED = "oversized"
    UNSURE = "unsure"
    WEAK_LINK = "weak_link"
    NEARLY_LINKED = "nearly_linked"
    SAMPLE = "sample"


RANK: Mapping[ReviewReason, int] = {
    ReviewReason.TWO_NUMBERS: 2, ReviewReason.OVERSIZED: 1, ReviewReason.UNSURE: 0, ReviewReason.WEAK_LINK: 0,
    ReviewReason.NEARLY_LINKED: 0, ReviewReason.SAMPLE: 0,
}  # fmt: skip
BELOW, ABOVE = 1.5, 4.0
"""How far under the threshold a pair left apart, and above it a profile's only hold on its person, is in doubt."""
_MOST_CANDIDATES = 5_000
_LARGE = 20.0


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A pair that might be asked: what would move with it, in pairs of records, and whether it is linked now."""

    pair: Pair
    reason: ReviewReason
    match_weight: float
    linked: bool
    moved: int


@dataclass(frozen=True, slots=True)
class Told:
    """What stewards said of one pattern: how often, and how often against the engine."""

    answers: int = 0
    against: int = 0


_SIZES = "CREATE OR REPLACE TABLE person_size AS SELECT person, sum(roles) AS roles FROM reviewed GROUP BY 1"
_NEAR = f"""
SELECT arg_max(j.a, j.match_weight), arg_max(j.b, j.match_weight), max(j.match_weight), any_value(x.roles * y.roles)
FROM judged j JOIN person_size x ON x.person = j.person_a JOIN person_size y ON y.person = j.person_b
WHERE NOT linked AND match_weight >= ? AND standing <> {VETOED}
GROUP BY least(person_a, person_b), greatest(person_a, person_b) ORDER BY 3 DESC, 1, 2 LIMIT {_MOST_CANDIDATES}
"""
_WEAK = f"""
WITH held AS (
    SELECT profile, max(w) AS best FROM (SELECT a AS profile, match_weight AS w FROM judged WHERE linked
    UNION ALL SELECT b, match_weight FROM judged WHERE linked) GROUP BY profile HAVING max(w) < ?)
SELECT arg_min(a, match_weight), arg_min(b, match_weight), min(match_weight), any_value(roles) FROM (
    SELECT a, b, match_weight, person_a AS person FROM judged JOIN held
    ON a = profile AND match_weight = best WHERE linked
    UNION ALL SELECT a, b, match_weight, person_a FROM judged JOIN held
    ON b = profile AND match_weight = best WHERE linked)
JOIN person_size USING (person) GROUP BY person ORDER BY 3, 1, 2 LIMIT {_MOST_CANDIDATES}
"""
_POSSIBLE = """
SELECT arg_max(j.a, j.match_weight), arg_max(j.b, j.match_weight), max(j.match_weight), any_value(x.roles * y.roles),
d.reason FROM doubted d
JOIN judged j ON least(j.person_a, j.person_b) = d.one AND greatest(j.person_a, j.person_b) = d.other
JOIN person_size x ON x.person = j.person_a JOIN person_size y ON y.person = j.person_b
GROUP BY d.one, d.other, d.reason ORDER BY 3 DESC, 1, 2
"""
_DOUBTED = """
CREATE OR REPLACE TABLE doubted AS
WITH owner AS (SELECT m.role_id, r.person FROM member m JOIN reviewed r USING (profile))
SELECT DISTINCT least(x.person, y.person) AS one, greatest(x.person, y.person) AS other, p.reason FROM possible p
JOIN owner x ON x.role_id = p.role_a JOIN owner y ON y.role_id = p.role_b WHERE x.person <> y.person
"""


def doubtful(zone: Database, join: float, possible: Sequence[tuple[str, str, str]]) -> list[Doubtful]:
    """The doubtful pairs of a run, once each. `possible` are (role, role, reason) of the possible duplicates."""
    zone.run(_SIZES)
    columns = list(zip(*possible, strict=True)) or [(), (), ()]
    names = ("role_a", "role_b", "reason")
    held = pa.table({name: pa.array(column, pa.string()) for name, column in zip(names, columns, strict=True)})
    with zone.lent("possible", held):
        zone.run(_DOUBTED)
    found = [Doubtful((a, b), _reason(why), weight, False, n) for a, b, weight, n, why in zone.rows(_POSSIBLE)]
    for a, b, weight, moved in zone.rows(_NEAR, [join - BELOW]):
        found.append(Doubtful((a, b), ReviewReason.NEARLY_LINKED, weight, False, moved))
    for a, b, weight, roles in zone.rows(_WEAK, [join + ABOVE]):
        found.append(Doubtful((a, b), ReviewReason.WEAK_LINK, weight, True, max(1, roles - 1)))
    first: dict[Pair, Doubtful] = {}
    for one in found:
        first.setdefault(one.pair, one)
    return list(first.values())


def _reason(why: str) -> ReviewReason:
    return ReviewReason(why) if why in set(ReviewReason) else ReviewReason.UNSURE


def closeness(weight: float, join: float) -> float:
    """1 at the threshold, less away from it: four times the variance of an answer, were its chance logistic."""
    chance = 1.0 / (1.0 + 2.0 ** min(max(join - weight, -60.0), 60.0))
    return float(4.0 * chance * (1.0 - chance))


def worth(one: Doubtful, join: float, told: Told, asked: int) -> float:
    """How much an answer would tell, from 0 to 1; `asked` pairs of the same pattern come before it in the queue."""
    moved = min(1.0, math.log2(1 + one.moved) / math.log2(1 + _LARGE))
    novelty = 1.0 / (1.0 + told.answers + asked)
    against = (1.0 + told.against) / (2.0 + told.answers)
    return moved * closeness(one.match_weight, join) * (novelty + against) / 2


def ranked(
    found: Sequence[Doubtful], patterns: Mapping[Pair, Pattern], told: Mapping[Pattern, Told], join: float, most: int
) -> list[tuple[Doubtful, float]]:
    """The pairs to ask, best first, with their priority: one more of a pattern is worth less than the first."""
    asked: dict[Pattern, int] = {}
    chosen: list[tuple[Doubtful, float]] = []
    fresh = sorted(found, key=lambda one: (-RANK[one.reason], -worth(one, join, Told(), 0), one.pair))
    for one in fresh:
        kind = patterns.get(one.pair, ())
        value = worth(one, join, told.get(kind, Told()), asked.get(kind, 0))
        asked[kind] = asked.get(kind, 0) + 1
        chosen.append((one, RANK[one.reason] + value))
    chosen.sort(key=lambda held: (-held[1], held[0].pair))
    return chosen[:most]
