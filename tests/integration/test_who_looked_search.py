"""Who looked at one person: under every id they ever had, and never for an officer's own family."""

from pathlib import Path

import pytest
from sqlalchemy import select, update

from app.auditing import pseudonyms
from app.gate import Gate
from governance import people
from governance.ledger.ledger import AuditFilter, find, subject_pseudonym
from governance.people import DeclarationKind
from governance.store import audit_entry
from governance.terms import Actor, EventKind, Outcome, Purpose, Reason, Role
from linkage import store
from tests import factories
from tests.factories import BY, NOW, World


@pytest.fixture
def world(tmp_path: Path, migrated_sqlite: Path) -> object:
    with factories.deployed(tmp_path / "var", migrated_sqlite) as deployment:
        yield factories.populate(deployment)


def officer(world: World) -> Actor:
    with world.deployment.database.reading() as session:
        held = people.staff_named(session, "ig.gray")
        assert held is not None
        actor = people.actor_for(session, held, Role.IG_OFFICER, NOW.date())
    assert actor is not None
    return actor


def read(world: World, person: str) -> None:
    with world.deployment.database.reading() as session:
        actor = people.actor_for(session, world.health_visitor, Role.HEALTH_VISITOR, NOW.date())
    Gate(world.deployment.database, world.deployment.ring).read_family(actor, person, Purpose.DIRECT_CARE, NOW, "r")


def test_a_look_before_a_merge_is_found_after_it(world: World) -> None:
    read(world, world.stranger)
    with world.deployment.database.writing() as session:
        session.execute(update(store.person).where(store.person.c.id == world.stranger).values(merged_into=world.child))
    read(world, world.child)
    with world.deployment.database.reading() as session:
        ring = world.deployment.ring
        for known in (world.child, world.stranger):
            every = pseudonyms(session, ring, known)
            assert set(every) == {subject_pseudonym(ring, person) for person in (world.child, world.stranger)}
        looks = find(session, AuditFilter(subjects=every, kind=EventKind.READ_FAMILY))
    assert [look.outcome for look in looks].count(Outcome.DENY) == 1
    assert len(looks) == 2


def test_an_entry_about_two_ids_of_one_person_is_found_once(world: World) -> None:
    read(world, world.child)
    with world.deployment.database.reading() as session:
        ring = world.deployment.ring
        both = tuple(subject_pseudonym(ring, person) for person in (world.child, world.mother))
        assert len(find(session, AuditFilter(subjects=both, kind=EventKind.READ_FAMILY))) == 1


@pytest.mark.parametrize("whose", ["child", "mother"])
def test_an_officer_does_not_read_who_looked_at_their_own_family(world: World, whose: str) -> None:
    deployment, actor = world.deployment, officer(world)
    gate = Gate(deployment.database, deployment.ring)
    assert gate.read_audit(actor, NOW, "r", {}, [world.child]).reason is Reason.PERMITTED
    with deployment.database.writing() as session:
        people.declare(session, deployment.ring, actor.staff_id, getattr(world, whose), DeclarationKind.FAMILY, NOW, BY)
    refused = gate.read_audit(actor, NOW, "r", {}, [world.child])
    assert refused.reason is Reason.SELF_OR_FAMILY
    assert gate.read_audit(actor, NOW, "r", {}, [world.stranger]).reason is Reason.PERMITTED
    with deployment.database.reading() as session:
        kept = session.scalars(
            select(audit_entry.c.outcome)
            .where(audit_entry.c.kind == "audit_read", audit_entry.c.staff_id == actor.staff_id)
            .order_by(audit_entry.c.recorded_at)
        )
        assert sorted(kept) == ["deny", "permit", "permit"]
