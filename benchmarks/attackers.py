"""Three published attacks on encoded names, by somebody who holds a list of people in clear but none of the keys.

Each takes what is seen of a column's values (`Seen`) and a list's names (`Listed`) and says which name each value is.
The attacker is taken to know the encoder's code, so that he can encode his list under keys of his own.
Sources: rank alignment (Niedermeyer et al. 2014), pattern mining (Christen et al. 2018, PAKDD), graph matching
(Vidanage et al. 2020), each with the extensions that make it stronger here: sex known, attacker's own encoder."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment, quadratic_assignment

Bits = NDArray[np.float64]
Guess = Mapping[int, str]
"""Which name each value (by its place in `Seen`) is said to be."""

_LEAF = 3
_TRIPLE = 3
_ROUNDS = 6
_SURE = 0.9


@dataclass(frozen=True)
class Seen:
    """Distinct encoded values: how often each occurs among women and men, and its filter (empty where none is seen)."""

    counts: NDArray[np.float64]
    bits: Bits

    @property
    def total(self) -> NDArray[np.float64]:
        found: NDArray[np.float64] = self.counts.sum(axis=1)
        return found

    @property
    def has_filters(self) -> bool:
        return int(self.bits.shape[1]) > 0


@dataclass(frozen=True)
class Listed:
    """Distinct names of the attacker's list with how often each occurs, and their letter pairs as the encoder forms
    them."""

    names: Sequence[str]
    counts: NDArray[np.float64]

    @property
    def total(self) -> NDArray[np.float64]:
        found: NDArray[np.float64] = self.counts.sum(axis=1)
        return found


def listed(people: Sequence[tuple[str, int]]) -> Listed:
    """A list from (name, 0 for women or 1 for men)."""
    counts: dict[str, list[int]] = {}
    for name, sex in people:
        counts.setdefault(name, [0, 0])[sex] += 1
    names = sorted(counts, key=lambda name: (-sum(counts[name]), name))
    return Listed(names, np.array([counts[name] for name in names], dtype=float).reshape(-1, 2))


def grams(name: str) -> list[str]:
    """The letter pairs of a name, each also with the half in which it stands."""
    padded = f"_{name}_"
    half = max(2, len(padded) // 2)
    pairs = [padded[at : at + 2] for at in range(len(padded) - 1)]
    return sorted({*pairs, *(f"{pair}{at // half}" for at, pair in enumerate(pairs))})


def _own_filter(name: str, width: int, hashes: int = 3) -> Bits:
    """The attacker's own encoding of a name, under a key of his own."""
    bits = np.zeros(width)
    for gram in grams(name):
        digest = hashlib.sha256(b"attacker" + gram.encode()).digest()
        bits[[int.from_bytes(digest[at : at + 2], "big") % width for at in range(0, 2 * hashes, 2)]] = 1.0
    return bits


def rank_alignment(seen: Seen, known: Listed) -> Guess:
    """The commonest value is the commonest name, and so on, among the values mostly borne by women and by men."""
    guess: dict[int, str] = {}
    sides = [_mostly(seen.counts), _mostly(known.counts)]
    for sex in (0, 1):
        values = _by_count(seen.total, np.flatnonzero(sides[0] == sex))
        names = _by_count(known.total, np.flatnonzero(sides[1] == sex))
        guess |= {int(value): known.names[name] for value, name in zip(values, names, strict=False)}
    return guess


def _mostly(counts: NDArray[np.float64]) -> NDArray[np.int64]:
    return (counts[:, 1] > counts[:, 0]).astype(np.int64)


def _by_count(total: NDArray[np.float64], among: NDArray[np.int64]) -> NDArray[np.int64]:
    order: NDArray[np.int64] = among[np.argsort(-total[among], kind="stable")]
    return order


