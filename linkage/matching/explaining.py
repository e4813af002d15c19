"""Why two persons are, or are not, one: the weights of their best pair of profiles, worked out again.

Invariants: weights are those of the run, from the saved model and the sealed rows; what comes out are weights and
labels of levels, never a token."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pyarrow as pa

from linkage.matching import blocking, frequencies, profiles, scoring
from linkage.zone import state
from linkage.zone.zone import Zone

_SIDE = {"profile": "BIGINT", "role_id": "VARCHAR"}


def best_pair(
    zone: Zone, runs: Sequence[str], settings: Mapping[str, Any], last: Mapping[str, Any], roles_a: Collection[str],
    roles_b: Collection[str],
) -> dict[str, Any] | None:  # fmt: skip
    """The best pair of profiles between two sets of roles: weight, standing, each field's weight; `compared` tells
    whether blocking brought the two together. None where either side has no profile."""
    sides = ["a"] * len(roles_a) + ["b"] * len(roles_b)
    asked = pa.table({"side": pa.array(sides, pa.string()), "role_id": pa.array([*roles_a, *roles_b], pa.string())})
    with zone.lent("fresh", asked):
        zone.run("CREATE OR REPLACE TABLE asked_side AS SELECT * FROM fresh")
    state.fill(zone, "side_member", state.MEMBER, runs, _SIDE, "role_id IN (SELECT role_id FROM asked_side)")
    zone.run(
        "CREATE OR REPLACE TABLE side AS SELECT DISTINCT side, profile FROM asked_side JOIN side_member USING (role_id)"
    )
    _open(zone, runs, settings, last)
    zone.run(
        "CREATE OR REPLACE TABLE candidate AS SELECT DISTINCT least(x.profile, y.profile) AS a,"
        " greatest(x.profile, y.profile) AS b FROM side x JOIN side y ON x.side = 'a' AND y.side = 'b'"
        " AND x.profile <> y.profile"
    )
    query = scoring.pairs_sql(settings, fields=True, least=-1e9)
    met = " OR ".join(f"l.{c} = r.{c}" for c in map(blocking.column, last["rules"])) or "FALSE"
    found = zone.table(
        f"SELECT p.*, coalesce({met}, FALSE) AS compared FROM ({query}) p JOIN profile l ON l.profile = p.a"
        " JOIN profile r ON r.profile = p.b ORDER BY compared DESC, standing, match_weight DESC LIMIT 1"
    ).to_pylist()
    return found[0] if found else None


def _open(zone: Zone, runs: Sequence[str], settings: Mapping[str, Any], last: Mapping[str, Any]) -> None:
    """Make `profile` of both sides, as it was compared."""
    among = "profile IN (SELECT profile FROM side)"
    state.fill(zone, "profile", state.ROWS, runs, {**profiles.CARRIED, **profiles.STANDING}, among)
    keys = {"profile": "BIGINT", **dict.fromkeys(map(blocking.column, last["rules"]), "BIGINT")}
    state.fill(zone, "side_key", state.KEYS, runs, keys, among)
    zone.run("CREATE OR REPLACE TABLE profile AS FROM profile JOIN side_key USING (profile)")
    state.fill(zone, "singly", state.SINGLY, runs, profiles.DESCRIBED)
    open_frequencies(zone, runs, settings)
    frequencies.attach(zone, settings)


def open_frequencies(zone: Zone, runs: Sequence[str], settings: Mapping[str, Any]) -> None:
    """Make the tables of term frequencies that were kept."""
    columns = {"name": "VARCHAR", "value": "BIGINT", "tf": "DOUBLE"}
    state.fill(zone, "frequency", state.FREQUENCY, runs, columns)
    for column in scoring.frequency_columns(settings):
        zone.run(
            f"CREATE OR REPLACE TABLE {frequencies.table(column)} AS"
            f" SELECT value, tf FROM frequency WHERE name = '{column}'"
        )
