"""The ledger from the command line: verify it, prove an entry, export it, anchor it."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from app import overriding
from app.anchoring import anchor_now, copy_anchors
from app.auditing import day_ends, day_starts
from app.commands.noting import note
from app.commands.options import AsJson
from app.commands.output import Exit, errors, show
from app.deployment import open_deployment
from app.exporting import Format, pieces
from app.language import LONDON
from app.settings import Settings
from governance.ledger.checkpoints import consistency_proof, inclusion_proof
from governance.ledger.daily import day as day_of
from governance.ledger.daily import short
from governance.ledger.verification import verify as verify_ledger
from governance.policy.replay import replay as replay_entry
from governance.terms import EventKind

CHECKPOINT_KEY = "checkpoint/1"


def verify(as_json: AsJson = False) -> None:
    """Check every entry, index and checkpoint; exit 1 and name the first that fails."""
    settings = Settings()
    with open_deployment(settings) as deployment, deployment.database.reading() as session:
        ring = deployment.ring
        key, processes = ring.public_key(CHECKPOINT_KEY), os.cpu_count() or 1
        found = verify_ledger(
            session, settings.anchors, key, ring=ring, processes=processes, copies=settings.anchor_copies
        )
    failure = found.first_failure
    result = {
        "ok": found.ok,
        "entries": found.entries,
        "covered_by_an_anchor": found.covered,
        "not_yet_anchored": found.pending,
        "checkpoints": found.checkpoints,
        "root": found.root,
        "failure": None if failure is None else str(failure.kind),
        "message": None if failure is None else failure.message,
        "index": None if failure is None else failure.index,
        "entry": None if failure is None else failure.entry_id,
        "checkpoint": None if failure is None else failure.size,
    }
    show({k: v for k, v in result.items() if as_json or v is not None}, as_json=as_json, title="Ledger")
    if not found.ok:
        raise typer.Exit(Exit.NO)


def proof(
    entry_id: str, out: Annotated[Path, typer.Option("-o", "--out", dir_okay=False)], as_json: AsJson = False
) -> None:
    """Write the entry and the proof that it is in the ledger, to be checked offline by the stand-alone verifier."""
    with open_deployment(Settings()) as deployment:
        note(deployment, EventKind.AUDIT_READ, "proof")
        with deployment.database.reading() as session:
            made = inclusion_proof(session, entry_id)
    out.write_text(made.with_entry(), encoding="utf-8")
    show({"entry": entry_id, "index": made.index, "size": made.size, "out": str(out)}, as_json=as_json, title="Proof")


def consistency(
    old: int, new: int, out: Annotated[Path, typer.Option("-o", "--out", dir_okay=False)], as_json: AsJson = False
) -> None:
    """Write the proof that the checkpoint of NEW entries only continues that of OLD entries."""
    with open_deployment(Settings()) as deployment:
        note(deployment, EventKind.AUDIT_READ, "consistency")
        with deployment.database.reading() as session:
            made = consistency_proof(session, old, new)
    out.write_text(str(made), encoding="utf-8")
    show({"old": old, "new": new, "hashes": len(made.path), "out": str(out)}, as_json=as_json, title="Consistency")


def replay(entry_id: str, as_json: AsJson = False) -> None:
    """Make a past decision again from what was kept of it; exit 1 where it comes out otherwise."""
    with open_deployment(Settings()) as deployment:
        note(deployment, EventKind.AUDIT_READ, "replay")
        with deployment.database.reading() as session:
            made = replay_entry(session, deployment.ring, entry_id)
    result = {
        "entry": made.entry_id, "same": made.same, "differs": list(made.differs), "decisions": made.decisions,
        "engine_then": made.engine_then, "engine_now": made.engine_now,
        "same_engine": made.engine_then == made.engine_now,
    }  # fmt: skip
    show(result, as_json=as_json, title="Replayed")
    if not made.same:
        raise typer.Exit(Exit.NO)


def export(
    out: Annotated[Path, typer.Option("-o", "--out", dir_okay=False)],
    format_: Annotated[Format, typer.Option("--format", help="Exact lines, a table, or FHIR R4.")] = Format.JSONL,
    as_json: AsJson = False,
) -> None:
    """Write every sequenced entry."""
    count = 0

    def counted() -> None:
        nonlocal count
        count += 1

    with open_deployment(Settings()) as deployment:
        note(deployment, EventKind.EXPORT, f"audit-export-{format_}")
        with deployment.database.reading() as session, out.open("w", encoding="utf-8", newline="") as file:
            file.writelines(pieces(session, format_, datetime.now(UTC), counted))
    show({"entries": count, "format": str(format_), "out": str(out)}, as_json=as_json, title="Exported")


def anchor(as_json: AsJson = False) -> None:
    """Sequence what is committed, sign a checkpoint and keep it outside the database, in every anchor folder."""
    with open_deployment(Settings()) as deployment:
        made = anchor_now(deployment, datetime.now(UTC))
        failed = copy_anchors(deployment)
    errors.print(f"checkpoint {made.size} {made.root[:16]}", highlight=False)
    result = {"size": made.size, "root": made.root, "new": made.new, "copies_failed": len(failed)}
    show(result, as_json=as_json, title="Anchored")
    if failed:
        raise typer.Exit(Exit.NO)


def report(
    day: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Today unless another is named.")] = None,
    as_json: AsJson = False,
) -> None:
    """Print a day of the ledger for the file: acts by kind and outcome, alarms, size, and the signed root in short."""
    now = datetime.now(UTC)
    asked = now.astimezone(LONDON).date() if day is None else day.date()
    with open_deployment(Settings()) as deployment:
        note(deployment, EventKind.AUDIT_READ, "report")
        anchor_now(deployment, now)
        with deployment.database.reading() as session:
            found = day_of(session, day_starts(asked), day_ends(asked))
        waiting = overriding.counts(deployment, now)
    told = {"day": asked.isoformat(), "acts": found.acts, "waiting": waiting, "entries": found.size}
    show(told | {"root": short(found.root)}, as_json=as_json, title="Daily report of the ledger")
