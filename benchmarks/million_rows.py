"""A million noisy biographical rows with their truth, drawn fast and repeatably.

Invariants: one seed and one size give one table, whatever the machine; about ten rows to a person, of which the first
is clean; names follow a skewed draw, so that some are common and most are rare. Kinds and rates of damage follow what
public noisy biographical sets show: one date of birth in five missing, one name in seven misspelt, one postcode in
four another one.
Nobody in it lives: names are drawn from lists, all else from dice."""

from dataclasses import dataclass
from itertools import product

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from app.county.names.groups import GROUPS

ROWS_PER_PERSON = 9.8
_WIDTH = 20
_FIRST_DAY, _DAYS = np.datetime64("1800-01-01"), 365 * 150
_LETTERS = np.frombuffer("abcdefghijklmnopqrstuvwxyz".encode("utf-32-le"), dtype=np.uint32)
_STARTS = "ash bar bel car cor dal den dun ell fen gar hal har ken lan mar nor pen ran sal sten tav thor ul wal wes"
_MIDDLES = "a e i o ber der dle gar ing len lo mer min ner sel ter ven wick"
_ENDS = "by croft den don field ford gate ham hurst ley low man more ridge son stead ton well wood worth"
_SHORT = {
    "william": "bill", "robert": "bob", "elizabeth": "liz", "margaret": "peggy", "richard": "dick", "james": "jim",
    "john": "jack", "thomas": "tom", "michael": "mike", "catherine": "kate", "edward": "ted", "joseph": "joe",
    "samuel": "sam", "daniel": "dan", "benjamin": "ben", "alexander": "alex", "rebecca": "becky", "susan": "sue",
}  # fmt: skip
Text = NDArray[np.str_]
Chosen = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Pool:
    """Words from common to rare."""

    words: Text
    share: NDArray[np.float64]

    def draw(self, rng: np.random.Generator, count: int) -> Text:
        at = np.searchsorted(self.share, rng.random(count), side="right")
        return self.words[np.minimum(at, len(self.words) - 1)]


def _pool(words: list[str], skew: float) -> _Pool:
    weights = np.cumsum(1.0 / (np.arange(len(words)) + 3.0) ** skew)
    return _Pool(np.array(words, dtype=f"U{_WIDTH}"), weights / weights[-1])


def _first_names() -> _Pool:
    banks = [bank for group in GROUPS for bank in (group.women, group.men)]
    ranked = [name for rank in range(60) for bank in banks for name in bank.names[rank : rank + 1]]
    return _pool(list(dict.fromkeys(name.lower().replace(" ", "") for name in ranked)), 0.9)


def _surnames() -> _Pool:
    known = [name.lower().replace(" ", "") for group in GROUPS for name in group.surnames.names]
    made = ["".join(parts) for parts in product(_STARTS.split(), _MIDDLES.split(), _ENDS.split())]
    mixed = np.random.default_rng(7).permutation(made).tolist()
    return _pool(list(dict.fromkeys(known + mixed + [f"{name}s" for name in mixed])), 0.5)


def _towns() -> _Pool:
    made = [" ".join(("".join(parts), "parish")) for parts in product(_STARTS.split(), _ENDS.split())]
    return _pool(np.random.default_rng(8).permutation(made).tolist(), 0.7)


def _trades() -> _Pool:
    return _pool(["".join(parts) for parts in product(_STARTS.split()[:12], ("er", "wright", "smith", "ist"))], 1.0)


def _postcodes(rng: np.random.Generator, count: int) -> Text:
    areas = np.array([a + b for a, b in product("BCDEGLMNS", "ABDHLNRST")])
    outward = np.char.add(areas[rng.integers(0, len(areas), count)], rng.integers(1, 30, count).astype("U2"))
    letters = np.array(list("ABDEFGHJLNPQRSTUWXYZ"))
    inward = rng.integers(1, 10, count).astype("U1")
    for _ in range(2):
        inward = np.char.add(inward, letters[rng.integers(0, len(letters), count)])
    return np.char.add(np.char.add(outward, " "), inward).astype(f"U{_WIDTH}")


