"""What profiles say that a person can have only once: numbers, a birth, one role of a record, one row of a set.

Invariants: read from the run's working tables and kept, sealed, with the profiles, so that a later run need not open
the rows again; a value is a token or a hash, never a name; a seal and a steward's decision bind like any other claim.
"""

import numpy as np
import pyarrow as pa

from linkage.grouping.terms import Claims
from linkage.zone.zone import Database, Zone

KINDS = ("nhs", "upn", "birth_order", "generation", "record", "dataset", "birth", "sealed", "decision")
COLUMNS = {"profile": "BIGINT", "kind": "UTINYINT", "scope": "BIGINT", "value": "BIGINT"}
_KIND = {name: at for at, name in enumerate(KINDS)}


def _hash(text: str) -> str:
    return f"CAST(hash({text}) >> 1 AS BIGINT)"


_STATED = f"""
SELECT profile, {_KIND["nhs"]} AS kind, 0 AS scope, nhs AS value FROM profile WHERE nhs IS NOT NULL
UNION ALL SELECT profile, {_KIND["upn"]}, 0, upn FROM profile WHERE upn IS NOT NULL
UNION ALL SELECT profile, {_KIND["birth_order"]}, 0, birth_order FROM profile WHERE birth_order IS NOT NULL
UNION ALL SELECT profile, {_KIND["generation"]}, 0, CASE generation WHEN 'young' THEN 1 ELSE 0 END FROM profile
    WHERE generation = 'young' OR (generation = 'elder' AND NOT numbered AND dob IS NULL)
UNION ALL SELECT m.profile, {_KIND["record"]}, {_hash("l.record_id")}, {_hash("l.role_id")}
    FROM member m JOIN live l USING (role_id)
    WHERE l.record_id IN (SELECT record_id FROM live WHERE NOT unborn GROUP BY 1 HAVING count(*) > 1)
UNION ALL SELECT m.profile, {_KIND["dataset"]}, {_hash("l.dataset")}, {_hash("l.record_token")}
    FROM member m JOIN live l USING (role_id) WHERE l.one_row_per_person
UNION ALL SELECT m.profile, {_KIND["birth"]}, {_hash("l.dataset")},
    coalesce(l.local, l.nhs, {_hash("l.record_token")})
    FROM member m JOIN live l USING (role_id)
    JOIN noted n ON n.dataset = l.dataset AND n.role = l.role AND n.note = 'birth'
UNION ALL SELECT p.profile, {_KIND["sealed"]}, {_hash("s.nhs_a, s.nhs_b")}, p.nhs
    FROM profile p JOIN zone.seal s ON p.nhs IN (s.nhs_a, s.nhs_b)
"""
_DECIDED = f"""
SELECT m.profile, {_KIND["decision"]} AS kind, {_hash("d.id")} AS scope, d.side AS value
FROM decision d JOIN member m USING (role_id) WHERE d.kind = 'different'
"""


def state(zone: Database) -> None:
    """Make `claim` (profile, kind, scope, value) of what the working profiles say."""
    zone.run(
        "CREATE OR REPLACE TABLE claim AS SELECT profile, CAST(kind AS UTINYINT) AS kind,"
        f" CAST(scope AS BIGINT) AS scope, min(value) AS value FROM ({_STATED}) GROUP BY ALL"
    )


def read(zone: Zone) -> Claims:
    """The claims of `claim` and of stewards' decisions, as arrays."""
    held = zone.table(
        f"SELECT profile, kind, scope, value FROM claim UNION ALL"
        f" SELECT profile, kind, scope, CAST(min(value) AS BIGINT) FROM ({_DECIDED}) GROUP BY ALL"
    )
    profile, kind, scope, value = (_array(held, name) for name in ("profile", "kind", "scope", "value"))
    return Claims(profile, kind, value, KINDS, scope)


def _array(table: pa.Table, name: str) -> np.ndarray:
    return np.asarray(table.column(name).to_numpy()).astype(np.int64, copy=False)


def together(zone: Zone) -> list[tuple[int, int]]:
    """The profiles that stewards say are one person."""
    return [
        (a, b)
        for a, b in zone.rows(
            "SELECT DISTINCT least(x.profile, y.profile), greatest(x.profile, y.profile) FROM decision a"
            " JOIN decision b ON a.id = b.id AND a.side = 0 AND b.side = 1 JOIN member x ON x.role_id = a.role_id"
            " JOIN member y ON y.role_id = b.role_id WHERE a.kind = 'same' AND x.profile <> y.profile ORDER BY ALL"
        )
    ]
