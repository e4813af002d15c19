"""Nobody, out of scope, erased, walled off and close to the other side: the same answer to the letter, on every way."""

import re
from collections.abc import Callable
from datetime import date
from itertools import count, product

import pytest
from httpx2 import Response

from app.gate import Gate
from governance import people
from governance.policy.firewall import PLACELESS
from governance.terms import Category, Reason, Role
from tests import factories
from tests.factories import World
from tests.journeys.visitor import Visitor
from tests.silence import KINDS, NOBODY, PURPOSE, unseen
from tests.stored import Stored

SOURCES = ("ZMC", "ZCH", "ZMH")
VARYING = ("x-request-id", "date", "content-length", "etag")


def told(answer: Response, person: str) -> tuple[int, str, dict[str, str]]:
    """The whole answer but for its own reference and the id in its address."""
    body = answer.text.replace(person, NOBODY)
    for reference in filter(None, (answer.headers.get("x-request-id"),)):
        body = body.replace(reference, "")
    body = re.sub(r'name="csrf_token" value="[^"]+"|nonce-[\w+/=-]+|nonce="[^"]+"', "", body)
    headers = {k.lower(): v for k, v in answer.headers.items() if k.lower() not in VARYING}
    headers["content-security-policy"] = re.sub(r"nonce-[\w+/=-]+", "", headers.get("content-security-policy", ""))
    return answer.status_code, body, headers


@pytest.fixture
def by_reason(world: World) -> dict[str, str]:
    return unseen(world)


def _differing(answers: dict[str, tuple[int, str, dict[str, str]]]) -> list[str]:
    return [kind for kind in KINDS if answers[kind] != answers["nobody"]]


def test_pages_of_what_may_not_be_seen_are_the_same_to_the_letter(worker: Visitor, by_reason: dict[str, str]) -> None:
    answers = {kind: told(worker.open_family(person), person) for kind, person in by_reason.items()}
    assert answers["nobody"][0] == 404
    assert _differing(answers) == []


@pytest.mark.parametrize("way", ["", "/involved", "/purpose", "/wishes", "/override", "/claim", "/share"])
def test_so_is_every_page_about_them(worker: Visitor, by_reason: dict[str, str], way: str) -> None:
    for person in by_reason.values():
        worker.open_family(person)
    answers = {kind: told(worker.get(f"/families/{person}{way}"), person) for kind, person in by_reason.items()}
    assert _differing(answers) == []


def test_so_is_what_the_interface_answers(worker: Visitor, by_reason: dict[str, str]) -> None:
    answers = {}
    for kind, person in by_reason.items():
        worker.open_family(person, str(PURPOSE))
        answers[kind] = told(worker.get(f"/v1/families/{person}"), person)
    assert answers["nobody"][0] == 404
    assert _differing(answers) == []


def test_the_log_keeps_the_true_reasons_apart(
    worker: Visitor, by_reason: dict[str, str], world: World, visit: Callable[[], Visitor]
) -> None:
    for person in by_reason.values():
        worker.open_family(person)
    found = visit().signed_in("ig.gray|ig_officer").get("/v1/audit?kind=read_family").json()["items"]
    reasons = sorted(item["reasons"][0] for item in found)
    true = [Reason.NOT_FOUND, Reason.OUT_OF_SCOPE, Reason.ERASED, Reason.HARD_BLOCK, Reason.HARD_BLOCK]
    assert reasons == sorted(true)


def _bodies(worker: Visitor, world: World) -> list[tuple[int, str, dict[str, str]]]:
    """The family's page, as filtered too, and its JSON, without what names this very answer."""
    worker.open_family(world.child, str(PURPOSE))
    ways = ("families/{}", "families/{}?service=social_care", "families/{}?year=2025", "v1/families/{}")
    answers = [told(worker.get("/" + way.format(world.child)), world.child) for way in ways]
    return [
        (status, re.sub(r"\b[0-9a-f]{12}(?:[0-9a-f]{20})?\b", "", body), headers) for status, body, headers in answers
    ]


def _hidden(world: World) -> list[tuple[str, Category, str]]:
    """Every member, category and source of which this worker is told neither data nor that data are withheld."""
    deployment = world.deployment
    with deployment.database.reading() as session:
        role = Role.HEALTH_VISITOR
        actor = people.actor_for(session, world.health_visitor, role, factories.NOW.date())
    read = Gate(deployment.database, deployment.ring).read_family(actor, world.child, PURPOSE, factories.NOW, "r")
    told = {(d.segment.member, d.segment.category, d.segment.source) for d in read.decision.segments}
    every = product((world.child, world.mother, world.father), sorted(set(Category) - PLACELESS), SOURCES)
    return [one for one in every if one not in told]


def test_what_is_withheld_in_silence_reads_the_same_with_and_without_data(worker: Visitor, world: World) -> None:
    with world.deployment.database.writing() as session:
        stored = Stored(session, count(7000))
        roles = {
            (person, source): stored.record(f"silent-{source}", source, self=person)["self"]
            for person in (world.child, world.mother, world.father)
            for source in SOURCES
        }
    hidden, before = _hidden(world), _bodies(worker, world)
    assert before[0][0] == 200
    assert len({category for _, category, _ in hidden}) > 10
    for source in SOURCES:
        with world.deployment.database.writing() as session:
            stored.session = session
            for person, category in ((p, c) for p, c, s in hidden if s == source):
                event = {"role": roles[person, source], "category": str(category), "service": "social_care"}
                stored.event(person, "contact", date(2025, 3, 1), f"silent-{source}", source, **event)
        assert _bodies(worker, world) == before, source
    assert [d for d in _hidden(world) if d not in hidden] == []
