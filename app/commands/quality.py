"""How good the links are: a report without a truth, Splink's charts as files, the model card."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from app import quality as quality_of
from app.commands.noting import note
from app.commands.options import AsJson
from app.commands.output import Exit, Refused, progress, show
from app.deployment import Deployment, open_deployment
from app.linking import explain_link
from app.settings import Settings
from governance.terms import EventKind

FLAT = ("run", "estimated", "review", "possible_duplicates", "unlinkable")
"""What the readable report shows of itself; the rest follows line by line."""


def report(as_json: AsJson = False) -> None:
    """Say how good the links are without a truth: coverage, estimates from reviewed pairs, doubts, who joined whom."""
    with open_deployment(Settings()) as deployment:
        found = quality_of.report(deployment)
    show(found if as_json else _readable(found), as_json=as_json, title="How good the links are")


def loads(
    load_ids: Annotated[
        list[str] | None, typer.Argument(help="Loads by id; default the newest of each data set.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Tell of each load how many of its rows joined whom."""
    with open_deployment(Settings()) as deployment:
        found = quality_of.loads(deployment, load_ids or [])
    show({"loads": found} if as_json else joined(found), as_json=as_json, title="Rows that joined")


def blocking(
    between: Annotated[
        bool, typer.Option("--between", help="Also tell each rule's pairs between every two data sets.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Tell what each blocking rule costs and buys: pairs only it proposed, and how many of them are likely right."""
    with open_deployment(Settings()) as deployment:
        found = quality_of.rule_costs(deployment)
    show(found if as_json else _costs(found, between), as_json=as_json, title="What blocking costs and buys")


def charts(
    out: Annotated[Path, typer.Option("--out", "-o", file_okay=False, help="The folder to write into.")],
    pair: Annotated[
        tuple[str, str] | None, typer.Option(help="Two persons, to draw how their best pair of records weighs.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Save Splink's own charts of the newest run, as pages that need no network and as Vega-Lite."""
    with open_deployment(Settings()) as deployment, progress("drawing"):
        explained = None if pair is None else _explained(deployment, pair)
        written = quality_of.draw(deployment, out, explained)
    show({"written": [path.name for path in written], "out": str(out)}, as_json=as_json, title="Charts")


def card(
    out: Annotated[Path, typer.Option("--out", "-o", dir_okay=False, help="The Markdown file to write.")],
    truth: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A truth file, as for evaluate.")
    ] = None,
    groups: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A file of the truth's persons and their groups.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write the model card: weights, thresholds, what it was trained on, how well it does, its limits."""
    if groups is not None and truth is None:
        raise Refused("groups are told against a truth: name it with --truth")
    with open_deployment(Settings()) as deployment:
        text = quality_of.card(deployment, truth, groups)
    out.write_text(text, "utf-8")
    show({"written": str(out), "lines": text.count("\n")}, as_json=as_json, title="Model card")


def _explained(deployment: Deployment, pair: tuple[str, str]) -> Mapping[str, Any]:
    note(deployment, EventKind.EXPORT, "quality-charts", pair)
    explained = explain_link(deployment, *pair)
    if not explained["compared"]:
        raise Refused("these two were never compared, or are not known", Exit.NO)
    return explained


def _readable(found: Mapping[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for name in FLAT:
        shown |= _flattened(name, found[name])
    for dataset, fields in found["completeness"].items():
        shown[f"{dataset}: filled"] = {field: f"{100 * share:.1f} %" for field, share in fields.items()}
    for pair in found["dataset_pairs"]:
        shown[f"{pair['a']} × {pair['b']}"] = f"{pair['both']:,} persons in both"
    return shown | joined(found["loads"])


def _flattened(name: str, held: Any) -> dict[str, Any]:
    if not isinstance(held, Mapping):
        return {name: held}
    return {
        f"{name}: {inner}": _interval(value) if isinstance(value, Mapping) else value for inner, value in held.items()
    } or {name: "none"}


def _interval(held: Mapping[str, Any]) -> str:
    if held.get("value") is None:
        return "not measured yet: answer sampled pairs of the review queue"
    return f"{100 * held['value']:.2f} % ({100 * held['low']:.2f} to {100 * held['high']:.2f})"


def joined(loads: list[dict[str, Any]]) -> dict[str, Any]:
    """Lines that tell of each load how many of its rows joined whom."""
    return {
        f"load of {one['dataset']}": {
            "rows": one["rows"], "joined": one["joined"] or "nobody", "alone": one["alone"], "waiting": one["waiting"],
        }
        for one in loads
    }  # fmt: skip


def _costs(found: Mapping[str, Any], between: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {"sampled profiles": found["sampled_profiles"], "likely pairs": found["likely"]}
    for rule in found["rules"]:
        name = " + ".join(rule["columns"])
        shown[name] = {"new": rule["new"], "likely": rule["likely"]}
        for pair in rule["between"] if between else ():
            shown[f"{name}: {pair['a']} × {pair['b']}"] = {"new": pair["new"], "likely": pair["likely"]}
    return shown