def pattern_mining(seen: Seen, known: Listed) -> Guess:
    """Bits that go together in many filters are a common letter pair; each split narrows filters and names alike."""
    if not seen.has_filters:
        return {}
    pairs = [set(grams(name)) for name in known.names]
    guess: dict[int, str] = {}
    waiting = [(np.arange(len(seen.total)), np.arange(len(known.names)), frozenset[str]())]
    while waiting:
        values, names, used = waiting.pop()
        if not len(values) or not len(names):
            continue
        split = _split(seen, known, pairs, values, names, used) if min(len(values), len(names)) > _LEAF else None
        if split is None:
            ranked = zip(_by_count(seen.total, values), _by_count(known.total, names), strict=False)
            guess |= {int(value): known.names[name] for value, name in ranked}
        else:
            (with_values, with_names), gram = split
            others = (np.setdiff1d(values, with_values), np.setdiff1d(names, with_names))
            waiting += [(with_values, with_names, used | {gram}), (*others, used | {gram})]
    return guess


def _split(
    seen: Seen,
    known: Listed,
    pairs: Sequence[set[str]],
    values: NDArray[np.int64],
    names: NDArray[np.int64],
    used: frozenset[str],
) -> tuple[tuple[NDArray[np.int64], NDArray[np.int64]], str] | None:
    """The commonest letter pair not yet used, and the values that hold the commonest bits of about its frequency."""
    weight: Counter[str] = Counter()
    for name in names:
        for gram in pairs[name] - used:
            weight[gram] += known.total[name]
    everything = known.total[names].sum()
    usable = [(count, gram) for gram, count in weight.items() if 0.05 * everything < count < 0.95 * everything]
    if not usable:
        return None
    count, gram = max(usable)
    rows, total = seen.bits[values] > 0.5, seen.total[values]
    chosen = np.ones(len(values), dtype=bool)
    for _ in range(_TRIPLE):
        shares = (rows & chosen[:, None]).T @ total / max(total.sum(), 1)
        shares = np.where(rows[chosen].all(axis=0), -1, shares)
        if shares.max() <= 0:
            break
        chosen &= rows[:, int(np.argmin(np.abs(shares - count / everything)))]
    if not 0 < chosen.sum() < len(values):
        return None
    return (values[chosen], np.array([name for name in names if gram in pairs[name]])), gram


def graph_matching(seen: Seen, known: Listed, most: int = 300) -> Guess:
    """Values and names as graphs of likeness, matched by shape, then by the bits that letter pairs prove to set."""
    if not seen.has_filters:
        return {}
    values = _by_count(seen.total, np.arange(len(seen.total)))[:most]
    names = _by_count(known.total, np.arange(len(known.names)))[: len(values)]
    values = values[: len(names)]
    own = np.array([_own_filter(known.names[name], seen.bits.shape[1]) for name in names])
    theirs = seen.bits[values]
    start = _features_agree(seen, known, values, names, theirs, own)
    found = quadratic_assignment(
        _likeness(theirs), _likeness(own), method="faq",
        options={
            "maximize": True, "P0": 0.5 * start + 0.5 / len(names), "maxiter": 40, "rng": np.random.default_rng(1),
        },
    )  # fmt: skip
    matched = {int(value): known.names[names[at]] for value, at in zip(values, found.col_ind, strict=True)}
    return _proved(seen, known, matched)


def _likeness(bits: Bits) -> Bits:
    """Dice of every two filters."""
    sizes = bits.sum(axis=1)
    found: Bits = 2 * bits @ bits.T / np.maximum(sizes[:, None] + sizes[None, :], 1)
    return found


def _features_agree(
    seen: Seen, known: Listed, values: NDArray[np.int64], names: NDArray[np.int64], theirs: Bits, own: Bits
) -> Bits:
    """The best one-to-one match by frequency among each sex, filter size and nearest likenesses, as a permutation."""
    cost = np.zeros((len(values), len(names)))
    for side, other in zip(
        _features(seen.counts[values], theirs).T, _features(known.counts[names], own).T, strict=True
    ):
        spread = max(float(np.std(np.concatenate((side, other)))), 1e-9)
        cost += ((side[:, None] - other[None, :]) / spread) ** 2
    rows, columns = linear_sum_assignment(cost)
    permutation = np.zeros_like(cost)
    permutation[rows, columns] = 1.0
    return permutation


