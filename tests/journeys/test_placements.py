"""A partner's record is placed for a data steward: random ids and names of fields, never a value, always an entry."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from app.searching import SearchIndex
from governance.store import audit_entry
from governance.terms import Role
from linkage.index.placing import Placement
from linkage.rows import Identity, PersonId
from tests import factories
from tests.factories import World
from tests.journeys.test_api import PROBLEM, bearer
from tests.journeys.visitor import Visitor

RECORD = {
    "given_name": "Gwenllian",
    "family_name": "Okonkwo-Pryce",
    "nhs_number": "999 123 4535",
    "postcode": "cf101aa",
}


@pytest.fixture
def steward(world: World, visit: Callable[[], Visitor]) -> tuple[Visitor, dict[str, str]]:
    factories.add_staff(world.deployment, "st.price", "Non Price", "ZMC", Role.DATA_STEWARD, "Data Quality")
    visitor = visit()
    return visitor, bearer(visitor, "st.price", "data_steward")


def searches(world: World) -> list[str]:
    with world.deployment.database.reading() as session:
        return [str(body) for body in session.scalars(select(audit_entry.c.body).where(audit_entry.c.kind == "search"))]


def found(world: World, seen: list[Identity]) -> Callable[[SearchIndex, Identity], list[Placement]]:
    def place(_self: SearchIndex, stated: Identity) -> list[Placement]:
        seen.append(stated)
        best = Placement(PersonId(world.child), 14.24789, 0, ("nhs", "given", "family"))
        return [best, Placement(PersonId(world.stranger), -3.5, 0, ("given",))]

    return place


def test_a_steward_is_told_whom_a_record_fits_and_on_what(
    steward: tuple[Visitor, dict[str, str]], world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Identity] = []
    monkeypatch.setattr(SearchIndex, "place", found(world, seen))
    visitor, held = steward
    answer = visitor.client.post("/v1/placements", json=RECORD | {"date_of_birth": "2024-02-03"}, headers=held)
    assert answer.status_code == 200, answer.text
    line = {"person_id": world.child, "match_weight": 14.25, "fit": "joins", "agrees_in": ["nhs", "given", "family"]}
    assert answer.json() == {"items": [line]}
    assert (seen[0].nhs_number, seen[0].postcode) == ("9991234535", "CF10 1AA")
    entry = searches(world)[-1]
    assert '"found":1' in entry
    assert "Gwenllian" not in entry
    assert "9991234535" not in entry


def test_a_record_that_fits_nobody_is_logged_too(steward: tuple[Visitor, dict[str, str]], world: World) -> None:
    visitor, held = steward
    before = len(searches(world))
    assert visitor.client.post("/v1/placements", json=RECORD, headers=held).json() == {"items": []}
    assert len(searches(world)) == before + 1


def test_only_a_steward_places_records(
    visit: Callable[[], Visitor], world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SearchIndex, "place", found(world, []))
    visitor = visit()
    for username, role in (("hv.vale", "health_visitor"), ("ig.gray", "ig_officer")):
        answer = visitor.client.post("/v1/placements", json=RECORD, headers=bearer(visitor, username, role))
        assert (answer.status_code, answer.headers["content-type"]) == (403, PROBLEM)
        assert world.child not in answer.text
    assert "deny" in searches(world)[-1]


def test_what_cannot_be_read_is_not_repeated(steward: tuple[Visitor, dict[str, str]]) -> None:
    visitor, held = steward
    for body in ({"nhs_number": "9991234530"}, {}, {"given_name": " "}, {"surname": "Okonkwo"}, {"postcode": "x" * 50}):
        answer = visitor.client.post("/v1/placements", json=body, headers=held)
        assert (answer.status_code, answer.headers["content-type"]) == (422, PROBLEM)
        assert "9991234530" not in answer.text
        assert "Okonkwo" not in answer.text
