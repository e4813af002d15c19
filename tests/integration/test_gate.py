"""The one door: what each change of fact does to the very next read, and that nothing is shown unlogged."""

import json
from datetime import UTC, date, datetime, timedelta
from itertools import count

import pytest
from sqlalchemy import delete, func, select, text, update

from app.database import Database
from app.gate import FamilyRead, LogUnavailable, holdings_permitted
from governance import people
from governance.agreements import register
from governance.store import agreement, agreement_signature, audit_entry, staff_role
from governance.terms import (
    AgreementStatus,
    BlockKind,
    Category,
    EventKind,
    Outcome,
    Purpose,
    Reason,
    Role,
    SignerBasis,
    WishAnswer,
    WishKind,
)
from governance.wishes.store import record_wish
from tests.integration.partnership import LATER, NOW, START, WORKERS, Partnership, build, shown
from tests.stored import Stored

PR = SignerBasis.PARENTAL_RESPONSIBILITY


@pytest.fixture
def partnership(sqlite_database: Database) -> Partnership:
    return build(sqlite_database)


def entries(partnership: Partnership, kind: EventKind = EventKind.READ_FAMILY) -> list[dict[str, object]]:
    with partnership.database.reading() as session:
        rows = session.scalars(select(audit_entry.c.body).where(audit_entry.c.kind == str(kind)))
        return [json.loads(body) for body in rows]


def last_entry(partnership: Partnership, entry_id: str) -> dict[str, object]:
    return next(body for body in entries(partnership) if body["id"] == entry_id)


def wish(partnership: Partnership, person: str, kind: WishKind, answer: WishAnswer, **other: object) -> None:
    with partnership.database.writing() as session:
        values = {"person_id": person, "kind": kind, "answer": answer} | other
        record_wish(session, partnership.ring, NOW, "test", **values)  # type: ignore[arg-type]


Segments = set[tuple[str, Category, str]]


def why(read: FamilyRead, lost: Segments) -> dict[tuple[str, Category, str], Reason]:
    """Why these are not shown, as told to the worker."""
    told = {(d.segment.member, d.segment.category, d.segment.source): d.reason for d in read.decision.segments}
    return {segment: told[segment] for segment in lost}


def test_a_worker_with_a_caseload_sees_the_family_and_the_log_says_so(database: Database) -> None:
    partnership = build(database)
    read = partnership.read("hv", purpose=Purpose.DIRECT_CARE)
    assert read.decision.reason is Reason.PERMITTED
    assert read.family is not None
    assert [m.person_id for m in read.family.members] == ["ada", "ben", "mair", "tom"]
    assert {h.category for h in holdings_permitted(read) if h.person_id == "ada"} >= {"birth", "health_visiting"}
    body = last_entry(partnership, read.entry_id)
    assert body["outcome"] in (Outcome.PERMIT, Outcome.PARTIAL)
    assert len(body["subjects"]) == 4  # type: ignore[arg-type]
    assert '"ada"' not in json.dumps(body)


def test_the_entry_is_committed_before_anything_is_returned(partnership: Partnership) -> None:
    before = len(entries(partnership))
    read = partnership.read("hv")
    assert len(entries(partnership)) == before + 1
    assert last_entry(partnership, read.entry_id)["request"] == "request"


def test_when_the_log_cannot_be_written_nothing_is_shown(partnership: Partnership) -> None:
    with partnership.database.engine.connect() as connection:
        connection.execute(
            text("CREATE TRIGGER full BEFORE INSERT ON audit_entry BEGIN SELECT RAISE(ABORT, 'full'); END")
        )
        connection.commit()
    with pytest.raises(LogUnavailable) as raised:
        partnership.read("hv")
    assert "ada" not in str(raised.value)
    with pytest.raises(LogUnavailable):
        partnership.read("adult")


