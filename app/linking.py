"""Running linkage on a deployment, and asking how good and why.

Invariant: a run's persons, ties and ledger entry are committed together; the new search index is pointed at after that.
"""

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from app.deployment import Deployment
from app.incidents import open_incidents
from app.loading import discard_unfinished
from app.zones import deployment_zone
from governance.ledger import ledger
from governance.ledger.entries import AuditEvent, Detail
from governance.terms import EventKind, Outcome
from linkage.persons import run_store
from linkage.quality import evaluation, joins, review
from linkage.run import HERE, Engine, LinkReport, match, write

_DRAW = 2026
"""One seed for every run's sample, so that pairs once answered are mostly drawn again."""


def run_link(
    deployment: Deployment, *, threshold: float | None = None, engine: Engine = HERE, full: bool = False,
    progress: Callable[[str], None] = lambda _step: None,
) -> LinkReport:  # fmt: skip
    """Link what is new since the last run, or with `full` every current record afresh; raise ZoneBusy while another
    process holds the zone. Splits open incidents, and stewards' queue is filled, in the run's own transaction."""
    with deployment_zone(deployment) as zone:
        discard_unfinished(deployment, zone)
        with deployment.database.reading() as session:
            matched = match(session, zone, progress=progress, threshold=threshold, engine=engine, full=full)
        with deployment.database.writing() as session:
            report = write(session, zone, deployment.ring, matched, progress=progress)
            open_incidents(session, deployment.ring, report.run_id, datetime.now(UTC))
            progress("review")
            review.refresh(session, zone, report.run_id, np.random.default_rng(_DRAW))
            ledger.record(session, deployment.ring, _entry(report), datetime.now(UTC))
    return report


def linked_until(deployment: Deployment) -> int:
    """The ordinal of the newest load that a run has linked; 0 before the first run."""
    with deployment.database.reading() as session:
        last = run_store.last(session)
    return 0 if last is None else int(last["load_ordinal"])


def joined_since(deployment: Deployment, ordinal: int) -> list[dict[str, Any]]:
    """Of each load after that one, how many of its rows joined whom."""
    with deployment.database.reading() as session:
        newer = sorted(run_store.loads_after(session, ordinal))
        return [asdict(one) for one in joins.joined_by_load(session, newer)]


def evaluate_links(deployment: Deployment, truth: Path, ties: Path | None) -> dict[str, Any]:
    """Compare persons and ties with files of the truth."""
    with deployment_zone(deployment) as zone, deployment.database.reading() as session:
        return dict(evaluation.evaluate(session, zone, deployment.ring, truth, ties))


def explain_link(deployment: Deployment, a: str, b: str) -> dict[str, Any]:
    """Return the match weight of each field for the best pair of records between two persons."""
    with deployment_zone(deployment) as zone, deployment.database.reading() as session:
        return dict(evaluation.explain(session, zone, a, b))


def _entry(report: LinkReport) -> AuditEvent:
    detail: dict[Detail, str | int] = {
        Detail.RUN: report.run_id,
        Detail.KIND: report.mode,
        Detail.PERSONS: report.persons,
        Detail.FAMILIES: report.families,
        Detail.ROWS: report.records,
    }
    return AuditEvent(EventKind.LINK_RUN, Outcome.DONE, detail=detail)
