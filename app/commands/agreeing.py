"""Agreements from the command line: check, import, move on, list; the schema and the items they are written in."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from app.agreement_items import data_items, known
from app.commands.agreement_options import ByOfficer, Code, held_version, officer
from app.commands.options import AsJson
from app.commands.output import Exit, Refused, errors, show
from app.deployment import open_deployment
from app.settings import Settings
from governance.agreements import documents, register
from governance.agreements.findings import Severity
from governance.agreements.flows import Standing, lapse
from governance.agreements.lifecycle import Assurance
from governance.agreements.lint import check as check_agreement
from governance.legal_time import legal_date
from governance.terms import AgreementStatus

YamlFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)]


def check(file: YamlFile, as_json: AsJson = False) -> None:
    """Read an agreement as an information governance lawyer would; exit 1 when it has errors."""
    document = register.load_agreement(file)
    findings = check_agreement(document, known())
    for finding in findings:
        errors.print(str(finding), markup=False, soft_wrap=True)
    faulty = any(finding.severity is Severity.ERROR for finding in findings)
    result = {
        "code": document.code,
        "version": document.version,
        "hash": document.hash,
        "ok": not faulty,
        "findings": [str(finding) for finding in findings] if as_json else len(findings),
    }
    show(result, as_json=as_json, title="Agreement")
    if faulty:
        raise typer.Exit(Exit.NO)


def import_(file: YamlFile, by: ByOfficer = None, as_json: AsJson = False) -> None:
    """Store a checked version as a draft."""
    document = register.load_agreement(file)
    now = datetime.now(UTC)
    with open_deployment(Settings()) as deployment, deployment.database.writing() as session:
        who = officer(session, by, now)
        register.import_agreement(session, deployment.ring, document, now, who, known(session))
    result = {"code": document.code, "version": document.version, "hash": document.hash}
    show(result, as_json=as_json, title="Imported")


def set_status(
    code: Code,
    status: AgreementStatus,
    reason: Annotated[str | None, typer.Option(help="Why; needed to suspend, resume or withdraw.")] = None,
    qa_group: Annotated[str | None, typer.Option(help="The group that assured it; needed for assured.")] = None,
    qa_date: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day it did.")] = None,
    by: ByOfficer = None,
    as_json: AsJson = False,
) -> None:
    """Move a version on in its life: consultation, assured, signed, in_force, suspended, withdrawn …"""
    if (qa_group is None) != (qa_date is None):
        raise Refused("--qa-group and --qa-date go together")
    assurance = Assurance(qa_group, qa_date.date()) if qa_group and qa_date else None
    now = datetime.now(UTC)
    with open_deployment(Settings()) as deployment, deployment.database.writing() as session:
        held, who = held_version(session, code), officer(session, by, now)
        register.set_status(session, deployment.ring, held.id, status, now, who, reason, assurance)
    show({"agreement": code, "status": str(status)}, as_json=as_json, title="Moved")


def schema(as_json: AsJson = False) -> None:
    """Print the JSON Schema of an agreement."""
    text = json.dumps(documents.schema(), indent=2, ensure_ascii=False)
    show(documents.schema(), as_json=True) if as_json else typer.echo(text)


def items(as_json: AsJson = False) -> None:
    """List the data items that a flow may name, each with its categories."""
    held = {item: sorted(categories) for item, categories in sorted(data_items().items())}
    show({"items": held} if as_json else held, as_json=as_json, title="Data items")


def list_(as_json: AsJson = False) -> None:
    """List every version of every agreement and how it stands."""
    now = datetime.now(UTC)
    with open_deployment(Settings()) as deployment, deployment.database.reading() as session:
        rows = [_line(standing, now) for standing in register.standings(session, now)]
    if as_json:
        show({"agreements": rows}, as_json=True)
        return
    show({f"{r['code']}/{r['version']}": f"{r['standing']}, review due {r['review_due']}" for r in rows}, as_json=False)


def _line(standing: Standing, now: datetime) -> dict[str, Any]:
    lapsed = lapse(standing, legal_date(now))
    return {
        "code": standing.agreement.code,
        "version": standing.agreement.version,
        "title": standing.agreement.title.en,
        "status": str(standing.status),
        "standing": "live" if lapsed is None else str(lapsed),
        "signed_by": sorted(standing.signed_by),
        "parties": sorted(standing.agreement.organisations),
        "review_due": standing.agreement.review_due.isoformat(),
        "expires": standing.agreement.expires.isoformat(),
        "hash": standing.agreement.hash,
    }
