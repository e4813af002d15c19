"""Wishes through `/v1`: the same as the pages, for machines."""

from collections.abc import Callable
from hashlib import sha256
from typing import Any

import rfc8785

from tests.factories import World
from tests.journeys.test_api import bearer
from tests.journeys.visitor import Visitor


def signed(world: World, **other: Any) -> dict[str, Any]:
    return {
        "person_id": world.child, "language": "en", "answers": {"health": "given", "home": "refused"},
        "signer_basis": "parental_responsibility", "signer_person_id": world.mother, "evidence": "electronic",
        "idempotency_key": "key-0001",
    } | other  # fmt: skip


def test_a_form_is_signed_once_listed_and_receipted(visit: Callable[[], Visitor], world: World) -> None:
    visitor = visit()
    token, client, base = bearer(visitor, "hv.vale", "health_visitor"), visitor.client, f"/v1/families/{world.child}"
    path = f"{base}/wishes/forms/family-support-consent"
    assert client.post(path, json=signed(world), headers=token).status_code == 403
    assert client.post(f"{base}/purpose", json={"purpose": "direct_care"}, headers=token).status_code == 204
    made = [client.post(path, json=signed(world), headers=token) for _ in range(2)]
    assert [answer.status_code for answer in made] == [201, 201]
    assert made[0].json() == made[1].json()
    listed = client.get(f"{base}/wishes", headers=token).json()
    assert {(item["answer"], tuple(item["scope"])) for item in listed["items"]} == {
        ("given", ("development", "health_visiting")), ("refused", ("address", "housing")),
    }  # fmt: skip
    receipt = client.get(f"{base}/wishes/{made[0].json()['id']}/receipt", headers=token).json()
    digest = receipt.pop("digest")
    assert sha256(rfc8785.dumps(receipt)).hexdigest() == digest


def test_what_does_not_fit_is_refused_and_not_repeated(visit: Callable[[], Visitor], world: World) -> None:
    visitor = visit()
    token, client, base = bearer(visitor, "hv.vale", "health_visitor"), visitor.client, f"/v1/families/{world.child}"
    client.post(f"{base}/purpose", json={"purpose": "direct_care"}, headers=token)
    path = f"{base}/wishes/forms/family-support-consent"
    for other in (
        {"person_id": world.stranger},
        {"signer_person_id": world.stranger},
        {"answers": {"nothing-of-this": "given"}},
        {"answers": {"home": "withdrawn"}},
        {"signer_basis": "competent_child"},
        {"signed_at": "2999-01-01T00:00:00Z"},
        {"idempotency_key": "short"},
    ):
        answer = client.post(path, json=signed(world, **other), headers=token)
        assert answer.status_code == 422, other
        assert "nothing-of-this" not in answer.text
    assert client.get(f"{base}/wishes", headers=token).json()["items"] == []
    assert client.get(f"{base}/wishes/{'f' * 32}/receipt", headers=token).status_code == 404
