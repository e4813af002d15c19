"""Recording wishes from the command line: what was said, what was signed, and forms that do not hold.

Invariants: a person is named by random id; whoever records is recorded; what the rules refuse leaves with exit 4 and
changes nothing.
"""

from datetime import datetime
from typing import Annotated, Any

import typer

from app import wishing
from app.commands.noting import BY, Person, known_person, utc, writing
from app.commands.options import AsJson
from app.commands.output import Exit, Refused, show
from governance.terms import (
    Evidence,
    FormFault,
    FormKind,
    Ground,
    SignerBasis,
    SigningPlace,
    WishAnswer,
    WishKind,
)
from governance.wishes.forms import FORM_ANSWERS, Form, shipped
from governance.wishes.reach import OPT_OUTS
from governance.wishes.signing import Competence, Signing, fault_form, record_form
from governance.wishes.store import record_wish
from governance.wishes.wishes import EVERYTHING

Scope = Annotated[
    list[str] | None,
    typer.Option(help="A category, an agreement's code, or one of its flows (code/no); everything if left out."),
]
Basis = Annotated[SignerBasis, typer.Option(help="In what right it was said.")]
Signer = Annotated[str | None, typer.Option("--signer-person", help="The random id of who said it.")]
ClientKey = Annotated[str | None, typer.Option(help="The same key again records nothing twice.")]
At = Annotated[
    datetime | None, typer.Option(help="As it stood at this instant (UTC).", formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"])
]
SaidAt = Annotated[
    datetime | None,
    typer.Option(help="When it was said (UTC); now if left out.", formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]),
]
Modules = Annotated[
    list[str] | None, typer.Option("--module", help="MODULE=ANSWER of a form; a module left out was not asked.")
]


def record(
    person: Person,
    signer_basis: Basis,
    answer: Annotated[WishAnswer, typer.Option(help="given, refused or withdrawn; not with a form")] = WishAnswer.GIVEN,
    scope: Scope = None,
    form: Annotated[str | None, typer.Option(help="The form that was signed, by its code.")] = None,
    module: Modules = None,
    language: Annotated[str, typer.Option(help="The language it was signed in: en or cy.")] = "en",
    evidence: Annotated[Evidence, typer.Option()] = Evidence.PAPER,
    place: Annotated[SigningPlace | None, typer.Option()] = None,
    signer: Annotated[str | None, typer.Option(help="Who signed: mother, father, child, authority …")] = None,
    signer_person: Signer = None,
    competence_by: Annotated[str | None, typer.Option(help="Who found the child to understand it.")] = None,
    competence_on: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"])] = None,
    competence_scope: Annotated[list[str] | None, typer.Option(help="A module; all of them if left out.")] = None,
    ground: Annotated[Ground | None, typer.Option(help="With an objection form: what it rests on.")] = None,
    signed_at: SaidAt = None,
    expires: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"])] = None,
    client_key: ClientKey = None,
    as_json: AsJson = False,
) -> None:
    """Record a consent given, refused or withdrawn: a signed form by its modules, or a word by its scope."""
    until = expires.date() if expires else None
    if form is None:
        _wish(
            person, WishKind.CONSENT, answer, scope, as_json, signer=signer, signer_basis=signer_basis,
            signer_person_id=signer_person, language=language, valid_from=utc(signed_at), expires=until,
            client_key=client_key,
        )  # fmt: skip
        return
    competence = _competence(competence_by, competence_on, competence_scope)
    with writing() as (deployment, session, now):
        held = _form(form)
        signing = Signing(
            person_id=known_person(session, person), language=language, answers=_answers(held, module or []),
            signer_basis=signer_basis, evidence=evidence, signed_at=utc(signed_at) or now,
            signer_person_id=signer_person, competence=competence, place=place, expires=until, ground=ground,
            client_key=client_key,
        )  # fmt: skip
        form_id = record_form(session, deployment.ring, now, BY, held, signing)
    show({"form": form_id, "of": held.code, "version": held.version}, as_json=as_json, title="Recorded")


