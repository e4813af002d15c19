"""Nobody, out of scope, erased, walled off and close to the other side: the same answer to the letter, on every way."""

import re
from collections.abc import Callable

import pytest
from httpx2 import Response

from governance.terms import Reason
from tests.factories import World
from tests.journeys.visitor import Visitor
from tests.silence import KINDS, NOBODY, PURPOSE, unseen

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
