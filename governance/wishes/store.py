"""The wish store: consents, objections, restrictions and opt-outs as they were said, never changed.

Invariants: rows are only added; each has its ledger entry in the same transaction; a kind takes only its own answers;
a consent names who signed and in what right; whoever decides against an objection says on what compelling ground; the
same act sent twice under one client key is recorded once; the ledger holds that a wish was recorded, not what it was
about.
Sources: UK GDPR Articles 7(1) (demonstrable), 7(3) (as easy to withdraw as to give) and 21(1) (compelling grounds).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from secrets import token_hex
from typing import Any, Final

from sqlalchemy import Select, func, insert, select
from sqlalchemy.orm import Session

from governance.keys.keys import KeyRing
from governance.ledger.acts import act
from governance.ledger.ledger import Detail, record, stored_instant
from governance.store import signed_form_fault, wish
from governance.terms import EventKind, FormFault, Ground, SignerBasis, WishAnswer, WishKind
from governance.wishes.forms import VOIDS
from governance.wishes.wishes import ANSWERS, EVERYTHING, Wish, opted_out

LANGUAGES: Final = frozenset({"en", "cy"})
BATCH: Final = 500

FAMILY_GROUNDS: Final = frozenset(
    {
        Ground.SAFETY, Ground.NOT_NEEDED, Ground.TOO_MUCH, Ground.KNOWS_THE_WORKER, Ground.INACCURATE,
        Ground.OTHER_SITUATION,
    }
)  # fmt: skip
"""What a family may say an objection or a restriction rests on; saying nothing is no reason to refuse it."""

COMPELLING: Final = frozenset(Ground) - FAMILY_GROUNDS
"""What an organisation may decide against an objection on."""

GROUNDS: Final[Mapping[tuple[WishKind, WishAnswer], frozenset[Ground]]] = {
    (WishKind.OBJECTION, WishAnswer.MADE): FAMILY_GROUNDS,
    (WishKind.RESTRICTION, WishAnswer.MADE): FAMILY_GROUNDS,
    (WishKind.OBJECTION, WishAnswer.OVERRULED): COMPELLING,
}
"""Which acts have a ground, and which ones it may be."""

NEEDS_GROUND: Final = frozenset({(WishKind.OBJECTION, WishAnswer.OVERRULED)})


class WishRefused(Exception):
    """A wish that cannot be recorded as given. The message names the field, never the person."""


@dataclass(frozen=True, slots=True)
class WishRecord:
    """A wish with how it was recorded: what a receipt, a list or a review is made from."""

    id: str
    wish: Wish
    language: str | None
    recorded_by: str
    form_id: str | None
    ground: Ground | None


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
    ground: Ground | None = None,
    form_id: str | None = None,
    client_key: str | None = None,
) -> str:
    """Add what a person (or who may speak for them) said; return its id. Acts on the next read once committed."""
    _check(kind, answer, scope, signer_basis, ground)
    said = {
        "person_id": person_id,
        "kind": str(kind),
        "answer": str(answer),
        "scope": sorted(set(scope)),
        "signer": signer,
        "signer_person_id": signer_person_id,
        "signer_basis": signer_basis and str(signer_basis),
        "language": language,
        "expires": expires,
        "ground": ground and str(ground),
        "form_id": form_id,
    }
    if client_key is not None and (held := _held(session, person_id, client_key, said)) is not None:
        return held
    wish_id = token_hex(16)
    recorded = {"recorded_at": at, "recorded_by": by, "ordinal": _next(session, person_id), "client_key": client_key}
    session.execute(insert(wish).values(id=wish_id, valid_from=valid_from or at, **said, **recorded))
    detail: dict[Detail, str | int] = {
        Detail.WISH: wish_id,
        Detail.KIND: str(kind),
        Detail.ANSWER: str(answer),
    }
    record(session, ring, act(EventKind.WISH_RECORDED, by, detail, (person_id,)), at)
    return wish_id


def _check(
    kind: WishKind, answer: WishAnswer, scope: Sequence[str], basis: SignerBasis | None, ground: Ground | None
) -> None:
    if answer not in ANSWERS[kind]:
        raise WishRefused(f"answer: {kind} does not take {answer}")
    if kind is WishKind.CONSENT and basis is None:
        raise WishRefused("signer_basis: a consent says in what right it was signed")
    if not scope:
        raise WishRefused("scope: names nothing")
    if ground is None and (kind, answer) in NEEDS_GROUND:
        raise WishRefused("ground: whoever decides against an objection says on what compelling ground")
    if ground is not None and ground not in GROUNDS.get((kind, answer), frozenset()):
        raise WishRefused(f"ground: {kind} {answer} does not rest on {ground}")


def _held(session: Session, person_id: str, client_key: str, said: Mapping[str, Any]) -> str | None:
    """Return what was recorded under this key before. Raises WishRefused where that was something else."""
    same = select(wish).where(wish.c.person_id == person_id, wish.c.client_key == client_key)
    row = session.execute(same).mappings().one_or_none()
    if row is None:
        return None
    if any(row[name] != value for name, value in said.items()):
        raise WishRefused("client_key: was used for something else")
    return str(row["id"])


def wishes_of(session: Session, person_ids: Collection[str]) -> tuple[Wish, ...]:
    """Return every row about these persons, in the order they were recorded."""
    return tuple(record.wish for record in records_of(session, person_ids))


def records_of(session: Session, person_ids: Collection[str]) -> tuple[WishRecord, ...]:
    """Return every row about these persons with how it was recorded, in the order they were recorded."""
    ids = sorted(person_ids)
    rows: list[Any] = []
    for start in range(0, len(ids), BATCH):
        rows += session.execute(_rows().where(wish.c.person_id.in_(ids[start : start + BATCH]))).all()
    return tuple(sorted((_record(row) for row in rows), key=lambda r: (r.wish.person_id, r.wish.ordinal)))


def opted_out_persons(session: Session, kind: WishKind, at: datetime) -> frozenset[str]:
    """Return everybody whose opt-out of this kind stands at that instant."""
    by_person: dict[str, list[Wish]] = {}
    for row in session.execute(_rows().where(wish.c.kind == str(kind))):
        by_person.setdefault(row.person_id, []).append(_record(row).wish)
    return frozenset(person for person, held in by_person.items() if opted_out(held, kind, person, at))


def persons_with_wishes(session: Session) -> tuple[str, ...]:
    """Return everybody about whom anything is recorded, by the id it was recorded under."""
    return tuple(session.scalars(select(wish.c.person_id).distinct().order_by(wish.c.person_id)))


def _next(session: Session, person_id: str) -> int:
    last = select(func.max(wish.c.ordinal)).where(wish.c.person_id == person_id)
    return (session.execute(last).scalar_one() or 0) + 1


def _rows() -> Select[Any]:
    fault = signed_form_fault.c
    found = (fault.fault.label("form_fault"), fault.recorded_at.label("fault_at"))
    return select(wish, *found).outerjoin(signed_form_fault, fault.form_id == wish.c.form_id)


def _record(row: Any) -> WishRecord:
    return WishRecord(
        id=row.id,
        wish=_wish(row),
        language=row.language,
        recorded_by=row.recorded_by,
        form_id=row.form_id,
        ground=Ground(row.ground) if row.ground else None,
    )


def _wish(row: Any) -> Wish:
    answer = WishAnswer(row.answer)
    void = row.form_fault is not None and answer in VOIDS[FormFault(row.form_fault)]
    return Wish(
        person_id=row.person_id,
        kind=WishKind(row.kind),
        answer=answer,
        scope=tuple(row.scope),
        signer=row.signer,
        signer_person_id=row.signer_person_id,
        signer_basis=SignerBasis(row.signer_basis) if row.signer_basis else None,
        valid_from=stored_instant(row.valid_from),
        expires=row.expires,
        recorded_at=stored_instant(row.recorded_at),
        ordinal=row.ordinal,
        void_from=stored_instant(row.fault_at) if void else None,
    )