def withdraw(
    person: Person, signer_basis: Basis, scope: Scope = None, signer: Annotated[str | None, typer.Option()] = None,
    signer_person: Signer = None, client_key: ClientKey = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Withdraw consent, for all or part; it acts on the very next look."""
    _wish(
        person, WishKind.CONSENT, WishAnswer.WITHDRAWN, scope, as_json, signer=signer, signer_basis=signer_basis,
        signer_person_id=signer_person, client_key=client_key,
    )  # fmt: skip


def object_(
    person: Person,
    answer: Annotated[WishAnswer, typer.Option(help="made, withdrawn; upheld, overruled or lifted")] = WishAnswer.MADE,
    ground: Annotated[Ground | None, typer.Option(help="What it rests on; overruling names a compelling one.")] = None,
    scope: Scope = None,
    signer_basis: Annotated[SignerBasis | None, typer.Option()] = None,
    signer_person: Signer = None,
    client_key: ClientKey = None,
    as_json: AsJson = False,
) -> None:
    """Record an objection, or the decision about one (due within one month)."""
    _wish(
        person, WishKind.OBJECTION, answer, scope, as_json, ground=ground, signer_basis=signer_basis,
        signer_person_id=signer_person, client_key=client_key,
    )  # fmt: skip


def restrict(
    person: Person,
    answer: Annotated[WishAnswer, typer.Option(help="made or lifted")] = WishAnswer.MADE,
    ground: Annotated[Ground | None, typer.Option()] = None,
    scope: Scope = None,
    signer_basis: Annotated[SignerBasis | None, typer.Option()] = None,
    client_key: ClientKey = None,
    as_json: AsJson = False,
) -> None:
    """Restrict the use of a person's data while a dispute is settled, or lift that."""
    _wish(
        person, WishKind.RESTRICTION, answer, scope, as_json, ground=ground, signer_basis=signer_basis,
        client_key=client_key,
    )  # fmt: skip


def opt_out(
    person: Person,
    signer_basis: Basis,
    kind: Annotated[WishKind, typer.Option(help="opt_out_national or opt_out_type_1")] = WishKind.OPT_OUT_NATIONAL,
    answer: Annotated[WishAnswer, typer.Option(help="made or lifted")] = WishAnswer.MADE,
    signer_person: Signer = None,
    client_key: ClientKey = None,
    as_json: AsJson = False,
) -> None:
    """Set an opt-out from uses beyond individual care, or lift it: from 13 by the child, below by a parent."""
    if kind not in OPT_OUTS:
        raise Refused("kind: is not an opt-out", Exit.USAGE)
    with writing() as (deployment, session, now):
        wish_id = wishing.record_opt_out(
            session, deployment.ring, now, BY, person=known_person(session, person), kind=kind, answer=answer,
            basis=signer_basis, signer_person_id=signer_person, client_key=client_key,
        )  # fmt: skip
    show({"wish": wish_id, "kind": str(kind), "answer": str(answer)}, as_json=as_json, title="Recorded")


def fault(
    form_id: Annotated[str, typer.Argument(help="A signed form's id.")],
    reason: Annotated[FormFault, typer.Option()],
    as_json: AsJson = False,
) -> None:
    """Record that a signed form does not hold: what it agreed to counts no more, from now on and for good."""
    with writing() as (deployment, session, now):
        fault_form(session, deployment.ring, now, BY, form_id, reason)
    show({"form": form_id, "fault": str(reason)}, as_json=as_json, title="Recorded")


def _wish(person: str, kind: WishKind, answer: WishAnswer, scope: list[str] | None, as_json: bool, **said: Any) -> None:
    with writing() as (deployment, session, now):
        wish_id = record_wish(
            session, deployment.ring, now, BY, person_id=known_person(session, person), kind=kind, answer=answer,
            scope=scope or (EVERYTHING,), **said,
        )  # fmt: skip
    show({"wish": wish_id, "kind": str(kind), "answer": str(answer)}, as_json=as_json, title="Recorded")


def _form(code: str) -> Form:
    form = shipped().newest(code)
    if form is None:
        raise Refused("form: there is none of that code", Exit.USAGE)
    return form


def _answers(form: Form, modules: list[str]) -> dict[str, WishAnswer]:
    """Read MODULE=ANSWER; on a form that takes one answer only, the module's name is enough."""
    only = next(iter(FORM_ANSWERS[form.kind])) if form.kind is not FormKind.CONSENT else None
    found = {}
    for said in modules:
        code, _, answer = said.partition("=")
        if answer not in set(WishAnswer) and not (only and not answer):
            raise Refused("module: is not MODULE=ANSWER", Exit.USAGE)
        found[code] = WishAnswer(answer) if answer or only is None else only
    return found


def _competence(by: str | None, on: datetime | None, scope: list[str] | None) -> Competence | None:
    if by is None and on is None:
        return None
    if by is None or on is None:
        raise Refused("competence: names who assessed it and when", Exit.USAGE)
    return Competence(by, on.date(), tuple(scope or (EVERYTHING,)))
