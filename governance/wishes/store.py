"""The wish store: consents, objections, restrictions and opt-outs as they were said, never changed.

Invariants: rows are only added; each has its ledger entry in the same transaction; a kind takes only its own answers;
a consent names who signed and in what right; the ledger holds that a wish was recorded, not what it was about.
Sources: UK GDPR Articles 7(1) (demonstrable) and 7(3) (as easy to withdraw as to give).
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from secrets import token_hex
from typing import Any, Final

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from governance.keys.keys import KeyRing
from governance.ledger.acts import act
from governance.ledger.ledger import Detail, record, stored_instant
from governance.store import wish
from governance.terms import EventKind, SignerBasis, WishAnswer, WishKind
from governance.wishes.wishes import ANSWERS, EVERYTHING, Wish, opted_out

LANGUAGES: Final = frozenset({"en", "cy"})
BATCH: Final = 500


class WishRefused(Exception):
    """A wish that cannot be recorded as given. The message names the field, never the person."""


def record_wish(
    session: Session,
    ring: KeyRing,
    at: datetime,
    by: str,
    *,
    person_id: str,
    kind: WishKind,
    answer: WishAnswer,
    scope: Sequence[str] = (EVERYTHING,),
    signer: str | None = None,
    signer_person_id: str | None = None,
    signer_basis: SignerBasis | None = None,
    language: str | None = None,
    valid_from: datetime | None = None,
    expires: date | None = None,
) -> str:
    """Add what a person (or who may speak for them) said; return its id. Acts on the next read once committed."""
    if answer not in ANSWERS[kind]:
        raise WishRefused(f"answer: {kind} does not take {answer}")
    if kind is WishKind.CONSENT and signer_basis is None:
        raise WishRefused("signer_basis: a consent says in what right it was signed")
    if not scope:
        raise WishRefused("scope: names nothing")
    wish_id = token_hex(16)
    row = {
        "id": wish_id,
        "person_id": person_id,
        "kind": str(kind),
        "answer": str(answer),
        "scope": sorted(set(scope)),
        "signer": signer,
        "signer_person_id": signer_person_id,
        "signer_basis": signer_basis and str(signer_basis),
        "language": language,
        "valid_from": valid_from or at,
        "expires": expires,
        "recorded_at": at,
        "recorded_by": by,
        "ordinal": _next(session, person_id),
    }
    session.execute(insert(wish).values(**row))
    detail: dict[Detail, str | int] = {
        Detail.WISH: wish_id,
        Detail.KIND: str(kind),
        Detail.ANSWER: str(answer),
    }
    record(session, ring, act(EventKind.WISH_RECORDED, by, detail, (person_id,)), at)
    return wish_id


def wishes_of(session: Session, person_ids: Collection[str]) -> tuple[Wish, ...]:
    """Return every row about these persons, in the order they were recorded."""
    ids = sorted(person_ids)
    rows: list[Any] = []
    for start in range(0, len(ids), BATCH):
        part = select(wish).where(wish.c.person_id.in_(ids[start : start + BATCH]))
        rows += session.execute(part).all()
    return tuple(sorted((_wish(row) for row in rows), key=lambda w: (w.person_id, w.ordinal)))


def opted_out_persons(session: Session, kind: WishKind, at: datetime) -> frozenset[str]:
    """Return everybody whose opt-out of this kind stands at that instant."""
    rows = tuple(_wish(row) for row in session.execute(select(wish).where(wish.c.kind == str(kind))))
    by_person: dict[str, list[Wish]] = {}
    for row in rows:
        by_person.setdefault(row.person_id, []).append(row)
    return frozenset(person for person, held in by_person.items() if opted_out(held, kind, person, at))


def _next(session: Session, person_id: str) -> int:
    last = select(func.max(wish.c.ordinal)).where(wish.c.person_id == person_id)
    return (session.execute(last).scalar_one() or 0) + 1


def _wish(row: Any) -> Wish:
    return Wish(
        person_id=row.person_id,
        kind=WishKind(row.kind),
        answer=WishAnswer(row.answer),
        scope=tuple(row.scope),
        signer=row.signer,
        signer_person_id=row.signer_person_id,
        signer_basis=SignerBasis(row.signer_basis) if row.signer_basis else None,
        valid_from=stored_instant(row.valid_from),
        expires=row.expires,
        recorded_at=stored_instant(row.recorded_at),
        ordinal=row.ordinal,
    )
