"""What a small table gives away, by brute force and by example."""

from collections import defaultdict
from collections.abc import Mapping
from itertools import product

import pytest

from governance.disclosure import (
    PROFILES,
    Cell,
    CellStatus,
    DisclosureError,
    Margin,
    Measure,
    Profile,
    release,
)

NHS = PROFILES["nhs-subnational"]
SMALL = Profile("small", threshold=4, base=3)


def table(*counts: int) -> tuple[dict[str, int], list[Margin]]:
    cells = {f"a{i}": count for i, count in enumerate(counts)}
    return cells | {"all": sum(counts)}, [Margin("all", tuple(cells))]


def released(*counts: int, profile: Profile = NHS) -> dict[str, Cell]:
    cells, margins = table(*counts)
    return release([Measure("children", cells)], margins, profile)


def shown(cells: Mapping[str, Cell]) -> tuple[tuple[str, str, int | None], ...]:
    return tuple((key, cell.status, cell.values["children"]) for key, cell in sorted(cells.items()))


def test_one_to_seven_are_withheld_and_others_rounded_to_five() -> None:
    got = released(*range(13), 200, 200)
    kept = {n: got[f"a{n}"].values["children"] for n in (0, 8, 9, 10, 11, 12)}
    assert kept == {0: 0, 8: 10, 9: 10, 10: 10, 11: 10, 12: 10}
    assert all(got[f"a{n}"].status is CellStatus.SUPPRESSED for n in range(1, 8))
    assert got["all"].values["children"] == 480


def test_a_true_zero_is_zero_and_told_apart() -> None:
    got = released(0, 3, 50, 60)
    assert got["a0"] == Cell(CellStatus.ZERO, {"children": 0})
    assert got["a1"] == Cell(CellStatus.SUPPRESSED, {"children": None})


def test_an_empty_table_is_all_zero() -> None:
    assert {c.status for c in released(0, 0).values()} == {CellStatus.ZERO}


def test_one_small_count_beside_one_other_takes_more_with_it() -> None:
    got = released(1, 8)
    assert [got[k].status for k in ("a0", "a1", "all")] == [CellStatus.SUPPRESSED] * 2 + [CellStatus.OK]


def test_a_small_count_among_many_needs_nothing_more() -> None:
    got = released(3, 40, 41, 42, 43)
    assert [k for k, c in got.items() if c.status is CellStatus.SUPPRESSED] == ["a0"]


SIZES = [(SMALL, 3, 7), (SMALL, 2, 12), (NHS, 2, 18)]


@pytest.mark.parametrize(("profile", "cells", "most"), SIZES)
def test_every_small_count_may_still_be_any_small_count(profile: Profile, cells: int, most: int) -> None:
    """Oracle: list every table that could lie behind a release, knowing the rules but not the true counts."""
    top = most + profile.threshold + profile.base
    behind: dict[object, list[tuple[int, ...]]] = {}
    for counts in product(range(most), repeat=cells):
        got = released(*counts, profile=profile)
        view = shown(got)
        if view not in behind:
            behind[view] = [t for t in product(range(top), repeat=cells) if _could_be(t, got, profile)]
        for i, count in enumerate(counts):
            if 0 < count < profile.threshold:
                assert set(range(1, profile.threshold)) <= {t[i] for t in behind[view]}
        if 0 < sum(counts) < profile.threshold:
            least = sum(count > 0 for count in counts)
            assert set(range(least, profile.threshold)) <= {sum(t) for t in behind[view]}


def _could_be(counts: tuple[int, ...], got: Mapping[str, Cell], profile: Profile) -> bool:
    cells, _ = table(*counts)
    return all(_fits(cells[key], got[key], profile) for key in cells)


def _fits(count: int, cell: Cell, profile: Profile) -> bool:
    value = cell.values["children"]
    if cell.status is CellStatus.SUPPRESSED:
        return count >= 1
    if cell.status is CellStatus.ZERO:
        return count == 0
    return count >= profile.threshold and profile.base * ((count + profile.base // 2) // profile.base) == value


def test_knowing_the_method_too_leaves_no_small_count_certain() -> None:
    """Oracle: run the method on every table and look which of them come out alike."""
    alike: dict[object, list[tuple[int, ...]]] = defaultdict(list)
    for counts in product(range(22), repeat=2):
        alike[shown(released(*counts))].append(counts)
    for tables in alike.values():
        for i in range(2):
            values = {t[i] for t in tables}
            assert values == {0} or len(values) > 1 or min(values) >= NHS.threshold


def test_two_dimensions_with_both_margins_hide_a_corner() -> None:
    cells = {"a1": 2, "a2": 30, "b1": 40, "b2": 50, "a": 32, "b": 90, "1": 42, "2": 80, "all": 122}
    exact = Profile("exact", threshold=8, base=1)
    margins = [Margin("a", ("a1", "a2")), Margin("b", ("b1", "b2")), Margin("1", ("a1", "b1")),
               Margin("2", ("a2", "b2")), Margin("all", ("a", "b")), Margin("all", ("1", "2"))]  # fmt: skip
    got = release([Measure("children", cells)], margins, exact)
    hidden = {k for k, c in got.items() if c.status is CellStatus.SUPPRESSED}
    assert len(hidden & {"a1", "a2", "a"}) >= 2
    assert len(hidden & {"a1", "b1", "1"}) >= 2


def test_few_families_withhold_a_cell_of_many_children() -> None:
    children, margins = table(20, 50, 60)
    families = {"a0": 5, "a1": 40, "a2": 50, "all": 94}
    got = release([Measure("children", children), Measure("families", families, additive=False)], margins, NHS)
    assert got["a0"] == Cell(CellStatus.SUPPRESSED, {"children": None, "families": None})
    assert got["all"].values == {"children": 130, "families": 95}


BAD: list[tuple[str, list[Measure], list[Margin]]] = [
    ("no measure", [], []),
    ("negative", [Measure("c", {"a": -1})], []),
    ("fraction", [Measure("c", {"a": 1.5})], []),  # type: ignore[dict-item]
    ("truth value", [Measure("c", {"a": True})], []),
    ("unknown cell", [Measure("c", {"a": 1})], [Margin("all", ("a",))]),
    ("wrong total", [Measure("c", {"a": 1, "all": 2})], [Margin("all", ("a",))]),
    ("own part", [Measure("c", {"a": 1})], [Margin("a", ("a",))]),
    ("no part", [Measure("c", {"a": 1})], [Margin("a", ())]),
    ("other cells", [Measure("c", {"a": 1}), Measure("f", {"b": 1})], []),
    ("wider after", [Measure("c", {"a": 1}), Measure("f", {"a": 2})], []),
    ("zero beside some", [Measure("c", {"a": 1}), Measure("f", {"a": 0})], []),
]


@pytest.mark.parametrize(("measures", "margins"), [b[1:] for b in BAD], ids=[b[0] for b in BAD])
def test_bad_input_is_refused(measures: list[Measure], margins: list[Margin]) -> None:
    with pytest.raises(DisclosureError):
        release(measures, margins, NHS)


@pytest.mark.parametrize(("threshold", "base"), [(1, 5), (8, 0), (2, 5)])
def test_a_profile_that_protects_nothing_is_refused(threshold: int, base: int) -> None:
    with pytest.raises(DisclosureError):
        Profile("bad", threshold, base)
