"""Overrides as a worker and an officer meet them: offered, asked for, used, ended, reviewed."""

import json
import re
from collections.abc import Callable
from typing import Any

from sqlalchemy import select, text

from app import overriding
from app.language import Code, language
from app.refusals import OVERRIDE
from governance import people
from governance.people import DeclarationKind
from governance.store import access_override, audit_entry, override_review
from governance.terms import BlockKind, Role
from tests import factories
from tests.factories import BY, NOW, World
from tests.journeys.conftest import Clock
from tests.journeys.test_api import bearer
from tests.journeys.visitor import Visitor, text_of

WORDS = "A neighbour rang: the child was heard screaming for an hour."
ASKED = {
    "kind": "break_glass", "reason": "immediate_danger", "justification": WORDS, "told": "unsafe_to_tell", "hours": "1",
    "category_identity": "yes", "category_family": "yes", "category_health_visiting": "yes",
}  # fmt: skip
COURT = {"kind": "court_order", "reason": "order_of_court"}


def ask(worker: Visitor, person: str, **other: str) -> Any:
    return worker.post(f"/families/{person}/override", **(ASKED | other))


def bodies(world: World, kind: str) -> list[dict[str, Any]]:
    with world.deployment.database.reading() as session:
        rows = session.scalars(select(audit_entry.c.body).where(audit_entry.c.kind == kind))
        return [json.loads(body) for body in rows]


def test_a_refusal_offers_what_could_lift_it_and_says_whom_to_ring(worker: Visitor, world: World) -> None:
    page = worker.open_family(world.stranger)
    assert page.status_code == 403
    assert f"/families/{world.stranger}/override" in page.text
    assert f"/families/{world.stranger}/claim" in page.text
    assert "Marlshire Community Health NHS Trust duty desk" in text_of(page)
    assert "01632 960200" in text_of(page)


def test_break_glass_opens_the_record_until_it_ends_by_itself(worker: Visitor, world: World, clock: Clock) -> None:
    page = ask(worker, world.stranger)
    assert page.status_code == 200
    assert "Tomos" in page.text
    assert "you read this under an override until" in text_of(page)
    clock.forward(minutes=15)
    assert worker.get(f"/families/{world.stranger}").status_code == 200
    for _ in range(3):
        clock.forward(minutes=15)
        last = worker.get(f"/families/{world.stranger}")
    assert last.status_code == 403
    [entry] = bodies(world, "override")
    [read, *_] = [body for body in bodies(world, "read_family") if body["override"]]
    assert read["override"] == entry["override"]


def test_who_signed_in_a_while_ago_proves_it_anew_before_breaking_glass(
    worker: Visitor, world: World, clock: Clock
) -> None:
    clock.forward(minutes=11)
    page = ask(worker, world.stranger)
    assert "Tomos" not in page.text
    assert "/sign-in" in str(page.url)
    assert bodies(world, "override") == []


def test_an_override_ends_early_on_the_next_request(worker: Visitor, world: World) -> None:
    ask(worker, world.stranger)
    with world.deployment.database.reading() as session:
        held = session.scalars(select(access_override.c.id)).one()
    assert worker.post(f"/overrides/{held}/end").status_code == 403
    assert worker.post(f"/overrides/{held}/end").status_code == 404
    assert len(bodies(world, "override_ended")) == 1


UNSAID = (
    ({"justification": "too short to say"}, "20 characters or more"),
    ({"justification": " " * 40}, "20 characters or more"),
    ({"hours": "24"}, "no longer than this kind may last"),
    ({"hours": "1000"}, "no longer than this kind may last"),
    ({"told": ""}, "Say whether the family has been told"),
    ({"reason": "order_of_court"}, "Choose a reason that fits"),
    (COURT | {"day": "1", "month": "12", "year": "2026"}, "Say that you have seen the order"),
    (COURT | {"order_seen": "yes", "day": "31", "month": "2", "year": "2027"}, "Choose how long you need it"),
    (dict.fromkeys((key for key in ASKED if key.startswith("category_")), ""), "Choose what you need to see"),
)


def test_what_is_not_said_is_asked_for_and_nothing_is_granted(worker: Visitor, world: World) -> None:
    for wrong, said in UNSAID:
        answer = ask(worker, world.stranger, **wrong)
        assert (answer.status_code, said in text_of(answer)) == (422, True), wrong
    with world.deployment.database.reading() as session:
        assert session.scalars(select(access_override.c.id)).all() == []


