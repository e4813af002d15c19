"""Whether sets of roles belong to the two identities of a seal (an adopted child's before and after).

Invariants: asked of the zone, which alone knows; what is told is yes or no, and the caller must not tell it further: to
whoever asks, a sealed pair looks like one that does not exist. Known from the last run on."""

from collections.abc import Collection, Mapping, Sequence

import pyarrow as pa

from linkage.matching import exclusions
from linkage.zone import state
from linkage.zone.zone import Zone

Seals = frozenset[tuple[int, int]]
"""Which seals somebody is of (scope), and which of the two identities they are (value)."""
_SEALED = exclusions.KINDS.index("sealed")
_MEMBER = {"profile": "BIGINT", "role_id": "VARCHAR"}


def seals_of(zone: Zone, runs: Sequence[str], people: Mapping[str, Collection[str]]) -> dict[str, Seals]:
    """The seals of each of `people` (name → role ids); `runs` are those that stand."""
    rows = [(who, role) for who, roles in people.items() for role in roles]
    columns = list(zip(*rows, strict=True)) or [(), ()]
    names = ("who", "role_id")
    asked = pa.table({n: pa.array(c, pa.string()) for n, c in zip(names, columns, strict=True)})
    with zone.lent("fresh", asked):
        zone.run("CREATE OR REPLACE TABLE seal_asked AS SELECT * FROM fresh")
    state.fill(zone, "seal_member", state.MEMBER, runs, _MEMBER, "role_id IN (SELECT role_id FROM seal_asked)")
    mine = f"kind = {_SEALED} AND profile IN (SELECT profile FROM seal_member)"
    state.fill(zone, "seal_claim", state.CLAIM, runs, exclusions.COLUMNS, mine)
    found: dict[str, set[tuple[int, int]]] = {who: set() for who in people}
    for who, scope, value in zone.rows(
        "SELECT DISTINCT a.who, c.scope, c.value FROM seal_asked a JOIN seal_member m USING (role_id)"
        " JOIN seal_claim c ON c.profile = m.profile"
    ):
        found[who].add((scope, value))
    return {who: frozenset(held) for who, held in found.items()}


def apart(one: Seals, other: Seals) -> bool:
    """Whether these are the two identities of one seal."""
    theirs = dict(other)
    return any(theirs.get(scope, value) != value for scope, value in one)
