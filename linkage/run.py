"""One linkage run: zone → scored pairs → persons, then ties; matched first, written in one short transaction.

Invariants: nothing leaves the zone but random ids; a run that finds nothing new changes nothing; person ids are
stable, merges redirect and splits are recorded with what moved; a superseded role keeps to the person of its
successor; the new search index is pointed at only after the caller's commit."""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import event, func, insert, select
from sqlalchemy.orm import Session

from linkage import index, live, persons, profiles, run_store, splink_engine, state, ties
from linkage.rows import KeyedHash, Relation
from linkage.run_store import Role, claims, new_id, roles, write_doubts, write_persons, write_ties
from linkage.store import (
    dataset,
    link_run,
)
from linkage.zone import Zone

DEFAULT_JOIN = -2.5
ENGINE = "duckdb"
Progress = Callable[[str], None]


def _silent(_step: str) -> None: ...


@dataclass(frozen=True, slots=True)
class LinkReport:
    """What a run found and changed. `pairs` are those scored and kept; `records` are roles of latest versions."""

    run_id: str
    records: int
    profiles: int
    pairs: int
    persons: int
    families: int
    created: int
    merged: int
    split: int
    ties: int
    possible_duplicates: int
    threshold: float
    seconds: float


def notes(specs: Mapping[str, Mapping[str, Any]]) -> set[tuple[str, str, str]]:
    """What the data sets' own specs say of their roles: who stands above or below a child, who is born."""
    found: set[tuple[str, str, str]] = set()
    for name, spec in specs.items():
        mothered: set[str] = set()
        for stated in spec.get("ties") or ():
            if stated["relation"] in ties.ELDER:
                above, below = stated.get("from_") or stated.get("from"), stated["to"]
                found |= {(name, above, "elder"), (name, below, "young")}
                mothered |= {below} if stated["relation"] == Relation.BIRTH_MOTHER else set()
        births = {stated["person"] for stated in spec.get("events") or () if stated["type"] == "birth"}
        found |= {(name, role, "birth") for role in births & mothered}
    return found


def _mother_roles(specs: Mapping[str, Mapping[str, Any]]) -> set[tuple[str, str, str]]:
    """(data set, mother's role, child's role) of every birth_mother tie that a spec states."""
    return {
        (name, stated.get("from_") or stated.get("from"), stated["to"])
        for name, spec in specs.items()
        for stated in spec.get("ties") or ()
        if stated["relation"] == Relation.BIRTH_MOTHER
    }


def _grouped(
    zone: Zone, bounds: persons.Bounds, run_id: str
) -> tuple[splink_engine.Scored, list[list[str]], persons.Grouping]:
    scored = splink_engine.score(zone)
    profiles.keep(zone, run_id)
    grouping = persons.group(scored.profiles, profiles.pairs(zone), profiles.claims(zone), bounds)
    members = profiles.members(zone, scored.profiles)
    groups = [sorted(role for profile in group for role in members[profile]) for group in grouping.groups]
    return scored, groups, grouping


def _with_unborn(
    zone: Zone, groups: list[list[str]], mother_roles: set[tuple[str, str, str]], held: Mapping[str, Role]
) -> None:
    """Add unborn roles: to their newborn where pregnancy and mother are the same, else as persons of their own."""
    group_of = {role: at for at, roles in enumerate(groups) for role in roles}
    mothers: dict[str, set[tuple[str, int]]] = defaultdict(set)
    names = {(name, child, mother) for name, mother, child in mother_roles}
    for child, name, child_role, mother, mother_role, local in zone.rows(
        "SELECT c.role_id, c.dataset, c.role, m.role_id, m.role, m.local FROM live c"
        " JOIN live m ON m.record_id = c.record_id AND m.role_id <> c.role_id WHERE c.unborn OR c.local IS NOT NULL"
    ):
        if (name, child_role, mother_role) in names and mother in group_of:
            mothers[child] |= {("group", group_of[mother])} | ({("local", local)} if local is not None else set())
    found = zone.rows(
        "SELECT u.role_id, b.role_id, u.local = b.local FROM live u"
        " JOIN live b ON b.provider = u.provider AND NOT b.unborn"
        " AND b.local_stem IN (u.local, u.local_stem) AND (b.local = u.local OR b.local_stem = u.local) WHERE u.unborn"
    )
    pregnancies = [ties.Pregnancy(u, b, bool(exact), held[b].row_number) for u, b, exact in found if b in held]
    joined = ties.join_unborn(pregnancies, mothers)
    alone: dict[tuple[Any, ...], list[str]] = defaultdict(list)
    for role, provider, local in zone.rows("SELECT role_id, provider, local FROM live WHERE unborn ORDER BY role_id"):
        if role in joined:
            groups[group_of[joined[role]]].append(role)
        else:
            mother = max(mothers.get(role, ()), default=None)
            alone[(provider, local, mother) if local is not None and mother is not None else (role,)].append(role)
    groups += alone.values()


def _with_superseded(groups: list[list[str]], held: Mapping[str, Role]) -> None:
    """Let the roles of earlier versions follow the person of the version that superseded them."""
    for group in groups:
        for role in group:
            earlier = held[role].supersedes if role in held else None
            while earlier is not None and earlier in held:
                group.append(earlier)
                earlier = held[earlier].supersedes