def test_what_no_override_lifts_answers_as_before_and_offers_none(worker: Visitor, world: World) -> None:
    with world.deployment.database.writing() as session:
        ring, staff = world.deployment.ring, world.health_visitor
        people.declare(session, ring, staff, world.sibling, DeclarationKind.FAMILY, NOW, BY)
        people.record_erasure(session, ring, world.stranger, NOW, BY)
    for person, status in ((world.child, 403), (world.stranger, 404), ("f" * 32, 404), (world.father, 404)):
        before = worker.open_family(person)
        asked = ask(worker, person)
        assert (before.status_code, asked.status_code) == (status, status)
        assert re.search(r'href="[^"]*/(override|claim)"', before.text + asked.text) is None
    unseen = [text_of(ask(worker, person)).split("reference")[0] for person in (world.stranger, "f" * 32, world.father)]
    assert len(set(unseen)) == 1
    reasons = [body["reasons"][0] for body in bodies(world, "override")]
    assert reasons[:4] == ["self_or_family", "erased", "not_found", "out_of_scope"]


def test_a_hard_block_is_not_lifted(worker: Visitor, world: World) -> None:
    with world.deployment.database.writing() as session:
        people.record_block(
            session, world.deployment.ring, NOW, BY, person_id=world.stranger, kind=BlockKind.ADOPTION,
            since=NOW.date(), against_person_id=world.child,
        )  # fmt: skip
    assert worker.open_family(world.stranger).status_code == 403
    assert ask(worker, world.stranger).status_code == 404
    assert worker.get(f"/families/{world.stranger}").status_code == 403


def test_a_role_that_may_not_is_neither_offered_nor_granted(visit: Callable[[], Visitor], world: World) -> None:
    factories.add_staff(world.deployment, "np.hill", "Nora Hill", "ZNF", Role.NURSERY_PRACTITIONER)
    nursery = visit().signed_in("np.hill|nursery_practitioner")
    assert f"/families/{world.stranger}/override" not in nursery.open_family(world.stranger, "safeguarding").text
    assert nursery.get(f"/families/{world.stranger}/override").status_code == 403
    held = bearer(nursery, "np.hill", "nursery_practitioner")
    body = {
        "kind": "break_glass", "reason": "immediate_danger", "justification": WORDS, "categories": ["identity"],
        "family_told": "told", "expires_at": "2026-11-22T10:30:00Z",
    }  # fmt: skip
    answer = nursery.client.post(f"/v1/families/{world.stranger}/overrides", json=body, headers=held)
    assert answer.status_code == 403


def test_the_words_are_kept_only_as_ciphertext(worker: Visitor, world: World, logs: Any) -> None:
    ask(worker, world.stranger)
    assert WORDS not in logs.getvalue()
    assert not any(WORDS in json.dumps(body) for body in bodies(world, "override"))
    for path in world.deployment.settings.home.rglob("*"):
        if path.is_file():
            assert WORDS.encode() not in path.read_bytes(), path.name


def test_an_officer_reviews_it_once_with_the_words_before_them(worker: Visitor, officer: Visitor, world: World) -> None:
    ask(worker, world.stranger)
    queue = officer.get("/overrides")
    assert "Break-glass" in text_of(queue)
    assert "Somebody used break-glass." in text_of(queue)
    assert "Hannah" not in queue.text
    with world.deployment.database.reading() as session:
        held = session.scalars(select(access_override.c.id)).one()
    case = text_of(officer.get(f"/overrides/{held}"))
    assert WORDS in case
    assert "Hannah Vale" in case
    assert officer.post(f"/overrides/{held}").status_code == 422
    done = officer.post(f"/overrides/{held}", outcome="justified", note="Spoke with the worker.")
    assert "No override waits for review." in text_of(done)
    assert officer.post(f"/overrides/{held}", outcome="referred").status_code == 409
    assert "Spoke with the worker." in text_of(officer.get(f"/overrides/{held}"))
    [entry] = bodies(world, "override_reviewed")
    assert entry["detail"]["answer"] == "justified"
    assert "Spoke" not in json.dumps(entry)


