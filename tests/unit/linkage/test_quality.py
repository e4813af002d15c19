"""Counting pairs by groups gives what listing every pair gives."""

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.quality.evaluation import Row, measure, once_per_dataset, scores

ROWS = st.lists(
    st.builds(
        Row,
        dataset=st.sampled_from("ab") | st.just("c"),
        truth=st.sampled_from(["t1", "t2", "t3"]),
        found=st.sampled_from(["f1", "f2", "f3"]),
        nhs=st.none() | st.integers(1, 2),
        upn=st.none() | st.integers(1, 2),
    ),
    max_size=14,
)


def _share_a_number(one: Row, other: Row) -> bool:
    return (one.nhs is not None and one.nhs == other.nhs) or (one.upn is not None and one.upn == other.upn)


def _listed(rows: list[Row], *, between: bool, numberless: bool) -> dict[str, float | int]:
    pairs = [
        (a, b)
        for a, b in combinations(rows, 2)
        if not (between and a.dataset == b.dataset) and not (numberless and _share_a_number(a, b))
    ]
    true = sum(a.truth == b.truth for a, b in pairs)
    found = sum(a.found == b.found for a, b in pairs)
    return scores(true, found, sum(a.truth == b.truth and a.found == b.found for a, b in pairs))


@given(ROWS)
@settings(deadline=None)
def test_counts_agree_with_listing_every_pair(rows: list[Row]) -> None:
    measured = measure(rows)
    single = once_per_dataset(rows)
    whole = _listed(rows, between=False, numberless=False)
    assert {name: measured[name] for name in whole} == whole
    assert measured["between"] == _listed(single, between=True, numberless=False)
    assert measured["between_no_shared_number"] == _listed(single, between=True, numberless=True)
    assert measured["no_shared_number"] == _listed(rows, between=False, numberless=True)
    assert measured["f1_between"] == measured["between"]["f1"]


@given(ROWS)
@settings(deadline=None)
def test_dataset_pairs_add_up(rows: list[Row]) -> None:
    measured = measure(rows)
    for name in ("pairs_true", "pairs_found", "pairs_right"):
        assert sum(pair[name] for pair in measured["dataset_pairs"].values()) == measured["between"][name]


def test_a_row_never_loaded_is_missed() -> None:
    rows = [Row("a", "t1", "f1"), Row("b", "t1", ("not linked", 1))]
    measured = measure(rows)
    assert (measured["recall"], measured["records"], measured["not_linked"]) == (0.0, 2, 1)


def test_each_person_counts_once_per_dataset() -> None:
    rows = [Row("a", "t1", "f1"), Row("a", "t1", "f9"), Row("b", "t1", "f1")]
    assert measure(rows)["f1_between"] == 1.0
    assert measure(rows)["records"] == 3
