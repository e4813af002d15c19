"""How well found ties agree with a file of true ties.

Invariants: a true tie to which no row bears witness (`evidence` none) is counted apart, neither missed nor found; so is
a household of which no row tells that it ended (relation `former_household`); a household counts while it lasts; two
ends that are truly one person make no tie, since linkage's own measures count that split; sealed ties are not read.
Source: pairwise precision and recall (Christen 2012, ch. 7)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from linkage.rows import Relation, Standing
from linkage.store import tie

SYMMETRIC = frozenset({Relation.SIBLING.value, Relation.HOUSEHOLD.value, Relation.PARTNER.value})
HOUSEHOLD = Relation.HOUSEHOLD.value
FORMER = "former_household"
NOTHING = "none"
Named = tuple[str, str, str]
Scores = Callable[[int, int, int], dict[str, float | int]]


@dataclass(frozen=True, slots=True)
class Stated:
    """The true ties that rows bear witness to, and those to be neither found nor missed."""

    expected: frozenset[Named]
    unseen: frozenset[Named]


def normal(a: str, relation: str, b: str) -> Named:
    """One way of writing a tie that reads the same from both ends."""
    return (min(a, b), relation, max(a, b)) if relation in SYMMETRIC else (a, relation, b)


def stated(rows: Iterable[Mapping[str, str]]) -> Stated:
    """Read `person_a, relation, person_b` and, where it is given, `evidence`."""
    expected: set[Named] = set()
    unseen: set[Named] = set()
    for row in rows:
        former = row["relation"] == FORMER
        named = normal(row["person_a"], HOUSEHOLD if former else row["relation"], row["person_b"])
        (unseen if former or row.get("evidence") == NOTHING else expected).add(named)
    return Stated(frozenset(expected), frozenset(unseen - expected))


def standing_ties(session: Session) -> list[tuple[str, str, str]]:
    """The unsealed ties of the newest run; of households those that last."""
    held = tie.c
    query = select(held.person_a, held.relation, held.person_b).where(
        held.ended_run.is_(None),
        held.standing != Standing.SEALED.value,
        (held.relation != HOUSEHOLD) | held.until.is_(None),
    )
    return [(a, relation, b) for a, relation, b in session.execute(query)]


def measure(true: Stated, found: Iterable[Named], names: Mapping[Any, str], scores: Scores) -> dict[str, Any]:
    """Compare; `names` gives each found person's true name, `scores` makes precision, recall and F1 of counts."""
    named = {normal(names.get(a, a), relation, names.get(b, b)) for a, relation, b in found}
    got = {t for t in named if t[0] != t[2]} - true.unseen
    relations = sorted({relation for _, relation, _ in true.expected | got})
    family = {relation for relation in relations if relation != HOUSEHOLD}

    def of(wanted: set[str]) -> dict[str, float | int]:
        expected, held = ({t for t in ties if t[1] in wanted} for ties in (true.expected, got))
        return scores(len(expected), len(held), len(expected & held))

    return {
        "relations": {relation: of({relation}) for relation in relations},
        "mother_child": of({Relation.BIRTH_MOTHER.value}),
        "family": of(family),
        "household": of({HOUSEHOLD}),
        "unevidenced": {
            relation: {"true": len(apart), "found": len(apart & named)}
            for relation in sorted({relation for _, relation, _ in true.unseen})
            if (apart := {t for t in true.unseen if t[1] == relation})
        },
    }
