"""Getting data in: the synthetic county, reference data, extracts."""

import csv
import os
from collections.abc import Sequence
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from app.commands.options import AsJson, SpecFile
from app.commands.output import Exit, Refused, errors, plain, progress, show
from app.county import write_county
from app.deployment import open_deployment
from app.loading import LoadReport, load_file
from app.referencing import import_reference
from app.settings import Settings
from linkage.intake import loads
from linkage.intake.spec import load_spec
from linkage.reasons import sentence


class Errors(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


def synth(
    families: Annotated[int, typer.Option(min=1, max=2_000_000)],
    out: Annotated[Path, typer.Option(file_okay=False)],
    seed: Annotated[int, typer.Option(min=0)] = 1,
    level: Annotated[Errors, typer.Option("--errors")] = Errors.MEDIUM,
    twins: Annotated[float, typer.Option(min=0, help="How many times as many twins as usual.")] = 1.0,
    address_damage: Annotated[
        float, typer.Option(min=0, max=1, help="Chance of a wrong sign in each field of an address.")
    ] = 0.0,
    as_json: AsJson = False,
) -> None:
    """Write a synthetic county: extracts as partners send them, reference data, and the truth."""
    with progress("writing families", families) as advance:
        summary = write_county(
            families, seed, level.value, out, _stepping(advance), twins=twins, address_damage=address_damage
        )
    show({**asdict(summary), "out": str(out)}, as_json=as_json, title="Synthetic county")


def reference_import(
    paths: Annotated[list[Path], typer.Argument(exists=True, readable=True)], as_json: AsJson = False
) -> None:
    """Import reference data: files, or a folder that holds them (postcodes, milestones, supersessions, seals)."""
    with open_deployment(Settings()) as deployment:
        imported = import_reference(deployment, paths)
    show(imported, as_json=as_json, title="Reference data")


def ingest(
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, readable=True)],
    spec_file: SpecFile,
    snapshot: Annotated[bool | None, typer.Option("--snapshot/--delta")] = None,
    report: Annotated[Path | None, typer.Option(help="Write the rejection report (CSV, no values) here.")] = None,
    as_json: AsJson = False,
) -> None:
    """Load extracts of one data set, in the order given."""
    if report is not None and not os.access(report.absolute().parent, os.W_OK | os.X_OK):
        raise Refused("the report cannot be written there: no such folder, or it may not be written")
    spec = load_spec(spec_file)
    kind = None if snapshot is None else ("snapshot" if snapshot else "delta")
    reports: list[LoadReport] = []
    with open_deployment(Settings()) as deployment:
        for path in files:
            with progress(f"loading {spec.dataset}") as advance:
                reports.append(load_file(deployment, spec, path, kind=kind, progress=advance))
        if report is not None:
            with deployment.database.reading() as session:
                rows = [row for held in reports for row in loads.problem_rows(session, held.load_id)]
            _write_report(report, rows)
    if as_json:
        show({"loads": [asdict(held) for held in reports]}, as_json=True)
        return
    for held in reports:
        show(_readable(held), as_json=False, title=f"Loaded {held.dataset}")
        _explain(held)


def list_loads(as_json: AsJson = False) -> None:
    """List completed loads."""
    with open_deployment(Settings()) as deployment, deployment.database.reading() as session:
        rows = loads.listed(session)
    show({"loads": rows} if as_json else {row["id"]: _line(row) for row in rows}, as_json=as_json, title="Loads")


def problems(load_id: str, as_json: AsJson = False) -> None:
    """Show a load's rejected rows and warnings: row number, column, reason; no values."""
    with open_deployment(Settings()) as deployment, deployment.database.reading() as session:
        if load_id not in loads.completed(session):
            raise Refused("no such load", Exit.NO)
        rows = loads.problem_rows(session, load_id)
    if as_json:
        show({"problems": rows}, as_json=True)
        return
    table = Table("row", "column", "severity", "reason")
    for row in rows:
        table.add_row(*map(plain, (row["row_number"], row["column"] or "", row["severity"], sentence(row["code"]))))
    errors.print(table)


def _stepping(advance: Any) -> Any:
    done = 0

    def step(at: int, _total: int) -> None:
        nonlocal done
        advance(at - done)
        done = at

    return step


def _readable(held: LoadReport) -> dict[str, Any]:
    shown = asdict(held)
    if held.unchanged:
        return {"load": held.load_id, "note": "this file is loaded already; nothing was changed"}
    return {name: shown[name] for name in shown if name not in ("dataset", "unchanged")}


def _explain(held: LoadReport) -> None:
    for code, count in held.rejected_by_reason.items():
        errors.print(f"{count} rejected: {sentence(code)}", markup=False)
    if held.ending_held_back:
        errors.print("nothing was ended: a rejected row does not say which record it is", markup=False)
    if held.not_covered:
        errors.print("not stored, since no agreement in force covers it: " + _counts(held.not_covered), markup=False)


def _counts(counts: Any) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))


def _line(row: dict[str, Any]) -> str:
    return f"{row['dataset']} ({row['kind']}): {row['accepted']} accepted, {row['rejected']} rejected"


def _write_report(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["row", "column", "severity", "code", "what to do"])
        for r in rows:
            writer.writerow([r["row_number"], _inert(r["column"]), r["severity"], r["code"], sentence(r["code"])])


def _inert(column: str | None) -> str:
    """A column's name as no spreadsheet runs it: what starts like a formula gets a quotation mark before it."""
    name = " ".join((column or "").split())
    return f"'{name}" if name.startswith(("=", "+", "-", "@")) else name
