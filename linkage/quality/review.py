"""The clerical review queue: filled after a run, answered by stewards, each answer a binding decision.

Invariants: pairs are chosen for what an answer would tell, and beside them a probability sample whose chances are
recorded; nobody sealed from another is ever paired with them here; a row says how far fields agree, never what they
hold; an answer is given once, is never forgotten and is carried over to the next run's sample with what the engine said
before anybody answered; "unsure" decides nothing and stays in the queue."""

import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
from sqlalchemy import delete, func, insert, or_, select
from sqlalchemy.orm import Session

from linkage.matching import blocking
from linkage.persons import run_store
from linkage.quality import doubts, measures, sampling
from linkage.quality.answers import SETTLED, Answer, RolePair, key, told
from linkage.quality.compared import Agreement, Pair, agreements, pattern
from linkage.quality.doubts import Doubtful, ReviewReason
from linkage.quality.sampling import Drawn
from linkage.store import link_decision, link_quality, link_run, possible_duplicate, record_role, review_pair
from linkage.zone.zone import Database

MOST_DOUBTFUL = 200
SAMPLED = 300


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh put into the queue: doubtful pairs, sampled pairs, and how many of these were answered before."""

    doubtful: int
    sampled: int
    carried: int


@dataclass(frozen=True, slots=True)
class _Known:
    """What is on record of a pair of roles: the answer, who gave it when, and what the engine said before."""

    answer: str
    by: str
    at: datetime
    linked: bool | None


def _known(session: Session) -> dict[RolePair, _Known]:
    """What was answered or decided of any pair, an answer in the queue before a decision made elsewhere."""
    found: dict[RolePair, _Known] = {}
    for row in session.execute(select(link_decision).where(link_decision.c.withdrawn_at.is_(None))):
        found[key(row.role_a, row.role_b)] = _Known(row.kind, row.decided_by, row.decided_at, None)
    for row in session.execute(select(review_pair).where(review_pair.c.answer.is_not(None))):
        found[key(row.role_a, row.role_b)] = _Known(row.answer, row.answered_by, row.answered_at, row.linked)
    return found


@dataclass(frozen=True, slots=True)
class _Run:
    id: str
    join: float
    full: bool
    settings: Mapping[str, Any]


def _run(session: Session, run_id: str) -> _Run:
    row = session.execute(select(link_run).where(link_run.c.id == run_id)).one()
    return _Run(run_id, row.threshold, row.mode == run_store.FULL, run_store.model(session) or {})


def refresh(
    session: Session, zone: Database, run_id: str, rng: np.random.Generator, *, sampled: int = SAMPLED,
    most: int = MOST_DOUBTFUL,
) -> Refreshed:  # fmt: skip
    """Fill the queue after a run, in the caller's transaction.

    A full run also draws the sample and keeps what it shows of its quality; one that looked at what is new adds its
    doubts. Needs the run's working tables. The same `rng` draws mostly the same pairs again.
    """
    run, seed = _run(session, run_id), int(rng.integers(2**31))
    tables = sampling.EVERYTHING if run.full else sampling.ADDED
    sampling.judge(zone, run.join, seed, tables)
    strata = sampling.strata(zone)
    drawn = _draw(zone, strata, run, seed, sampled) if run.full else []
    found = doubts.doubtful(zone, run.join, _possible(session))
    fields = agreements(zone, run.settings, [one.pair for one in drawn] + [one.pair for one in found], tables.profile)
    roles = _roles(zone, [one.pair for one in drawn] + [one.pair for one in found])
    known = _known(session)
    open_ones = [one for one in found if _open(known.get(roles[one.pair]))]
    patterns = {pair: pattern(held) for pair, held in fields.items()}
    chosen = doubts.ranked(open_ones, patterns, told(session), run.join, most)
    _clear(session, run)
    rows = _rows(run, chosen, drawn, fields, roles, known)
    if rows:
        session.execute(insert(review_pair), rows)
    if run.full:
        _keep_facts(session, zone, run, strata, drawn, seed)
    carried = sum(row["answer"] in SETTLED for row in rows)
    return Refreshed(sum(row["chance"] is None for row in rows), len(drawn), carried)


def _possible(session: Session) -> list[tuple[str, str, str]]:
    """A role of each of two persons that may be one, and why."""
    one, other = record_role.alias(), record_role.alias()
    query = (
        select(func.min(one.c.id), func.min(other.c.id), possible_duplicate.c.reason)
        .join(one, one.c.person_id == possible_duplicate.c.person_a)
        .join(other, other.c.person_id == possible_duplicate.c.person_b)
        .where(one.c.current, other.c.current)
        .group_by(possible_duplicate.c.id, possible_duplicate.c.reason)
        .order_by(possible_duplicate.c.id)
    )
    return [(a, b, reason) for a, b, reason in session.execute(query)]


def _draw(zone: Database, strata: Sequence[sampling.Stratum], run: _Run, seed: int, wanted: int) -> list[Drawn]:
    asked = [stratum for stratum in strata if stratum.name not in sampling.NOT_ASKED]
    sizes = sampling.allocation(asked, wanted, run.join)
    beside = sampling.uncompared(zone, run.join)
    size = min(beside.pairs, max(sampling.LEAST_IN_STRATUM, wanted // 20))
    return sampling.draw(zone, asked, sizes) + sampling.draw_uncompared(zone, beside, size, seed)


def _open(known: _Known | None) -> bool:
    return known is None or known.answer == Answer.UNSURE


def _roles(zone: Database, pairs: Sequence[Pair]) -> dict[Pair, RolePair]:
    asked = pa.table({"profile": pa.array(sorted({one for pair in pairs for one in pair}), pa.int64())})
    with zone.lent("asked", asked):
        role = dict(zone.rows("SELECT profile, role_id FROM reviewed JOIN asked USING (profile)"))
    return {(a, b): key(role[a], role[b]) for a, b in pairs}


def _clear(session: Session, run: _Run) -> None:
    """Take out what is no longer asked: all that is open before a full run; else what has since become one person."""
    unsettled = or_(review_pair.c.answer.is_(None), review_pair.c.answer == Answer.UNSURE.value)
    if run.full:
        session.execute(delete(review_pair).where(unsettled))
        return
    one, other = record_role.alias(), record_role.alias()
    joined = (
        select(review_pair.c.id)
        .join(one, one.c.id == review_pair.c.role_a)
        .join(other, other.c.id == review_pair.c.role_b)
        .where(unsettled, review_pair.c.chance.is_(None), ~review_pair.c.linked, one.c.person_id == other.c.person_id)
    )
    session.execute(delete(review_pair).where(review_pair.c.id.in_(joined)))


def _rows(
    run: _Run, chosen: Sequence[tuple[Doubtful, float]], drawn: Sequence[Drawn],
    fields: Mapping[Pair, tuple[Agreement, ...]], roles: Mapping[Pair, RolePair], known: Mapping[RolePair, _Known],
) -> list[dict[str, Any]]:  # fmt: skip
    worth = {one.pair: priority for one, priority in chosen}
    sample = {one.pair: one for one in drawn}
    rows = [_sampled(run, one, worth.get(one.pair, 0.0), known.get(roles[one.pair])) for one in drawn]
    pairs = [one.pair for one in drawn]
    for one, priority in chosen:
        if one.pair not in sample:
            rows.append(_doubtful(run, one, priority, known.get(roles[one.pair])))
            pairs.append(one.pair)
    for row, pair in zip(rows, pairs, strict=True):
        role_a, role_b = roles[pair]
        row |= {"role_a": role_a, "role_b": role_b, "fields": [asdict(held) for held in fields.get(pair, ())]}
    return rows


def _sampled(run: _Run, one: Drawn, priority: float, known: _Known | None) -> dict[str, Any]:
    linked = one.linked
    if known is not None and known.answer in SETTLED:
        # The answer binds: whether the engine would have linked them is what it said before, else what the weight says.
        weight = run.join if one.match_weight is None else one.match_weight
        linked = known.linked if known.linked is not None else weight >= run.join
    row = _row(run, ReviewReason.SAMPLE, one.match_weight, linked, priority, known)
    return row | {"stratum": one.stratum, "chance": one.chance}


def _doubtful(run: _Run, one: Doubtful, priority: float, known: _Known | None) -> dict[str, Any]:
    row = _row(run, one.reason, one.match_weight, one.linked, priority, known)
    return row | {"stratum": one.reason.value, "chance": None}


def _row(
    run: _Run, reason: ReviewReason, weight: float | None, linked: bool, priority: float, known: _Known | None
) -> dict[str, Any]:
    return {
        "id": secrets.token_hex(16), "run_id": run.id, "reason": reason.value, "match_weight": weight,
        "linked": linked, "priority": priority, "answer": known.answer if known else None,
        "answered_by": known.by if known else None, "answered_at": known.at if known else None,
    }  # fmt: skip


def _keep_facts(
    session: Session, zone: Database, run: _Run, strata: Sequence[sampling.Stratum], drawn: Sequence[Drawn], seed: int
) -> None:
    asked = Counter(one.stratum for one in drawn)
    rules = {blocking.column(at): rule for at, rule in enumerate(blocking.BLOCKING)}
    facts = {
        "join": run.join,
        "strata": [{"stratum": s.name, "pairs": s.pairs, "asked": asked[s.name]} for s in strata],
        "completeness": measures.completeness(zone),
        "unlinkables": measures.unlinkables(zone, run.settings, seed) if run.settings else [],
        "weights": measures.weights(zone),
        "caught": measures.caught(zone, rules, seed),
        "blocking": measures.rules(zone, run.settings) if run.settings else None,
    }
    now = session.execute(select(link_run.c.completed_at).where(link_run.c.id == run.id)).scalar_one()
    session.execute(insert(link_quality).values(run_id=run.id, recorded_at=now, facts=facts))
