"""Signed forms: recording one, finding that one does not hold, and the leaflets given with them.

Invariants: a form names the version and the very text that was signed; each module answered becomes one wish, a module
not asked none; a child's own agreement stands on an assessment that they understand what they agree to; what was
written or said is not held, only how it is evidenced; the same form sent twice under one client key is recorded once;
a form once found not to hold never holds again.
Sources: UK GDPR Article 7(1); Gillick v West Norfolk [1986] AC 112; WASPI guidance on informing service users.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from secrets import token_hex
from typing import Any, Final

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from governance.keys.keys import KeyRing
from governance.ledger.acts import act
from governance.ledger.ledger import Detail, record, stored_instant
from governance.legal_time import legal_date
from governance.store import leaflet_given, signed_form, signed_form_fault
from governance.terms import (
    EventKind,
    Evidence,
    FormFault,
    FormKind,
    Ground,
    SignerBasis,
    SigningPlace,
    WishAnswer,
)
from governance.wishes.forms import FORM_ANSWERS, KIND_OF_WISH, Form
from governance.wishes.store import GROUNDS, LANGUAGES, WishRefused, record_wish
from governance.wishes.wishes import EVERYTHING

_ASSESSOR: Final = re.compile(r"[A-Za-z0-9 ._'-]{1,80}")


@dataclass(frozen=True, slots=True)
class Competence:
    """That somebody found a child to understand what they agree to: by whom, when, and for which modules."""

    by: str
    on: date
    scope: tuple[str, ...] = (EVERYTHING,)


@dataclass(frozen=True, slots=True)
class Signing:
    """One signed form as its recorder knows it. `answers` holds the modules that were asked."""

    person_id: str
    language: str
    answers: Mapping[str, WishAnswer]
    signer_basis: SignerBasis
    evidence: Evidence
    signed_at: datetime
    signer_person_id: str | None = None
    competence: Competence | None = None
    place: SigningPlace | None = None
    expires: date | None = None
    ground: Ground | None = None
    client_key: str | None = None


@dataclass(frozen=True, slots=True)
class SignedForm:
    """A signed form as it is held."""

    id: str
    person_id: str
    form: str
    version: int
    kind: FormKind
    language: str
    text_hash: str
    answers: Mapping[str, WishAnswer]
    signer_basis: SignerBasis
    signer_person_id: str | None
    evidence: Evidence
    place: SigningPlace | None
    signed_at: datetime
    expires: date | None
    recorded_at: datetime
    recorded_by: str
    fault: FormFault | None


def record_form(session: Session, ring: KeyRing, at: datetime, by: str, form: Form, signing: Signing) -> str:
    """Record a signed form and the wishes it makes; return its id. Raises WishRefused, naming the field."""
    _check(form, signing, at)
    row = _row(form, signing)
    if signing.client_key is not None and (held := _held(session, signing.client_key, row)) is not None:
        return held
    form_id = token_hex(16)
    recorded = {"recorded_at": at, "recorded_by": by, "client_key": signing.client_key}
    session.execute(insert(signed_form).values(id=form_id, signed_at=signing.signed_at, **row, **recorded))
    for module in form.modules:
        answer = signing.answers.get(module.code)
        if answer is not None:
            _wish(session, ring, at, by, form, signing, form_id, module.scope, answer)
    return form_id


def fault_form(session: Session, ring: KeyRing, at: datetime, by: str, form_id: str, fault: FormFault) -> None:
    """Record that a signed form does not hold. Raises WishRefused where there is none, or it was found before."""
    held = signed_forms(session, form_ids=[form_id])
    if not held:
        raise WishRefused("form: there is none of that id")
    if held[0].fault is not None:
        raise WishRefused("form: was found not to hold before")
    values = {"form_id": form_id, "fault": str(fault), "recorded_at": at, "recorded_by": by}
    session.execute(insert(signed_form_fault).values(**values))
    detail: dict[Detail, str | int] = {Detail.FORM: form_id, Detail.KIND: str(fault)}
    record(session, ring, act(EventKind.FORM_CHECKED, by, detail, (held[0].person_id,)), at)


def signed_forms(
    session: Session, *, person_ids: Collection[str] = (), form_ids: Collection[str] = ()
) -> tuple[SignedForm, ...]:
    """Return the signed forms about these persons, or of these ids, in the order they were signed."""
    wanted = signed_form.c.person_id.in_(sorted(person_ids)) | signed_form.c.id.in_(sorted(form_ids))
    query = (
        select(signed_form, signed_form_fault.c.fault)
        .outerjoin(signed_form_fault, signed_form_fault.c.form_id == signed_form.c.id)
        .where(wanted)
        .order_by(signed_form.c.signed_at, signed_form.c.recorded_at, signed_form.c.id)
    )
    return tuple(_signed(row) for row in session.execute(query))


def give_leaflet(
    session: Session, ring: KeyRing, at: datetime, by: str, *, person_id: str, agreement: str, version: int,
    language: str, on: date,
) -> str:  # fmt: skip
    """Record that a family was given a leaflet; the same leaflet on the same day is recorded once. Return its id."""
    if language not in LANGUAGES:
        raise WishRefused("language: is not one the leaflet is in")
    if on > legal_date(at):
        raise WishRefused("on: lies ahead")
    given = {
        "person_id": person_id, "agreement_code": agreement, "agreement_version": version, "language": language,
        "given_on": on,
    }  # fmt: skip
    same = [leaflet_given.c[name] == value for name, value in given.items()]
    held = session.scalar(select(leaflet_given.c.id).where(*same))
    if held is not None:
        return str(held)
    row_id = token_hex(16)
    session.execute(insert(leaflet_given).values(id=row_id, recorded_at=at, recorded_by=by, **given))
    detail: dict[Detail, str | int] = {
        Detail.AGREEMENT: agreement, Detail.VERSION: version, Detail.LANGUAGE: language,
    }  # fmt: skip
    record(session, ring, act(EventKind.LEAFLET_GIVEN, by, detail, (person_id,)), at)
    return row_id


def leaflets_given(session: Session, person_ids: Collection[str]) -> tuple[tuple[str, int, str, date], ...]:
    """Return agreement, version, language and day of each leaflet given about these persons."""
    c = leaflet_given.c
    query = select(c.agreement_code, c.agreement_version, c.language, c.given_on)
    rows = session.execute(query.where(c.person_id.in_(sorted(person_ids))).order_by(c.given_on, c.id))
    return tuple((row.agreement_code, row.agreement_version, row.language, row.given_on) for row in rows)


def _check(form: Form, signing: Signing, at: datetime) -> None:
    if signing.language not in LANGUAGES:
        raise WishRefused("language: is not one the form is in")
    if not signing.answers:
        raise WishRefused("answers: no module was answered")
    for code, answer in signing.answers.items():
        if form.module(code) is None:
            raise WishRefused("answers: names a module the form does not have")
        if answer not in FORM_ANSWERS[form.kind]:
            raise WishRefused(f"answers: a {form.kind} form does not take {answer}")
    if signing.signed_at > at:
        raise WishRefused("signed_at: lies ahead")
    if signing.ground is not None and form.kind is not FormKind.OBJECTION:
        raise WishRefused("ground: belongs to an objection")
    _check_competence(signing)


def _check_competence(signing: Signing) -> None:
    """Only agreeing needs an assessment: a child's no is heard as it is."""
    found = signing.competence
    if found is not None and not (_ASSESSOR.fullmatch(found.by) and found.on <= legal_date(signing.signed_at)):
        raise WishRefused("competence: says who assessed it, no later than the form was signed")
    given = {code for code, answer in signing.answers.items() if answer is WishAnswer.GIVEN}
    if signing.signer_basis is not SignerBasis.COMPETENT_CHILD or not given:
        return
    if found is None:
        raise WishRefused("competence: a child's own consent stands on an assessment that they understand it")
    if EVERYTHING not in found.scope and not given <= set(found.scope):
        raise WishRefused("competence: the assessment does not reach all that was agreed to")