def _misspelt(rng: np.random.Generator, words: Text, chosen: Chosen) -> Text:
    """One letter of each chosen word replaced, dropped or changed with the next."""
    at = np.flatnonzero(chosen & (np.char.str_len(words) > 2))
    signs = words[at].astype(f"U{_WIDTH}").view(np.uint32).reshape(len(at), _WIDTH).copy()
    row = np.arange(len(at))
    place = (rng.random(len(at)) * ((signs != 0).sum(axis=1) - 1)).astype(np.int64)
    kind = rng.integers(0, 3, len(at))
    swapped = kind == 0
    held = signs[row[swapped], place[swapped]]
    signs[row[swapped], place[swapped]] = signs[row[swapped], place[swapped] + 1]
    signs[row[swapped], place[swapped] + 1] = held
    other = kind == 1
    signs[row[other], place[other]] = _LETTERS[rng.integers(0, 26, int(other.sum()))]
    gone = np.flatnonzero(kind == 2)
    columns = np.arange(_WIDTH - 1)[None, :]
    moved = columns + (columns >= place[gone][:, None])
    signs[gone] = np.pad(np.take_along_axis(signs[gone], moved, axis=1), ((0, 0), (0, 1)))
    made = words.copy()
    made[at] = np.ascontiguousarray(signs).view(f"U{_WIDTH}").ravel()
    return made


def _shortened(rng: np.random.Generator, names: Text, chosen: Chosen) -> Text:
    made = names.copy()
    for whole, short in _SHORT.items():
        made[chosen & (names == whole)] = short
    initial = chosen & (made == names) & (rng.random(len(names)) < 0.3)
    made[initial] = names[initial].astype("U1")
    return made


def _births(rng: np.random.Generator, born: NDArray[np.datetime64], dirty: Chosen) -> Text:
    """Days with some parts mistaken, some turned into 1 January, some with day and month changed about."""
    draw = rng.random(len(born))
    made = born + np.where(dirty & (draw < 0.03), rng.integers(-9, 10, len(born)), 0).astype("timedelta64[D]")
    year, month = made.astype("datetime64[Y]"), made.astype("datetime64[M]")
    made = np.where(dirty & (draw >= 0.03) & (draw < 0.05), year.astype("datetime64[D]"), made)
    day = (made - month.astype("datetime64[D]")).astype(np.int64) + 1
    turned = dirty & (draw >= 0.05) & (draw < 0.06) & (day <= 12) & (made == born)
    number = (month - year.astype("datetime64[M]")).astype(np.int64)
    about = (year.astype("datetime64[M]") + (day - 1).astype("timedelta64[M]")).astype("datetime64[D]") + number
    days: Text = np.where(turned, about, made).astype("datetime64[D]").astype(f"U{_WIDTH}")
    return days


def _column(rng: np.random.Generator, values: Text, missing: float, dirty: Chosen) -> pa.Array:
    return pa.array(values, pa.string(), mask=dirty & (rng.random(len(values)) < missing))


def drawn(rows: int, seed: int = 2026, people: int | None = None) -> pa.Table:
    """`rows` rows of so many people: unique_id, person (the truth), and the columns of the public set that the peer's
    model is for."""
    rng = np.random.default_rng([seed, rows])
    people = people or max(1, round(rows / ROWS_PER_PERSON))
    person = np.sort(np.concatenate([np.arange(people), rng.integers(0, people, rows - people)]))
    dirty = np.r_[False, person[1:] == person[:-1]]
    chance = rng.random((8, rows))
    first = _first_names().draw(rng, people)[person]
    last = _surnames().draw(rng, people)[person]
    born = (_FIRST_DAY + rng.integers(0, _DAYS, people).astype("timedelta64[D]"))[person]
    code = np.where(dirty & (chance[0] < 0.25), _postcodes(rng, rows), _postcodes(rng, people)[person])
    town, trade = _towns().draw(rng, people)[person], _trades().draw(rng, people)[person]
    first = _shortened(rng, first, dirty & (chance[1] < 0.15))
    first = _misspelt(rng, first, dirty & (chance[2] < 0.08))
    last = _misspelt(rng, last, dirty & (chance[3] < 0.14))
    remarried = dirty & (chance[4] < 0.03)
    last = np.where(remarried, _surnames().draw(rng, rows), last)
    turned = dirty & (chance[5] < 0.01)
    first, last = np.where(turned, last, first), np.where(turned, first, last)
    order = rng.permutation(rows)
    columns = {
        "unique_id": pa.array(np.arange(rows), pa.int64()),
        "person": pa.array(person, pa.int64()),
        "first_name": _column(rng, first, 0.03, dirty),
        "surname": _column(rng, last, 0.01, dirty),
        "dob": _column(rng, _births(rng, born, dirty), 0.22, dirty),
        "postcode_fake": _column(rng, code, 0.2, dirty),
        "birth_place": _column(rng, town, 0.15, dirty),
        "occupation": _column(rng, trade, 0.4, dirty),
    }
    return pa.table(columns).take(pa.array(order))
