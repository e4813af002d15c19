"""Household ties, from the record store's days and the zone's addresses. Works on a subset of persons as on all.

Invariants: the record store says which person a role is of and which day its row speaks of; the zone says which
dwelling; earlier versions of a record count, with their own days; two identities of one sealed child share nothing;
working tables hold tokens and random ids only and lie in memory."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime
from functools import reduce
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import ColumnElement, Subquery, Table, func, select
from sqlalchemy.orm import Session

from linkage.encoding.encode import SCHEMA
from linkage.kin import communal, dwellings
from linkage.kin.residences import Kin, Residence, Sighting, stays, together
from linkage.rows import Relation, Standing
from linkage.store import event, involvement, load, record_role, source_record, tie_claim
from linkage.ties import DERIVED, Tie
from linkage.zone.zone import ENCODED, Zone

_TOKENS = ("nhs", "address", "street", "uprn", "postcode", "sector", "family", "family_first", "family_last", "former")
_WORDS = ("address_f0", "address_f1", "postcode_f0", "postcode_f1")
_COLUMNS = (*_TOKENS, *_WORDS)
_HOME = ["address", "uprn", "street"]
_SCHEMA = pa.schema([SCHEMA.field(name) for name in ("role_id", "record_id", *_COLUMNS, "unborn")])
_DOWN = frozenset(
    {Relation.BIRTH_MOTHER, Relation.PARENT, Relation.CARER, Relation.PARENTAL_RESPONSIBILITY, Relation.ADOPTIVE_PARENT}
)
_ACROSS = frozenset({Relation.SIBLING, Relation.PARTNER})
_MOVES = ("looked_after_episode", "tenancy")
"""Events that say where somebody lives from their day on."""
_AT_ONCE = 5_000


def _lived(zone: Zone) -> Iterator[pa.Table]:
    """What tells a dwelling of every born role with an address, or of a sealed child; earlier versions included."""
    sealed = pa.array({nhs for pair in zone.rows("SELECT nhs_a, nhs_b FROM zone.seal") for nhs in pair}, pa.int64())
    for _, opened in zone.parts.read(ENCODED, schema=_SCHEMA):
        told = pc.or_(pc.is_valid(opened.column("address")), pc.is_valid(opened.column("uprn")))
        kept = pc.or_(told, pc.is_in(opened.column("nhs"), sealed))
        yield opened.filter(pc.and_(kept, pc.invert(opened.column("unborn")))).drop_columns(["unborn"])


def open_addresses(zone: Zone, roles: pa.Array | None = None) -> None:
    """Make `lived` (role_id, what tells a dwelling) of every born role with an address; `roles` limits it to these."""
    types = ", ".join(f"{name} BIGINT" for name in _COLUMNS)
    zone.run(f"CREATE OR REPLACE TABLE lived (role_id VARCHAR, record_id VARCHAR, {types})")
    for found in _lived(zone):
        mine = found if roles is None else found.filter(pc.is_in(found.column("role_id"), roles))
        with zone.lent("opened", mine):
            zone.run("INSERT INTO lived FROM opened")


def neighbours(zone: Zone, roles: Collection[str]) -> list[str]:
    """The roles whose rows give an address, street or UPRN that a row of one of these gives."""
    mine = pa.array(sorted(roles), pa.string())
    homes = [found.filter(pc.is_in(found.column("role_id"), mine)).select(_HOME) for found in _lived(zone)]
    if not homes:
        return []
    wanted = {name: pa.concat_tables(homes).column(name).drop_null().unique() for name in _HOME}
    near: list[str] = []
    for found in _lived(zone):
        shared = [pc.is_in(found.column(name), wanted[name]) for name in _HOME]
        near += found.filter(reduce(pc.or_, shared)).column("role_id").to_pylist()
    return near


def days(session: Session, persons: Collection[str] | None = None) -> pa.Table:
    """(role_id, person, day) of every born role that has a person; `persons` limits it to theirs.

    The day is that of the record's placement or tenancy, else of its tie, first event or involvement, and at the latest
    that of its load.
    """
    rows: list[tuple[str, str, date]] = []
    for chosen in _chunks(persons):
        for role, person, *stated, loaded in session.execute(_days_query(chosen)):
            rows.append((role, person, _day(next(filter(None, stated), None), loaded)))
    names, kinds = ("role_id", "person", "day"), (pa.string(), pa.string(), pa.date32())
    columns = list(zip(*rows, strict=True)) or [(), (), ()]
    return pa.table({n: pa.array(c, kind) for n, c, kind in zip(names, columns, kinds, strict=True)})


def _chunks(persons: Collection[str] | None) -> Iterable[Collection[str] | None]:
    if persons is None:
        return [None]
    ordered = sorted(persons)
    return [ordered[at : at + _AT_ONCE] for at in range(0, len(ordered), _AT_ONCE)]


def _days_query(persons: Collection[str] | None) -> Any:
    """The days that speak for each role's record, the best word first; `persons` limits all of it to their records."""
    chosen = record_role.c.person_id.is_not(None) if persons is None else record_role.c.person_id.in_(persons)
    among = None if persons is None else select(record_role.c.record_id).where(chosen)
    dated = (
        _dated(event, func.max(event.c.occurred_on), among, event.c.type.in_(_MOVES)),
        _first(select(tie_claim.c.record_id, func.max(tie_claim.c.since).label("day")), tie_claim.c.record_id, among),
        _dated(event, func.min(event.c.occurred_on), among),
        _dated(involvement, func.min(involvement.c.since), among),
    )
    record = source_record.c.id
    query = (
        select(record_role.c.id, record_role.c.person_id, *(said.c.day for said in dated), load.c.completed_at)
        .join(source_record, record == record_role.c.record_id)
        .join(load, load.c.id == source_record.c.load_id)
        .where(chosen, record_role.c.unborn.is_(False), load.c.completed_at.is_not(None))
    )
    for said in dated:
        query = query.outerjoin(said, said.c.record_id == record)
    return query


