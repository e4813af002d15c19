"""Many small runs made one: what the runs since the last full one left is sealed again under the newest of them.

Invariants: nothing that stands is changed by it: parts keep their order, so that a later one still overrules an earlier
one; the older parts count until the record store knows the run that merged them, and are dropped at the start of the
next; the cost is that of what came since the last full run, and is paid once in so many runs."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from linkage.matching import blocking, frequencies, profiles
from linkage.zone import state
from linkage.zone.sealed import ROWS
from linkage.zone.zone import Zone

MOST_APART = 30
"""So many runs leave parts of their own; the next makes one of them."""
_MEMBER = {"profile": "BIGINT", "role_id": "VARCHAR"}


def due(standing: Sequence[str]) -> list[str]:
    """The runs after the full one, where they are so many that they should be merged; oldest first."""
    return list(standing[1:]) if len(standing) > MOST_APART else []


def copy(zone: Zone, runs: Sequence[str], run_id: str) -> None:
    """Seal the parts of these runs again as parts of `run_id`, before it adds its own."""
    for kind in state.KINDS if runs else ():
        for together in _together(state.opened(zone, kind, runs)):
            zone.parts.add(kind, run_id, together)


def _together(parts: Iterator[pa.Table]) -> Iterator[pa.Table]:
    held: list[pa.Table] = []
    for part in parts:
        held.append(part)
        if sum(map(len, held)) >= ROWS:
            yield pa.concat_tables(held, promote_options="default")
            held = []
    if held:
        yield pa.concat_tables(held, promote_options="default")


def indexed(zone: Zone, run_id: str, settings: Mapping[str, Any], rules: Sequence[int]) -> Mapping[str, str]:
    """The tables that hold the merged profiles and members, as the index wants them."""
    keys = {"profile": "BIGINT", **dict.fromkeys(map(blocking.column, rules), "BIGINT")}
    state.fill(zone, "merged_row", state.ROWS, [run_id], {**profiles.CARRIED, **profiles.STANDING})
    state.fill(zone, "merged_key", state.KEYS, [run_id], keys)
    state.fill(zone, "merged_member", state.MEMBER, [run_id], _MEMBER)
    more, joins = frequencies.joined(settings)
    zone.run(
        f"CREATE OR REPLACE TABLE merged_profile AS SELECT p.*, k.* EXCLUDE (profile){more} FROM merged_row p"
        f" JOIN merged_key k ON k.profile = p.profile {joins}"
    )
    return {"profile": "merged_profile", "member": "merged_member"}