def _row(form: Form, signing: Signing) -> dict[str, Any]:
    competence = signing.competence
    return {
        "person_id": signing.person_id,
        "form": form.code,
        "version": form.version,
        "kind": str(form.kind),
        "language": signing.language,
        "text_hash": form.text_hash(signing.language),
        "answers": {code: str(answer) for code, answer in sorted(signing.answers.items())},
        "signer_person_id": signing.signer_person_id,
        "signer_basis": str(signing.signer_basis),
        "competence_by": competence and competence.by,
        "competence_on": competence and competence.on,
        "competence_scope": competence and sorted(competence.scope),
        "evidence": str(signing.evidence),
        "place": signing.place and str(signing.place),
        "expires": _expiry(form, signing),
    }


def _expiry(form: Form, signing: Signing) -> date | None:
    """A consent holds as long as its form says, or as long as its signer says, whichever ends first."""
    ends = [day for day in (form.expiry(legal_date(signing.signed_at)), signing.expires) if day is not None]
    return min(ends) if ends and form.kind is FormKind.CONSENT else None


def _held(session: Session, client_key: str, row: Mapping[str, Any]) -> str | None:
    same = select(signed_form).where(
        signed_form.c.person_id == row["person_id"], signed_form.c.client_key == client_key
    )
    held = session.execute(same).mappings().one_or_none()
    if held is None:
        return None
    if any(held[name] != value for name, value in row.items()):
        raise WishRefused("client_key: was used for something else")
    return str(held["id"])


def _wish(
    session: Session, ring: KeyRing, at: datetime, by: str, form: Form, signing: Signing, form_id: str,
    scope: tuple[str, ...], answer: WishAnswer,
) -> None:  # fmt: skip
    kind = KIND_OF_WISH[form.kind]
    record_wish(
        session,
        ring,
        at,
        by,
        person_id=signing.person_id,
        kind=kind,
        answer=answer,
        scope=scope,
        signer_person_id=signing.signer_person_id,
        signer_basis=signing.signer_basis,
        language=signing.language,
        valid_from=signing.signed_at,
        expires=_expiry(form, signing) if answer is WishAnswer.GIVEN else None,
        ground=signing.ground if (kind, answer) in GROUNDS else None,
        form_id=form_id,
    )


def _signed(row: Any) -> SignedForm:
    return SignedForm(
        id=row.id,
        person_id=row.person_id,
        form=row.form,
        version=row.version,
        kind=FormKind(row.kind),
        language=row.language,
        text_hash=row.text_hash,
        answers={code: WishAnswer(answer) for code, answer in row.answers.items()},
        signer_basis=SignerBasis(row.signer_basis),
        signer_person_id=row.signer_person_id,
        evidence=Evidence(row.evidence),
        place=SigningPlace(row.place) if row.place else None,
        signed_at=stored_instant(row.signed_at),
        expires=row.expires,
        recorded_at=stored_instant(row.recorded_at),
        recorded_by=row.recorded_by,
        fault=FormFault(row.fault) if row.fault else None,
    )
