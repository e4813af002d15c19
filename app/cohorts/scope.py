"""What a project may count, and who has said that they are not to be counted.

Invariants: only what a permitted flow of the decision carries about children is in scope; a flow that stands on consent
is not counted from; whoever opted out or objects where a used flow honours it, is restricted or is erased is left out
whole, so that nobody counts as "without" because they may not be looked at; a wish follows its person through merges.
Sources: the NHS national data opt-out policy; UK GDPR Articles 17, 18 and 21.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.cohorts.sets import among
from governance.agreements.flows import Flow
from governance.agreements.standings import standings
from governance.store import erasure, organisation, wish
from governance.terms import Category, Decision, FlowRef, LegalBasis, Reason, Segment, SubjectRole, WishKind
from governance.wishes.reach import Use, honoured
from governance.wishes.store import opted_out_persons, wishes_of
from governance.wishes.wishes import Wish, active
from linkage import store

STOPPING = (WishKind.OBJECTION, WishKind.RESTRICTION)


@dataclass(frozen=True, slots=True, order=True)
class Counted:
    """One class of children's data from one provider that may be counted, and the wishes that its flow honours."""

    category: Category
    provider: str
    agreement: str
    national_opt_out: bool
    type_1: bool
    objection: bool = True
    flow: str = ""


@dataclass(frozen=True, slots=True)
class Scope:
    """All that one run may count."""

    counted: frozenset[Counted]

    def providers(self, category: str) -> frozenset[str]:
        return frozenset(c.provider for c in self.counted if c.category == category)


def scope_of(session: Session, decision: Decision, at: datetime) -> Scope:
    """Return what the gate's decision lets this run count; nothing where the run was refused."""
    if decision.reason is not Reason.PERMITTED:
        return Scope(frozenset())
    flows = {standing.ref(flow): flow for standing in standings(session, at) for flow in standing.agreement.flows}
    nations = {row.code: row.nation for row in session.execute(select(organisation.c.code, organisation.c.nation))}
    found = set()
    for permitted in decision.permitted:
        segment, ref = permitted.segment, permitted.flow
        if ref is not None and segment.subject is SubjectRole.CHILD and _stands_without_consent(ref, flows):
            found.add(_counted(segment, ref, flows[ref], nations.get(segment.source)))
    return Scope(frozenset(found))


def _counted(segment: Segment, ref: FlowRef, flow: Flow, nation: str | None) -> Counted:
    return Counted(
        category=segment.category,
        provider=segment.source,
        agreement=ref.agreement,
        national_opt_out=honoured(WishKind.OPT_OUT_NATIONAL, flow, Use.PLANNING, nation),
        type_1=honoured(WishKind.OPT_OUT_TYPE_1, flow, Use.PLANNING, nation),
        objection=honoured(WishKind.OBJECTION, flow, Use.PLANNING, nation),
        flow=ref.flow,
    )


def _stands_without_consent(ref: FlowRef, flows: Mapping[FlowRef, Flow]) -> bool:
    return ref in flows and flows[ref].basis not in (None, LegalBasis.CONSENT)


def left_out(session: Session, used: Collection[Counted], at: datetime) -> frozenset[str]:
    """Return everybody who is not to be counted, by the id they stand under today and every one they had."""
    out = set(session.execute(select(erasure.c.person_id)).scalars())
    if any(c.national_opt_out for c in used):
        out |= opted_out_persons(session, WishKind.OPT_OUT_NATIONAL, at)
    if any(c.type_1 for c in used):
        out |= opted_out_persons(session, WishKind.OPT_OUT_TYPE_1, at)
    return _with_survivors(session, out | _stopped(session, used, at))


def _stopped(session: Session, used: Collection[Counted], at: datetime) -> set[str]:
    speaking = select(wish.c.person_id).where(wish.c.kind.in_([str(kind) for kind in STOPPING])).distinct()
    rows = wishes_of(session, list(session.execute(speaking).scalars()))
    return {
        person for person, said in groupby(rows, key=lambda w: w.person_id) if _stops(tuple(said), person, used, at)
    }


def _stops(said: tuple[Wish, ...], person: str, used: Collection[Counted], at: datetime) -> bool:
    return any(
        active(said, kind, person, c.category, c.agreement, at, c.flow)
        for kind in STOPPING
        for c in used
        if c.objection or kind is not WishKind.OBJECTION
    )


def _with_survivors(session: Session, ids: set[str]) -> frozenset[str]:
    person, found, new = store.person, set(ids), set(ids)
    while new:
        into = select(person.c.merged_into).where(among(session, person.c.id, new), person.c.merged_into.is_not(None))
        new = set(session.execute(into).scalars()) - found
        found |= new
    return frozenset(found)