def test_nobody_reviews_their_own(visit: Callable[[], Visitor], world: World) -> None:
    with world.deployment.database.writing() as session:
        people.give_role(
            session, world.deployment.ring, factories.EARLIER, BY, staff_id=world.health_visitor, role=Role.IG_OFFICER,
            since=factories.EARLIER.date(), training_until=None,
        )  # fmt: skip
        session.execute(text("UPDATE staff_role SET training_until = '2027-12-31'"))
    ask(visit().signed_in("hv.vale|health_visitor"), world.stranger)
    own = visit().signed_in("hv.vale|ig_officer")
    with world.deployment.database.reading() as session:
        held = session.scalars(select(access_override.c.id)).one()
    assert "somebody else must review it" in text_of(own.get(f"/overrides/{held}"))
    assert own.post(f"/overrides/{held}", outcome="justified").status_code == 403
    assert bodies(world, "override_reviewed") == []


def test_a_late_review_is_escalated_once_and_stops_nobody(
    worker: Visitor, officer: Visitor, world: World, visit: Callable[[], Visitor], clock: Clock
) -> None:
    ask(worker, world.stranger)
    clock.forward(days=3)
    assert overriding.escalate(world.deployment, clock.now) == 1
    assert overriding.escalate(world.deployment, clock.now) == 0
    assert len(bodies(world, "review_overdue")) == 1
    later = visit().signed_in("ig.gray|ig_officer")
    assert "Overdue" in text_of(later.get("/overrides"))
    assert "The review of an override is overdue." in text_of(later.get("/overrides"))
    again = ask(visit().signed_in("hv.vale|health_visitor"), world.stranger)
    assert again.status_code == 200
    assert "Tomos" in again.text


def test_a_break_glass_on_sunday_is_due_on_monday(worker: Visitor, world: World) -> None:
    ask(worker, world.stranger)
    with world.deployment.database.reading() as session:
        due_at = session.scalars(select(override_review.c.due_at)).one()
    assert NOW.strftime("%A") == "Sunday"
    assert due_at.isoformat().startswith("2026-11-23T09:30")


def test_a_worker_sees_no_queue(worker: Visitor) -> None:
    assert worker.get("/overrides").status_code == 403


def test_machines_ask_end_list_and_review_too(visit: Callable[[], Visitor], world: World) -> None:
    visitor = visit()
    held, ig = bearer(visitor, "hv.vale", "health_visitor"), bearer(visitor, "ig.gray", "ig_officer")
    body = {
        "kind": "safeguarding", "reason": "risk_of_significant_harm", "justification": WORDS,
        "categories": ["identity", "family"], "family_told": "not_yet", "expires_at": "2026-11-22T20:30:00Z",
    }  # fmt: skip
    path = f"/v1/families/{world.stranger}/overrides"
    refused = visitor.client.get(f"/v1/families/{world.stranger}", headers=held).json()
    assert refused["ring"][0]["telephone"] == "01632 960200"
    assert visitor.client.post(path, json=body | {"justification": "short"}, headers=held).status_code == 422
    made = visitor.client.post(path, json=body, headers=held)
    assert made.status_code == 201, made.text
    assert made.json()["purpose"] == "safeguarding"
    family = visitor.client.get(f"/v1/families/{world.stranger}", headers=held)
    assert family.json()["index"]["person"]["name"] == "Tomos Arall"
    queue = visitor.client.get("/v1/overrides", headers=ig).json()
    assert [(r["kind"], r["overdue"]) for r in queue["reviews"]] == [("safeguarding", False)]
    assert [a["kind"] for a in queue["alarms"]] == ["safeguarding_override"]
    assert world.health_visitor not in json.dumps(queue)
    alarm, override = queue["alarms"][0]["id"], made.json()["id"]
    assert visitor.client.post(f"/v1/alarms/{alarm}/seen", headers=ig).status_code == 204
    assert visitor.client.post(f"/v1/alarms/{alarm}/seen", headers=ig).status_code == 404
    settled = visitor.client.post(f"/v1/overrides/{override}/review", json={"outcome": "justified"}, headers=ig)
    assert settled.status_code == 204
    assert visitor.client.post(f"/v1/overrides/{override}/end", headers=held).status_code == 204
    assert visitor.client.get(f"/v1/families/{world.stranger}", headers=held).status_code == 403


def test_in_welsh_the_card_is_welsh(worker: Visitor, world: World) -> None:
    refusal = worker.open_family(world.stranger)
    assert refusal.status_code == 403
    page = text_of(worker.get(f"/families/{world.stranger}?lang=cy"))
    assert language(Code.CY).gettext(OVERRIDE) in page
    card = text_of(worker.get(f"/families/{world.stranger}/override?lang=cy"))
    assert "Edrych er bod y rheolau’n dweud na" in card