@pytest.mark.parametrize("who", ["hv", "fsw", "sw", "nursery"])
def test_without_consent_the_charity_sees_nothing_and_others_lose_nothing(partnership: Partnership, who: str) -> None:
    before = shown(partnership.read(who))
    charity = partnership.read("charity")
    assert charity.family is None
    assert charity.decision.reason is Reason.CONSENT_UNKNOWN
    wish(partnership, "ada", WishKind.CONSENT, WishAnswer.REFUSED, signer="mother", signer_basis=PR)
    assert shown(partnership.read(who)) == before


def test_a_withdrawal_acts_on_the_next_read_for_exactly_what_it_covers(partnership: Partnership) -> None:
    given = {"signer": "mother", "signer_basis": PR, "valid_from": START}
    wish(partnership, "ada", WishKind.CONSENT, WishAnswer.GIVEN, **given)
    before = shown(partnership.read("charity"))
    assert ("ada", Category.EARLY_HELP, "ZMC") in before
    assert not {member for member, _, _ in before} - {"ada"}
    gone = {"scope": ("early_help",), "signer": "mother", "signer_basis": PR, "valid_from": START}
    wish(partnership, "ada", WishKind.CONSENT, WishAnswer.WITHDRAWN, **gone)
    after = partnership.read("charity")
    assert before - shown(after) == {("ada", Category.EARLY_HELP, s) for s in ("ZFS", "ZMC", "ZGC")}
    assert set(why(after, before - shown(after)).values()) == {Reason.CONSENT_WITHDRAWN}


def test_parents_in_conflict_leave_no_consent(partnership: Partnership) -> None:
    wish(partnership, "ada", WishKind.CONSENT, WishAnswer.REFUSED, signer="father", signer_basis=PR)
    wish(partnership, "ada", WishKind.CONSENT, WishAnswer.GIVEN, signer="mother", signer_basis=PR)
    read = partnership.read("charity")
    assert (read.family, read.decision.reason) == (None, Reason.PARENTS_CONFLICT)


def test_an_objection_removes_only_what_can_be_objected_to(partnership: Partnership) -> None:
    before = shown(partnership.read("hv"))
    wish(partnership, "ada", WishKind.OBJECTION, WishAnswer.MADE, signer="mother", signer_basis=PR)
    after = partnership.read("hv")
    lost = before - shown(after)
    assert {segment[0] for segment in lost} == {"ada"}
    assert ("ada", Category.EARLY_HELP, "ZMC") in lost
    assert ("ada", Category.HEALTH_VISITING, "ZCH") not in lost
    assert set(why(after, lost).values()) == {Reason.OBJECTION}


def test_a_scoped_objection_removes_one_category_everywhere_it_can(partnership: Partnership) -> None:
    before = shown(partnership.read("hv"))
    wish(partnership, "ada", WishKind.OBJECTION, WishAnswer.MADE, scope=("early_education",))
    lost = before - shown(partnership.read("hv"))
    assert {segment[1] for segment in lost} == {Category.EARLY_EDUCATION}


def test_a_restriction_stops_all_but_safeguarding(partnership: Partnership) -> None:
    wish(partnership, "ada", WishKind.RESTRICTION, WishAnswer.MADE)
    assert "ada" not in {member for member, _, _ in shown(partnership.read("sw"))}
    assert "ada" in {member for member, _, _ in shown(partnership.read("sw", purpose=Purpose.SAFEGUARDING))}


def test_opt_outs_from_planning_do_not_touch_care(partnership: Partnership) -> None:
    before = shown(partnership.read("hv"))
    wish(partnership, "ada", WishKind.OPT_OUT_NATIONAL, WishAnswer.MADE)
    wish(partnership, "ada", WishKind.OPT_OUT_TYPE_1, WishAnswer.MADE)
    assert shown(partnership.read("hv")) == before


