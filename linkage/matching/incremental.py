"""What is new against what stands: only records that came since the last run are compared, with the saved model.

Invariants: what stands is read from sealed parts, one part at a time, and only what blocking or kinship asks for is
kept in memory; a component of profiles is grouped again as a whole or not at all, so that untouched persons keep both
their members and their ids; nothing is written here.
Bounds of equality with a full run: term frequencies, the blocks left out and which data sets hold each person once are
those of the last full run; a number doubted (or not) then, and a pair of two that stood, are not looked at again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from linkage.grouping.terms import Grouping
from linkage.matching import blocking, exclusions, frequencies, profiles, scoring
from linkage.matching.meeting import Numbers, Sieve, words
from linkage.zone import live, state
from linkage.zone.zone import Zone

MEMBER = {"profile": "BIGINT", "role_id": "VARCHAR"}
PAIR = {"a": "BIGINT", "b": "BIGINT", "match_weight": "DOUBLE", "standing": "INTEGER"}
Met = tuple[Numbers, Numbers]
_NOBODY: Met = (np.zeros(0, np.int64), np.zeros(0, np.int64))
_CLAIMING = """
SELECT m.profile FROM member m JOIN live l USING (role_id) LEFT JOIN noted n
ON n.dataset = l.dataset AND n.role = l.role AND n.note = 'birth' WHERE n.note IS NOT NULL
OR l.record_id IN (SELECT record_id FROM live WHERE NOT unborn GROUP BY 1 HAVING count(*) > 1)
"""
"""New profiles with a role that claims more than what all that say the same claim."""
_NONE = "SELECT 0, 0 WHERE FALSE"
_ESTABLISHED = {"established": "BOOLEAN"}
_NEEDED = {
    "profile", "dataset", "role", "carried", "established", "nhs", "upn", "given_formal", "dob_canon", "family",
    "postcode", "sex", "local", "address",
}  # fmt: skip
"""What is opened of those that stand, beside what the comparisons name: for doubted numbers, vetoes and standing."""


@dataclass(frozen=True, slots=True)
class Since:
    """Where the last run left off: whose parts stand, the last load it saw, the next profile's number, its model."""

    runs: Sequence[str]
    load_ordinal: int
    next_profile: int
    settings: Mapping[str, object]
    rules: Sequence[int]
    loads: Sequence[str]
    reach: float
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
    [(leaving,)] = zone.rows("SELECT count(*) FROM leaving")
    runs = since.runs if leaving else ()
    state.fill(zone, "losing", state.MEMBER, runs, MEMBER, "role_id IN (SELECT role_id FROM leaving)")
    zone.run("CREATE OR REPLACE TABLE touched AS SELECT DISTINCT profile FROM losing")
    state.fill(zone, "kept", state.MEMBER, runs, MEMBER, "profile IN (SELECT profile FROM touched)")
    zone.run(
        "CREATE OR REPLACE TABLE newly_gone AS FROM touched WHERE profile NOT IN (SELECT profile FROM kept"
        " WHERE role_id NOT IN (SELECT role_id FROM left_role))"
    )
    zone.run("INSERT INTO gone FROM newly_gone")


def ask(zone: Zone, since: Since) -> bool:
    """Touch the profiles of the roles in `asked_role`; no where a decision parts two roles of one profile."""
    [(asked,)] = zone.rows("SELECT count(*) FROM asked_role")
    runs = since.runs if asked else ()
    state.fill(zone, "asked_member", state.MEMBER, runs, MEMBER, "role_id IN (SELECT role_id FROM asked_role)")
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
    state.fill(zone, "crowded", state.CROWDED, since.runs, blocking.CROWDED)
    blocking.leave_crowded(zone, since.rules)
    same, met = _met(zone, since)
    with zone.lent("fresh", pa.table({"stood": same[0], "profile": same[1]})):
        zone.run(
            "CREATE OR REPLACE TABLE same_content AS SELECT profile, stood FROM fresh"
            " WHERE stood NOT IN (SELECT profile FROM gone)"
        )
    zone.run(f"INSERT INTO touched SELECT stood FROM same_content SEMI JOIN ({_CLAIMING}) USING (profile)")
    zone.run("UPDATE member SET profile = s.stood FROM same_content s WHERE s.profile = member.profile")
    zone.run("DELETE FROM profile WHERE profile IN (SELECT profile FROM same_content)")
    among = (
        " UNION ALL ".join(
            f"SELECT l.profile, r.profile FROM profile l JOIN profile r"
            f" ON l.{blocking.column(at)} = r.{blocking.column(at)} AND l.profile < r.profile"
            for at in since.rules
        )
        or _NONE
    )
    with zone.lent("met", pa.table({"a": met[0], "b": met[1]})):
        zone.run(
            "CREATE OR REPLACE TABLE candidate AS SELECT DISTINCT a, b FROM (FROM met"
            " WHERE a NOT IN (SELECT profile FROM gone) AND b IN (SELECT profile FROM profile)"
            f" UNION ALL {among})"
        )
    [(count,)] = zone.rows("SELECT count(*) FROM profile")
    return int(count)