def _features(counts: NDArray[np.float64], bits: Bits) -> Bits:
    share = np.log((counts + 0.5) / np.maximum(counts.sum(axis=0), 1))
    near = np.sort(_likeness(bits), axis=1)[:, -6:-1]
    return np.column_stack((share, share, bits.sum(axis=1), near))


def _proved(seen: Seen, known: Listed, matched: Guess) -> Guess:
    """Learn from the matches which bits each letter pair sets, name every value by them, and repeat."""
    every = sorted({gram for name in known.names for gram in grams(name)})
    at = {gram: place for place, gram in enumerate(every)}
    holds = np.zeros((len(known.names), len(every)))
    for row, name in enumerate(known.names):
        holds[row, [at[gram] for gram in grams(name)]] = 1.0
    place = {name: row for row, name in enumerate(known.names)}
    size = min(len(seen.total), len(known.names), 1500)
    values, names = (_by_count(total, np.arange(len(total)))[:size] for total in (seen.total, known.total))
    rarity = np.abs(
        np.log(seen.total[values] / seen.total.sum())[:, None] - np.log(known.total[names] / known.total.sum())[None, :]
    )
    guess = dict(matched)
    for _ in range(_ROUNDS):
        rows = np.array([place[name] for name in guess.values()])
        present = holds[rows]
        set_bits = seen.bits[np.array(list(guess))]
        times = present.sum(axis=0)[:, None]
        rate = (present.T @ set_bits + 0.5 * set_bits.mean(axis=0)) / (times + 0.5)
        clear = 1 - np.where(rate > _SURE, rate, 0)
        expected = 1 - np.exp(holds[names] @ np.log(np.maximum(clear, 0.02)))
        expected = np.clip(expected, 0.02, 0.98)
        filters = seen.bits[values]
        likely = filters @ np.log(expected).T + (1 - filters) @ np.log(1 - expected).T
        rows, columns = linear_sum_assignment(-likely + rarity)
        guess = {int(values[r]): known.names[names[c]] for r, c in zip(rows, columns, strict=True)}
    return guess


@dataclass(frozen=True)
class Side:
    """One of two columns: what is seen, what is listed, and the guess so far."""

    seen: Seen
    known: Listed
    guess: Guess


def propagation(one: Side, other: Side, together: Bits, listed_together: Bits) -> tuple[Guess, Guess]:
    """Name given and family values by each other: who bears which pair of values is matched with the list's pairs.

    `together` counts people by (value of one, value of other), `listed_together` by (name of one, name of other).
    """
    first, second = one.guess, other.guess
    for _ in range(_ROUNDS):
        first = _by_company(one, other, second, together, listed_together) or first
        second = _by_company(other, one, first, together.T, listed_together.T) or second
    return first, second


def _by_company(side: Side, company: Side, guess: Guess, together: Bits, listed_together: Bits) -> Guess:
    """Each value is the name whose company, as guessed, resembles its own most; rare company says more."""
    place = {name: at for at, name in enumerate(company.known.names)}
    said = np.zeros((len(company.seen.total), len(place)))
    for value, name in guess.items():
        said[value, place[name]] = 1.0
    values, names = (_by_count(total, np.arange(len(total)))[:1500] for total in (side.seen.total, side.known.total))
    rarity = 1 / np.log(2 + company.known.total)
    mine = _rows_of_one(together[values] @ said * rarity)
    theirs = _rows_of_one(listed_together[names] * rarity)
    rows, columns = linear_sum_assignment(mine @ theirs.T, maximize=True)
    return {int(values[r]): side.known.names[names[c]] for r, c in zip(rows, columns, strict=True)}


def _rows_of_one(matrix: Bits) -> Bits:
    found: Bits = matrix / np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-9)
    return found


ATTACKS = {
    "rank alignment": rank_alignment,
    "pattern mining": pattern_mining,
    "graph matching": graph_matching,
}
