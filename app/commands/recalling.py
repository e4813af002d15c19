"""Wishes shown from the command line: what was recorded, what stands, what is due, receipts, the forms to sign.

Invariant: what is read of a person is an entry before it is printed.
"""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from app import wishing
from app.commands.noting import Person, known_person, note, reading, utc
from app.commands.options import AsJson, ReadFile
from app.commands.output import Exit, Refused, show
from app.deployment import open_deployment
from app.settings import Settings
from governance.terms import EventKind
from governance.wishes import receipts
from governance.wishes.forms import FormRefused, form_from, shipped
from governance.wishes.store import WishRecord

At = Annotated[
    datetime | None, typer.Option(help="As it stood at this instant (UTC).", formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"])
]


def list_(person: Person, as_json: AsJson = False) -> None:
    """List what is recorded of a person's wishes, in order."""
    with reading("wishes-list", person) as (_, session, known, _now):
        rows = [_listed(one) for one in wishing.held(session, [known]).wishes]
    _show("wishes", rows, as_json)


def show_(person: Person, at: At = None, as_json: AsJson = False) -> None:
    """Show what stands about a person's consents, objections, restrictions and opt-outs, now or at an instant."""
    with reading("wishes-show", person) as (_, session, known, now):
        moment = utc(at) or now
        state = wishing.state_of(session, known, moment)
    document = {
        "at": moment.isoformat(),
        "adult": state.subject.adult,
        "in_care": state.subject.in_care,
        "consents": [{"agreement": code, "category": str(c), "state": str(found)} for code, c, found in state.consents],
        "stopped": [{"kind": str(kind), "agreement": code, "category": str(c)} for kind, code, c in state.stopped],
        "opted_out": [str(kind) for kind in state.opted_out],
    }
    if as_json:
        show(document, as_json=True)
        return
    rows = [f"{code} {c}: {found}" for code, c, found in state.consents]
    rows += [f"{code} {c}: {kind}" for kind, code, c in state.stopped] + [str(kind) for kind in state.opted_out]
    show({str(n): row for n, row in enumerate(rows, 1)}, as_json=False, title=f"As it stood {moment:%Y-%m-%d %H:%M}")


def receipt(
    person: Person,
    record_id: Annotated[str, typer.Argument(help="The id of a wish or a signed form.")],
    out: Annotated[Path | None, typer.Option("-o", help="Write the JSON here.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make the receipt of one wish or signed form: what was said, and what it changes, flow by flow."""
    with reading("wishes-receipt", person) as (_, session, known, now):
        found = wishing.receipt_of(session, shipped(), record_id, wishing.held(session, [known]), now)
        if found is None:
            raise Refused("nothing of that id is recorded about this person", Exit.NO)
        document = receipts.receipt(found[0], found[1], now)
    if out is not None:
        out.write_text(json.dumps(document, ensure_ascii=False, indent=1), "utf-8")
    show(document if as_json else {"digest": document["digest"], "flows": len(found[1])}, as_json=as_json)


def due(
    person: Annotated[str | None, typer.Argument(help="Only about this person.")] = None, as_json: AsJson = False
) -> None:
    """List what is to be asked or answered again, overdue or within 90 days."""
    with open_deployment(Settings()) as deployment, deployment.database.reading() as session:
        now = datetime.now(UTC)
        known = [known_person(session, person)] if person else []
        note(deployment, EventKind.EXPORT, "wishes-due", known)
        found = wishing.reviews_of(session, known[0], now) if known else wishing.reviews_due(session, now)
    rows = [
        {
            "due": r.due.isoformat(),
            "why": str(r.why),
            "person": r.person_id,
            "kind": str(r.kind),
            "scope": list(r.scope),
        }
        for r in found
    ]
    _show("due", rows, as_json)


def forms(as_json: AsJson = False) -> None:
    """List the forms to sign, by code, with their modules."""
    rows = [
        {
            "form": form.code, "version": form.version, "kind": str(form.kind),
            "modules": [module.code for module in form.modules], "welsh_reviewed": form.welsh_reviewed,
            "text_hash": {language: form.text_hash(language) for language in ("en", "cy")},
        }
        for form in shipped().to_sign()
    ]  # fmt: skip
    _show("forms", rows, as_json)


def check_form(file: ReadFile, as_json: AsJson = False) -> None:
    """Check a form's YAML; a fault names line and field."""
    try:
        form = form_from(file.read_text("utf-8"))
    except (FormRefused, UnicodeDecodeError) as refusal:
        why = str(refusal) if isinstance(refusal, FormRefused) else "not UTF-8 text"
        raise Refused(why, Exit.FILE_REFUSED) from None
    show({"form": form.code, "version": form.version, "modules": len(form.modules)}, as_json=as_json, title="Sound")


def _listed(one: WishRecord) -> dict[str, Any]:
    row = one.wish
    return {
        "id": one.id, "kind": str(row.kind), "answer": str(row.answer), "scope": list(row.scope),
        "basis": row.signer_basis and str(row.signer_basis), "from": row.valid_from.isoformat(),
        "expires": _day(row.expires), "form": one.form_id, "void_from": row.void_from and row.void_from.isoformat(),
        "recorded_at": row.recorded_at.isoformat(), "recorded_by": one.recorded_by,
    }  # fmt: skip


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _show(name: str, rows: list[dict[str, Any]], as_json: bool) -> None:
    show({name: rows} if as_json else {str(n): row for n, row in enumerate(rows, 1)}, as_json=as_json)
