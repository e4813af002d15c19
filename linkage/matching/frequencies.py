"""How often a value occurs among people: learnt once per model, attached to every profile that is scored.

Invariants: people are counted rather than records, since records of one person mostly agree in what stands beside the
value; frequencies of a column sum to one; a value that was never seen counts as the rarest that was; frequencies are
as telling as the values and never leave the zone unsealed.
Source: term-frequency adjustment (Winkler 1988; Splink 5)."""

from collections.abc import Mapping
from typing import Any

from linkage.matching import model
from linkage.zone.encrypted import Database


def table(column: str) -> str:
    return f"frequency_{column}"


def learn(zone: Database, settings: Mapping[str, Any]) -> None:
    """Make a table `frequency_<column>` (value, tf) for every adjusted column from `profile`."""
    for column, beside in model.frequencies(settings).items():
        zone.run(
            f"CREATE OR REPLACE TABLE {table(column)} AS SELECT value, people / sum(people) OVER () AS tf FROM"
            f" (SELECT {column} AS value, count(DISTINCT hash({', '.join(beside)})) AS people FROM profile"
            f" WHERE {column} IS NOT NULL GROUP BY 1)"
        )


def joined(settings: Mapping[str, Any]) -> tuple[str, str]:
    """SQL of every row's `tf_<column>`, as more columns of a table `p`, and the joins that they need."""
    columns = list(model.frequencies(settings))
    given = "".join(
        f", CASE WHEN p.{column} IS NOT NULL THEN coalesce(f_{column}.tf, (SELECT min(tf) FROM {table(column)})) END"
        f" AS tf_{column}"
        for column in columns
    )
    joins = " ".join(f"LEFT JOIN {table(column)} f_{column} ON f_{column}.value = p.{column}" for column in columns)
    return given, joins


def attach(zone: Database, settings: Mapping[str, Any], table_name: str = "profile") -> None:
    """Give every row its `tf_<column>`: the frequency of its value, the rarest where unseen, none where missing."""
    columns = list(model.frequencies(settings))
    if not columns:
        return
    held = {name for name, *_ in zone.rows(f"DESCRIBE {table_name}")}
    stale = [f"tf_{column}" for column in columns if f"tf_{column}" in held]
    kept = f"p.* EXCLUDE ({', '.join(stale)})" if stale else "p.*"
    given, joins = joined(settings)
    zone.run(f"CREATE OR REPLACE TABLE {table_name} AS SELECT {kept}{given} FROM {table_name} p {joins}")
