"""What can be said of the links without any truth: coverage, unlinkables, weights, estimates, doubts, reviews, joins.

Invariants: read from the record store alone, so that it runs beside a linkage run and opens no token; counts and shares
only; an estimate without answers is null, never a guess."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from linkage.quality import answers, estimates, joins, measures
from linkage.quality.estimates import Blocking, Estimate, Quality
from linkage.store import link_model, link_quality, link_run, possible_duplicate

_SEED = 2026


class NothingLinked(LookupError):
    """No run has finished yet."""


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A saved model: its version, digest, settings and what it was trained on."""

    version: int
    trained_at: Any
    digest: str
    settings: Mapping[str, Any]
    facts: Mapping[str, Any]


def newest_run(session: Session) -> Any:
    """The newest finished run; raise NothingLinked."""
    row = session.execute(select(link_run).order_by(link_run.c.ordinal.desc()).limit(1)).first()
    if row is None:
        raise NothingLinked("nothing has been linked yet; run link first")
    return row


def newest_model(session: Session) -> ModelRow | None:
    held = link_model.c
    query = select(held.version, held.trained_at, held.digest, held.settings, held.facts)
    row = session.execute(query.order_by(held.version.desc()).limit(1)).first()
    return None if row is None else ModelRow(*row)


def facts(session: Session) -> Mapping[str, Any]:
    """What the newest full run that kept it showed of itself; empty where none did."""
    query = (
        select(link_quality.c.facts)
        .join(link_run, link_run.c.id == link_quality.c.run_id)
        .order_by(link_run.c.mode != "full", link_run.c.ordinal.desc())
        .limit(1)
    )
    found: Mapping[str, Any] | None = session.execute(query).scalar()
    return found or {}


def estimated(session: Session) -> Quality:
    """Precision and recall over compared pairs from the answered sample."""
    return estimates.quality(answers.sample(session), np.random.default_rng(_SEED))


def blocked(held: Mapping[str, Any]) -> Blocking:
    """What blocking is likely to have lost, from how many independent groups of rules caught each linked pair."""
    caught = held.get("caught") or {"lists": {}, "times": {}}
    return estimates.blocking({int(k): n for k, n in caught["times"].items()}, len(caught["lists"]))


def rule_costs(session: Session) -> dict[str, Any]:
    """Everything `links blocking` prints: what each rule cost and bought in the newest full run, by data sets too."""
    newest_run(session)
    held = facts(session).get("blocking") or {"sampled": 0, "rules": []}
    total = sum(rule["likely"] for rule in held["rules"])
    return {"sampled_profiles": held["sampled"], "likely": total, "rules": held["rules"]}


def whole_recall(recall: Estimate, completeness: Estimate) -> Estimate:
    """Recall over everything that exists: over compared pairs times what was compared; bounds multiplied."""
    parts = [
        None if one is None or other is None else one * other
        for one, other in zip(
            (recall.value, recall.low, recall.high),
            (completeness.value, completeness.low, completeness.high),
            strict=True,
        )
    ]
    return Estimate(*parts)


def report(session: Session) -> dict[str, Any]:
    """Everything `quality report` prints."""
    run, held = newest_run(session), facts(session)
    found, blocking = estimated(session), blocked(held)
    duplicates = session.execute(
        select(possible_duplicate.c.reason, func.count()).group_by(possible_duplicate.c.reason)
    )
    return {
        "run": {
            "id": run.id, "mode": run.mode, "completed_at": run.completed_at, "threshold": run.threshold,
            "model_version": run.model_version, **{name: n for name, n in run.counts.items() if name != "next"},
        },
        "estimated": {
            "precision": asdict(found.precision),
            "recall_of_compared": asdict(found.recall),
            "blocking_completeness": asdict(blocking.completeness),
            "recall": asdict(whole_recall(found.recall, blocking.completeness)),
            "answered": found.answered,
            "asked": found.asked,
            "strata_without_answers": len(found.silent),
        },
        "review": answers.counts(session),
        "possible_duplicates": dict(sorted((reason, count) for reason, count in duplicates)),
        "unlinkable": measures.unlinkable_at(held.get("unlinkables") or (), run.threshold),
        "completeness": _shares(held),
        "weights": held.get("weights") or [],
        "dataset_pairs": [_rates(pair) for pair in joins.dataset_pairs(session)],
        "loads": [asdict(one) for one in joins.joined_by_load(session, joins.newest_loads(session))],
    }  # fmt: skip


def _shares(held: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Data set → field → share of records that hold a value; a field that no data set holds is left out."""
    rows = held.get("completeness") or []
    used = {row["field"] for row in rows if row["filled"]}
    shares: dict[str, dict[str, float]] = {}
    for row in rows:
        if row["field"] in used:
            shares.setdefault(row["dataset"], {})[row["field"]] = round(row["filled"] / row["records"], 4)
    return shares


def _rates(pair: joins.DatasetPair) -> dict[str, Any]:
    return asdict(pair) | {
        "of_a": round(pair.both / pair.persons_a, 4) if pair.persons_a else None,
        "of_b": round(pair.both / pair.persons_b, 4) if pair.persons_b else None,
    }
