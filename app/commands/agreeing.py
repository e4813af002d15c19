"""Agreements from the command line: check, import, sign, move on, list, export."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.commands.options import AsJson
from app.commands.output import Exit, Refused, errors, show
from app.deployment import open_deployment
from app.settings import Settings
from governance.agreements import register
from governance.agreements.flows import Standing, lapse
from governance.agreements.register import Severity
from governance.keys.keystore import read_private
from governance.legal_time import legal_date
from governance.store import agreement
from governance.terms import AgreementStatus

BY = "command-line"
Code = Annotated[str, typer.Argument(help="The agreement's code, with its version: isp-early-years/1.")]
YamlFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)]


def check(file: YamlFile, as_json: AsJson = False) -> None:
    """Read an agreement as an information governance lawyer would; exit 1 when it has errors."""
    document = register.load_agreement(file)
    findings = register.check(document)
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


def import_(file: YamlFile, as_json: AsJson = False) -> None:
    """Store a checked version as a draft."""
    document = register.load_agreement(file)
    with open_deployment(Settings()) as deployment, deployment.database.writing() as session:
        register.import_agreement(session, deployment.ring, document, datetime.now(UTC), BY)
    result = {"code": document.code, "version": document.version, "hash": document.hash}
    show(result, as_json=as_json, title="Imported")


def sign(
    code: Code,
    organisation: Annotated[str, typer.Option(help="The party that signs.")],
    key: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="Its Ed25519 private key, PEM, mode 0600.")],
    as_json: AsJson = False,
) -> None:
    """Sign a version for one party with its designated person's key."""
    try:
        private = load_pem_private_key(read_private(key), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise Refused("the key is not a private key in PEM without a passphrase", Exit.FILE_REFUSED) from None
    if not isinstance(private, Ed25519PrivateKey):
        raise Refused("the key is not an Ed25519 private key", Exit.FILE_REFUSED)
    with open_deployment(Settings()) as deployment, deployment.database.writing() as session:
        held = _held(session, code)
        register.sign(session, deployment.ring, held.id, organisation, private, datetime.now(UTC), BY)
    show({"agreement": code, "signed_by": organisation}, as_json=as_json, title="Signed")


def set_status(
    code: Code,
    status: AgreementStatus,
    reason: Annotated[str | None, typer.Option()] = None,
    as_json: AsJson = False,
) -> None:
    """Move a version on in its life: consultation, assured, signed, in_force, suspended, withdrawn …"""
    with open_deployment(Settings()) as deployment, deployment.database.writing() as session:
        held = _held(session, code)
        register.set_status(session, deployment.ring, held.id, status, datetime.now(UTC), BY, reason)
    show({"agreement": code, "status": str(status)}, as_json=as_json, title="Moved")


def list_(as_json: AsJson = False) -> None:
    """List every version of every agreement and how it stands."""
    now = datetime.now(UTC)
    with open_deployment(Settings()) as deployment, deployment.database.reading() as session:
        rows = [_line(standing, now) for standing in register.standings(session, now)]
    if as_json:
        show({"agreements": rows}, as_json=True)
        return
    show({f"{r['code']}/{r['version']}": f"{r['standing']}, review due {r['review_due']}" for r in rows}, as_json=False)


def export(code: Code, as_json: AsJson = False) -> None:
    """Print a version's document as JSON."""
    with open_deployment(Settings()) as deployment, deployment.database.reading() as session:
        held = _held(session, code)
    document: dict[str, Any] = dict(held.document)
    show(document if as_json else {"document": json.dumps(document, indent=1, ensure_ascii=False)}, as_json=as_json)


def _held(session: Session, code: str) -> Any:
    name, _, version = code.partition("/")
    if not version.isascii() or not version.isdigit() or len(version) > 9:
        raise Refused("name the version too: CODE/VERSION")
    query = select(agreement.c.id, agreement.c.document)
    row = session.execute(query.where(agreement.c.code == name, agreement.c.version == int(version))).one_or_none()
    if row is None:
        raise Refused("no such agreement is held", Exit.NO)
    return row


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
