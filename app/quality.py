"""How good the links are, said without a truth and with one: report, charts, model card.

Invariants: what is said is read from the record store, so that no token is opened; explaining one pair opens the zone,
as `links explain` does, and is an entry first; nothing written to a file names a person.
"""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from app.deployment import Deployment
from app.zones import deployment_zone
from linkage.quality import answers, charts, evaluation, joins, model_card, quality_report


def report(deployment: Deployment) -> dict[str, Any]:
    """Everything that is known of the links without a truth; raise NothingLinked."""
    with deployment.database.reading() as session:
        return quality_report.report(session)


def rule_costs(deployment: Deployment) -> dict[str, Any]:
    """What each blocking rule cost and bought in the newest full run."""
    with deployment.database.reading() as session:
        return quality_report.rule_costs(session)


def loads(deployment: Deployment, load_ids: list[str]) -> list[dict[str, Any]]:
    """Of each load (the newest of each data set where none is named), how many of its rows joined whom."""
    with deployment.database.reading() as session:
        return [asdict(one) for one in joins.joined_by_load(session, load_ids or joins.newest_loads(session))]


def draw(deployment: Deployment, folder: Path, explained: Mapping[str, Any] | None = None) -> list[Path]:
    """Save Splink's charts of the newest run; `explained` is one pair's weights, for the waterfall."""
    with deployment.database.reading() as session:
        quality_report.newest_run(session)
        trained, facts = quality_report.newest_model(session), quality_report.facts(session)
        weighed = answers.weighed(session)
    return charts.save(folder, charts.of_run(trained.settings if trained else {}, facts, weighed, explained))


def card(deployment: Deployment, truth: Path | None = None, groups: Path | None = None) -> str:
    """The model card as Markdown; with a file of the truth also what it shows, and by group where one names groups."""
    if truth is None:
        with deployment.database.reading() as session:
            return model_card.card(session)
    with deployment_zone(deployment) as zone, deployment.database.reading() as session:
        found = evaluation.evaluate(session, zone, deployment.ring, truth)
        errors = evaluation.group_errors(session, zone, deployment.ring, truth, groups) if groups else []
        return model_card.card(session, truth=found, groups=errors)
