"""Placing one record among the persons of the published index, with the score that a linkage run would give.

Invariants: the record is encoded, compared under the rules and scored with the very SQL and settings of the last run; a
number that the rows carrying it outvote is not used; what stands beside it (term frequencies, successors of numbers,
who is described elsewhere) is the published model's; nothing of it is kept, and what is told names persons, weights and
fields, never a value.
Bound: a block that the last run left out as too large is left out here."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from linkage.encoding.encode import FILTERS, RoleIdentity
from linkage.index.index import Index, PersonsOf
from linkage.index.keys import Rule
from linkage.index.rows import ROLE
from linkage.index.values import IndexedModel
from linkage.matching import model, scoring
from linkage.rows import PersonId

MOST_PLACES = 20
_AT_ONCE = 100
ASKED = -1
"""The new record's number among profiles."""
_NUMBERS = ("nhs", "upn")
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Placement:
    """How well a record fits one person: log2 odds, what may overrule them, and the fields that speak for it."""

    person_id: PersonId
    match_weight: float
    standing: int
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scored:
    """One profile's score against the record."""

    profile: int
    match_weight: float
    standing: int
    fields: tuple[str, ...]


def place(index: Index, role: RoleIdentity, persons_of: PersonsOf) -> list[Placement]:
    """The persons whom the record may be, best first, each with its best score. None where no model is published."""
    best: dict[str, Scored] = {}
    scored = sorted(score(index, role), key=lambda one: (one.standing, -one.match_weight, one.profile))
    for start in range(0, len(scored), _AT_ONCE):
        some = scored[start : start + _AT_ONCE]
        persons = index.persons([one.profile for one in some], persons_of)
        for one in some:
            if one.profile in persons:
                best.setdefault(persons[one.profile], one)
        if len(best) >= MOST_PLACES:
            break
    found = [Placement(PersonId(who), one.match_weight, one.standing, one.fields) for who, one in best.items()]
    return found[:MOST_PLACES]


def score(index: Index, role: RoleIdentity) -> list[Scored]:
    """The score of every profile with which a run would compare the record, and which weighs enough to be kept."""
    if index.model is None or not index.model.settings:
        return []
    asked = _asked(index, role, index.model)
    for number in _NUMBERS:
        if asked[number] is not None and _doubted(asked, _others(index, asked, [(number,)], role)):
            asked[number] = None
    found = _others(index, asked, model.BLOCKING, role)
    if not len(found):
        return []
    _stand(asked, role, found, index.model)
    return _scored(index, index.model, asked, found)


def _asked(index: Index, role: RoleIdentity, held: IndexedModel) -> Row:
    """The record's own tokens and filters as a row of the index, before its standing."""
    asked: Row = {**index.encoder.encode(role), "profile": ASKED}
    if asked["nhs"] is not None:
        asked["nhs"] = held.successor(asked["nhs"])
    for name in FILTERS:
        low, high = asked[f"{name}0"], asked[f"{name}1"]
        asked[f"{name}n"] = None if low is None else _ones(low) + _ones(high)
    for column in scoring.frequency_columns(held.settings):
        asked[f"tf_{column}"] = None if asked[column] is None else held.frequency(column, asked[column])
    return asked


def _others(index: Index, asked: Row, rules: Sequence[Rule], role: RoleIdentity) -> pa.Table:
    """The rows that agree under a rule, but for one that holds the record alone."""
    found = index.find([asked], rules, crowded=False)
    own = pc.equal(found.column(ROLE), role.role_id)
    alone = pc.equal(found.column("carried"), 1) if "carried" in found.column_names else own
    return found.filter(pc.invert(pc.and_(own, alone)))


def _ones(word: int) -> int:
    return (word & (1 << 64) - 1).bit_count()


