"""What changes the very next timeline: a consent withdrawn, an agreement lapsed, a caseload ended, an objection."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.gate import FamilyRead, Gate
from governance import people
from governance.agreements import register
from governance.store import agreement, audit_entry, relationship
from governance.terms import (
    AgreementStatus,
    Category,
    Purpose,
    Reason,
    Role,
    Segment,
    SignerBasis,
    WishAnswer,
    WishKind,
)
from governance.wishes import store
from tests.county import County

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def _read(county: County, child: str, username: str, role: Role, purpose: Purpose) -> FamilyRead:
    deployment = county.deployment
    with deployment.database.reading() as session:
        staff_id = people.staff_named(session, username)
        assert staff_id is not None
        actor = people.actor_for(session, staff_id, role, datetime.now(UTC).date())
    gate = Gate(deployment.database, deployment.ring)
    return gate.read_family(actor, county.people[child], purpose, datetime.now(UTC), "a-test")


def _visitor_reads(county: County, child: str) -> FamilyRead:
    return _read(county, child, "hv.morgan", Role.HEALTH_VISITOR, Purpose.DIRECT_CARE)


def _shown(read: FamilyRead) -> set[Segment]:
    return {decision.segment for decision in read.decision.permitted}


def _reasons(read: FamilyRead, gone: set[Segment]) -> set[Reason]:
    return {decision.reason for decision in read.decision.segments if decision.segment in gone}


def test_an_ended_caseload_stops_the_next_read(own_county: County) -> None:
    before = _visitor_reads(own_county, "F10-child")
    assert _shown(before)
    with own_county.deployment.database.writing() as session:
        held = select(relationship.c.id).where(
            relationship.c.person_id == own_county.people["F10-child"], relationship.c.staff_id == _morgan(own_county)
        )
        for relationship_id in session.execute(held).scalars().all():
            people.end_relationship(session, own_county.deployment.ring, relationship_id, datetime.now(UTC), "test")
    after = _visitor_reads(own_county, "F10-child")
    assert after.decision.reason in (Reason.NO_RELATIONSHIP, Reason.RELATIONSHIP_ENDED)
    assert not _shown(after)


def test_a_suspended_agreement_takes_exactly_its_own_segments(own_county: County) -> None:
    before = _visitor_reads(own_county, "F10-child")
    by_code = {d.segment: d.flow.agreement for d in before.decision.permitted if d.flow is not None}
    with own_county.deployment.database.writing() as session:
        held = select(agreement.c.id).where(agreement.c.code == "isp-early-years")
        agreement_id = session.execute(held).scalar_one()
        register.set_status(
            session,
            own_county.deployment.ring,
            agreement_id,
            AgreementStatus.SUSPENDED,
            datetime.now(UTC),
            "test",
            "Found wanting.",
        )
    after = _visitor_reads(own_county, "F10-child")
    gone = _shown(before) - _shown(after)
    assert gone
    assert {by_code[segment] for segment in gone} == {"isp-early-years"}
    assert _reasons(after, gone) <= {Reason.AGREEMENT_SUSPENDED, Reason.NO_AGREEMENT}


@pytest.mark.parametrize("category", [Category.FAMILY_SUPPORT, Category.STRENGTHS, Category.EARLY_HELP])
def test_a_withdrawn_consent_takes_only_what_stood_on_consent(own_county: County, category: Category) -> None:
    child = own_county.people["F06-child"]
    _consent(own_county, child, WishAnswer.GIVEN)
    before = _visitor_reads(own_county, "F06-child")
    _consent(own_county, child, WishAnswer.WITHDRAWN)
    after = _visitor_reads(own_county, "F06-child")
    gone = _shown(before) - _shown(after)
    bases = {d.segment: d.basis for d in before.decision.permitted}
    assert {str(bases[segment]) for segment in gone} <= {"consent"}
    assert _reasons(after, gone) <= {Reason.CONSENT_WITHDRAWN, Reason.PARENTS_CONFLICT}


def test_every_read_is_in_the_log_with_its_outcome(own_county: County) -> None:
    read = _visitor_reads(own_county, "F10-child")
    with own_county.deployment.database.reading() as session:
        entry = session.execute(select(audit_entry).where(audit_entry.c.id == read.entry_id)).one()
    assert (entry.kind, entry.outcome) == ("read_family", str(read.decision.outcome))
    assert own_county.people["F10-child"] not in entry.body


def test_a_worker_s_own_niece_is_refused(own_county: County) -> None:
    read = _read(own_county, "F12-niece", "sc.lowe", Role.SCHOOL_LEAD, Purpose.SAFEGUARDING)
    assert not _shown(read)
    assert Reason.SELF_OR_FAMILY in read.decision.failed


def _morgan(county: County) -> str:
    with county.deployment.database.reading() as session:
        staff_id = people.staff_named(session, "hv.morgan")
    assert staff_id is not None
    return staff_id


def _consent(county: County, person: str, answer: WishAnswer) -> None:
    with county.deployment.database.writing() as session:
        store.record_wish(
            session,
            county.deployment.ring,
            datetime.now(UTC) - timedelta(seconds=1),
            "test",
            person_id=person,
            kind=WishKind.CONSENT,
            answer=answer,
            signer="mother",
            signer_basis=SignerBasis.PARENTAL_RESPONSIBILITY,
        )