def test_an_ended_caseload_ends_access_at_once(partnership: Partnership) -> None:
    assert partnership.read("hv").family is not None
    with partnership.database.writing() as session:
        relationship = partnership.relationships["hv", "ada"]
        people.end_relationship(session, partnership.ring, relationship, NOW, partnership.staff["ig"])
    read = partnership.read("hv")
    assert (read.family, read.decision.reason) == (None, Reason.RELATIONSHIP_ENDED)
    assert last_entry(partnership, read.entry_id)["reasons"] == [Reason.RELATIONSHIP_ENDED]


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        (datetime(2028, 3, 4, 23, 59, tzinfo=UTC), None),
        (datetime(2028, 3, 5, 0, 0, tzinfo=UTC), Reason.REVIEW_OVERDUE),
        (datetime(2028, 6, 5, 0, 0, tzinfo=UTC), Reason.AGREEMENT_EXPIRED),
    ],
)
def test_an_agreement_lapses_by_itself(partnership: Partnership, at: datetime, reason: Reason | None) -> None:
    with partnership.database.writing() as session:
        session.execute(update(staff_role).values(training_until=date(2030, 1, 1)))
    read = partnership.read("nursery", at=at)
    assert (read.decision.reason, read.family is None) == (reason or Reason.PERMITTED, reason is not None)


def test_a_suspension_changes_exactly_the_segments_of_that_agreement(partnership: Partnership) -> None:
    before = shown(partnership.read("fsw"))
    with partnership.database.writing() as session:
        readiness = partnership.agreements["isp-school-readiness"]
        register.set_status(
            session, partnership.ring, readiness, AgreementStatus.SUSPENDED, NOW, "test", "Found wanting."
        )
    after = partnership.read("fsw")
    lost = before - shown(after)
    assert {segment[1] for segment in lost} == {Category.SCHOOL, Category.ATTAINMENT, Category.SEND} - (
        {Category.SEND} & {category for _, category, source in shown(after) if source == "ZMC"}
    )
    assert set(why(after, lost).values()) == {Reason.AGREEMENT_SUSPENDED}


def test_a_flow_needs_both_signatures(partnership: Partnership) -> None:
    with partnership.database.writing() as session:
        session.execute(delete(agreement_signature).where(agreement_signature.c.organisation == "ZNF"))
    read = partnership.read("nursery")
    assert (read.family, read.decision.reason) == (None, Reason.AGREEMENT_NOT_SIGNED)


def test_an_edited_document_is_no_longer_a_signed_one(partnership: Partnership) -> None:
    with partnership.database.writing() as session:
        early_years = partnership.agreements["isp-early-years"]
        row = session.execute(select(agreement.c.document).where(agreement.c.id == early_years)).scalar_one()
        wider = json.loads(json.dumps(row))
        wider["flows"][0]["to"].append({"organisation": "ZNF", "roles": ["nursery_practitioner"]})
        session.execute(update(agreement).where(agreement.c.id == early_years).values(document=wider))
    assert partnership.read("nursery").decision.reason is Reason.AGREEMENT_NOT_SIGNED


def test_a_worker_is_refused_their_own_family_whatever_the_caseload(partnership: Partnership) -> None:
    with partnership.database.writing() as session:
        kind, staff = people.DeclarationKind.FAMILY, partnership.staff["sw"]
        people.declare(session, partnership.ring, staff, "ben", kind, NOW, "test")
    read = partnership.read("sw", purpose=Purpose.SAFEGUARDING)
    assert (read.family, read.decision.reason) == (None, Reason.SELF_OR_FAMILY)


def test_the_fathers_worker_does_not_thereby_reach_the_child(partnership: Partnership) -> None:
    partnership.relate("adult", "tom")
    read = partnership.read("adult")
    assert (read.family, read.decision.segments) == (None, ())
    assert read.decision.reason is Reason.NOT_FOUND
    assert last_entry(partnership, read.entry_id)["reasons"] == [Reason.NO_RELATIONSHIP]


