"""The run's own scoring query, prepared once, for one record against the rows that it meets.

Invariants: the query is `scoring.pairs_sql` of the published settings; what is asked stands in tables of a transaction
that is always rolled back, so that nothing of it is left for the next. The tables are not temporary ones: lending a
table changes the temporary catalog, and would have the query planned afresh each time."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

from linkage.matching import scoring
from linkage.zone.encrypted import Database

_NAMED = re.compile(r'\b[lr]\."?(\w+)"?')
_SINGLY = "INSERT INTO singly SELECT hash(dataset, given_formal, dob_canon, family) FROM lent_describing"


class OneScorer:
    """Scores rows of one shape under one model."""

    def __init__(self, database: Database, settings: Mapping[str, Any], schema: pa.Schema) -> None:
        self._database = database
        sql = scoring.pairs_sql(settings, left="met", right="met", candidate="paired", fields=True)
        named = set(_NAMED.findall(sql)) | {"profile"}
        self.schema = pa.schema([field for field in schema if field.name in named])
        with database.lent("shape", self.schema.empty_table()):
            database.run("CREATE TABLE met AS FROM shape")
        database.run("CREATE TABLE paired (a BIGINT, b BIGINT)")
        database.run("CREATE TABLE singly (described UBIGINT)")
        # A plan made on empty tables must not believe their statistics: "no value is missing" would be folded into it.
        database.run("SET disabled_optimizers = 'statistics_propagation,join_order,join_filter_pushdown'")
        database.run(f"PREPARE scored AS {sql}")

    def score(self, asked: Mapping[str, Any], met: pa.Table, described: pa.Table) -> pa.Table:
        """Each kept pair's profile `b`, weight, standing and fields' weights. `described` are people (data set, given
        name, birth, surname) of whom a data set that holds each person once speaks."""
        own = pa.Table.from_pylist([{name: asked[name] for name in self.schema.names}], schema=self.schema)
        rows = pa.concat_tables([own, met.select(self.schema.names)])
        pairs = "INSERT INTO paired SELECT $1, profile FROM met WHERE profile <> $1"
        with self._undone():
            with self._database.lent("lent_rows", rows):
                self._database.run("INSERT INTO met FROM lent_rows")
            self._database.run(pairs, [asked["profile"]])
            if len(described):
                with self._database.lent("lent_describing", described):
                    self._database.run(_SINGLY)
            return self._database.table("EXECUTE scored")

    @contextmanager
    def _undone(self) -> Iterator[None]:
        self._database.run("BEGIN TRANSACTION")
        try:
            yield
        finally:
            self._database.run("ROLLBACK")
