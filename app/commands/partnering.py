"""What a partnership says of itself, from the command line: staff, caseloads, wishes."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from app.commands.noting import note
from app.commands.options import AsJson
from app.commands.output import Exit, Refused, show
from app.deployment import open_deployment
from app.partnering import import_partnership
from app.settings import Settings
from governance import people
from governance.people import FactRefused
from governance.terms import EventKind, SignerBasis, WishAnswer, WishKind
from governance.wishes import store
from governance.wishes.wishes import EVERYTHING
from linkage.kin import records
from linkage.rows import PersonId

BY = "command-line"
Person = Annotated[str, typer.Argument(help="The person's random id, as pages and search results name it.")]
Scope = Annotated[list[str] | None, typer.Option(help="A category or an agreement's code; all of them if left out.")]


def import_(folder: Annotated[Path, typer.Argument(exists=True, file_okay=False)], as_json: AsJson = False) -> None:
    """Import organisations, staff, caseloads, declarations, wishes and blocks from a folder's CSV files."""
    with open_deployment(Settings()) as deployment:
        imported = import_partnership(deployment, folder)
    show(imported, as_json=as_json, title="Partnership")


def end_caseload(relationship_id: str, as_json: AsJson = False) -> None:
    """End a worker's relationship with a child; it acts on the very next request."""
    with open_deployment(Settings()) as deployment, deployment.database.writing() as session:
        try:
            people.end_relationship(session, deployment.ring, relationship_id, datetime.now(UTC), BY)
        except FactRefused as refusal:
            raise Refused(str(refusal), Exit.NO) from None
    show({"ended": relationship_id}, as_json=as_json)


def record_consent(
    person: Person,
    answer: Annotated[WishAnswer, typer.Option(help="given, refused or withdrawn")],
    signer_basis: Annotated[SignerBasis, typer.Option()],
    scope: Scope = None,
    signer: Annotated[str | None, typer.Option(help="Who signed: mother, father, child, authority …")] = None,
    as_json: AsJson = False,
) -> None:
    """Record a consent given, refused or withdrawn."""
    _record(person, WishKind.CONSENT, answer, scope, as_json, signer=signer, signer_basis=signer_basis)


def record_objection(
    person: Person,
    answer: Annotated[WishAnswer, typer.Option(help="made, upheld, overruled or lifted")] = WishAnswer.MADE,
    kind: Annotated[WishKind, typer.Option()] = WishKind.OBJECTION,
    scope: Scope = None,
    as_json: AsJson = False,
) -> None:
    """Record an objection, a restriction or an opt-out, or its end."""
    _record(person, kind, answer, scope, as_json)


def list_wishes(person: Person, as_json: AsJson = False) -> None:
    """List what is recorded of a person's wishes, in order."""
    with open_deployment(Settings()) as deployment, deployment.database.reading() as session:
        known = _known(session, person)
        note(deployment, EventKind.EXPORT, "wishes-list", [known])
        held = store.wishes_of(session, [known])
    rows = [
        {"kind": str(w.kind), "answer": str(w.answer), "scope": list(w.scope), "from": w.valid_from.isoformat()}
        for w in held
    ]
    show({"wishes": rows} if as_json else {str(n): row for n, row in enumerate(rows, 1)}, as_json=as_json)


def _record(
    person: str, kind: WishKind, answer: WishAnswer, scope: list[str] | None, as_json: bool, **signed: Any
) -> None:
    with open_deployment(Settings()) as deployment, deployment.database.writing() as session:
        try:
            wish_id = store.record_wish(
                session,
                deployment.ring,
                datetime.now(UTC),
                BY,
                person_id=_known(session, person),
                kind=kind,
                answer=answer,
                scope=scope or (EVERYTHING,),
                **signed,
            )
        except store.WishRefused as refusal:
            raise Refused(str(refusal), Exit.POLICY) from None
    show({"wish": wish_id, "kind": str(kind), "answer": str(answer)}, as_json=as_json, title="Recorded")


def _known(session: Any, person: str) -> str:
    found = records.resolve(session, PersonId(person))
    if found is None:
        raise Refused("no such person", Exit.NO)
    return found
