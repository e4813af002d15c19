"""Precision and recall with intervals from answered pairs, and what blocking never compared. Pure; no truth file.

Invariants: a pair counts by what the engine said before anybody answered, since an answer binds and would make the
sample look perfect; a stratum's answers stand for all its pairs by their recorded chance; unanswered pairs of a sample
are taken as missing at random within their stratum; recall is over compared (and linked) pairs, and what blocking never
proposed is estimated apart and only from below.
Source: Horvitz and Thompson (1952) over strata; intervals from drawing the share of the pairs not seen from
Beta(k, n − k + 1) or Beta(k + 1, n − k) (generalised fiducial, Hannig 2009: near Jeffreys, and reaching 0 and 1 where
every answer was alike); Wilson (1927); lower bound of the unseen from those caught once and twice (Chao 1987)."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Z95 = 1.959963984540054
_DRAWS = 4000
_NOTHING = 1e-9


@dataclass(frozen=True, slots=True)
class Answered:
    """One sampled pair and what a steward said: True the same person, False different, None nothing yet or unsure."""

    stratum: str
    linked: bool
    chance: float
    same: bool | None


@dataclass(frozen=True, slots=True)
class Estimate:
    """A share with its 95 % interval; None where nothing is known."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Quality:
    """Precision and recall over compared pairs, from so many answers out of so many asked."""

    precision: Estimate
    recall: Estimate
    answered: int
    asked: int
    silent: tuple[str, ...]
    """Strata without any answer: they are left out, and the estimates speak of the others only."""


UNKNOWN = Estimate(None, None, None)


def wilson(hits: int, tried: int) -> Estimate:
    """A share and its Wilson interval."""
    if not tried:
        return UNKNOWN
    share, z2 = hits / tried, Z95 * Z95
    middle = (share + z2 / (2 * tried)) / (1 + z2 / tried)
    half = Z95 * math.sqrt(share * (1 - share) / tried + z2 / (4 * tried * tried)) / (1 + z2 / tried)
    return Estimate(share, max(0.0, middle - half), min(1.0, middle + half))


@dataclass(frozen=True, slots=True)
class _Stratum:
    linked: bool
    pairs: float
    answered: int
    same: int


def _strata(sample: Iterable[Answered]) -> dict[tuple[str, bool], _Stratum]:
    asked: dict[tuple[str, bool], list[Answered]] = {}
    for one in sample:
        asked.setdefault((one.stratum, one.linked), []).append(one)
    return {
        key: _Stratum(
            key[1], sum(1 / one.chance for one in ones), sum(one.same is not None for one in ones),
            sum(one.same is True for one in ones),
        )
        for key, ones in asked.items()
    }  # fmt: skip


def quality(sample: Sequence[Answered], rng: np.random.Generator) -> Quality:
    """Estimate precision and recall of the links from a stratified sample of pairs."""
    strata = _strata(sample)
    known = [stratum for stratum in strata.values() if stratum.answered]
    silent = tuple(sorted(name for (name, _), stratum in strata.items() if not stratum.answered))
    asked, answered = len(sample), sum(stratum.answered for stratum in known)
    drawn = {at: _matches(stratum, rng) for at, stratum in enumerate(known)}
    expected = {at: stratum.pairs * stratum.same / stratum.answered for at, stratum in enumerate(known)}
    linked = [at for at, stratum in enumerate(known) if stratum.linked]
    pairs = sum(known[at].pairs for at in linked)
    right, every = sum(expected[at] for at in linked), sum(expected.values())
    if not pairs:
        return Quality(UNKNOWN, UNKNOWN, answered, asked, silent)
    nothing = np.zeros(_DRAWS)
    right_drawn = sum((drawn[at] for at in linked), nothing)
    every_drawn = sum(drawn.values(), nothing)
    recall = np.divide(right_drawn, every_drawn, out=np.ones(_DRAWS), where=every_drawn > 0)
    return Quality(
        _interval(right / pairs, right_drawn / pairs),
        _interval(right / every, recall) if every else UNKNOWN,
        answered, asked, silent,
    )  # fmt: skip


def _matches(stratum: _Stratum, rng: np.random.Generator) -> NDArray[np.float64]:
    """How many true pairs a stratum may hold: those seen, and the unseen at a share drawn from what was seen."""
    unseen = max(0.0, stratum.pairs - stratum.answered)
    same, different = stratum.same, stratum.answered - stratum.same
    low = rng.beta(max(same, _NOTHING), different + 1, _DRAWS)
    high = rng.beta(same + 1, max(different, _NOTHING), _DRAWS)
    share = np.where(rng.random(_DRAWS) < 0.5, low, high)
    return stratum.same + unseen * share


def _interval(value: float, drawn: NDArray[np.float64]) -> Estimate:
    low, high = (float(edge) for edge in np.quantile(drawn, (0.025, 0.975)))
    return Estimate(value, min(low, value), max(high, value))


@dataclass(frozen=True, slots=True)
class Blocking:
    """How many pairs that would be linked exist, and how many of them were compared: an upper bound of the share."""

    compared: int
    existing: float
    completeness: Estimate


def blocking(caught: Mapping[int, int], lists: int) -> Blocking:
    """What blocking lost, from how many lists caught each linked pair (times, 0 included → pairs).

    `lists` are groups of blocking rules that share no column: what none of them catches is guessed from what just one
    and just two caught, and set against all that was compared. Where lists go together (a record with a wrong birth
    often has a wrong name too) more is lost than this says.
    """
    compared, once, twice = sum(caught.values()), caught.get(1, 0), caught.get(2, 0)
    seen = compared - caught.get(0, 0)
    if not twice or lists < 2:
        return Blocking(compared, float(compared), UNKNOWN)
    ratio, shrink = once / twice, (lists - 1) / lists
    missed = shrink * once * once / (2 * twice)
    if missed <= 0:
        return Blocking(compared, float(compared), Estimate(1.0, wilson(seen, seen).low, 1.0))
    variance = twice * (ratio**4 / 4 + ratio**3 + ratio**2 / 2)
    spread = math.exp(Z95 * math.sqrt(math.log1p(variance / missed**2)))
    least, likely, most = (compared / max(seen + m, compared) for m in (missed * spread, missed, missed / spread))
    return Blocking(compared, max(seen + missed, float(compared)), Estimate(likely, least, most))
