"""The peer at a million rows: Splink on readable data with its published example model for noisy biographical rows.

Frozen before anything of ours was tuned: change nothing here to change a comparison. Blocking rules, comparisons,
training and their order are the example's. Expectation maximisation is given Splink's own `max_pairs`, without which a
million rows do not fit the machine. The peer is given what we never take: its threshold is chosen with the truth in
hand, and only the clustering at that threshold is timed.
Run as a process of its own: `python -m benchmarks.peers.splink_million ROWS.parquet` prints JSON.
Source: Splink 5 documentation, example notebook deduplicate_50k_synthetic."""

import json
import logging
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on
from splink.internals.blocking_rule_creator import BlockingRuleCreator

from benchmarks.agreement import F1, best_cut

_EM_PAIRS = 5e6
_THREADS = 2
_BLOCKING: list[BlockingRuleCreator | dict[str, Any]] = [
    block_on("substr(first_name,1,3)", "substr(surname,1,4)"),
    block_on("surname", "dob"),
    block_on("first_name", "dob"),
    block_on("postcode_fake", "first_name"),
    block_on("postcode_fake", "surname"),
    block_on("dob", "birth_place"),
    block_on("substr(postcode_fake,1,3)", "dob"),
    block_on("substr(postcode_fake,1,3)", "first_name"),
    block_on("substr(postcode_fake,1,3)", "surname"),
    block_on("substr(first_name,1,2)", "substr(surname,1,2)", "substr(dob,1,4)"),
]
_CERTAIN: list[str | BlockingRuleCreator] = [
    block_on("first_name", "surname", "dob"),
    block_on("substr(first_name,1,2)", "surname", "substr(postcode_fake,1,2)"),
    block_on("dob", "postcode_fake"),
]


def _settings() -> SettingsCreator:
    return SettingsCreator(
        link_type="dedupe_only",
        blocking_rules_to_generate_predictions=_BLOCKING,
        comparisons=[
            cl.ForenameSurnameComparison(
                "first_name", "surname", forename_surname_concat_col_name="first_name_surname_concat"
            ),
            cl.DateOfBirthComparison("dob", input_is_string=True),
            cl.PostcodeComparison("postcode_fake"),
            cl.ExactMatch("birth_place").configure(term_frequency_adjustments=True),
            cl.ExactMatch("occupation").configure(term_frequency_adjustments=True),
        ],
        retain_intermediate_calculation_columns=True,
    )


def _train(linker: Linker) -> None:
    linker.training.estimate_probability_two_random_records_match(_CERTAIN, recall=0.6)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e7)
    for rule in (block_on("first_name", "surname"), block_on("dob")):
        linker.training.estimate_parameters_using_expectation_maximisation(
            rule, estimate_without_term_frequencies=True, max_pairs=_EM_PAIRS
        )


def _best(connection: duckdb.DuckDBPyConnection, table: str, path: Path) -> tuple[float, F1]:
    """The match weight at which connected components agree best with the truth."""
    truth = pq.read_table(path, columns=["unique_id", "person"])
    held = connection.execute(f"SELECT unique_id_l AS a, unique_id_r AS b, match_weight FROM {table}").to_arrow_table()
    person = np.empty(len(truth), np.int64)
    person[truth.column("unique_id").to_numpy()] = truth.column("person").to_numpy()
    a, b, weight = (held.column(name).to_numpy() for name in ("a", "b", "match_weight"))
    return best_cut(a, b, weight, person)


def run(path: Path) -> dict[str, Any]:
    """Read, train, predict and cluster; seconds by stage, and how well persons agree with the truth at best."""
    logging.getLogger("splink").setLevel(logging.ERROR)
    stages: dict[str, float] = {}
    clock = time.perf_counter()

    def done(stage: str) -> None:
        nonlocal clock
        now = time.perf_counter()
        stages[stage], clock = now - clock, now

    backend = DuckDBAPI(connection=duckdb.connect(config={"threads": _THREADS}))
    rows: pa.Table = pq.read_table(path).drop_columns(["person"])
    read = backend.duckdb_con.from_arrow(rows).project("*, first_name || ' ' || surname AS first_name_surname_concat")
    linker = Linker(backend.register(read), _settings())
    done("read")
    _train(linker)
    done("train")
    predicted = linker.inference.predict()
    done("predict")
    weight, agreement = _best(backend.duckdb_con, predicted.physical_name, path)
    unpaid, clock = time.perf_counter() - clock, time.perf_counter()
    clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(predicted, threshold_match_weight=weight)
    done("cluster")
    count = backend.duckdb_con.execute
    [(pairs,)] = count(f"SELECT count(*) FROM {predicted.physical_name}").fetchall()
    [(persons,)] = count(f"SELECT count(DISTINCT cluster_id) FROM {clusters.physical_name}").fetchall()
    found = {"pairs": pairs, "persons": persons, "threshold": weight, "f1": agreement.f1}
    return {"stages": stages, "unpaid": unpaid, **found}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run(Path(sys.argv[1]))) + "\n")
