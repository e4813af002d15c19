"""How well persons and ties agree with a truth file, and why one pair of records was joined or not.

Invariants: every distinct truth row counts, those never loaded as missed; pair counts come from group sizes, so the
work grows with the rows and not with the pairs; nothing printed names a record's values, only the truth's own person
names inside this file's working.
`f1_between` takes each true person once per data set (its first row in the truth file) and counts only pairs between
data sets. Source: pairwise precision and recall (Christen 2012, ch. 7)."""

import csv
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import pyarrow as pa
from sqlalchemy import select
from sqlalchemy.orm import Session

from linkage.encoding.encode import record_token
from linkage.kin import tie_quality
from linkage.matching import explaining, model, scoring
from linkage.persons import run_store
from linkage.quality import groups
from linkage.rows import KeyedHash
from linkage.store import record_role
from linkage.zone import live, state
from linkage.zone.zone import LATEST, Zone

SELF = "self"


class TruthUnreadable(ValueError):
    """A truth file lacks a column; the message names the file's kind and the columns."""


@dataclass(frozen=True, slots=True)
class Row:
    """One truth row: where it is from, who it truly is, whom linkage says it is, and its number tokens.

    A row that names no linked record is found as a tuple of its own, so that it pairs with nothing and is counted.
    """

    dataset: str
    truth: str
    found: Hashable
    nhs: int | None = None
    upn: int | None = None


def _read(path: Path, columns: Sequence[str], kind: str) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        if set(columns) - set(reader.fieldnames or ()):
            raise TruthUnreadable(f"the {kind} needs the columns {', '.join(columns)}")
        return list(reader)


def _choose_two(count: int) -> int:
    return count * (count - 1) // 2


def pair_count(rows: Iterable[Row], key: Callable[[Row], Hashable | None]) -> int:
    """How many pairs of rows have an equal key; rows whose key is None have no pair."""
    return sum(map(_choose_two, Counter(k for k in map(key, rows) if k is not None).values()))


def pair_count_between(rows: Iterable[Row], key: Callable[[Row], Hashable | None]) -> int:
    """The same, counting only pairs from two data sets."""
    held = list(rows)
    both = pair_count(held, key)
    return both - pair_count(held, lambda row: None if (k := key(row)) is None else (row.dataset, k))


PairCounter = Callable[[Iterable[Row], Callable[[Row], Hashable | None]], int]


def scores(true: int, found: int, right: int) -> dict[str, float | int]:
    """Precision, recall and F1 from counts; where there is nothing to find or nothing found, that side is 1."""
    precision = right / found if found else 1.0
    recall = right / true if true else 1.0
    f1 = 2 * right / (true + found) if true + found else 1.0
    return {
        "pairs_true": true, "pairs_found": found, "pairs_right": right,
        "precision": round(precision, 6), "recall": round(recall, 6), "f1": round(f1, 6),
    }  # fmt: skip


def _agreement(rows: Sequence[Row], count: PairCounter) -> dict[str, float | int]:
    return scores(
        count(rows, lambda r: r.truth), count(rows, lambda r: r.found), count(rows, lambda r: (r.truth, r.found))
    )


def _sharing(rows: Sequence[Row], key: Callable[[Row], Hashable], count: PairCounter) -> int:
    """How many pairs have an equal key and share an NHS number or a UPN."""
    nhs = count(rows, lambda r: None if r.nhs is None else (key(r), r.nhs))
    upn = count(rows, lambda r: None if r.upn is None else (key(r), r.upn))
    both = count(rows, lambda r: None if r.nhs is None or r.upn is None else (key(r), r.nhs, r.upn))
    return nhs + upn - both


def _without_number(rows: Sequence[Row], count: PairCounter) -> dict[str, float | int]:
    keys: tuple[Callable[[Row], Hashable], ...] = (
        lambda r: r.truth, lambda r: r.found, lambda r: (r.truth, r.found),
    )  # fmt: skip
    return scores(*(count(rows, key) - _sharing(rows, key, count) for key in keys))


def once_per_dataset(rows: Iterable[Row]) -> list[Row]:
    """Each true person's first row in each data set."""
    first: dict[tuple[str, str], Row] = {}
    for row in rows:
        first.setdefault((row.dataset, row.truth), row)
    return list(first.values())


def measure(rows: Sequence[Row]) -> dict[str, Any]:
    """Every pairwise measure of a list of truth rows."""
    single = once_per_dataset(rows)
    between = _agreement(single, pair_count_between)
    by_dataset: dict[str, list[Row]] = defaultdict(list)
    for row in single:
        by_dataset[row.dataset].append(row)
    pairs = {
        f"{a} × {b}": _agreement(by_dataset[a] + by_dataset[b], pair_count_between)
        for a, b in combinations(sorted(by_dataset), 2)
    }
    return {
        "records": len(rows),
        "not_linked": sum(isinstance(row.found, tuple) for row in rows),
        **_agreement(rows, pair_count),
        "f1_between": between["f1"],
        "between": between,
        "between_no_shared_number": _without_number(single, pair_count_between),
        "no_shared_number": _without_number(rows, pair_count),
        "dataset_pairs": pairs,
        "within": {name: _agreement([r for r in rows if r.dataset == name], pair_count) for name in sorted(by_dataset)},
    }