def test_a_refuge_hides_every_place_from_a_worker_of_the_other_side(partnership: Partnership) -> None:
    with partnership.database.writing() as session:
        people.record_block(
            session, partnership.ring, NOW, "test", person_id="ada", kind=BlockKind.REFUGE, since=NOW.date(),
            against_person_id="tom",
        )  # fmt: skip
    partnership.relate("sw", "tom")
    both_sides, one_side = partnership.read("sw"), partnership.read("hv")
    placeless = {Category.IDENTITY, Category.FAMILY, Category.BIRTH}
    assert {category for _, category, _ in shown(both_sides)} <= placeless
    assert {source for _, _, source in shown(both_sides)} == {"ZMC"}
    assert Reason.HARD_BLOCK not in {d.reason for d in both_sides.decision.segments}
    assert ("ada", Category.ADDRESS, "ZMC") in shown(one_side)
    assert "tom" not in {member for member, _, _ in shown(one_side)}


def test_unknown_out_of_scope_and_erased_look_alike(partnership: Partnership) -> None:
    partnership.relate("sw", "tom")
    with partnership.database.writing() as session:
        people.record_erasure(session, partnership.ring, "ben", NOW, "test")
    partnership.relate("sw", "ben")
    reads = [partnership.read("sw", index) for index in ("nobody", "tom", "ben")]
    assert {(r.family, r.decision.reason, r.decision.failed, r.decision.segments) for r in reads} == {
        (None, Reason.NOT_FOUND, (Reason.NOT_FOUND,), ())
    }
    logged = [last_entry(partnership, read.entry_id)["reasons"] for read in reads]
    assert [reason[0] for reason in logged] == [Reason.NOT_FOUND, Reason.OUT_OF_SCOPE, Reason.ERASED]  # type: ignore[index]


def test_facts_follow_a_person_through_a_merge(partnership: Partnership) -> None:
    wish(partnership, "ada", WishKind.RESTRICTION, WishAnswer.MADE)
    with partnership.database.writing() as session:
        session.execute(
            text("INSERT INTO person (id, unborn, birth_month, created_run) VALUES ('new', 0, '2023-06', 'r')")
        )
        session.execute(text("UPDATE person SET merged_into = 'new' WHERE id = 'ada'"))
        session.execute(text("UPDATE tie SET person_b = 'new' WHERE person_b = 'ada'"))
        session.execute(text("UPDATE record_role SET person_id = 'new' WHERE person_id = 'ada'"))
    read = partnership.read("sw")
    assert read.decision.reason is Reason.PERMITTED
    assert "new" not in {member for member, _, _ in shown(read)}


def test_lapsed_training_and_a_suspended_account_stop_a_read(partnership: Partnership) -> None:
    after = datetime(2027, 6, 2, 9, tzinfo=UTC)
    assert partnership.read("hv", at=after).decision.reason is Reason.TRAINING_LAPSED
    with partnership.database.writing() as session:
        people.set_active(session, partnership.ring, partnership.staff["hv"], False, NOW, "test")
    assert partnership.read("hv").decision.reason is Reason.ACCOUNT_SUSPENDED


def test_an_expectant_mother_looks_like_any_adult_to_those_who_do_not_work_with_her(partnership: Partnership) -> None:
    with partnership.database.writing() as session:
        stored = Stored(session, count(1000))
        stored.person("eve", "1996-02", "female")
        stored.person("bump", None)
        stored.tie("eve", "birth_mother", "bump")
        actor = people.actor_for(session, partnership.staff["hv"], _role("hv"), NOW.date())
    pregnant, other = partnership.read("hv", "eve"), partnership.read("hv", "mair")
    assert [r.decision.reason for r in (pregnant, other)] == [Reason.NOT_FOUND, Reason.NOT_FOUND]
    assert (pregnant.decision.failed, pregnant.decision.segments) == (other.decision.failed, other.decision.segments)
    assert partnership.gate.search(actor, LATER, "r", ["eve", "mair"]).hits == ()
    partnership.relate("hv", "eve")
    assert partnership.gate.search(actor, LATER, "r", ["eve", "mair"]).hits == ("eve",)
    assert partnership.read("hv", "eve").decision.reason is Reason.PERMITTED


