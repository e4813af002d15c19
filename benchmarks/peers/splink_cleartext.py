"""The peer: Splink on readable data, set up as its own documentation sets it up for each kind of data.

Frozen before anything of ours was tuned: change nothing here to change a comparison.
Each model is the published example for its data (FEBRL 3, FEBRL 4 "detailed", the standard person model of the
de-duplication example), without the social-security number, and once more with every other field compared; the better
counts. The peer is given what we never take: its threshold and its way of clustering are chosen with the truth in hand.
Sources: Splink 5 documentation, example notebooks febrl3, febrl4 and deduplicate_50k_synthetic."""

import logging
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import splink.comparison_library as cl
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

Labels = NDArray[np.int64]
WEIGHTS = tuple(float(half) / 2 for half in range(-16, 61))
"""The thresholds tried, as match weights."""
_LEAST = -10.0
_SEED = 2


@dataclass(frozen=True)
class Best:
    """The best that the truth's knowledge lets the peer reach."""

    f1: float
    precision: float
    recall: float
    how: str


@dataclass(frozen=True)
class Plan:
    """One published model: what is blocked on, compared, and trained on."""

    name: str
    blocking: Sequence[Any]
    comparisons: Sequence[Any]
    certain: Sequence[Any]
    certain_recall: float
    training: Sequence[Any]
    link_only: bool = False
    without_frequencies: bool = False
    u_pairs: float = 1e6
    em_pairs: float | None = None


def _name(column: str, *, frequent: bool) -> Any:
    comparison = cl.NameComparison(column)
    return comparison.configure(term_frequency_adjustments=True) if frequent else comparison


def _exact(column: str, *, frequent: bool = True) -> Any:
    return cl.ExactMatch(column).configure(term_frequency_adjustments=frequent)


def _birth(column: str, form: str | None) -> Any:
    return cl.DateOfBirthComparison(column, input_is_string=True, datetime_format=form, invalid_dates_as_null=True)


def _more_places() -> list[Any]:
    return [
        cl.JaroWinklerAtThresholds("suburb", [0.9]).configure(term_frequency_adjustments=True),
        cl.JaroWinklerAtThresholds("address_1", [0.9]).configure(term_frequency_adjustments=True),
        _exact("state"),
    ]


def febrl_3() -> list[Plan]:
    """De-duplication of one file."""
    rules = [block_on(name) for name in ("given_name", "surname", "date_of_birth", "postcode")]
    published = [
        _name("given_name", frequent=False), _name("surname", frequent=False), _birth("date_of_birth", "%Y%m%d"),
        _exact("street_number"), _exact("postcode"),
    ]  # fmt: skip
    certain = [
        block_on("given_name", "surname", "date_of_birth"),
        "l.given_name = r.surname AND l.surname = r.given_name AND l.date_of_birth = r.date_of_birth",
    ]
    training = [block_on("date_of_birth"), block_on("postcode")]
    return [
        Plan("published", rules, published, certain, 0.9, training),
        Plan("every field", rules, [*published, *_more_places()], certain, 0.9, training),
    ]


def febrl_4() -> list[Plan]:
    """Two files, each person once in either."""
    rules = [
        block_on("given_name", "surname"), "l.given_name = r.surname AND l.surname = r.given_name",
        block_on("date_of_birth"), block_on("state", "address_1"), block_on("street_number", "address_1"),
        block_on("postcode"),
    ]  # fmt: skip
    published = [
        _name("given_name", frequent=True), _name("surname", frequent=True), _birth("date_of_birth", "%Y%m%d"),
        _exact("street_number"),
        cl.DamerauLevenshteinAtThresholds("postcode", [1, 2]).configure(term_frequency_adjustments=True),
    ]  # fmt: skip
    certain = [block_on("given_name", "surname", "date_of_birth")]
    training = [block_on("date_of_birth"), block_on("postcode")]
    same = {"link_only": True, "without_frequencies": True}
    return [
        Plan("published", rules, published, certain, 0.8, training, **same),
        Plan("every field", rules, [*published, *_more_places()], certain, 0.8, training, **same),
    ]


def county(columns: Iterable[str]) -> list[Plan]:
    """The standard person model over every row of every extract; numbers are compared where there are any."""
    numbers = [name for name in ("nhs_number", "upn") if name in columns]
    rules = [
        block_on("given_name", "family_name"), block_on("family_name", "date_of_birth"),
        block_on("given_name", "date_of_birth"), block_on("postcode", "given_name"),
        block_on("postcode", "family_name"), *(block_on(name) for name in numbers),
    ]  # fmt: skip
    person = [
        cl.ForenameSurnameComparison("given_name", "family_name", forename_surname_concat_col_name="both_names"),
        _birth("date_of_birth", None),
        cl.PostcodeComparison("postcode").configure(term_frequency_adjustments=True),
        *(cl.ExactMatch(name) for name in numbers),
    ]
    certain = [block_on("given_name", "family_name", "date_of_birth"), *(block_on(name) for name in numbers)]
    training = [block_on("given_name", "family_name"), block_on("date_of_birth")]
    return [Plan("standard person", rules, person, certain, 0.6, training, em_pairs=5e6)]


