"""Whether two sets of roles belong to two identities of a seal (an adopted child's before and after).

Invariants: asked of the zone, which alone knows; what is told is yes or no, and the caller must not tell it further: to
whoever asks, a sealed pair looks like one that does not exist. Known from the last run on."""

from collections.abc import Collection, Sequence

import pyarrow as pa

from linkage import exclusions, state
from linkage.zone import Zone

_SEALED = exclusions.KINDS.index("sealed")
_SIDE = """
SELECT DISTINCT a.side, c.scope, c.value FROM seal_asked a JOIN seal_member m USING (role_id)
JOIN seal_claim c ON c.profile = m.profile
"""


def sealed_apart(zone: Zone, runs: Sequence[str], ones: Collection[str], others: Collection[str]) -> bool:
    """Whether a role of `ones` and a role of `others` are of sealed identities; `runs` are those that stand."""
    sides = [0] * len(ones) + [1] * len(others)
    roles = [*ones, *others]
    asked = pa.table({"side": pa.array(sides, pa.int64()), "role_id": pa.array(roles, pa.string())})
    with zone.lent("fresh", asked):
        zone.run("CREATE OR REPLACE TABLE seal_asked AS SELECT * FROM fresh")
    member = {"profile": "BIGINT", "role_id": "VARCHAR"}
    state.fill(zone, "seal_member", state.MEMBER, runs, member, "role_id IN (SELECT role_id FROM seal_asked)")
    mine = f"kind = {_SEALED} AND profile IN (SELECT profile FROM seal_member)"
    state.fill(zone, "seal_claim", state.CLAIM, runs, exclusions.COLUMNS, mine)
    [(found,)] = zone.rows(
        f"SELECT count(*) FROM ({_SIDE}) x JOIN ({_SIDE}) y ON x.side = 0 AND y.side = 1 AND x.scope = y.scope"
        " AND x.value <> y.value"
    )
    return bool(found)
