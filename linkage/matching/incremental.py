"""What is new against what stands: only records that came since the last run are compared, with the saved model.

Invariants: what stands is read from sealed parts, one part at a time, and only what blocking or kinship asks for is
kept in memory; a component of profiles is grouped again as a whole or not at all, so that untouched persons keep both
their members and their ids; nothing is written here.
Bounds of equality with a full run: term frequencies, sizes of blocks and which data sets hold each person once are
those of the last full run, and a number doubted (or not) then is not looked at again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from linkage.matching import blocking, exclusions, frequencies, profiles, scoring
from linkage.zone import live, state
from linkage.zone.zone import Zone

COMPONENT = {"profile": "BIGINT", "component": "BIGINT"}
MEMBER = {"profile": "BIGINT", "role_id": "VARCHAR"}
PAIR = {"a": "BIGINT", "b": "BIGINT", "match_weight": "DOUBLE", "standing": "INTEGER"}


@dataclass(frozen=True, slots=True)
class Since:
    """Where the last run left off: whose parts stand, the last load it saw, the next profile's number, its model."""

    runs: Sequence[str]
    load_ordinal: int
    next_profile: int
    settings: Mapping[str, object]
    rules: Sequence[int]
    loads: Sequence[str]
    doubt: float


def arrived(zone: Zone, since: Since) -> list[str]:
    """Open the rows of loads since then in `live`; the record ids of the versions that they supersede."""
    live.open_rows(zone, after=since.load_ordinal, loads=since.loads)
    found = zone.rows(
        "SELECT DISTINCT o.record_id FROM zone.record o JOIN zone.record n USING (dataset, token)"
        " WHERE o.load_ordinal <= $1 AND n.load_ordinal > $1",
        [since.load_ordinal],
    )
    return [record_id for (record_id,) in found]


def leave(zone: Zone, since: Since) -> None:
    """Make `touched` of the profiles that lose a role, and `gone` of those that lost their last.

    `left_role` (role_id) holds the roles that leave now, and grows by those that earlier runs let go.
    """
    zone.run("CREATE OR REPLACE TABLE leaving AS FROM left_role")
    state.fill(zone, "left_before", state.LEFT, since.runs, {"role_id": "VARCHAR"})
    zone.run("INSERT INTO left_role FROM left_before")
    state.fill(zone, "gone", state.GONE, since.runs, {"profile": "BIGINT"})
    state.fill(zone, "losing", state.MEMBER, since.runs, MEMBER, "role_id IN (SELECT role_id FROM leaving)")
    zone.run("CREATE OR REPLACE TABLE touched AS SELECT DISTINCT profile FROM losing")
    state.fill(zone, "kept", state.MEMBER, since.runs, MEMBER, "profile IN (SELECT profile FROM touched)")
    zone.run(
        "CREATE OR REPLACE TABLE newly_gone AS FROM touched WHERE profile NOT IN (SELECT profile FROM kept"
        " WHERE role_id NOT IN (SELECT role_id FROM left_role))"
    )
    zone.run("INSERT INTO gone FROM newly_gone")


def ask(zone: Zone, since: Since) -> bool:
    """Touch the profiles of the roles in `asked_role`; no where a decision parts two roles of one profile."""
    state.fill(zone, "asked_member", state.MEMBER, since.runs, MEMBER, "role_id IN (SELECT role_id FROM asked_role)")
    zone.run("INSERT INTO touched SELECT profile FROM asked_member")
    [(parted,)] = zone.rows(
        "SELECT count(*) FROM decision a JOIN decision b ON a.id = b.id AND a.side < b.side"
        " JOIN asked_member x ON x.role_id = a.role_id JOIN asked_member y ON y.role_id = b.role_id"
        " WHERE a.kind = 'different' AND x.profile = y.profile"
    )
    return not parted


def numbers_used(zone: Zone, since: Since) -> int:
    """The number that the next new profile gets."""
    [(highest,)] = zone.rows("SELECT coalesce(max(profile) + 1, 0) FROM fresh")
    return max(since.next_profile, int(highest))


def meet(zone: Zone, since: Since) -> int:
    """Make `profile`, `member` and `candidate` of what is new; how many profiles are new.

    A role that says exactly what a standing profile says becomes its member, and is compared no more.
    """
    profiles.number(zone, first=since.next_profile)
    blocking.key(zone, since.rules)
    zone.run("CREATE OR REPLACE TABLE same_content (profile BIGINT, stood BIGINT)")
    zone.run("CREATE OR REPLACE TABLE met (a BIGINT, b BIGINT)")
    for keys in state.opened(zone, state.KEYS, since.runs):
        with zone.lent("opened", keys):
            zone.run(
                "INSERT INTO same_content SELECT p.profile, o.profile FROM opened o JOIN profile p USING (content)"
                " WHERE o.profile NOT IN (SELECT profile FROM gone)"
            )
            zone.run(f"INSERT INTO met {_meeting(since.rules, set(keys.column_names))}")
    zone.run("INSERT INTO touched SELECT stood FROM same_content")
    zone.run("UPDATE member SET profile = s.stood FROM same_content s WHERE s.profile = member.profile")
    zone.run("DELETE FROM profile WHERE profile IN (SELECT profile FROM same_content)")
    among = " UNION ALL ".join(
        f"SELECT l.profile, r.profile FROM profile l JOIN profile r"
        f" ON l.{blocking.column(at)} = r.{blocking.column(at)} AND l.profile < r.profile"
        for at in since.rules
    )
    zone.run(
        f"CREATE OR REPLACE TABLE candidate AS SELECT DISTINCT a, b FROM (FROM met"
        " WHERE a NOT IN (SELECT profile FROM gone) AND b IN (SELECT profile FROM profile)"
        f" UNION ALL {among})"
    )
    [(count,)] = zone.rows("SELECT count(*) FROM profile")
    return int(count)


