"""`/v1`: the same permits as the pages, problems that repeat nothing."""

from collections.abc import Callable

from fastapi.testclient import TestClient

from tests.factories import World
from tests.journeys.visitor import Visitor

PROBLEM = "application/problem+json"


def bearer(visitor: Visitor, username: str, role: str) -> dict[str, str]:
    answer = visitor.client.post("/v1/sessions", json={"username": username, "role": role})
    assert answer.status_code == 201, answer.text
    return {"authorization": f"Bearer {answer.json()['token']}"}


def test_a_family_is_read_after_a_purpose(visit: Callable[[], Visitor], world: World) -> None:
    visitor = visit()
    held = bearer(visitor, "hv.vale", "health_visitor")
    refused = visitor.client.get(f"/v1/families/{world.child}", headers=held)
    assert (refused.status_code, refused.headers["content-type"]) == (403, PROBLEM)
    path = f"/v1/families/{world.child}/purpose"
    assert visitor.client.post(path, json={"purpose": "direct_care"}, headers=held).status_code == 204
    family = visitor.client.get(f"/v1/families/{world.child}", headers=held).json()
    assert family["index"]["person"]["name"] == "Gwenllian Okonkwo-Pryce"
    assert "01632 960222" in {one["telephone"] for one in family["involved"]}
    assert family["entry_id"]


def test_nobody_gets_in_without_a_token(visit: Callable[[], Visitor], world: World) -> None:
    answer = visit().client.get(f"/v1/families/{world.child}")
    assert (answer.status_code, answer.headers["content-type"]) == (401, PROBLEM)


def test_a_cookie_changes_nothing(worker: Visitor, world: World) -> None:
    answer = worker.client.post(f"/v1/families/{world.child}/purpose", json={"purpose": "direct_care"})
    assert answer.status_code == 401


def test_a_problem_never_repeats_what_was_sent(visit: Callable[[], Visitor]) -> None:
    visitor = visit()
    held = bearer(visitor, "hv.vale", "health_visitor")
    for body in ({"number": ["9991234535"]}, {"9991234535": "x"}, {"number": "9991234530"}, {"date_of_birth": "Gwen"}):
        answer = visitor.client.post("/v1/search", json=body, headers=held)
        assert (answer.status_code, answer.headers["content-type"]) == (422, PROBLEM)
        assert "999123" not in answer.text
        assert "Gwen" not in answer.text
    broken = visitor.client.post(
        "/v1/search", content=b'{"number": "9991234535', headers={**held, "content-type": "application/json"}
    )
    assert broken.status_code == 400
    assert "999123" not in broken.text


def test_the_log_is_read_page_by_page(visit: Callable[[], Visitor], world: World) -> None:
    visitor = visit()
    held = bearer(visitor, "ig.gray", "ig_officer")
    first = visitor.client.get("/v1/audit?limit=5", headers=held).json()
    second = visitor.client.get("/v1/audit", params={"limit": 5, "cursor": first["next_cursor"]}, headers=held).json()
    assert len(first["items"]) == 5
    assert {e["id"] for e in first["items"]}.isdisjoint(e["id"] for e in second["items"])
    assert visitor.client.get("/v1/audit?cursor=nonsense", headers=held).status_code == 422


def test_the_log_is_verified(visit: Callable[[], Visitor], world: World) -> None:
    visitor = visit()
    held = bearer(visitor, "ig.gray", "ig_officer")
    with visitor.client:
        pass
    found = visitor.client.post("/v1/audit/verification", headers=held).json()
    assert found["ok"] is True
    assert found["entries"] > 10


def test_a_health_visitor_reads_no_log(visit: Callable[[], Visitor]) -> None:
    visitor = visit()
    held = bearer(visitor, "hv.vale", "health_visitor")
    assert visitor.client.get("/v1/audit", headers=held).status_code == 403


def test_the_description_declares_problems_and_security(visit: Callable[[], Visitor]) -> None:
    client: TestClient = visit().client
    made = client.get("/v1/openapi.json").json()
    for path, operations in made["paths"].items():
        assert path.startswith("/v1/")
        for operation in operations.values():
            for status in ("400", "401", "403", "404", "422", "500"):
                assert list(operation["responses"][status]["content"]) == [PROBLEM]
    assert made["security"] == [{"bearer": []}, {"cookie": []}]