def _loaded(
    session: Session, zone: Zone, keys: KeyedHash, wanted: Sequence[tuple[str, str, str]]
) -> dict[Any, tuple[Any, ...]]:
    """(data set, record id, role) → (role id, person, NHS token, UPN token) of what was loaded."""
    tokens = [record_token(keys, name, record) for name, record, _ in wanted]
    asked = pa.table(
        {"at": pa.array(range(len(wanted)), pa.int64()), "token": tokens, "role": [role for *_, role in wanted]}
    )
    live.open_numbers(zone)
    with zone.lent("asked", asked):
        rows = zone.rows(
            "SELECT a.at, e.role_id, e.nhs, e.upn FROM asked a"
            f" JOIN ({LATEST}) r ON r.token = a.token AND r.latest"
            " JOIN sent e ON e.record_id = r.record_id AND e.role = a.role"
        )
    zone.run("DROP TABLE sent")
    person_of = dict(session.execute(select(record_role.c.id, record_role.c.person_id)).all())
    return {wanted[at]: (role, person_of.get(role), nhs, upn) for at, role, nhs, upn in rows}


def _rows(session: Session, zone: Zone, keys: KeyedHash, truth: Path) -> list[Row]:
    stated = {
        (row["dataset"], row["record_id"], row.get("role") or SELF): row["person"]
        for row in _read(truth, ("dataset", "record_id", "person"), "truth file")
    }
    loaded = _loaded(session, zone, keys, list(stated))
    rows = []
    for at, (key, who) in enumerate(stated.items()):
        _, found, nhs, upn = loaded.get(key, (None, None, None, None))
        rows.append(Row(key[0], who, ("not linked", at) if found is None else found, nhs, upn))
    return rows


def _named(rows: Iterable[Row]) -> dict[Hashable, str]:
    """Each found person's true name: the one that most of its rows bear."""
    votes: dict[Hashable, Counter[str]] = defaultdict(Counter)
    for row in rows:
        votes[row.found][row.truth] += 1
    return {found: min(names, key=lambda name: (-names[name], name)) for found, names in votes.items()}


def _ties(session: Session, rows: Sequence[Row], path: Path) -> dict[str, Any]:
    stated = tie_quality.stated(_read(path, ("person_a", "relation", "person_b"), "ties file"))
    return tie_quality.measure(stated, tie_quality.standing_ties(session), _named(rows), scores)


def evaluate(session: Session, zone: Zone, keys: KeyedHash, truth: Path, ties: Path | None = None) -> dict[str, Any]:
    """Compare what linkage found with `TRUTH.csv` (dataset, record_id, person[, role]) and `TIES.csv`."""
    rows = _rows(session, zone, keys, truth)
    measured = measure(rows)
    if ties is not None:
        measured["ties"] = _ties(session, rows, ties)
    return measured


def group_errors(session: Session, zone: Zone, keys: KeyedHash, truth: Path, named: Path) -> list[groups.GroupError]:
    """The error of each group that a file names (person, and a column for each way of grouping)."""
    return groups.every_group(_rows(session, zone, keys, truth), groups.read(named))


def explain(session: Session, zone: Zone, a: str, b: str) -> dict[str, Any]:
    """The match weight by field (log2 odds) of the best pair of records between two persons.

    `match_weight` is Splink's own; `prior` and the fields' weights add up to it. `vetoed` tells that no weight
    could join the pair. `compared` is false where no blocking rule brought the two together.
    """
    settings, last = run_store.model(session), run_store.last(session)
    runs = state.settle(zone, run_store.known_runs(session))
    if settings is None or last is None or not runs:
        return {"compared": False, "fields": []}
    roles = {who: _roles_of(session, who) for who in (a, b)}
    best = explaining.best_pair(zone, runs, settings, last, roles[a], roles[b])
    if best is None or not best["compared"]:
        return {"compared": False, "fields": []}
    return {
        "compared": True,
        "match_weight": best["match_weight"],
        "prior": scoring.prior_weight(settings),
        "vetoed": best["standing"] == model.VETOED,
        "fields": [_field(name, levels, best) for name, levels in model.level_weights(settings).items()],
    }


def _roles_of(session: Session, who: str) -> list[str]:
    query = select(record_role.c.id).where(record_role.c.person_id == who)
    return list(session.execute(query).scalars())


def _field(name: str, levels: Sequence[tuple[str, float]], best: Mapping[str, Any]) -> dict[str, Any]:
    weight = best[f"mw_{name}"]
    agreement = next((label for label, held in levels if abs(held - weight) < 1e-9), "missing")
    return {"field": name, "agreement": agreement, "weight": weight, "rarity": best.get(f"mw_tf_adj_{name}") or 0.0}