def _meeting(rules: Sequence[int], held: set[str]) -> str:
    joins = [
        f"SELECT o.profile, p.profile FROM opened o JOIN profile p ON o.{name} = p.{name}"
        for name in map(blocking.column, rules)
        if name in held
    ]
    return " UNION ALL ".join(joins) if joins else "SELECT 0, 0 WHERE FALSE"


def recall(zone: Zone, since: Since) -> None:
    """Add the standing profiles that candidates name to `profile`; see to numbers, standing and frequencies."""
    zone.run("CREATE OR REPLACE TABLE fresh AS SELECT profile FROM profile")
    zone.run("CREATE OR REPLACE TABLE stood AS SELECT *, FALSE AS established FROM profile LIMIT 0")
    zone.run(
        "CREATE OR REPLACE TABLE wanted AS SELECT DISTINCT a AS profile FROM candidate"
        " ANTI JOIN fresh ON a = fresh.profile"
    )
    for rows in state.opened(zone, state.ROWS, since.runs):
        kept = [name for name in rows.column_names if name in {*profiles.CARRIED, "established"}]
        with zone.lent("opened", rows):
            zone.run(
                f"INSERT INTO stood BY NAME SELECT {', '.join(kept)} FROM opened"
                " WHERE profile IN (SELECT profile FROM wanted)"
            )
    live.doubt_numbers(zone, beside="stood")
    for number in ("nhs", "upn"):
        zone.run(
            f"UPDATE profile SET {number} = NULL WHERE {number} IS NOT NULL AND profile IN (SELECT m.profile"
            f" FROM member m JOIN live l USING (role_id) WHERE l.{number} IS NULL)"
        )
    zone.run("INSERT INTO profile BY NAME SELECT * EXCLUDE (established) FROM stood")
    profiles.stand(zone, alone=False)
    zone.run("UPDATE profile SET established = TRUE WHERE profile IN (SELECT profile FROM stood WHERE established)")
    frequencies.attach(zone, since.settings)


def compare(zone: Zone, since: Since) -> None:
    """Score the candidates in `pair`, and say in `touched` which standing profiles they may move."""
    zone.run(f"CREATE OR REPLACE TABLE pair AS {scoring.pairs_sql(since.settings)}")
    zone.run(
        f"INSERT INTO touched SELECT DISTINCT unnest([a, b]) FROM pair WHERE {profiles.WEIGHT} >= ?", [since.doubt]
    )


def surround(zone: Zone, since: Since) -> None:
    """Make `scope` of everything that hangs together with what was touched, with its members, pairs and claims."""
    state.fill(zone, "labelled", state.COMPONENT, since.runs, COMPONENT, "profile IN (SELECT profile FROM touched)")
    zone.run("CREATE OR REPLACE TABLE hanging AS SELECT DISTINCT component FROM labelled")
    state.fill(zone, "around", state.COMPONENT, since.runs, COMPONENT, "component IN (SELECT component FROM hanging)")
    zone.run(
        "CREATE OR REPLACE TABLE scope AS SELECT profile FROM (SELECT profile FROM touched"
        " UNION SELECT profile FROM fresh UNION SELECT profile FROM around) ANTI JOIN gone USING (profile)"
    )
    inside = "IN (SELECT profile FROM scope)"
    state.fill(
        zone, "stood_member", state.MEMBER, since.runs, MEMBER,
        f"profile {inside} AND role_id NOT IN (SELECT role_id FROM left_role)",
    )  # fmt: skip
    zone.run("CREATE OR REPLACE TABLE new_member AS FROM member")
    zone.run("INSERT INTO member FROM stood_member")
    zone.run("CREATE OR REPLACE TABLE new_pair AS FROM pair")
    state.fill(zone, "stood_pair", state.PAIR, since.runs, PAIR, f"a {inside} AND b {inside}")
    zone.run(f"CREATE OR REPLACE TABLE pair AS FROM stood_pair UNION ALL FROM new_pair WHERE a {inside} AND b {inside}")
    _claims(zone, since, inside)


def _claims(zone: Zone, since: Since, inside: str) -> None:
    zone.run("CREATE OR REPLACE TABLE every_profile AS FROM profile")
    zone.run("DELETE FROM profile WHERE profile NOT IN (SELECT profile FROM fresh)")
    exclusions.state(zone)
    zone.run("CREATE OR REPLACE TABLE new_claim AS FROM claim")
    state.fill(zone, "stood_claim", state.CLAIM, since.runs, exclusions.COLUMNS, f"profile {inside}")
    zone.run(
        "CREATE OR REPLACE TABLE claim AS SELECT profile, kind, scope, min(value) AS value FROM (FROM stood_claim"
        " UNION ALL FROM new_claim) GROUP BY ALL"
    )