def test_search_lists_children_only_and_says_nothing_of_firewalls(partnership: Partnership) -> None:
    with partnership.database.writing() as session:
        actor = people.actor_for(session, partnership.staff["hv"], _role("hv"), NOW.date())
        adult = people.actor_for(session, partnership.staff["adult"], _role("adult"), NOW.date())
    hits = ["ada", "ben", "mair", "tom", "nobody"]
    assert partnership.gate.search(actor, LATER, "r", hits).hits == ("ada", "ben")
    refused = partnership.gate.search(adult, LATER, "r", hits)
    assert (refused.hits, refused.decision.reason) == ((), Reason.ROLE_NOT_ALLOWED)
    with partnership.database.writing() as session:
        people.record_block(
            session, partnership.ring, NOW, "test", person_id="ada", kind=BlockKind.REFUGE, since=NOW.date(),
            against_person_id="tom",
        )  # fmt: skip
        sw = people.actor_for(session, partnership.staff["sw"], _role("sw"), NOW.date())
    assert partnership.gate.search(actor, LATER, "r", hits).hits == ("ada",)
    partnership.relate("sw", "tom")
    assert partnership.gate.search(sw, LATER, "r", hits).hits == ()
    assert len(entries(partnership, EventKind.SEARCH)) == 4


def test_a_cohort_runs_only_for_named_analysts_of_an_open_project(partnership: Partnership) -> None:
    with partnership.database.writing() as session:
        people.create_project(
            session, partnership.ring, NOW, "test", code="readiness", title="Readiness", starts=date(2026, 1, 1),
            agreement_code="isp-school-readiness", ends=date(2027, 1, 1), analysts=[partnership.staff["analyst"]],
        )  # fmt: skip
        analyst = people.actor_for(session, partnership.staff["analyst"], _role("analyst"), NOW.date())
        nurse = people.actor_for(session, partnership.staff["hv"], _role("hv"), NOW.date())
    gate = partnership.gate
    decision = gate.run_cohort(analyst, "readiness", LATER, "r", "0" * 64)
    assert decision.reason is Reason.PERMITTED
    allowed = {(s.segment.category, s.segment.source) for s in decision.permitted}
    assert (Category.HEALTH_VISITING, "ZCH") in allowed
    assert not {Category.IDENTITY, Category.DOMESTIC_ABUSE} & {category for category, _ in allowed}
    assert gate.run_cohort(nurse, "readiness", LATER, "r", "0" * 64).reason is Reason.ROLE_NOT_ALLOWED
    assert gate.run_cohort(analyst, "other", LATER, "r", "0" * 64).reason is Reason.NOT_FOUND
    late = LATER + timedelta(days=100)
    assert gate.run_cohort(analyst, "readiness", late, "r", "0" * 64).reason is not Reason.PERMITTED


def test_only_ig_officers_read_the_log_and_that_is_logged(partnership: Partnership) -> None:
    with partnership.database.reading() as session:
        officer = people.actor_for(session, partnership.staff["ig"], _role("ig"), NOW.date())
        worker = people.actor_for(session, partnership.staff["sw"], _role("sw"), NOW.date())
    assert partnership.gate.read_audit(officer, LATER, "r", {"staff": "x"}).reason is Reason.PERMITTED
    assert partnership.gate.read_audit(worker, LATER, "r", {}).reason is Reason.ROLE_NOT_ALLOWED
    assert len(entries(partnership, EventKind.AUDIT_READ)) == 2


def test_nobody_reads_without_signing_in_and_the_attempt_is_logged(partnership: Partnership) -> None:
    read = partnership.gate.read_family(None, "ada", Purpose.EARLY_HELP, LATER, "r")
    assert (read.family, read.decision.reason) == (None, Reason.NOT_AUTHENTICATED)
    with partnership.database.reading() as session:
        count = select(func.count()).select_from(audit_entry).where(audit_entry.c.kind == "read_family")
        assert session.execute(count).scalar_one() == 1


def _role(who: str) -> Role:
    return WORKERS[who][1]
