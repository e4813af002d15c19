"""Opening the zone's sealed rows for a run: `live`, the roles that are compared, with numbers seen to.

Invariants: only the latest version of each record is opened; a superseded NHS number counts as its successor; a number
on a row whose name and birth both disagree with the other rows that carry it is doubted there, and not used; what is
opened lies in memory (spilled encrypted) and goes with the process."""

from collections.abc import Collection, Iterator

import pyarrow as pa

from linkage.encoding.encode import FILTERS, SCHEMA, TOKENS
from linkage.zone.zone import ENCODED, Zone

WORDS = tuple(f"{name}{half}" for name in FILTERS for half in (0, 1))
COLUMNS = (*TOKENS, "dob_default", *WORDS)
_NUMBERS = ("nhs", "upn")
_TYPES = {pa.string(): "VARCHAR", pa.bool_(): "BOOLEAN", pa.int64(): "BIGINT"}
_AT_ONCE = 100_000

_SUCCESSOR = """
CREATE OR REPLACE TABLE successor AS
WITH RECURSIVE chain(old_nhs, new_nhs, steps) AS (
    SELECT old_nhs, new_nhs, 1 FROM zone.supersession WHERE old_nhs <> new_nhs
    UNION
    SELECT c.old_nhs, s.new_nhs, c.steps + 1 FROM chain c JOIN zone.supersession s ON s.old_nhs = c.new_nhs
    WHERE c.steps < 20 AND s.new_nhs <> c.old_nhs
)
SELECT old_nhs, arg_max(new_nhs, steps) AS new_nhs FROM chain GROUP BY old_nhs
"""
_OPEN = """
INSERT INTO live SELECT e.* REPLACE (coalesce(s.new_nhs, e.nhs) AS nhs), r.token AS record_token
FROM opened e JOIN latest r USING (record_id) LEFT JOIN successor s ON s.old_nhs = e.nhs
"""
_SAME_RECORD = """
    SELECT b.role_id FROM live a JOIN live b
    ON a.record_id = b.record_id AND a.role_id <> b.role_id AND a.{number} = b.{number}
    JOIN noted n ON n.dataset = b.dataset AND n.role = b.role AND n.note = 'young'
    JOIN noted o ON o.dataset = a.dataset AND o.role = a.role AND o.note = 'elder'
"""


def _doubted(number: str, among: str) -> str:
    """Rows whose number mostly stands beside another given name and another birth: role ids.

    Each row counts, for its number, the rows that agree with it in given name or birth; a row that a larger group
    outvotes, and that agrees with none of that group, is doubted.
    """
    return f"""
    SELECT a.role_id FROM live a
    JOIN (
        SELECT {number} AS number, given_formal, dob_canon, sum(carried) AS rows FROM {among}
        WHERE {number} IS NOT NULL AND (given_formal IS NOT NULL OR dob_canon IS NOT NULL) GROUP BY ALL
    ) b ON b.number = a.{number}
    WHERE (a.given_formal IS NOT NULL OR a.dob_canon IS NOT NULL)
    GROUP BY a.role_id
    HAVING coalesce(sum(b.rows) FILTER (b.given_formal = a.given_formal OR b.dob_canon = a.dob_canon), 0) * 1.0
         < coalesce(max(b.rows) FILTER (
               (b.given_formal <> a.given_formal OR a.given_formal IS NULL OR b.given_formal IS NULL)
               AND (b.dob_canon <> a.dob_canon OR a.dob_canon IS NULL OR b.dob_canon IS NULL)), 0)
    """


def note_roles(zone: Zone, notes: Collection[tuple[str, str, str]]) -> None:
    """Say of (data set, role) whether it stands above a child in a tie (`elder`), below (`young`), or is born."""
    columns = list(zip(*sorted(notes), strict=True)) or [(), (), ()]
    names = ("dataset", "role", "note")
    with zone.lent("fresh", pa.table({n: pa.array(c, pa.string()) for n, c in zip(names, columns, strict=True)})):
        zone.run("CREATE OR REPLACE TABLE noted AS SELECT * FROM fresh")


def _grouped(parts: Iterator[tuple[str, pa.Table]]) -> Iterator[pa.Table]:
    """Small parts together, so that a statement is worth its while."""
    held: list[pa.Table] = []
    for _, part in parts:
        held.append(part)
        if sum(map(len, held)) >= _AT_ONCE:
            yield pa.concat_tables(held)
            held = []
    if held:
        yield pa.concat_tables(held)


def open_rows(zone: Zone, *, after: int = 0, loads: Collection[str] | None = None) -> None:
    """Make `live` and `latest` from the loads after an ordinal; `loads` names them, where not all are wanted."""
    zone.run("CREATE TABLE IF NOT EXISTS noted (dataset VARCHAR, role VARCHAR, note VARCHAR)")
    zone.run(_SUCCESSOR)
    zone.run(
        "CREATE OR REPLACE TABLE latest AS SELECT record_id, token FROM zone.record WHERE load_ordinal > ? QUALIFY"
        " row_number() OVER (PARTITION BY dataset, token ORDER BY load_ordinal DESC, seq DESC) = 1",
        [after],
    )
    columns = ", ".join(f"{field.name} {_TYPES[field.type]}" for field in SCHEMA)
    zone.run(f"CREATE OR REPLACE TABLE live ({columns}, record_token VARCHAR)")
    wanted = None if loads is None else sorted(loads)
    for opened in _grouped(zone.parts.read(ENCODED, wanted, SCHEMA)):
        with zone.lent("opened", opened):
            zone.run(_OPEN)
    for number in _NUMBERS:
        doubt(zone, _SAME_RECORD.format(number=number), number)


def doubt_numbers(zone: Zone, beside: str | None = None) -> None:
    """Leave out numbers that the other rows outvote; `beside` is a table of profiles that stood before."""
    columns = "nhs, upn, given_formal, dob_canon"
    standing = "" if beside is None else f" UNION ALL SELECT {columns}, carried FROM {beside}"
    among = f"(SELECT {columns}, 1 AS carried FROM live{standing})"
    for number in _NUMBERS:
        doubt(zone, _doubted(number, among), number)


def doubt(zone: Zone, rows: str, number: str) -> None:
    zone.run(f"UPDATE live SET {number} = NULL WHERE role_id IN ({rows})")


def open_numbers(zone: Zone) -> None:
    """Make `sent`: (record_id, role, role_id, nhs, upn) of every encoded role, as it was sent."""
    zone.run("CREATE OR REPLACE TABLE sent (record_id VARCHAR, role VARCHAR, role_id VARCHAR, nhs BIGINT, upn BIGINT)")
    for opened in _grouped(zone.parts.read(ENCODED, schema=SCHEMA)):
        with zone.lent("opened", opened):
            zone.run("INSERT INTO sent SELECT record_id, role, role_id, nhs, coalesce(upn, upn_temporary) FROM opened")