def _dated(table: Table, day: Any, among: Any, *which: ColumnElement[bool]) -> Subquery:
    """(record_id, day) of what a table says of a record's roles."""
    own = record_role.alias()
    said = select(own.c.record_id, day.label("day")).join_from(own, table, table.c.role_id == own.c.id)
    return _first(said.where(*which), own.c.record_id, among)


def _first(query: Any, record: Any, among: Any) -> Subquery:
    limited = query if among is None else query.where(record.in_(among))
    found: Subquery = limited.group_by(record).subquery()
    return found


def _day(stated: date | None, loaded: datetime) -> date:
    return loaded.date() if stated is None else min(stated, loaded.date())


def residences(zone: Zone, sighted: pa.Table, kin: Kin) -> list[Residence]:
    """The stays of persons, from `lived` and the days of their roles (role_id, person, day)."""
    pairs = list(zip(*sorted(kin.pairs), strict=True)) or [(), ()]
    tied = pa.table({name: pa.array(column, pa.string()) for name, column in zip("ab", pairs, strict=True)})
    with zone.lent("days", sighted), zone.lent("tied", tied):
        zone.run("CREATE OR REPLACE TABLE kin AS SELECT a, b FROM tied")
        zone.run(
            "CREATE OR REPLACE TABLE sighted AS SELECT l.*, d.person, d.day FROM lived l JOIN days d USING (role_id)"
            " WHERE l.address IS NOT NULL OR l.uprn IS NOT NULL"
        )
    dwellings.settle(zone)
    rows = zone.rows("SELECT person, home, day, min(role_id) FROM sighted GROUP BY ALL ORDER BY person, day, home")
    return stays((Sighting(*row) for row in rows), kin)


def apart(zone: Zone, sighted: pa.Table) -> set[tuple[str, str]]:
    """Pairs of persons (in order) who are the two identities of one sealed child."""
    with zone.lent("days", sighted):
        zone.run(
            "CREATE OR REPLACE TABLE sealed_holder AS SELECT DISTINCT l.nhs, d.person FROM lived l"
            " JOIN days d USING (role_id)"
            " WHERE l.nhs IN (SELECT nhs_a FROM zone.seal UNION SELECT nhs_b FROM zone.seal)"
        )
    rows = zone.rows(
        "SELECT least(x.person, y.person), greatest(x.person, y.person) FROM zone.seal s"
        " JOIN sealed_holder x ON x.nhs = s.nhs_a JOIN sealed_holder y ON y.nhs = s.nhs_b WHERE x.person <> y.person"
    )
    return {(a, b) for a, b in rows}


def kin_of(ties: Iterable[Tie]) -> Kin:
    """What ties between persons say of who belongs together and who was placed with whom."""
    pairs: set[tuple[str, str]] = set()
    raised: dict[str, set[str]] = defaultdict(set)
    placed: dict[str, set[str]] = defaultdict(set)
    for tie in ties:
        if tie.standing is Standing.SEALED:
            continue
        if tie.relation in _DOWN | _ACROSS:
            pairs.add((min(tie.a, tie.b), max(tie.a, tie.b)))
        if tie.relation in _DOWN:
            raised[tie.b].add(tie.a)
        elif tie.relation is Relation.SIBLING:
            raised[tie.a].add(tie.b)
            raised[tie.b].add(tie.a)
        elif tie.relation is Relation.FOSTER_CARER:
            placed[tie.b].add(tie.a)
    return Kin(frozenset(pairs), _frozen(raised), _frozen(placed))


def _frozen(sets: dict[str, set[str]]) -> dict[str, frozenset[str]]:
    return {who: frozenset(others) for who, others in sets.items()}


def _communal(zone: Zone) -> set[int]:
    """The homes of `sighted` that the list of communal establishments names."""
    communal.lay(zone)
    rows = zone.rows(
        "SELECT DISTINCT home FROM sighted WHERE address IN (SELECT address FROM communal)"
        " OR uprn IN (SELECT uprn FROM communal) OR home IN (SELECT address FROM communal)"
    )
    return {home for (home,) in rows}


def households(
    session: Session, zone: Zone, ties: Sequence[Tie], *, persons: Collection[str] | None = None
) -> list[Tie]:
    """The household ties among these persons (all, where none are named), given the ties that rows claim.

    `persons` must hold everybody who shares an address with somebody touched, so that a crowd is seen whole.
    """
    sighted, kin = days(session, persons), kin_of(ties)
    open_addresses(zone, None if persons is None else sighted.column("role_id").combine_chunks())
    shared = together(residences(zone, sighted, kin), kin, _communal(zone))
    sealed = apart(zone, sighted)
    for name in ("lived", "sighted", "kin", "communal", "sealed_holder"):
        zone.run(f"DROP TABLE {name}")
    household, asserted = Relation.HOUSEHOLD, Standing.ASSERTED
    return [
        Tie(t.a, household, t.b, DERIVED, DERIVED, asserted, t.since, t.until, tuple(sorted(t.roles)))
        for t in shared
        if (t.a, t.b) not in sealed
    ]
