"""A person's wishes, put together with what the record store knows of their age, family and merges.

Invariants: nothing here decides about a read; wishes and responsibilities follow their person through merges; an
opt-out is taken only from who may set it at that age; a receipt is made for whatever was recorded, and making one is an
entry of its own in the caller's hands.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.reading import known_scope, told_of
from app.subjects import Merges, policy_members
from governance.agreements.flows import lapse
from governance.agreements.standings import standings
from governance.keys.keys import KeyRing
from governance.legal_time import legal_date
from governance.policy.request import Facts
from governance.policy.segments import ADULTS
from governance.store import organisation
from governance.terms import Category, Decision, LegalBasis, SignerBasis, WishAnswer, WishKind
from governance.wishes import receipts, store
from governance.wishes.forms import KIND_OF_WISH, Forms
from governance.wishes.reach import OPT_OUTS, opt_out_fault
from governance.wishes.responsibilities import responsibilities_of
from governance.wishes.responsibility import ResponsibilityFact, subject_at
from governance.wishes.reviews import Review, reviews
from governance.wishes.signing import SignedForm, signed_forms
from governance.wishes.store import WishRecord, WishRefused, record_wish, records_of
from governance.wishes.wishes import Consent, Subject, Wish, active, consent, opted_out
from linkage.kin import records
from linkage.kin.families import ADULT_YEARS, months_between


@dataclass(frozen=True, slots=True)
class Held:
    """Everything recorded about the wishes of some persons, each under the id that stands today."""

    wishes: tuple[WishRecord, ...]
    responsibilities: tuple[ResponsibilityFact, ...]
    forms: tuple[SignedForm, ...]


def held(session: Session, persons: Collection[str]) -> Held:
    """Read what is recorded about these persons, whatever id it was recorded under."""
    merges = Merges(session)
    former = merges.former(persons)
    found, duties = records_of(session, former), responsibilities_of(session, former)
    forms = signed_forms(session, person_ids=former)
    named = set(former) | {r.wish.signer_person_id for r in found if r.wish.signer_person_id}
    now = merges.current(named | {duty.holder for duty in duties if duty.holder})
    return Held(
        wishes=tuple(replace(r, wish=_today(r.wish, now)) for r in found),
        responsibilities=tuple(replace(d, person_id=now[d.person_id], holder=now.get(d.holder or "")) for d in duties),
        forms=tuple(replace(form, person_id=now[form.person_id]) for form in forms),
    )


def _today(row: Wish, now: Any) -> Wish:
    return replace(row, person_id=now[row.person_id], signer_person_id=now.get(row.signer_person_id or ""))


def told(known: Held, decision: Decision) -> Held:
    """Keep what this worker may know of: members shown, and nothing about a category withheld in silence."""
    seen, places = {d.segment.member for d in decision.permitted}, told_of(decision)
    kept = [
        replace(record, wish=replace(record.wish, scope=scope))
        for record in known.wishes
        if record.wish.person_id in seen and (scope := known_scope(record.wish.person_id, record.wish.scope, places))
    ]
    whole = {(record.id, record.wish.scope) for record in known.wishes}
    partly = {r.form_id for r in known.wishes if r.id not in {k.id for k in kept}}
    partly |= {r.form_id for r in kept if (r.id, r.wish.scope) not in whole}
    return Held(
        wishes=tuple(kept),
        responsibilities=tuple(duty for duty in known.responsibilities if duty.person_id in seen),
        forms=tuple(form for form in known.forms if form.person_id in seen and form.id not in partly),
    )


def age_at(session: Session, person: str, day: date) -> int | None:
    """Return a person's age in whole years by the month of birth, where it is known."""
    month = birth_month(session, person)
    return None if month is None else months_between(month, day) // 12


def birth_month(session: Session, person: str) -> str | None:
    fact = next(iter(records.person_facts(session, [person]).values()), None)
    return None if fact is None else fact.birth_month


def subject_of(session: Session, person: str, duties: Sequence[ResponsibilityFact], at: datetime) -> Subject:
    """Return who speaks for this person at that instant."""
    family = records.load_family(session, person, legal_date(at))
    if family is None:
        return Subject(person, adult=False, responsible=frozenset())
    members = policy_members(family, legal_date(at))
    index = members[0]
    adult = index.subject in ADULTS or (index.age is not None and index.age >= ADULT_YEARS)
    holders = Facts(actor=None, members=members).holders(index)
    return subject_at(person, adult, holders, duties, at)


@dataclass(frozen=True, slots=True)
class State:
    """What stands about one person at one instant."""

    consents: tuple[tuple[str, Category, Consent], ...]
    stopped: tuple[tuple[WishKind, str, Category], ...]
    opted_out: tuple[WishKind, ...]
    subject: Subject


