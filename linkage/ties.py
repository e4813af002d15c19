"""From claims that rows make to ties between persons. Pure rules.

Invariants: a tie keeps its provider, its data set, its dates and the roles that say so; nobody is tied to themselves;
siblings follow from a shared birth mother or parent and never from an address; an unborn child is joined to a newborn
only by the same provider's pregnancy number and the same mother, and is nobody's sibling or housemate."""

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations

from linkage.rows import Relation, Standing

DERIVED = "linkage"
EVIDENCE_KEPT = 20
PARENTAL = frozenset({Relation.BIRTH_MOTHER, Relation.PARENT, Relation.ADOPTIVE_PARENT})
ELDER = frozenset(
    {
        Relation.BIRTH_MOTHER, Relation.PARENT, Relation.CARER, Relation.PARENTAL_RESPONSIBILITY,
        Relation.ADOPTIVE_PARENT, Relation.FOSTER_CARER, Relation.CONTACT,
    }
)  # fmt: skip
"""Relations whose first person stands above the second as a grown-up above a child."""
_STRENGTH = (Standing.SEALED, Standing.DISPUTED, Standing.CONFIRMED, Standing.ASSERTED)
"""Where rows differ, the standing that is kept: caution before certainty."""
_MAKING = (Standing.CONFIRMED, Standing.ASSERTED)
"""Standings of a parent's tie that make siblings, the stronger first."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One row's word on two of its roles."""

    id: str
    from_role: str
    relation: Relation
    to_role: str
    provider: str
    dataset: str
    standing: Standing
    since: date | None
    until: date | None


@dataclass(frozen=True, slots=True)
class Tie:
    """A dated relation between two persons: `a` RELATION `b`. `evidence` holds ids of claims or roles."""

    a: str
    relation: Relation
    b: str
    provider: str
    dataset: str
    standing: Standing
    since: date | None
    until: date | None
    evidence: tuple[str, ...]

    @property
    def key(self) -> tuple[str, str, str, str, str]:
        return (self.a, self.relation.value, self.b, self.provider, self.dataset)


def _folded(key: tuple[str, Relation, str, str, str], claims: Sequence[Claim]) -> Tie:
    starts = [claim.since for claim in claims if claim.since is not None]
    ends = [claim.until for claim in claims if claim.until is not None]
    standing = min((claim.standing for claim in claims), key=_STRENGTH.index)
    evidence = tuple(sorted(claim.id for claim in claims)[:EVIDENCE_KEPT])
    until = max(ends) if len(ends) == len(claims) else None
    return Tie(*key, standing, min(starts) if starts else None, until, evidence)


def claimed(claims: Iterable[Claim], person_of: Mapping[str, str]) -> list[Tie]:
    """The ties that rows claim, one for each pair, relation and data set."""
    folded: dict[tuple[str, Relation, str, str, str], list[Claim]] = defaultdict(list)
    for claim in claims:
        a, b = person_of.get(claim.from_role), person_of.get(claim.to_role)
        if a is not None and b is not None and a != b:
            folded[(a, claim.relation, b, claim.provider, claim.dataset)].append(claim)
    return [_folded(key, folded[key]) for key in sorted(folded)]


def siblings(ties: Iterable[Tie], unborn: Collection[str]) -> list[Tie]:
    """Those who share a birth mother or parent; each pair once, in the order of their ids.

    They are confirmed siblings where both ties to one parent are confirmed, else asserted; a disputed or sealed tie
    makes nobody a sibling.
    """
    children: dict[str, dict[str, Tie]] = defaultdict(dict)
    for tie in ties:
        if tie.relation in PARENTAL and tie.standing in _MAKING and tie.b not in unborn:
            known = children[tie.a].get(tie.b)
            if known is None or _MAKING.index(tie.standing) < _MAKING.index(known.standing):
                children[tie.a][tie.b] = tie
    shared: dict[tuple[str, str], list[tuple[Tie, Tie]]] = defaultdict(list)
    for born in children.values():
        for a, b in combinations(sorted(born), 2):
            shared[(a, b)].append((born[a], born[b]))
    return [_sibling(*pair, shared[pair]) for pair in sorted(shared)]


def _sibling(a: str, b: str, through: Sequence[tuple[Tie, Tie]]) -> Tie:
    confirmed = any(one.standing is other.standing is Standing.CONFIRMED for one, other in through)
    evidence = {tie.evidence[0] for pair in through for tie in pair}
    return _derived(a, Relation.SIBLING, b, Standing.CONFIRMED if confirmed else Standing.ASSERTED, evidence)


def _derived(a: str, relation: Relation, b: str, standing: Standing, evidence: Collection[str]) -> Tie:
    return Tie(a, relation, b, DERIVED, DERIVED, standing, None, None, tuple(sorted(evidence)[:EVIDENCE_KEPT]))


@dataclass(frozen=True, slots=True)
class Pregnancy:
    """An unborn role and a role that may be the same child once born: `exact` when the numbers are wholly equal."""

    unborn: str
    born: str
    exact: bool
    birth_row: int


def join_unborn(pregnancies: Iterable[Pregnancy], mothers: Mapping[str, Collection[Hashable]]) -> dict[str, str]:
    """Unborn role → the newborn's role, of one mother: an equal number before a shared stem, then the first-born.

    `mothers` gives for each child's role who is said to be its birth mother: her group (person to be) and local number.
    """
    best: dict[str, Pregnancy] = {}
    for found in sorted(pregnancies, key=lambda p: (p.unborn, not p.exact, p.birth_row, p.born)):
        if not set(mothers.get(found.unborn, ())).isdisjoint(mothers.get(found.born, ())):
            best.setdefault(found.unborn, found)
    return {unborn: found.born for unborn, found in best.items()}


def families(ties: Iterable[Tie], persons: Iterable[str]) -> int:
    """For counting: how many components the confirmed parent and sibling ties make of these persons."""
    root = {person: person for person in persons}

    def top(person: str) -> str:
        while root[person] != person:
            root[person] = root[root[person]]
            person = root[person]
        return person

    counted = PARENTAL | {Relation.SIBLING}
    for tie in ties:
        if tie.relation in counted and tie.standing is Standing.CONFIRMED and tie.a in root and tie.b in root:
            root[top(tie.a)] = top(tie.b)
    tied = {person for tie in ties if tie.relation in counted for person in (tie.a, tie.b) if person in root}
    return len({top(person) for person in tied})
