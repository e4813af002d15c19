"""What reaches a page of a permitted read, and what a list of children may say: only what the decision lets through."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from app import caseload, purposes
from app.gate import FamilyRead, Gate
from app.identity import Organisation, SignedIn
from app.language import Code, language
from app.reading import FamilyData, gather
from app.views.entries import Filters
from app.views.family import view
from governance import people
from governance.people import DeclarationKind
from governance.store import session as sessions
from governance.store import wish
from governance.terms import (
    Category,
    Decision,
    Outcome,
    Purpose,
    Reason,
    Role,
    Segment,
    SegmentDecision,
    SignerBasis,
    SubjectRole,
    WishAnswer,
    WishKind,
    Withholding,
)
from governance.wishes.store import record_wish
from linkage import store
from linkage.kin import records
from linkage.rows import Relation
from tests import factories
from tests.factories import NOW, World


@pytest.fixture
def world(tmp_path: Path, migrated_sqlite: Path) -> Iterator[World]:
    with factories.deployed(tmp_path / "var", migrated_sqlite) as deployment:
        yield factories.populate(deployment)


def _read(world: World, permitted: list[tuple[Category, str]], hidden: frozenset[str] = frozenset()) -> FamilyData:
    with world.deployment.database.reading() as session:
        family = records.load_family(session, world.child, NOW.date())
    segments = tuple(
        SegmentDecision(
            Segment(world.child, SubjectRole.CHILD, category, source), True, Reason.PERMITTED, (), None,
            Withholding.SIGNALLED,
        )
        for category, source in permitted
    )  # fmt: skip
    decision = Decision(Outcome.PARTIAL, Reason.PERMITTED, (), segments, None, "0" * 64, NOW)
    return gather(world.deployment, FamilyRead(decision, family, "entry", hidden))


def _moved(session: Session, world: World) -> None:
    """The council alone knows a new address."""
    session.execute(
        insert(store.area).values(code="L02", kind="locality", name_en="Hidden Vale", name_cy=None, version="1")
    )
    session.execute(
        update(store.record_role)
        .where(store.record_role.c.person_id == world.child, store.record_role.c.provider == "ZMC")
        .values(locality="L02", nation="wales")
    )


def test_a_locality_is_told_only_by_who_may_share_the_address(world: World) -> None:
    with world.deployment.database.writing() as session:
        _moved(session, world)
    old = _read(world, [(Category.IDENTITY, "ZMC"), (Category.ADDRESS, "ZCH")])
    assert old.homes[world.child].locality == ("Marl Vale", "Dyffryn Marl")
    new = _read(world, [(Category.IDENTITY, "ZCH"), (Category.ADDRESS, "ZMC")])
    assert new.homes[world.child].locality == ("Hidden Vale", None)


def test_behind_a_firewall_not_even_the_nation_is_drawn_on(world: World) -> None:
    with world.deployment.database.writing() as session:
        _moved(session, world)
    walled = _read(world, [(Category.IDENTITY, "ZMC")], frozenset({world.child}))
    assert walled.homes[world.child].areas == frozenset()
    assert {step.nation for step in walled.schedule} == {"england"}
    assert _read(world, [(Category.IDENTITY, "ZMC")]).homes[world.child].nation == "wales"


def test_a_wish_about_what_is_withheld_in_silence_is_not_told(world: World) -> None:
    said = {"kind": WishKind.OBJECTION, "answer": WishAnswer.MADE, "person_id": world.child}
    with world.deployment.database.writing() as session:
        for scope in (("domestic_abuse",), ("adult_health", "early_help"), ("*",)):
            record_wish(session, world.deployment.ring, NOW, "test", scope=scope, **said)  # type: ignore[arg-type]
    told = _read(world, [(Category.EARLY_HELP, "ZMC")]).wishes
    assert {row.scope for row in told} == {("early_help",), ("*",)}


def test_a_wish_follows_its_person_into_a_merge(world: World) -> None:
    with world.deployment.database.writing() as session:
        session.execute(insert(store.person).values(id="old", unborn=False, created_run="run", merged_into=world.child))
        record_wish(
            session, world.deployment.ring, NOW, "test", person_id="old", kind=WishKind.RESTRICTION,
            answer=WishAnswer.MADE,
        )  # fmt: skip
        assert session.scalars(select(wish.c.person_id)).all() == ["old"]
    assert [row.person_id for row in _read(world, [(Category.IDENTITY, "ZCH")]).wishes] == [world.child]


def test_opposed_wishes_of_two_parents_are_both_told(world: World) -> None:
    with world.deployment.database.writing() as session:
        for parent, answer in ((world.mother, WishAnswer.REFUSED), (world.father, WishAnswer.GIVEN)):
            record_wish(
                session, world.deployment.ring, NOW, "test", person_id=world.child, kind=WishKind.CONSENT,
                answer=answer, scope=("early_help",), signer_person_id=parent,
                signer_basis=SignerBasis.PARENTAL_RESPONSIBILITY,
            )  # fmt: skip
    told = _read(world, [(Category.EARLY_HELP, "ZMC")]).wishes
    assert {row.answer for row in told} == {WishAnswer.REFUSED, WishAnswer.GIVEN}


def _visitor(world: World) -> SignedIn:
    with world.deployment.database.reading() as session:
        actor = people.actor_for(session, world.health_visitor, Role.HEALTH_VISITOR, NOW.date())
    assert actor is not None
    return SignedIn("hash", "csrf", "hv.vale", "Hannah Vale", Organisation("ZCH", "ZCH", None, None, None), actor)


def test_whoever_is_not_listed_is_not_counted_either(world: World) -> None:
    factories.add_to_caseload(world.deployment, world.health_visitor, world.stranger)
    rows, total = caseload.own_families(world.deployment, _visitor(world), NOW, "r")
    assert ({row.person.person_id for row in rows}, total) == ({world.child, world.stranger}, 2)
    with world.deployment.database.writing() as session:
        kind = DeclarationKind.FAMILY
        people.declare(session, world.deployment.ring, world.health_visitor, world.stranger, kind, NOW, "test")
    rows, total = caseload.own_families(world.deployment, _visitor(world), NOW, "r")
    assert ({row.person.person_id for row in rows}, total) == ({world.child}, 1)


def test_a_child_of_two_relationships_is_one_family_and_keeps_its_place_through_a_merge(world: World) -> None:
    with world.deployment.database.writing() as session:
        session.execute(insert(store.person).values(id="old", unborn=False, created_run="run", merged_into=world.child))
    factories.add_to_caseload(world.deployment, world.health_visitor, "old")
    rows, total = caseload.own_families(world.deployment, _visitor(world), NOW, "r")
    assert ([(row.person.person_id, row.kind) for row in rows], total) == ([(world.child, "caseload")], 1)


def test_a_refused_worker_is_not_told_how_many_cases_they_have(world: World) -> None:
    with world.deployment.database.writing() as session:
        people.set_active(session, world.deployment.ring, world.health_visitor, False, NOW, "test")
    assert caseload.own_families(world.deployment, _visitor(world), NOW + timedelta(seconds=1), "r") == ([], 0)


def test_a_worker_whose_account_ended_states_no_purpose(world: World) -> None:
    who = _visitor(world)
    row = {"staff_id": world.health_visitor, "role": "health_visitor", "csrf_token": "csrf"}
    with world.deployment.database.writing() as session:
        session.execute(insert(sessions).values(token_hash="hash", created_at=NOW, seen_at=NOW, **row))
    assert purposes.state(world.deployment, who, world.child, Purpose.DIRECT_CARE, NOW, "r")
    gone = replace(who, actor=replace(who.actor, active=False))
    without = replace(who, actor=replace(who.actor, role_held=False))
    for worker in (gone, without):
        assert not purposes.state(world.deployment, worker, world.child, Purpose.DIRECT_CARE, NOW, "r")


def test_a_search_tells_no_month_of_birth_of_a_child_who_is_not_the_workers(world: World) -> None:
    own, other = caseload.described(world.deployment, _visitor(world), NOW, (world.child, world.stranger))
    assert (own.person.birth_month, own.known.given_name) == ("2024-03", "Gwenllian")
    assert (other.person.birth_month, other.known.given_name, other.locality) == (None, None, None)


def test_an_expectant_mother_has_no_milestones_of_her_own_childhood(world: World) -> None:
    with world.deployment.database.writing() as session:
        held = factories.Records(world.deployment, session)
        held.begin("maternity-bookings", "ZMH", ["maternity"])
        held.tie(world.mother, Relation.BIRTH_MOTHER, held.person(None, None, unborn=True))
    factories.add_to_caseload(world.deployment, world.health_visitor, world.mother)
    gate, who = Gate(world.deployment.database, world.deployment.ring), _visitor(world)
    read = gate.read_family(who.actor, world.mother, Purpose.DIRECT_CARE, NOW, "r")
    page = view(language(Code.EN), gather(world.deployment, read), NOW.date(), Filters(), who.organisation)
    assert (page.index.subject, page.steps) == ("Mother", ())
