"""Agreements to read, from the command line: what changed, what it would change, what is due, a version as a document.

Invariant: what tells of caseloads or of workers by name is an entry of the log, committed before it is printed.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy.orm import Session

from app import impact as impacts
from app.agreement_rendering import Rendering, rendered
from app.agreement_warnings import due_now, warn_due
from app.commands.agreement_options import ByOfficer, Code, held_version, officer
from app.commands.noting import note
from app.commands.options import AsJson
from app.commands.output import Exit, Refused, show
from app.deployment import open_deployment
from app.language import Code as LanguageCode
from app.settings import Settings
from governance.agreements import documents, reviews
from governance.agreements.diff import diff as differences
from governance.agreements.flows import Agreement
from governance.agreements.standings import standings
from governance.ledger.acts import act
from governance.terms import EventKind

Version = Annotated[str, typer.Argument(help="CODE/VERSION of one that is held, or a YAML or JSON file.")]


def export(
    code: Code,
    as_: Annotated[Rendering, typer.Option("--as", help="The WASPI document, the family's leaflet, or JSON.")] = (
        Rendering.JSON
    ),
    language: Annotated[LanguageCode, typer.Option(help="English or Welsh.")] = LanguageCode.EN,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="A file to write; otherwise it is printed.")] = None,
    as_json: AsJson = False,
) -> None:
    """Give a version out: as JSON, as the document that people sign, or as the leaflet that families get."""
    now = datetime.now(UTC)
    with open_deployment(Settings()) as deployment, deployment.database.reading() as session:
        row = held_version(session, code)
        document: dict[str, Any] = dict(row.document)
        if as_ is Rendering.JSON:
            text = json.dumps(document, indent=1, ensure_ascii=False)
        else:
            every = standings(session, now)
            held = next(s for s in every if (s.agreement.code, s.agreement.version) == (row.code, row.version))
            text = rendered(session, held, as_, language, now)
    if out is not None:
        out.write_text(text + "\n", "utf-8")
        show({"agreement": code, "as": str(as_), "file": str(out)}, as_json=as_json, title="Written")
    elif as_json:
        show(document if as_ is Rendering.JSON else {"agreement": code, "html": text}, as_json=True)
    else:
        typer.echo(text)


def diff(old: Version, new: Version, as_json: AsJson = False) -> None:
    """Tell what changed between two versions, by flow and field."""
    with open_deployment(Settings()) as deployment, deployment.database.reading() as session:
        was, now = _version(session, old), _version(session, new)
    found = differences(was, now)
    if as_json:
        changes = [
            {"flow": c.flow, "field": c.field, "gone": list(c.gone), "come": list(c.come), "said": str(c)}
            for c in found
        ]
        show({"old": _called(was), "new": _called(now), "same": not found, "changes": changes}, as_json=True)
        return
    for change in found:
        typer.echo(str(change))
    if not found:
        typer.echo("nothing changed")


def impact(version: Version, by: ByOfficer = None, as_json: AsJson = False) -> None:
    """Count who would gain and lose what, over the real caseloads, before anybody signs."""
    now = datetime.now(UTC)
    with open_deployment(Settings()) as deployment:
        with deployment.database.reading() as session:
            wanted, who = _version(session, version), officer(session, by, now)
        found = impacts.impact(deployment, wanted, now, act(EventKind.IMPACT_COUNTED, who, {}))
    if as_json:
        show(impacts.as_json(found), as_json=True)
        return
    for sentence in found.sentences or ["nobody gains or loses anything"]:
        typer.echo(sentence)
    for one in found.counts:
        organisation, role = one.workers_of or ("", "")
        typer.echo(
            f"  {organisation} {role}: {one.direction} {one.category} from {', '.join(one.sources)}: "
            f"{one.workers:,} workers, {one.children:,} children"
        )


def due(
    warn: Annotated[bool, typer.Option("--warn", help="Warn those not warned yet; run this daily.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the reviews that are near or past, and who was warned by name; exit 1 when any agreement has stopped."""
    now = datetime.now(UTC)
    with open_deployment(Settings()) as deployment:
        given = warn_due(deployment, now) if warn else {}
        note(deployment, EventKind.EXPORT, "agreements-due")
        with deployment.database.reading() as session:
            found, told = due_now(session, now), reviews.warnings(session)
    rows = [
        {"agreement": _called(one.agreement), "stage": str(one.stage), "stops": one.stops.isoformat(),
         "review_due": one.agreement.review_due.isoformat()}
        for one in found
    ]  # fmt: skip
    named = [
        {"agreement": f"{w.code}/{w.version}", "stage": str(w.stage), "organisation": w.holder.organisation,
         "name": w.holder.name, "relationships": w.holder.relationships,
         "involvements": dict(w.holder.involvements), "warned_at": w.at.isoformat()}
        for w in told
    ]  # fmt: skip
    if as_json:
        show({"due": rows, "warned": named, "given_now": given.get("warned", 0)}, as_json=True)
    else:
        for row in rows or [{"agreement": "no agreement", "stage": "is due", "stops": "-", "review_due": "-"}]:
            typer.echo(f"{row['agreement']}: {row['stage']}, review due {row['review_due']}, stops {row['stops']}")
        for person in named:
            typer.echo(f"  {person['agreement']} {person['stage']}: {person['name']} ({person['organisation']})")
    if any(one.stage is reviews.Stage.STOPPED for one in found):
        raise typer.Exit(Exit.NO)


def _version(session: Session, said: str) -> Agreement:
    if Path(said).is_file():
        return documents.load_agreement(Path(said))
    if "/" not in said:
        raise Refused("neither a file nor CODE/VERSION of an agreement that is held")
    row = held_version(session, said)
    return documents.agreement_from(row.document)


def _called(agreement: Agreement) -> str:
    return f"{agreement.code}/{agreement.version}"
