"""The demonstration: the whole job on a synthetic county, step by step, as a partnership would do it.

Invariants: every step goes through the same code as the commands; each can be repeated and changes nothing the second
time; the county's extracts lie outside the data folder, since they are in clear.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.anchoring import anchor_now
from app.commands.output import progress
from app.county import write_county
from app.demo_reads import read_caseloads
from app.deployment import Deployment, initialise, open_deployment
from app.linking import evaluate_links, run_link
from app.loading import LoadReport, load_file
from app.partnering import import_partnership
from app.referencing import import_reference
from app.settings import Settings
from governance import people
from governance.agreements import register
from governance.agreements.ceremony import bring_into_force, new_signing_keys
from governance.ledger.verification import verify
from governance.store import audit_entry, project
from governance.terms import EventKind
from linkage.intake.spec import builtin_specs, load_spec

BY = "demonstration"
ERRORS: Literal["medium"] = "medium"
PROJECT = "readiness"
DECISIONS = (EventKind.READ_FAMILY, EventKind.SEARCH, EventKind.COHORT, EventKind.AUDIT_READ)


@dataclass(frozen=True, slots=True)
class Demonstration:
    """What to demonstrate, and where its county lies."""

    families: int
    seed: int
    county: Path
    twins: float = 1.0
    address_damage: float = 0.0


def prepare(settings: Settings, wanted: Demonstration) -> dict[str, Any]:
    """Run every step and return the summary."""
    with progress("writing the county", wanted.families) as advance:
        county = write_county(
            wanted.families, wanted.seed, ERRORS, wanted.county, lambda _at, _of: advance(1), twins=wanted.twins,
            address_damage=wanted.address_damage,
        )  # fmt: skip
    initialise(settings)
    with open_deployment(settings) as deployment:
        import_reference(deployment, [wanted.county])
        import_partnership(deployment, wanted.county)
        _agree(deployment)
        loads = _load(deployment, wanted.county)
        with progress("linking") as advance:
            linked = run_link(deployment, progress=lambda _step: advance(1))
        import_partnership(deployment, wanted.county)
        _project(deployment)
        truth, ties = wanted.county / "truth_persons.csv", wanted.county / "truth_ties.csv"
        found = evaluate_links(deployment, truth, ties)
        read_caseloads(deployment)
        anchor_now(deployment, datetime.now(UTC))
        return _summary(deployment, county.people, loads, asdict(linked), found)


def _agree(deployment: Deployment) -> None:
    """Import the agreements that ship, sign them for every party with keys made on the spot, put them in force."""
    for code in register.SHIPPED:
        document = register.shipped(code)
        with deployment.database.writing() as session:
            keys = new_signing_keys(document)
            bring_into_force(session, deployment.ring, document, keys, datetime.now(UTC), BY)


def _load(deployment: Deployment, county: Path) -> list[LoadReport]:
    reports = []
    for name, spec_path in sorted(builtin_specs().items()):
        for path in sorted(county.glob(f"{name}.*")):
            with progress(f"loading {name}") as advance:
                reports.append(load_file(deployment, load_spec(spec_path), path, progress=advance))
    return reports


def _project(deployment: Deployment) -> None:
    with deployment.database.writing() as session:
        analyst = people.staff_named(session, "analyst.reid")
        held = session.execute(select(project.c.id).where(project.c.code == PROJECT)).first()
        if held is not None or analyst is None:
            return
        people.create_project(
            session,
            deployment.ring,
            datetime.now(UTC),
            BY,
            code=PROJECT,
            title="Ready for school",
            agreement_code="isp-school-readiness",
            starts=date(2026, 9, 1),
            ends=date(2027, 8, 31),
            analysts=[analyst],
        )


def _summary(
    deployment: Deployment,
    county_people: int,
    loads: list[LoadReport],
    linked: Mapping[str, Any],
    found: Mapping[str, Any],
) -> dict[str, Any]:
    rejected = sum((Counter(held.rejected_by_reason) for held in loads), Counter[str]())
    with deployment.database.reading() as session:
        decisions = _decisions(session)
        ring, anchors = deployment.ring, deployment.settings.anchors
        ledger = verify(session, anchors, ring.public_key("checkpoint/1"), ring=ring)
    return {
        "people_in_the_county": county_people,
        "rows_in": sum(held.physical for held in loads),
        "rows_accepted": sum(held.accepted for held in loads),
        "rows_already_held": sum(held.duplicates for held in loads),
        "rows_rejected": dict(rejected),
        "persons": linked["persons"],
        "families": linked["families"],
        "precision": found["precision"],
        "recall": found["recall"],
        "f1": found["f1"],
        "f1_between": found["f1_between"],
        "decisions": decisions,
        "ledger_entries": ledger.entries,
        "ledger_root": ledger.root,
        "ledger_verified": ledger.ok,
    }


def _decisions(session: Session) -> dict[str, int]:
    kinds = [str(kind) for kind in DECISIONS]
    query = select(audit_entry.c.outcome, func.count()).where(audit_entry.c.kind.in_(kinds))
    return {row[0]: row[1] for row in session.execute(query.group_by(audit_entry.c.outcome))}
