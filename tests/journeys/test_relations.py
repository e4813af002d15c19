"""Claims, delegations, meetings and decisions to share, as the people who make them meet them."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import insert, select, text, update

from app.settings import Settings
from governance import people
from governance.legal_time import legal_date
from governance.store import alarm, audit_entry, relationship, share_decision, staff_role
from governance.terms import Role
from tests import factories
from tests.factories import BY, NOW, World
from tests.journeys.conftest import Clock
from tests.journeys.test_api import bearer
from tests.journeys.visitor import Visitor, text_of


def bodies(world: World, kind: str) -> list[dict[str, Any]]:
    with world.deployment.database.reading() as session:
        rows = session.scalars(select(audit_entry.c.body).where(audit_entry.c.kind == kind))
        return [json.loads(body) for body in rows]


def claim(worker: Visitor, person: str) -> Any:
    return worker.post(f"/families/{person}/claim", purpose="direct_care")


@pytest.fixture
def colleague(world: World, visit: Callable[[], Visitor]) -> Visitor:
    factories.add_staff(world.deployment, "fsw.reed", "Rhys Reed", "ZMC", Role.FAMILY_SUPPORT_WORKER)
    return visit().signed_in("fsw.reed|family_support_worker")


def delegated(worker: Visitor, world: World, username: str = "fsw.reed") -> Any:
    worker.open_family(world.child)
    return worker.post(f"/families/{world.child}/delegations", username=username)


def test_a_claim_opens_the_record_raises_an_alarm_and_ends_after_a_day(
    worker: Visitor, world: World, clock: Clock, visit: Callable[[], Visitor], officer: Visitor
) -> None:
    assert "Tomos" in claim(worker, world.stranger).text
    assert "Somebody said they work with a child" in text_of(officer.get("/overrides"))
    with world.deployment.database.reading() as session:
        row = session.execute(select(alarm)).one()
    assert world.stranger not in str(tuple(row))
    clock.forward(hours=23, minutes=59)
    next_day = visit().signed_in("hv.vale|health_visitor")
    assert next_day.open_family(world.stranger).status_code == 200
    clock.forward(minutes=1)
    over = next_day.get(f"/families/{world.stranger}")
    assert (over.status_code, "your work with this child has ended" in text_of(over)) == (403, True)
    assert "Tomos" not in next_day.get("/").text
    assert claim(next_day, world.stranger).status_code == 200


def test_a_claim_is_refused_where_more_stands_in_the_way(worker: Visitor, world: World, colleague: Visitor) -> None:
    with world.deployment.database.writing() as session:
        people.record_erasure(session, world.deployment.ring, world.stranger, NOW, BY)
    assert claim(worker, world.stranger).status_code == claim(worker, "f" * 32).status_code == 404
    factories.add_staff(world.deployment, "aw.ash", "Ana Ash", "ZMC", Role.ADULT_WORKER)
    assert worker.post(f"/families/{world.child}/claim", purpose="planning").status_code == 422
    with world.deployment.database.reading() as session:
        assert session.execute(select(alarm)).all() == []


def test_an_adult_services_worker_can_claim_no_child(world: World, visit: Callable[[], Visitor]) -> None:
    factories.add_staff(world.deployment, "aw.ash", "Ana Ash", "ZMC", Role.ADULT_WORKER)
    adult = visit().signed_in("aw.ash|adult_worker")
    assert "/claim" not in adult.open_family(world.child, "safeguarding").text
    assert adult.get(f"/families/{world.child}/claim").status_code == 403
    held = bearer(adult, "aw.ash", "adult_worker")
    path = f"/v1/families/{world.child}/claims"
    answer = adult.client.post(path, json={"purpose": "safeguarding"}, headers=held)
    assert answer.status_code in (403, 404)


def test_a_delegation_opens_the_record_until_it_is_ended(worker: Visitor, world: World, colleague: Visitor) -> None:
    assert colleague.open_family(world.child, "early_help").status_code == 403
    page = delegated(worker, world)
    assert "Rhys Reed" in text_of(page)
    assert colleague.open_family(world.child, "early_help").status_code == 200
    assert "Gwenllian" in colleague.get("/").text
    with world.deployment.database.reading() as session:
        held = session.scalars(select(relationship.c.id).where(relationship.c.kind == "delegation")).one()
    assert colleague.post(f"/delegations/{held}/end").status_code == 404
    assert worker.post(f"/delegations/{held}/end").status_code == 200
    assert colleague.get(f"/families/{world.child}").status_code == 403
    changes = [body["detail"]["changed"] for body in bodies(world, "relationship_changed")]
    assert changes[-2:] == ["opened", "ended"]


@pytest.mark.parametrize("end", ["relationship", "role", "training", "account"])
def test_a_delegation_ends_with_what_it_hangs_on(worker: Visitor, world: World, colleague: Visitor, end: str) -> None:
    delegated(worker, world)
    assert colleague.open_family(world.child, "early_help").status_code == 200
    ring, of_visitor = world.deployment.ring, staff_role.c.staff_id == world.health_visitor
    with world.deployment.database.writing() as session:
        own = relationship.c.staff_id == world.health_visitor
        if end == "relationship":
            held = session.scalars(select(relationship.c.id).where(own)).one()
            people.end_relationship(session, ring, held, NOW, BY)
        elif end == "role":
            session.execute(update(staff_role).where(of_visitor).values(until=legal_date(NOW)))
        elif end == "training":
            session.execute(update(staff_role).where(of_visitor).values(training_until=date(2026, 11, 21)))
        else:
            people.set_active(session, ring, world.health_visitor, False, NOW, BY)
    assert colleague.get(f"/families/{world.child}").status_code == 403
    assert "Gwenllian" not in colleague.get("/").text


def test_what_was_delegated_or_claimed_is_not_delegated_on(
    worker: Visitor, world: World, colleague: Visitor, visit: Callable[[], Visitor]
) -> None:
    claim(worker, world.stranger)
    page = worker.post(f"/families/{world.stranger}/delegations", username="fsw.reed")
    assert page.status_code == 422
    assert colleague.open_family(world.stranger, "early_help").status_code == 403


def test_delegation_is_only_to_a_fitting_role(worker: Visitor, world: World) -> None:
    for username in ("nobody", "ig.gray", "hv.vale", ""):
        answer = delegated(worker, world, username)
        assert (answer.status_code, "Nobody of that username" in text_of(answer)) == (422, True), username


def test_a_delegation_that_names_nobody_who_answers_for_it_gives_nothing(world: World, colleague: Visitor) -> None:
    with world.deployment.database.writing() as session:
        staff_id = people.staff_named(session, "fsw.reed")
        row = {"id": "d" * 32, "staff_id": staff_id, "person_id": world.child, "kind": "delegation"}
        session.execute(insert(relationship).values(**row, since=date(2026, 1, 1), recorded_at=NOW))
    assert colleague.open_family(world.child, "early_help").status_code == 403


def test_one_purpose_serves_a_meeting_for_its_day_and_its_families(
    worker: Visitor, world: World, clock: Clock, visit: Callable[[], Visitor]
) -> None:
    factories.add_to_caseload(world.deployment, world.health_visitor, world.sibling)
    fields = {f"family_{world.child}": "yes", f"family_{world.sibling}": "yes", "purpose": "safeguarding"}
    assert worker.post("/meeting", **fields).status_code == 200
    [entry] = bodies(world, "meeting_purpose")
    assert (len(entry["subjects"]), entry["detail"]["families"]) == (2, 2)
    for person in (world.child, world.sibling):
        assert worker.get(f"/families/{person}", follow=False).status_code == 200
    assert worker.get(f"/families/{world.stranger}", follow=False).status_code == 303
    clock.forward(hours=14, minutes=31)
    tomorrow = visit().signed_in("hv.vale|health_visitor")
    assert tomorrow.get(f"/families/{world.child}", follow=False).status_code == 303
    assert bodies(world, "purpose_stated") == []


def test_a_meeting_needs_families_of_ones_own_and_a_purpose(worker: Visitor, world: World) -> None:
    own, other = {f"family_{world.child}": "yes"}, {f"family_{world.stranger}": "yes"}
    care, planning = {"purpose": "direct_care"}, {"purpose": "planning"}
    for fields in ({}, care, own, own | planning, other | care, own | other | care):
        assert worker.post("/meeting", **fields).status_code == 422, fields
    assert bodies(world, "meeting_purpose") == []


def decided(worker: Visitor, world: World, **other: str) -> Any:
    worker.open_family(world.child)
    said = {"duty": "children_act_16la", "answer": "not_disclosed|more_detrimental", "to_ZMC": "yes",
            "category_health_visiting": "yes"}  # fmt: skip
    return worker.post(f"/families/{world.child}/share-decisions", **(said | other))


def test_a_decision_is_recorded_either_way_without_what_was_shared(worker: Visitor, world: World) -> None:
    page = text_of(decided(worker, world))
    assert "Not shared" in page
    assert "Marlshire County Council" in page
    assert "Not in force for your organisation" in page
    decided(worker, world, duty="professional", answer="disclosed|facilitates")
    entries = bodies(world, "share_decision")
    assert [(e["detail"]["answer"], e["detail"]["status"]) for e in entries] == [
        ("not_disclosed", "not in force"), ("disclosed", "not in force"),
    ]  # fmt: skip
    assert entries[0]["detail"]["recipients"] == "ZMC"


def test_a_decision_is_never_changed(worker: Visitor, world: World) -> None:
    decided(worker, world)
    with world.deployment.database.engine.connect() as connection, pytest.raises(Exception, match="INSERT only"):
        connection.execute(text("UPDATE share_decision SET answer = 'disclosed'"))


def test_a_decision_says_all_it_must(worker: Visitor, world: World) -> None:
    for missing in ("duty", "answer", "to_ZMC", "category_health_visiting"):
        assert decided(worker, world, **{missing: ""}).status_code == 422, missing
    with world.deployment.database.reading() as session:
        assert session.execute(select(share_decision)).all() == []


def test_nobody_decides_about_a_child_they_may_not_open(worker: Visitor, world: World) -> None:
    worker.open_family(world.stranger)
    assert worker.get(f"/families/{world.stranger}/share-decisions").status_code == 403
    assert worker.post(f"/families/{world.stranger}/share-decisions", duty="professional").status_code == 403


def test_machines_claim_delegate_meet_and_decide_too(
    visit: Callable[[], Visitor], world: World, colleague: Visitor
) -> None:
    visitor = visit()
    held = bearer(visitor, "hv.vale", "health_visitor")
    post = visitor.client.post
    met = post("/v1/meetings", json={"purpose": "direct_care", "families": [world.child]}, headers=held)
    assert met.status_code == 201
    made = post(f"/v1/families/{world.child}/delegations", json={"username": "fsw.reed"}, headers=held)
    assert made.status_code == 201, made.text
    assert colleague.open_family(world.child, "early_help").status_code == 200
    assert post(f"/v1/delegations/{made.json()['id']}/end", headers=held).status_code == 204
    assert colleague.get(f"/families/{world.child}").status_code == 403
    claimed = post(f"/v1/families/{world.stranger}/claims", json={"purpose": "direct_care"}, headers=held)
    assert claimed.status_code == 201
    said = {"duty": "professional", "answer": "disclosed", "reason": "facilitates", "recipients": ["ZMC"],
            "categories": ["health_visiting"]}  # fmt: skip
    path = f"/v1/families/{world.child}/share-decisions"
    assert post(path, json=said, headers=held).status_code == 201
    assert post(path, json=said | {"reason": "not_relevant"}, headers=held).status_code == 422
    assert post(path, json=said | {"recipients": ["NOBODY"]}, headers=held).status_code == 422
    [item] = visitor.client.get(path, headers=held).json()["items"]
    assert (item["answer"], item["duty_in_force"]) == ("disclosed", False)


def test_the_duty_to_share_is_not_assumed_to_be_in_force() -> None:
    assert Settings.model_fields["duty_to_share_from"].default is None
    assert Settings.model_fields["duty_to_report_from"].default == datetime(2016, 4, 6, tzinfo=UTC).date()