def _doubted(asked: Row, rows: pa.Table) -> bool:
    """Whether the rows that carry the record's number outvote it: another given name and another birth, by more."""
    described = (asked["given_formal"], asked["dob_canon"])
    if described == (None, None):
        return False
    agreeing, against = 1, Counter[tuple[Any, Any]]()
    for row in rows.select(["given_formal", "dob_canon", *_carried(rows)]).to_pylist():
        given, born, carried = row["given_formal"], row["dob_canon"], row.get("carried") or 1
        if given is None and born is None:
            continue
        if (given is not None and given == described[0]) or (born is not None and born == described[1]):
            agreeing += carried
        elif given is None or described[0] is None or given != described[0]:
            against[given, born] += carried
    return agreeing < max(against.values(), default=0)


def _carried(rows: pa.Table) -> list[str]:
    return ["carried"] if "carried" in rows.column_names else []


def _stand(asked: Row, role: RoleIdentity, found: pa.Table, held: IndexedModel) -> None:
    """What a run would say of the record beside its tokens."""
    asked["numbered"] = asked["nhs"] is not None or asked["upn"] is not None
    asked["single"] = role.dataset in held.alone
    asked["generation"] = held.generation(role.dataset, role.role)
    asked["established"] = bool(_same_description(asked, found).any())


def _same_description(asked: Row, found: pa.Table) -> np.ndarray:
    """Of each row, whether it and the record name the same given name and birth, and the same surname or postcode."""
    if asked["given_formal"] is None or asked["dob_canon"] is None:
        return np.zeros(len(found), dtype=bool)
    agrees = {name: _equal(found, name, asked[name]) for name in ("given_formal", "dob_canon", "family", "postcode")}
    beside = agrees["family"] | agrees["postcode"]
    return np.asarray(agrees["given_formal"] & agrees["dob_canon"] & beside)


def _equal(rows: pa.Table, name: str, value: int | None) -> np.ndarray:
    if value is None:
        return np.zeros(len(rows), dtype=bool)
    return np.asarray(pc.equal(rows.column(name), value).fill_null(False).to_numpy())


def _established(asked: Row, found: pa.Table) -> pa.Table:
    """The rows as they would stand beside the record."""
    flags = np.asarray(found.column("established").to_numpy()) | _same_description(asked, found)
    return found.set_column(found.schema.get_field_index("established"), "established", pa.array(flags))


def _described(index: Index, held: IndexedModel, asked: Row, found: pa.Table) -> pa.Table:
    """Who is described in a data set that holds each person once: the rows in the record's, the record in theirs."""
    sides: dict[str, list[Any]] = {name: [] for name in ("dataset", "given_formal", "dob_canon", "family")}
    own = pa.table({name: pa.array([asked[name]], pa.int64()) for name in ("given_formal", "dob_canon", "family")})
    for dataset in sorted(held.alone & set(found.column("dataset").to_pylist())):
        if index.described(dataset, own).all() and asked["dob_canon"] is not None and asked["given_formal"] is not None:
            for name in sides:
                sides[name].append(dataset if name == "dataset" else asked[name])
    if asked["single"]:
        rows = found.filter(pa.array(index.described(asked["dataset"], found)))
        for name in sides:
            sides[name] += [asked["dataset"]] * len(rows) if name == "dataset" else rows.column(name).to_pylist()
    return pa.table({n: pa.array(v, pa.string() if n == "dataset" else pa.int64()) for n, v in sides.items()})


def _scored(index: Index, held: IndexedModel, asked: Row, found: pa.Table) -> list[Scored]:
    found = _established(asked, found)
    kept = index.scorer(found.schema).score(asked, found, _described(index, held, asked, found))
    names = [comparison["output_column_name"] for comparison in held.settings["comparisons"]]
    agreeing = np.stack([kept.column(f"mw_{name}").to_numpy() > 0 for name in names], axis=1)
    columns = (kept.column(name).to_pylist() for name in ("b", "match_weight", "standing"))
    return [
        Scored(profile, weight, standing, tuple(compress(names, agrees)))
        for profile, weight, standing, agrees in zip(*columns, agreeing.tolist(), strict=True)
    ]
