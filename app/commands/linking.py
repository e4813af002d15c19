"""Linking records into persons, and telling how well it went."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from app.commands.noting import note
from app.commands.options import AsJson
from app.commands.output import Exit, Refused, progress, show
from app.commands.quality import joined
from app.deployment import open_deployment
from app.engines import Where, chosen_engine
from app.linking import evaluate_links, explain_link, joined_since, linked_until, run_link
from app.settings import Settings
from governance.terms import EventKind


def link(
    engine: Annotated[Where, typer.Option(help="Where pairs are scored.")] = Where.DUCKDB,
    master: Annotated[str | None, typer.Option(help="With --engine spark: the cluster, spark://HOST:PORT.")] = None,
    threshold: Annotated[float | None, typer.Option(help="Match weight at which a pair counts as a link.")] = None,
    full: Annotated[bool, typer.Option("--full", help="Train and compare everything afresh.")] = False,
    as_json: AsJson = False,
) -> None:
    """Link what is new since the last run into persons with stable ids, and persons into families."""
    settings = Settings()
    chosen = chosen_engine(engine, settings, master)
    with open_deployment(settings) as deployment:
        before = linked_until(deployment)
        with progress("linking") as advance:
            report = run_link(
                deployment, threshold=threshold, engine=chosen, full=full, progress=lambda _step: advance(1)
            )
        new = joined_since(deployment, before)
    loads = {"loads": new} if as_json else joined(new)
    show({"engine": engine.value, **asdict(report), **loads}, as_json=as_json, title="Linked")


def evaluate(
    truth: Annotated[Path, typer.Option(exists=True, dir_okay=False)],
    ties: Annotated[Path | None, typer.Option(exists=True, dir_okay=False)] = None,
    as_json: AsJson = False,
) -> None:
    """Compare the persons (and ties) with a file of the truth: pairwise precision, recall and F1."""
    with open_deployment(Settings()) as deployment:
        found = evaluate_links(deployment, truth, ties)
    show(found, as_json=as_json, title="Against the truth")


def explain(a: str, b: str, as_json: AsJson = False) -> None:
    """Explain two persons' link: the match weight of each field for their best pair of records."""
    with open_deployment(Settings()) as deployment:
        note(deployment, EventKind.EXPORT, "links-explain", [a, b])
        explained = explain_link(deployment, a, b)
    if not explained["compared"]:
        raise Refused("these two were never compared, or are not known", Exit.NO)
    show(explained, as_json=as_json, title="Match weight by field")
