"""A data steward's work: doubtful pairs, without any name unless an agreement lets stewards see it."""

import copy
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from governance import people
from governance.agreements import register
from governance.agreements.ceremony import bring_into_force, new_signing_keys
from governance.agreements.documents import agreement_from
from governance.people import DeclarationKind
from governance.store import audit_entry
from governance.terms import Role
from linkage import store
from tests import factories
from tests.factories import BY, CANARIES, EARLIER, NOW, World
from tests.journeys.review_queue import queued
from tests.journeys.visitor import Visitor, text_of


@pytest.fixture
def steward(world: World, visit: Callable[[], Visitor]) -> Visitor:
    factories.add_staff(world.deployment, "st.price", "Non Price", "ZMC", Role.DATA_STEWARD, "Data Quality")
    return visit().signed_in("st.price|data_steward")


def agree_that_stewards_see(world: World) -> None:
    """An agreement in force of its own: every organisation's identities to the council's data stewards."""
    document = copy.deepcopy(dict(register.shipped("isp-early-years").document))
    template = document["flows"][0]
    document["code"] = "isp-data-quality"
    document["population"] = {**document["population"], "to_age": 120}
    document["flows"] = [
        {**template, "no": f"{at:02d}", "from": source, "to": [{"organisation": "ZMC", "roles": ["data_steward"]}],
         "purposes": ["data_quality"], "categories": ["identity"],
         "subjects": ["child", "sibling", "mother", "father", "carer", "other_adult"]}
        for at, source in enumerate(("ZCH", "ZMC", "ZMH"), start=1)
    ]  # fmt: skip
    agreement = replace(agreement_from(document))
    with world.deployment.database.writing() as session:
        ring = world.deployment.ring
        bring_into_force(session, ring, agreement, new_signing_keys(agreement), EARLIER, BY)


def entries(world: World, kind: str) -> list[str]:
    with world.deployment.database.reading() as session:
        query = select(audit_entry.c.body).where(audit_entry.c.kind == kind)
        return [str(body) for body in session.scalars(query)]


def test_the_steward_finds_the_queue_from_home(steward: Visitor, world: World) -> None:
    queued(world, world.child, world.stranger, "two_numbers")
    assert 'href="/reviews"' in steward.get("/").text
    page = text_of(steward.get("/reviews"))
    assert "carry two valid numbers" in page
    assert "Kept apart" in page
    assert len(entries(world, "review_read")) == 1


def test_fields_are_compared_and_no_value_is_shown(steward: Visitor, world: World) -> None:
    pair = queued(world, world.child, world.stranger)
    answer = steward.get(f"/reviews/{pair}")
    page = text_of(answer)
    for said in ("Given names Same", "Family name Similar (close)", "Date of birth Different", "something new"):
        assert said in page
    assert "No agreement lets data stewards see these names" in page
    assert all(canary not in answer.text for canary in (*CANARIES, "Tomos", "Arall"))


def test_names_are_shown_where_an_agreement_in_force_says_so(steward: Visitor, world: World) -> None:
    agree_that_stewards_see(world)
    page = text_of(steward.get(f"/reviews/{queued(world, world.child, world.stranger)}"))
    assert "Gwenllian" in page
    assert "9 March 2024" in page
    assert "Tomos" in page
    assert "Heol y Ffynnon" not in page
    assert "9991234535" not in page


def test_an_answer_binds_and_is_logged_and_is_given_once(steward: Visitor, world: World) -> None:
    pair = queued(world, world.child, world.stranger)
    assert "No pair waits" in text_of(steward.post(f"/reviews/{pair}", answer="different"))
    with world.deployment.database.reading() as session:
        [decision] = session.execute(select(store.link_decision)).all()
    assert (decision.kind, decision.origin, decision.reason) == ("different", "review", "reviewed")
    [entry] = entries(world, "steward_decision")
    assert '"answer":"different"' in entry.replace(" ", "").replace("'", '"')
    assert steward.post(f"/reviews/{pair}", answer="same").status_code == 409


def test_unsure_leaves_the_pair_in_the_queue(steward: Visitor, world: World) -> None:
    pair = queued(world, world.child, world.stranger)
    assert "left open" in text_of(steward.post(f"/reviews/{pair}", answer="unsure"))
    assert "Save the answer" in text_of(steward.get(f"/reviews/{pair}"))


def test_an_answer_against_earlier_ones_is_refused_with_the_reason(steward: Visitor, world: World) -> None:
    first, second = (queued(world, world.child, world.stranger) for _ in range(2))
    steward.post(f"/reviews/{first}", answer="same")
    answer = steward.post(f"/reviews/{second}", answer="different")
    assert answer.status_code == 422
    assert "Earlier answers say that they are one person" in text_of(answer)
    assert "Save the answer" in text_of(steward.get(f"/reviews/{second}"))


def test_no_answer_and_no_pair_are_told_plainly(steward: Visitor, world: World) -> None:
    pair = queued(world, world.child, world.stranger)
    assert "Choose an answer" in text_of(steward.post(f"/reviews/{pair}", answer="perhaps"))
    assert steward.get(f"/reviews/{'0' * 32}").status_code == 404
    assert steward.post(f"/reviews/{'0' * 32}", answer="same").status_code == 404


def test_nobody_else_opens_the_queue(worker: Visitor, officer: Visitor, world: World) -> None:
    pair = queued(world, world.child, world.stranger)
    for visitor in (worker, officer):
        assert visitor.get("/reviews").status_code == 403
        assert visitor.get(f"/reviews/{pair}").status_code == 403
        assert visitor.post(f"/reviews/{pair}", answer="same").status_code == 403


def test_a_steward_reviews_nobody_of_their_own_family(world: World, visit: Callable[[], Visitor]) -> None:
    staff = factories.add_staff(world.deployment, "st.own", "Rhys Own", "ZMC", Role.DATA_STEWARD)
    with world.deployment.database.writing() as session:
        people.declare(session, world.deployment.ring, staff, world.child, DeclarationKind.FAMILY, EARLIER, BY)
    visitor = visit().signed_in("st.own|data_steward")
    pair = queued(world, world.child, world.stranger)
    assert visitor.get(f"/reviews/{pair}").status_code == 403


def test_what_a_pair_was_answered_is_told_when_it_is_opened_again(steward: Visitor, world: World) -> None:
    pair = queued(world, world.child, world.stranger, answer="same", answered_by="x", answered_at=NOW)
    page = text_of(steward.get(f"/reviews/{pair}"))
    assert "Answered: One person" in page
    assert "Save the answer" not in page


def test_a_record_that_is_gone_is_in_no_pair(steward: Visitor, world: World) -> None:
    pair = queued(world, world.child, world.stranger)
    with world.deployment.database.writing() as session:
        session.execute(
            update(store.record_role).where(store.record_role.c.person_id == world.stranger).values(person_id=None)
        )
    assert steward.get(f"/reviews/{pair}").status_code == 404
