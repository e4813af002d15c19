"""One linkage run: zone → scored pairs → persons, then ties; matched first, written in one short transaction.

Invariants: nothing leaves the zone but random ids; a run that finds nothing new changes nothing; person ids are
stable, merges redirect and splits are recorded with what moved; a superseded role keeps to the person of its
successor; what a run keeps in the zone counts only once the record store knows the run; the new search index is
pointed at only after the caller's commit."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from sqlalchemy import event, select
from sqlalchemy.orm import Session

from linkage import ties
from linkage.grouping import persons
from linkage.index import index
from linkage.intake import loads
from linkage.kin import kinship
from linkage.matching import incremental, matching, maternity, merging, thresholds
from linkage.matching.matching import Decided, Found
from linkage.persons import decisions, placement, run_store
from linkage.persons.run_store import FULL, INCREMENTAL, new_id
from linkage.quality import answers
from linkage.rows import KeyedHash, Relation
from linkage.store import dataset
from linkage.zone import live, state
from linkage.zone.zone import Zone

DEFAULT_JOIN = thresholds.join()
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Engine:
    """What scores pairs, by name: this process, or a cluster (`spark_engine.fill_pairs`)."""

    name: str
    score: matching.Scorer = field(repr=False)


HERE = Engine("duckdb", matching.score)


def _silent(_step: str) -> None: ...


ALONE_FROM = 1 << 40
"""Groups of unborn children alone are numbered from here, above every profile."""


@dataclass(frozen=True, slots=True)
class LinkReport:
    """What a run found and changed. `pairs` are those scored and kept; `records` are roles looked at; a refused
    decision is a steward's "same" that another claim forbids."""

    run_id: str
    mode: str
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
    decisions_refused: int
    model_version: int | None
    threshold: float
    seconds: float


def notes(specs: Mapping[str, Mapping[str, Any]]) -> set[tuple[str, str, str]]:
    """What the data sets' own specs say of their roles: who stands above or below a child, who is born.

    Two roles that some rows tie as equals (partners, siblings) say nothing of who is grown up.
    """
    found: set[tuple[str, str, str]] = set()
    for name, spec in specs.items():
        mothered: set[str] = set()
        equals = {_between(stated) for stated in spec.get("ties") or () if stated["relation"] not in ties.ELDER}
        for stated in spec.get("ties") or ():
            if stated["relation"] in ties.ELDER and _between(stated) not in equals:
                above, below = stated.get("from_") or stated.get("from"), stated["to"]
                found |= {(name, above, "elder"), (name, below, "young")}
                mothered |= {below} if stated["relation"] == Relation.BIRTH_MOTHER else set()
        births = {stated["person"] for stated in spec.get("events") or () if stated["type"] == "birth"}
        found |= {(name, role, "birth") for role in births & mothered}
    return found


def _between(stated: Mapping[str, Any]) -> frozenset[str]:
    """The two roles that a tie of a spec joins."""
    return frozenset((stated.get("from_") or stated["from"], stated["to"]))


def _mother_roles(specs: Mapping[str, Mapping[str, Any]]) -> set[tuple[str, str, str]]:
    """(data set, mother's role, child's role) of every birth_mother tie that a spec states."""
    return {
        (name, stated.get("from_") or stated.get("from"), stated["to"])
        for name, spec in specs.items()
        for stated in spec.get("ties") or ()
        if stated["relation"] == Relation.BIRTH_MOTHER
    }


@dataclass(frozen=True, slots=True)
class Matched:
    """What a run worked out before it writes. The groups lie in the zone's working tables."""

    run_id: str
    started: datetime
    clock: float
    bounds: persons.Bounds
    found: Found
    engine: str