def _met(zone: Zone, since: Since) -> tuple[Met, Met]:
    """(standing, new) profiles that say the same, and those that share a key."""
    names = ["content", *map(blocking.column, since.rules)]
    sieves = {name: Sieve.of(*_keys(zone, name)) for name in names}
    same, shared = [_NOBODY], [_NOBODY]
    for part in state.opened(zone, state.KEYS, since.runs):
        standing, _ = words(part.column("profile"))
        for name in set(names) & set(part.column_names):
            found = sieves[name].met(standing, part.column(name))
            (same if name == "content" else shared).append(found)
    return _together(same), _together(shared)


def _keys(zone: Zone, name: str) -> Met:
    """The new profiles that have a key of this name, and their keys."""
    held = zone.table(f"SELECT profile, {name} AS key FROM profile WHERE {name} IS NOT NULL")
    profile, key = (words(held.column(column))[0] for column in ("profile", "key"))
    return profile, key


def _together(found: Sequence[Met]) -> Met:
    """All of these pairs, each once."""
    standing, new = (np.concatenate([pairs[at] for pairs in found]) for at in (0, 1))
    order = np.lexsort((new, standing))
    standing, new = standing[order], new[order]
    first = np.ones(len(order), np.bool_)
    first[1:] = (standing[1:] != standing[:-1]) | (new[1:] != new[:-1])
    return standing[first], new[first]


def recall(zone: Zone, since: Since) -> None:
    """Add the standing profiles that candidates name to `profile`; see to numbers, standing and frequencies.

    Of those that stand only what is compared is opened.
    """
    zone.run("CREATE OR REPLACE TABLE fresh AS SELECT profile FROM profile")
    named = f"SELECT DISTINCT a AS profile FROM candidate WHERE a < {since.next_profile}"
    needed = _NEEDED | set(scoring.columns(since.settings)) | set(scoring.frequency_columns(since.settings))
    columns = {name: kind for name, kind in {**profiles.CARRIED, **_ESTABLISHED}.items() if name in needed}
    chosen = state.marks(zone, named, since.next_profile)
    state.fill(zone, "singly_before", state.SINGLY, since.runs, profiles.DESCRIBED)
    with zone.lent("stood", state.gathered(zone, state.ROWS, since.runs, columns, chosen, "profile")):
        _see_to_numbers(zone)
        zone.run("CREATE OR REPLACE TABLE new_profile AS FROM profile")
        listed = ", ".join(name for name in columns if name not in _ESTABLISHED)
        source = f"(SELECT {listed} FROM new_profile UNION ALL SELECT {listed} FROM stood)"
        profiles.stand(zone, alone=False, source=source, more=frequencies.joined(since.settings))
        zone.run("UPDATE profile SET established = TRUE WHERE profile IN (SELECT profile FROM stood WHERE established)")
    zone.run("CREATE OR REPLACE TABLE new_singly AS FROM singly WHERE described NOT IN (FROM singly_before)")
    zone.run("INSERT INTO singly FROM singly_before")


def _see_to_numbers(zone: Zone) -> None:
    """Leave out of `profile` what those in `stood` outvote."""
    live.doubt_numbers(zone, beside="stood")
    for number in ("nhs", "upn"):
        zone.run(
            f"UPDATE profile SET {number} = NULL WHERE {number} IS NOT NULL AND profile IN (SELECT m.profile"
            f" FROM member m JOIN live l USING (role_id) WHERE l.{number} IS NULL)"
        )


def compare(zone: Zone, since: Since) -> None:
    """Score the candidates in `pair`, and say in `touched` which standing profiles they may move."""
    zone.run(f"CREATE OR REPLACE TABLE pair AS {scoring.pairs_sql(since.settings)}")
    zone.run(
        f"INSERT INTO touched SELECT DISTINCT unnest([a, b]) FROM pair WHERE {profiles.WEIGHT} >= ?", [since.reach]
    )