def state_of(session: Session, person: str, at: datetime) -> State:
    """Return the state of every consent that a flow in force rests on, and of what else was said."""
    known = held(session, [person])
    said = tuple(record.wish for record in known.wishes)
    subject = subject_of(session, person, known.responsibilities, at)
    live = [s for s in standings(session, at) if lapse(s, legal_date(at)) is None]
    asked = {
        (s.agreement.code, flow.no, category)
        for s in live
        for flow in s.agreement.flows
        if flow.basis is LegalBasis.CONSENT
        for category in flow.categories
    }
    states = {(code, c, consent(said, subject, c, code, at, no)) for code, no, c in asked}
    every = {(s.agreement.code, flow.no, c) for s in live for flow in s.agreement.flows for c in flow.categories}
    stopped = {
        (kind, code, c)
        for kind in (WishKind.OBJECTION, WishKind.RESTRICTION)
        for code, no, c in every
        if active(said, kind, person, c, code, at, no)
    }
    return State(
        consents=tuple(sorted(states)),
        stopped=tuple(sorted(stopped)),
        opted_out=tuple(kind for kind in sorted(OPT_OUTS) if opted_out(said, kind, person, at)),
        subject=subject,
    )


def record_opt_out(
    session: Session, ring: KeyRing, at: datetime, by: str, *, person: str, kind: WishKind, answer: WishAnswer,
    basis: SignerBasis, signer_person_id: str | None = None, client_key: str | None = None,
) -> str:  # fmt: skip
    """Record an opt-out, or its end, by who may set it at this age. Raises WishRefused."""
    fault = opt_out_fault(basis, age_at(session, person, legal_date(at)))
    if fault is not None:
        raise WishRefused(fault)
    return record_wish(
        session, ring, at, by, person_id=person, kind=kind, answer=answer, signer_basis=basis,
        signer_person_id=signer_person_id, client_key=client_key,
    )  # fmt: skip


def reviews_of(session: Session, person: str, at: datetime, known: Held | None = None) -> tuple[Review, ...]:
    """Return what is due about one person."""
    found = known or held(session, [person])
    said = [record.wish for record in found.wishes]
    return reviews(said, person, birth_month(session, person), found.responsibilities, at)


def reviews_due(session: Session, at: datetime) -> tuple[Review, ...]:
    """Return what is due about everybody, the earliest first."""
    recorded = store.persons_with_wishes(session)
    persons = sorted(set(Merges(session).current(recorded).values()))
    return tuple(sorted(review for person in persons for review in reviews_of(session, person, at)))


def receipt_of(
    session: Session, forms: Forms, record_id: str, known: Held, at: datetime
) -> tuple[receipts.Said, tuple[receipts.Line, ...]] | None:
    """Return the receipt of one signed form or one wish among those known; None where there is none of that id."""
    said = _said_by_form(known, forms, record_id) or _said_alone(known, record_id)
    if said is None:
        return None
    nations = {row.code: row.nation for row in session.execute(select(organisation.c.code, organisation.c.nation))}
    return said, receipts.lines(said, standings(session, at), nations, at)


def _said_by_form(known: Held, forms: Forms, record_id: str) -> receipts.Said | None:
    form = next((form for form in known.forms if form.id == record_id), None)
    if form is None:
        return None
    wishes = [record for record in known.wishes if record.form_id == form.id]
    return receipts.Said(
        record_id=form.id,
        person_id=form.person_id,
        kind=KIND_OF_WISH[form.kind],
        answers=tuple((record.wish.answer, record.wish.scope) for record in wishes),
        basis=str(form.signer_basis),
        language=form.language,
        said_at=form.signed_at,
        recorded_at=form.recorded_at,
        expires=_day(form.expires),
        ground=next((str(record.ground) for record in wishes if record.ground), None),
        evidence=str(form.evidence),
        form=forms.version(form.form, form.version),
        text_hash=form.text_hash,
        module_answers=form.answers,
        fault=form.fault and str(form.fault),
    )


def _said_alone(known: Held, record_id: str) -> receipts.Said | None:
    record = next((record for record in known.wishes if record.id == record_id), None)
    if record is None:
        return None
    row = record.wish
    return receipts.Said(
        record_id=record.id,
        person_id=row.person_id,
        kind=row.kind,
        answers=((row.answer, row.scope),),
        basis=row.signer_basis and str(row.signer_basis),
        language=record.language or "en",
        said_at=row.valid_from,
        recorded_at=row.recorded_at,
        expires=_day(row.expires),
        ground=record.ground and str(record.ground),
    )


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