Rows = Sequence[Mapping[str, str | None]]


def _tables(plan: Plan, rows: Rows, source: str) -> list[pa.Table]:
    """One table, or one per source where the plan links two."""
    columns = [name for name in rows[0] if name != source]
    if not plan.link_only:
        return [_table(rows, columns, range(len(rows)))]
    names = sorted({row[source] or "" for row in rows})
    return [_table(rows, columns, [at for at, row in enumerate(rows) if row[source] == name]) for name in names]


def _table(rows: Rows, columns: Sequence[str], kept: Iterable[int]) -> pa.Table:
    held = list(kept)
    data = {name: pa.array([rows[at][name] for at in held], pa.string()) for name in columns}
    if {"given_name", "family_name"} <= set(columns):
        pairs = ((rows[at]["given_name"], rows[at]["family_name"]) for at in held)
        data["both_names"] = pa.array([f"{a} {b}" if a and b else None for a, b in pairs], pa.string())
    return pa.table({"unique_id": pa.array(held, pa.int64()), **data})


def _trained(plan: Plan, linker: Linker) -> None:
    linker.training.estimate_probability_two_random_records_match(list(plan.certain), recall=plan.certain_recall)
    linker.training.estimate_u_using_random_sampling(max_pairs=plan.u_pairs, seed=_SEED)
    for rule in plan.training:
        linker.training.estimate_parameters_using_expectation_maximisation(
            rule, estimate_without_term_frequencies=plan.without_frequencies, max_pairs=plan.em_pairs
        )


@dataclass(frozen=True)
class Scored:
    """Pairs of row numbers with their match weights; for two sources, also Splink's one-to-one clustering."""

    count: int
    a: Labels
    b: Labels
    weight: NDArray[np.float64]
    one_to_one: Callable[[float], Labels] | None


def scored(plan: Plan, rows: Rows, source: str = "source") -> Scored:
    """Train the plan on the rows without their truth, and score every pair that its rules propose."""
    logging.getLogger("splink").setLevel(logging.ERROR)
    backend = DuckDBAPI(connection=duckdb.connect())
    names = "ab"
    tables = [
        backend.register(table, dataset_display_name=f"file_{names[at]}")
        for at, table in enumerate(_tables(plan, rows, source))
    ]
    settings = SettingsCreator(
        link_type="link_only" if plan.link_only else "dedupe_only",
        blocking_rules_to_generate_predictions=list(plan.blocking),
        comparisons=list(plan.comparisons),
    )
    linker = Linker(tables, settings, log_level=None)
    _trained(plan, linker)
    predicted = linker.inference.predict(threshold_match_weight=_LEAST, warning_mode="never")
    held = predicted.as_duckdbpyrelation().select("unique_id_l, unique_id_r, match_weight").to_arrow_table()

    def one_to_one(weight: float) -> Labels:
        found = linker.clustering.cluster_using_single_best_links(
            predicted, duplicate_free_datasets=["file_a", "file_b"], threshold_match_weight=weight
        )
        table = found.as_duckdbpyrelation().select("unique_id, cluster_id").order("unique_id").to_arrow_table()
        return np.asarray(table.column("cluster_id").combine_chunks().dictionary_encode().indices, dtype=np.int64)

    a, b, weight = (held.column(at).to_numpy() for at in range(3))
    return Scored(len(rows), a, b, weight, one_to_one if plan.link_only else None)


def components(count: int, a: Labels, b: Labels) -> Labels:
    """The connected component of each row."""
    graph = coo_array((np.ones(len(a), dtype=np.int8), (a, b)), shape=(count, count))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def agreement(truth: Sequence[Hashable], found: Sequence[Hashable]) -> tuple[float, float, float]:
    """Pairwise F1, precision and recall of a grouping of rows."""

    def pairs(keys: Iterable[Hashable]) -> int:
        return sum(n * (n - 1) // 2 for n in Counter(keys).values())

    true, got, right = pairs(truth), pairs(found), pairs(zip(truth, found, strict=True))
    return 2 * right / max(true + got, 1), right / max(got, 1), right / max(true, 1)


def _candidates(made: Scored) -> Iterable[tuple[str, Labels]]:
    for weight in WEIGHTS:
        kept = made.weight >= weight
        yield f"components at {weight}", components(made.count, made.a[kept], made.b[kept])
    if made.one_to_one is not None:
        for weight in range(-8, 21, 2):
            yield f"one to one at {weight}", made.one_to_one(float(weight))


def best(plans: Sequence[Plan], rows: Rows, truth: Sequence[Hashable], source: str = "source") -> Best:
    """The best F1 over the plans, the thresholds and the ways of clustering, by the truth."""
    found = Best(0.0, 0.0, 0.0, "nothing")
    for plan in plans:
        for how, labels in _candidates(scored(plan, rows, source)):
            f1, precision, recall = agreement(truth, labels.tolist())
            if f1 > found.f1:
                found = Best(f1, precision, recall, f"{plan.name}, {how}")
    return found