def surround(zone: Zone, since: Since) -> None:
    """Make `scope` of everything that hangs together with what was touched, and of the persons who may be the same as
    one of these or gain a role that says nothing new, with its members, pairs and claims; `beside` (profile, grp) of
    those persons, who stay as they are."""
    count = numbers_used(zone, since)
    kept = ~state.marks(zone, "SELECT profile FROM gone", count)
    touched = state.marks(zone, "SELECT profile FROM touched UNION SELECT profile FROM fresh", count)
    pieces = state.labels(zone, state.COMPONENT, since.runs, "component", count)
    core = (touched | _alike(pieces, touched)) & kept
    persons = state.labels(zone, state.GROUP, since.runs, "grp", count)
    joined = state.marks(zone, "SELECT stood FROM same_content", count)
    beside = (_alike(persons, (_doubtful(zone, since, core) | joined) & kept) | joined) & kept & ~core
    at = np.flatnonzero(beside)
    for name, table in (
        ("scope", pa.table({"profile": np.flatnonzero(core | beside)})),
        ("beside", pa.table({"profile": at, "grp": persons[at]})),
    ):
        with zone.lent("fresh_scope", table):
            zone.run(f"CREATE OR REPLACE TABLE {name} AS FROM fresh_scope")
    _gather(zone, since, core | beside)


def _alike(label: Numbers, some: state.Marks) -> state.Marks:
    """Everybody who has a label that one of these has."""
    wanted = np.unique(label[some])
    return np.isin(label, wanted[wanted != state.NOWHERE])


def _doubtful(zone: Zone, since: Since, core: state.Marks) -> state.Marks:
    """Those outside `core` who make a pair with one inside that is at least doubtful."""
    found: state.Marks = np.zeros(len(core), np.bool_)
    for pairs in (zone.table("FROM pair"), *state.opened(zone, state.PAIR, since.runs)):
        a, b = (np.asarray(pairs.column(name).to_numpy()) for name in ("a", "b"))
        across = np.flatnonzero(core[a] != core[b])
        across = across[profiles.weights(pairs.take(pa.array(across))) >= since.doubt]
        found[a[across]] = found[b[across]] = True
    return found & ~core


def _gather(zone: Zone, since: Since, within: state.Marks) -> None:
    """Make `member`, `pair` and `claim` of what stands and of what is new, in scope; the new apart beside them.

    `profile` holds the new alone from here on; `every_profile` all that were compared, as far as they were opened.
    """
    state.fill_among(zone, "stood_member", state.MEMBER, since.runs, MEMBER, within, "profile")
    zone.run("DELETE FROM stood_member WHERE role_id IN (SELECT role_id FROM left_role)")
    zone.run("CREATE OR REPLACE TABLE new_member AS FROM member")
    zone.run("INSERT INTO member FROM stood_member")
    zone.run("CREATE OR REPLACE TABLE new_pair AS FROM pair")
    state.fill_among(zone, "stood_pair", state.PAIR, since.runs, PAIR, within, "a", "b")
    inside = "IN (SELECT profile FROM scope)"
    zone.run(f"CREATE OR REPLACE TABLE pair AS FROM stood_pair UNION ALL FROM new_pair WHERE a {inside} AND b {inside}")
    held = {name for name, *_ in zone.rows("DESCRIBE new_profile")} - {"profile"}
    told = ", ".join(name for name, *_ in zone.rows("DESCRIBE profile") if name not in held)
    zone.run("DROP TABLE IF EXISTS every_profile")
    zone.run("ALTER TABLE profile RENAME TO every_profile")
    zone.run(
        "CREATE TABLE profile AS"
        f" FROM new_profile JOIN (SELECT {told} FROM every_profile) USING (profile) ORDER BY profile"
    )
    exclusions.state(zone)
    zone.run("CREATE OR REPLACE TABLE new_claim AS FROM claim")
    state.fill_among(zone, "stood_claim", state.CLAIM, since.runs, exclusions.COLUMNS, within, "profile")
    zone.run(
        "CREATE OR REPLACE TABLE claim AS SELECT profile, kind, scope, min(value) AS value FROM (FROM stood_claim"
        " UNION ALL FROM new_claim) GROUP BY ALL"
    )


def settle_beside(zone: Zone, grouping: Grouping) -> Grouping:
    """Let those beside keep the group they had in `grouped`, and tell only of doubts about others."""
    zone.run("UPDATE grouped SET grp = b.grp FROM beside b WHERE b.profile = grouped.profile")
    stays = {group for (group,) in zone.rows("SELECT DISTINCT grp FROM beside")}
    told = (doubt for doubt in grouping.possible if not {doubt.a, doubt.b} <= stays)
    return replace(grouping, possible=tuple(told))