def match(
    session: Session, zone: Zone, *, progress: Progress = _silent, threshold: float | None = None, full: bool = False,
    engine: Engine = HERE,
) -> Matched:  # fmt: skip
    """Score and group what is in the zone: what is new against what stands, or with `full` all of it afresh.

    Reads the record store's specs, runs and decisions only, so that nobody waits for it. `threshold` is the least
    average weight (log2 odds) at which two groups are one person. Another engine than this process compares everything.
    """
    started, clock = datetime.now(UTC), time.monotonic()
    join = DEFAULT_JOIN if threshold is None else threshold
    bounds = persons.Bounds(join=join, doubt=join - 3.0)
    specs = {row.name: row.spec for row in session.execute(select(dataset.c.name, dataset.c.spec))}
    noted = notes(specs)
    live.note_roles(zone, noted)
    decided = _decided(session)
    matching.lay_decisions(zone, decided)
    runs = state.settle(zone, run_store.known_runs(session))
    basis = matching.basis(zone, join, noted)
    last = run_store.last(session)
    progress("scoring")
    found = None
    whole = full or engine is not HERE
    if runs and last is not None and not whole and matching.still_stands(last["basis"], basis, last["datasets"]):
        found = _increment(session, zone, bounds, runs, last, decided, _mother_roles(specs))
    if found is None:
        found = matching.full(zone, bounds, scorer=engine.score, teach=partial(answers.taught, session), runs=runs)
        maternity.lay(zone, _mother_roles(specs))
    following = {
        **found.next, "load_ordinal": _newest_load(zone), "basis": basis, "datasets": sorted(specs),
        "decisions": sorted([d.id, d.kind, d.role_a, d.role_b] for d in decided),
    }  # fmt: skip
    return Matched(new_id(), started, clock, bounds, replace(found, next=following), engine.name)


def _decided(session: Session) -> list[Decided]:
    """Stewards' standing decisions, on the newest versions of the roles they speak of."""
    return [Decided(d.id, d.kind.value, d.role_a, d.role_b) for d in decisions.standing(session)]


def _newest_load(zone: Zone) -> int:
    [(ordinal,)] = zone.rows("SELECT coalesce(max(load_ordinal), 0) FROM zone.record")
    return int(ordinal)


def _increment(
    session: Session, zone: Zone, bounds: persons.Bounds, runs: Sequence[str], last: Mapping[str, Any],
    decided: Sequence[Decided], mother_roles: set[tuple[str, str, str]],
) -> Found | None:  # fmt: skip
    settings = run_store.model(session)
    if not settings:
        return None
    since = incremental.Since(
        runs=runs, load_ordinal=last["load_ordinal"], next_profile=last["next_profile"], settings=settings,
        rules=last["rules"], loads=run_store.loads_after(session, last["load_ordinal"]),
        reach=bounds.reach, doubt=bounds.doubt,
    )  # fmt: skip
    replaced = incremental.arrived(zone, since)
    matching.lay_roles(zone, "left_role", set(loads.roles_of(session, replaced).values()))
    maternity.lay(zone, mother_roles, runs)
    matching.lay_roles(zone, "asked_role", _turned(last["decisions"], decided))
    zone.run(f"INSERT INTO asked_role {maternity.KIN}")
    return matching.increment(zone, bounds, since, last["alone"])


def _turned(before: Sequence[Sequence[str]], now: Sequence[Decided]) -> set[str]:
    """The roles of decisions made or withdrawn since the last run."""
    changed = {tuple(row) for row in before} ^ {(d.id, d.kind, d.role_a, d.role_b) for d in now}
    return {role for _, _, *roles in changed for role in roles}