def _dwellings(zone: Zone, person_of: Mapping[str, str]) -> list[dict[str, str]]:
    """Who lived where: a dwelling is a UPRN, else an address; person → a role that says so."""
    rows = zone.rows(
        "SELECT coalesce(uprn, address) AS home, role_id FROM live"
        " WHERE coalesce(uprn, address) IS NOT NULL AND NOT unborn ORDER BY home, role_id"
    )
    found: dict[int, dict[str, str]] = defaultdict(dict)
    for home, role in rows:
        if role in person_of:
            found[home].setdefault(person_of[role], role)
    return [people for people in found.values() if len(people) > 1]


@dataclass(frozen=True, slots=True)
class Matched:
    """What a run worked out before it writes: groups of roles that are one person each, and where doubt is left."""

    run_id: str
    started: datetime
    clock: float
    join: float
    scored: splink_engine.Scored
    groups: list[list[str]]
    grouping: persons.Grouping
    mother_roles: set[tuple[str, str, str]]


def match(session: Session, zone: Zone, *, progress: Progress = _silent, threshold: float | None = None) -> Matched:
    """Score and group everything in the zone. Reads the record store's specs only, so that nobody waits for it.

    `threshold` is the least average weight (log2 odds) at which two groups are one person.
    """
    started, clock = datetime.now(UTC), time.monotonic()
    join = DEFAULT_JOIN if threshold is None else threshold
    specs = {row.name: row.spec for row in session.execute(select(dataset.c.name, dataset.c.spec))}
    state.settle(zone, run_store.known_runs(session))
    live.note_roles(zone, notes(specs))
    progress("scoring")
    run_id = new_id()
    scored, groups, grouping = _grouped(zone, persons.Bounds(join=join, doubt=join - 3.0), run_id)
    return Matched(run_id, started, clock, join, scored, groups, grouping, _mother_roles(specs))


def write(
    session: Session, zone: Zone, keys: KeyedHash, matched: Matched, *, progress: Progress = _silent
) -> LinkReport:
    """Write persons, ties and what changed in the caller's transaction; the index is swapped once it commits."""
    run_id, grouping = matched.run_id, matched.grouping
    progress("persons")
    held = roles(session)
    groups = [list(group) for group in matched.groups]
    _with_unborn(zone, groups, matched.mother_roles, held)
    groups = [[role for role in group if role in held] for group in groups]
    _with_superseded(groups, held)
    before = {role.id: role.person_id for role in held.values() if role.person_id is not None}
    made = persons.assign(before, groups, new_id)
    write_persons(session, run_id, groups, made, held, matched.started)
    progress("ties")
    person_of = {role: who for who, group in zip(made.persons, groups, strict=True) for role in group}
    unborn = {who for who, group in zip(made.persons, groups, strict=True) if all(held[r].unborn for r in group)}
    found = ties.claimed(claims(session), person_of)
    found += ties.siblings(found, unborn)
    found += ties.households(_dwellings(zone, person_of))
    write_ties(session, run_id, found)
    doubts = write_doubts(session, run_id, made, grouping)
    version = run_store.write_model(
        session, matched.scored.settings, {"profiles": matched.scored.profiles}, matched.started
    )
    progress("index")
    _publish(session, zone, keys, run_id, matched.scored.settings, version)
    kinds = Counter(change.kind for change in made.changes)
    report = LinkReport(
        run_id=run_id, records=sum(map(len, groups)), profiles=matched.scored.profiles, pairs=matched.scored.pairs,
        persons=len(made.persons), families=ties.families(found, made.persons),
        created=kinds[persons.ChangeKind.CREATED], merged=kinds[persons.ChangeKind.MERGED],
        split=kinds[persons.ChangeKind.SPLIT], ties=len(found), possible_duplicates=doubts, threshold=matched.join,
        seconds=round(time.monotonic() - matched.clock, 3),
    )  # fmt: skip
    _write_run(session, report, matched.started, version)
    return report


def link(
    session: Session, zone: Zone, keys: KeyedHash, *, progress: Progress = _silent, threshold: float | None = None
) -> LinkReport:
    """Match and write in one go."""
    return write(session, zone, keys, match(session, zone, progress=progress, threshold=threshold), progress=progress)


def _write_run(session: Session, report: LinkReport, started: datetime, version: int) -> None:
    last = session.execute(select(func.max(link_run.c.ordinal))).scalar()
    counts = {
        name: getattr(report, name)
        for name in ("records", "profiles", "pairs", "persons", "families", "created", "merged", "split", "ties")
    }
    counts["possible_duplicates"] = report.possible_duplicates
    session.execute(
        insert(link_run).values(
            id=report.run_id, engine=ENGINE, started_at=started, completed_at=datetime.now(UTC),
            threshold=report.threshold, counts=counts, ordinal=(last or 0) + 1, mode=run_store.FULL,
            model_version=version,
        )
    )  # fmt: skip


_INDEXED = (
    "CREATE OR REPLACE TABLE indexed AS SELECT p.*, m.role_id FROM profile p"
    " JOIN (SELECT profile, min(role_id) AS role_id FROM member GROUP BY 1) m USING (profile)"
)


def _publish(
    session: Session, zone: Zone, keys: KeyedHash, run_id: str, settings: Mapping[str, Any], version: int
) -> None:
    """Write the new index now; point at it once the caller's transaction is committed."""
    zone.run(_INDEXED)
    model_name = f"{run_id}-model"
    index.write_part(zone, zone.folder, run_id, keys)
    index.write_model(zone, zone.folder, model_name, keys, settings, version)

    @event.listens_for(session, "after_commit", once=True)
    def point(_session: Session) -> None:
        index.publish(zone.folder, [run_id], model_name)
