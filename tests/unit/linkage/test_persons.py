"""From one run's persons to the next: ids stay with their people, and every move is told."""

from collections.abc import Iterator
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.grouping.persons import ChangeKind, assign


def _ids(start: int = 0) -> Iterator[str]:
    return (f"new{n}" for n in count(start))


def test_first_run_creates_everybody() -> None:
    ids = _ids()
    made = assign({}, [["r1", "r2"], ["r3"]], lambda: next(ids))
    assert made.persons == ("new0", "new1")
    assert {change.kind for change in made.changes} == {ChangeKind.CREATED}


@given(st.dictionaries(st.text("abcdef", min_size=1, max_size=3), st.integers(0, 3), min_size=1))
@settings(deadline=None)
def test_the_same_groups_keep_their_ids_and_change_nothing(placed: dict[str, int]) -> None:
    groups = [sorted(r for r, g in placed.items() if g == at) for at in sorted(set(placed.values()))]
    ids = _ids()
    first = assign({}, groups, lambda: next(ids))
    before = {role: who for who, roles in zip(first.persons, groups, strict=True) for role in roles}
    again = assign(before, groups, lambda: next(ids))
    assert again.persons == first.persons
    assert again.changes == ()


def test_a_merge_keeps_the_larger_and_says_what_moved() -> None:
    made = assign({"a": "P", "b": "P", "c": "Q"}, [["a", "b", "c"]], lambda: pytest.fail("no new person is needed"))
    assert made.persons == ("P",)
    [change] = made.changes
    assert (change.kind, change.person, change.other, change.roles) == (ChangeKind.MERGED, "Q", "P", ("c",))


def test_a_split_says_from_whom_and_what_moved() -> None:
    ids = _ids()
    made = assign({"a": "P", "b": "P", "c": "P"}, [["a", "b"], ["c"]], lambda: next(ids))
    assert made.persons == ("P", "new0")
    assert [(c.kind, c.person, c.other, c.roles) for c in made.changes] == [
        (ChangeKind.CREATED, "new0", None, ("c",)),
        (ChangeKind.SPLIT, "new0", "P", ("c",)),
    ]


@given(
    st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from("PQR")),
    st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 3), min_size=1),
)
@settings(deadline=None)
def test_no_two_groups_share_a_person_and_every_move_is_told(before: dict[str, str], after: dict[str, int]) -> None:
    groups = [sorted(r for r, g in after.items() if g == at) for at in sorted(set(after.values()))]
    ids = _ids()
    made = assign(before, groups, lambda: next(ids))
    assert len(set(made.persons)) == len(groups)
    told = {role for c in made.changes if c.kind is not ChangeKind.CREATED for role in c.roles}
    now = {role: who for who, roles in zip(made.persons, groups, strict=True) for role in roles}
    assert told == {role for role in now if role in before and before[role] != now[role]}