def write(
    session: Session, zone: Zone, keys: KeyedHash, matched: Matched, *, progress: Progress = _silent
) -> LinkReport:
    """Write persons, ties and what changed in the caller's transaction; the index is swapped once it commits."""
    run_id, found = matched.run_id, matched.found
    before = [] if found.full else state.standing(run_store.known_runs(session))
    merged = merging.due(before)
    progress("keeping")
    matching.keep(zone, run_id, found, matched.bounds.reach, merged)
    progress("persons")
    changed = _place(session, zone, found)
    kinds = run_store.write_persons(session, zone, run_id, changed, matched.started)
    progress("ties")
    kin = kinship.renew(session, zone, run_id, whole=found.full)
    doubts = run_store.write_doubts(session, zone, run_id, found.grouping.possible, whole=found.full)
    [(records,)] = zone.rows("SELECT count(*) FROM placed")
    version = run_store.write_model(session, found.settings, {"profiles": found.profiles}, matched.started)
    progress("index")
    beside = [run for run in before if run not in merged]
    _publish(session, zone, keys, run_id, found, version, beside, _to_index(zone, run_id, found, merged))
    report = LinkReport(
        run_id=run_id, mode=FULL if found.full else INCREMENTAL, records=records, profiles=found.profiles,
        pairs=found.pairs, persons=run_store.count_persons(session), families=kin.families,
        created=kinds[persons.ChangeKind.CREATED], merged=kinds[persons.ChangeKind.MERGED],
        split=kinds[persons.ChangeKind.SPLIT], ties=kin.ties, possible_duplicates=doubts,
        decisions_refused=len(found.grouping.refused), model_version=version,
        threshold=matched.bounds.join, seconds=round(time.monotonic() - matched.clock, 3),
    )  # fmt: skip
    run_store.write_run(
        session, asdict(report), matched.engine, matched.started, {**found.next, "merges": bool(merged)}
    )
    return report


def link(
    session: Session, zone: Zone, keys: KeyedHash, *, progress: Progress = _silent, threshold: float | None = None,
    full: bool = False, engine: Engine = HERE,
) -> LinkReport:  # fmt: skip
    """Match and write in one go."""
    matched = match(session, zone, progress=progress, threshold=threshold, full=full, engine=engine)
    return write(session, zone, keys, matched, progress=progress)


def _place(session: Session, zone: Zone, found: Found) -> list[persons.Change]:
    """Make `placed`, `held` and `made`: the group and the person of every role looked at; what changed."""
    zone.run("CREATE OR REPLACE TABLE placed AS SELECT m.role_id, g.grp FROM member m JOIN grouped g USING (profile)")
    maternity.look(zone)
    if found.full:
        placement.hold_all(session, zone)
    else:
        asked = zone.rows(f"SELECT role_id FROM placed UNION ({maternity.ROLES})")
        placement.hold(session, zone, [role for (role,) in asked])
    maternity.place(zone, ALONE_FROM)
    placement.follow(zone)
    return placement.settle(zone)


_INDEXED = (
    "CREATE OR REPLACE TABLE indexed AS SELECT p.*, m.role_id FROM {profile} p"
    " JOIN (SELECT profile, min(role_id) AS role_id FROM {member} GROUP BY 1) m USING (profile)"
)


def _to_index(zone: Zone, run_id: str, found: Found, merged: Sequence[str]) -> Mapping[str, str]:
    """The tables that hold what the new part of the index tells: this run's own, with that of the runs it merges."""
    if merged:
        return merging.indexed(zone, run_id, found.settings, found.next["rules"])
    return matching.indexed(found)


def _publish(
    session: Session, zone: Zone, keys: KeyedHash, run_id: str, found: Found, version: int | None,
    beside: Sequence[str], tables: Mapping[str, str],
) -> None:  # fmt: skip
    """Write the new part of the index now; point at it once the caller's transaction is committed. The parts `beside`
    it are those of the runs that the record store knows, so that one whose pointer was never written is in the next."""
    zone.run(_INDEXED.format(**tables))
    index.write_part(zone, zone.folder, run_id, keys, tables["member"])
    parts = [*beside, run_id]
    model_name = f"{parts[0]}-model"
    if found.full:
        index.write_model(zone, zone.folder, model_name, keys, found.settings, version or 0)

    @event.listens_for(session, "after_commit", once=True)
    def point(_session: Session) -> None:
        index.publish(zone.folder, parts, model_name)
