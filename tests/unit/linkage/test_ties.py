"""What ties follow from claims, parents and dwellings, and what never does."""

from datetime import date

from linkage.rows import Relation, Standing
from linkage.ties import (
    Claim,
    Pregnancy,
    Tie,
    claimed,
    families,
    join_unborn,
    siblings,
)


def _claim(at: str, a: str, relation: Relation, b: str, **more: date | None) -> Claim:
    return Claim(at, a, relation, b, "P", "d", Standing.CONFIRMED, more.get("since"), more.get("until"))


def _tie(a: str, relation: Relation, b: str, standing: Standing = Standing.CONFIRMED) -> Tie:
    return Tie(a, relation, b, "P", "d", standing, None, None, (f"{a}{b}",))


def test_claims_of_one_pair_fold_into_one_tie_with_its_whole_span() -> None:
    first = _claim("1", "r1", Relation.PARENT, "r2", since=date(2020, 1, 1), until=date(2021, 1, 1))
    later = _claim("2", "r3", Relation.PARENT, "r2", since=date(2022, 1, 1))
    [tie] = claimed([later, first], {"r1": "A", "r2": "B", "r3": "A"})
    assert (tie.a, tie.b, tie.since, tie.until, tie.evidence) == ("A", "B", date(2020, 1, 1), None, ("1", "2"))


def test_nobody_is_tied_to_themselves_or_to_somebody_unlinked() -> None:
    claims = [_claim("1", "r1", Relation.PARENT, "r2"), _claim("2", "r1", Relation.PARENT, "r9")]
    assert claimed(claims, {"r1": "A", "r2": "A"}) == []


def test_siblings_share_a_confirmed_parent_and_are_born() -> None:
    ties = [
        _tie("M", Relation.BIRTH_MOTHER, "x"),
        _tie("M", Relation.PARENT, "y"),
        _tie("M", Relation.BIRTH_MOTHER, "unborn"),
        _tie("F", Relation.FOSTER_CARER, "x"),
        _tie("F", Relation.FOSTER_CARER, "z"),
        _tie("S", Relation.PARENT, "x", Standing.SEALED),
        _tie("S", Relation.PARENT, "w", Standing.SEALED),
    ]
    assert [(t.a, t.b) for t in siblings(ties, {"unborn"})] == [("x", "y")]


def test_siblings_are_as_certain_as_the_ties_to_one_parent() -> None:
    ties = [
        _tie("M", Relation.BIRTH_MOTHER, "x"),
        _tie("M", Relation.PARENT, "y", Standing.ASSERTED),
        _tie("F", Relation.PARENT, "x", Standing.ASSERTED),
        _tie("F", Relation.PARENT, "z", Standing.ASSERTED),
        _tie("G", Relation.PARENT, "x"),
        _tie("G", Relation.PARENT, "z"),
        _tie("M", Relation.PARENT, "w", Standing.DISPUTED),
    ]
    found = {(t.a, t.b): t.standing for t in siblings(ties, set())}
    assert found == {("x", "y"): Standing.ASSERTED, ("x", "z"): Standing.CONFIRMED}


def test_the_unborn_join_the_first_born_of_their_own_mother_only() -> None:
    found = [
        Pregnancy("u", "second", exact=False, birth_row=9),
        Pregnancy("u", "first", exact=False, birth_row=4),
        Pregnancy("u", "stranger", exact=True, birth_row=1),
        Pregnancy("v", "second", exact=True, birth_row=9),
        Pregnancy("v", "first", exact=False, birth_row=4),
        Pregnancy("motherless", "first", exact=True, birth_row=4),
    ]
    mothers = {"u": {1}, "v": {1}, "first": {1}, "second": {1}, "stranger": {2}}
    assert join_unborn(found, mothers) == {"u": "first", "v": "second"}


def test_families_are_components_of_parents_and_siblings_not_of_addresses() -> None:
    ties = [
        _tie("M", Relation.BIRTH_MOTHER, "x"),
        _tie("N", Relation.PARENT, "y"),
        _tie("M", Relation.HOUSEHOLD, "N"),
        _tie("x", Relation.SIBLING, "z"),
    ]
    assert families(ties, ["M", "N", "x", "y", "z", "alone"]) == 2
