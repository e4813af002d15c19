"""Agreements as people meet them: a worker gives the leaflet, an officer sees what is due and what would change."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.agreement_warnings import warn_due
from app.language import Code, language
from governance.agreements import register
from governance.agreements.documents import read_agreement, shipped
from governance.store import audit_entry
from tests.factories import BY, EARLIER, NOW, World
from tests.journeys.conftest import Clock
from tests.journeys.visitor import Visitor, text_of

EARLY = "/agreements/isp-early-years/1"


def details(world: World, kind: str) -> list[dict[str, object]]:
    with world.deployment.database.reading() as session:
        bodies = session.scalars(select(audit_entry.c.body).where(audit_entry.c.kind == kind)).all()
    return [json.loads(body) for body in bodies]


def test_a_worker_reads_and_prints_the_leaflet_in_either_language(worker: Visitor) -> None:
    page = text_of(worker.get(EARLY))
    assert "Privacy leaflet for families" in page
    assert "What it would change for workers" not in page
    english = text_of(worker.get(f"{EARLY}/leaflet"))
    for said in ("You can object", "This cannot be stopped"):
        assert said in english
    assert "You can refuse" in text_of(worker.get("/agreements/isp-family-support/1/leaflet"))
    welsh = text_of(worker.get(f"{EARLY}/leaflet?lang=cy"))
    assert language(Code.CY).gettext("You can object") in welsh
    assert "Bwrdd Iechyd Prifysgol Glanwern" in welsh


def test_the_document_is_there_to_read_with_its_signatures(worker: Visitor) -> None:
    page = text_of(worker.get(f"{EARLY}/document"))
    assert "Appendix B: Information Reference Table" in page
    assert "Not signed" not in page
    assert worker.get("/agreements/isp-early-years/9/document").status_code == 404


def test_giving_the_leaflet_is_recorded_who_when_which_and_to_whom(worker: Visitor, world: World) -> None:
    worker.open_family(world.child)
    path = f"/families/{world.child}/leaflets"
    page = text_of(worker.post(path, leaflet="isp-early-years/1", language="cy"))
    assert "Given before" in page
    assert "Cymraeg" in page
    [entry] = details(world, "leaflet_given")
    assert entry["staff"] == world.health_visitor
    said = entry["detail"]
    assert said == {"agreement": "isp-early-years", "version": 1, "language": "cy"}
    assert len(entry["subjects"]) == 1  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"leaflet": "isp-early-years/2", "language": "en"},
        {"leaflet": "isp-early-years/1", "language": "fr"},
        {"leaflet": "isp-early-years/9999999", "language": "en"},
    ],
)
def test_a_leaflet_that_is_not_there_is_not_given(worker: Visitor, world: World, fields: dict[str, str]) -> None:
    worker.open_family(world.child)
    answer = worker.post(f"/families/{world.child}/leaflets", **fields)
    assert answer.status_code == 422
    assert "There is a problem" in text_of(answer)
    assert details(world, "leaflet_given") == []


def test_nobody_gives_a_leaflet_to_a_family_they_may_not_open(worker: Visitor, world: World) -> None:
    worker.open_family(world.stranger)
    answer = worker.post(f"/families/{world.stranger}/leaflets", leaflet="isp-early-years/1", language="en")
    assert answer.status_code in (403, 404)
    assert details(world, "leaflet_given") == []


def test_the_officer_counts_an_impact_before_anyone_signs(officer: Visitor, world: World) -> None:
    document = json.loads(json.dumps(shipped("isp-early-years").document)) | {"version": 2}
    taken = ("ZMH", "ZCH")
    document["flows"] = [f for f in document["flows"] if (f["from"], f["to"][0]["organisation"]) != taken]
    with world.deployment.database.writing() as session:
        register.import_agreement(session, world.deployment.ring, read_agreement(json.dumps(document)), EARLIER, BY)
    page = text_of(officer.get("/agreements/isp-early-years/2/impact"))
    assert "1 worker loses Maternity on 1 child" in page
    assert [entry["detail"]["version"] for entry in details(world, "impact_counted")] == [2]  # type: ignore[index]
    assert len(details(world, "audit_read")) == 1
    changed = text_of(officer.get("/agreements/isp-early-years/2/changes?lang=cy"))
    assert language(Code.CY).gettext("Removed") in changed


@pytest.mark.parametrize("path", [f"{EARLY}/impact", "/agreements/due"])
def test_workers_see_no_counts_of_caseloads_and_no_warnings(worker: Visitor, world: World, path: str) -> None:
    assert worker.get(path).status_code == 403
    assert details(world, "impact_counted") == []


def test_the_officer_sees_what_is_due_and_who_was_warned_by_name(
    visit: Callable[[], Visitor], world: World, clock: Clock
) -> None:
    due = shipped("isp-family-support").review_due - NOW.date()
    clock.forward(days=due.days - 20)
    with world.deployment.database.writing() as session:
        session.connection().exec_driver_sql("UPDATE staff_role SET training_until = '2030-01-01'")
    officer = visit().signed_in("ig.gray|ig_officer")
    assert "1 within 30" in text_of(officer.get("/agreements"))
    assert "Nobody has been warned yet." in text_of(officer.get("/agreements/due"))
    warn_due(world.deployment, NOW + timedelta(days=due.days - 20))
    page = text_of(officer.get("/agreements/due"))
    assert "Hannah Vale" in page
    assert "Review due within 30 days" in page
    assert details(world, "agreement_warned")
