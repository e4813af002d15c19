"""A review that comes due: who is told by name, once for each stage, and that access then stops by itself."""

import json
from datetime import UTC, date, datetime, time, timedelta
from io import StringIO

import pytest
from sqlalchemy import select, text

from app.agreement_warnings import dashboard, due_now, holders, warn_due
from app.database import Database
from app.deployment import Deployment
from app.logs import make_log
from app.reminding import Reminder
from app.settings import Settings
from governance import people
from governance.agreements import register, reviews
from governance.agreements.documents import shipped
from governance.agreements.flows import REVIEW_GRACE
from governance.agreements.reviews import STARTS, Holder, Stage, stage_of
from governance.store import audit_entry
from governance.terms import AgreementStatus, EventKind, Purpose, Reason, RelationshipKind, Role
from tests.integration.partnership import START, Partnership, build
from tests.stored import Stored

SUPPORT = shipped("isp-family-support")
EARLY = shipped("isp-early-years")


def on(day: date) -> datetime:
    return datetime.combine(day, time(9), UTC)


@pytest.fixture
def partnership(database: Database) -> Partnership:
    made = build(database)
    with database.writing() as session:
        stored = Stored(session)
        plan = {"category": "child_protection", "service": "social_care", "team": "Assessment", "provider": "ZMC"}
        stored.load("social", "ZMC")
        stored.involvement("ada", "social", professional="Priya Nair", **plan)
        stored.involvement("ben", "social", professional="Priya Nair", **plan)
        stored.involvement("ben", "social", professional="Gone Away", **plan, until=date(2026, 1, 1))
        stored.involvement("ben", "social", professional="Replaced", **plan, current=False)
    return made


def deployed(partnership: Partnership) -> Deployment:
    return Deployment(Settings.model_construct(), partnership.database, partnership.ring, None)  # type: ignore[arg-type]


def warned(partnership: Partnership) -> list[tuple[str, str, str]]:
    with partnership.database.reading() as session:
        return sorted((w.code, str(w.stage), w.holder.name) for w in reviews.warnings(session))


@pytest.mark.parametrize(
    ("days", "stage"),
    [
        (-91, None), (-90, Stage.IN_90_DAYS), (-31, Stage.IN_90_DAYS), (-30, Stage.IN_30_DAYS), (-1, Stage.IN_30_DAYS),
        (0, Stage.OVERDUE), (REVIEW_GRACE.days - 1, Stage.OVERDUE), (REVIEW_GRACE.days, Stage.STOPPED),
    ],
)  # fmt: skip
def test_the_stages_follow_the_calendar(days: int, stage: Stage | None) -> None:
    assert stage_of(SUPPORT, SUPPORT.review_due + timedelta(days=days)) is stage
    assert list(STARTS) == list(Stage)


def test_whoever_works_under_it_is_found_by_name(partnership: Partnership) -> None:
    with partnership.database.reading() as session:
        found = holders(session, EARLY, on(date(2026, 11, 22)))
    by_name = {one.name: one for one in found}
    assert by_name["Priya Nair"] == Holder("ZMC", "Priya Nair", "", 0, (("child_protection", 2),))
    assert by_name["sw"].relationships == 1
    assert by_name["sw"].staff_id == partnership.staff["sw"]
    assert {"Gone Away", "Replaced", "charity", "ig", "adult"}.isdisjoint(by_name)


def test_each_is_warned_once_at_each_stage_and_the_ledger_has_it(partnership: Partnership) -> None:
    deployment = deployed(partnership)
    first = on(EARLY.review_due - timedelta(days=90))
    assert warn_due(deployment, on(SUPPORT.review_due - timedelta(days=91))) == {"expired": 0}
    told = warn_due(deployment, first)["warned"]
    assert told == len(warned(partnership)) > 4
    assert warn_due(deployment, first + timedelta(days=1)).get("warned", 0) == 0
    assert ("isp-early-years", "in_90_days", "Priya Nair") in warned(partnership)
    warn_due(deployment, on(EARLY.review_due - timedelta(days=30)))
    assert ("isp-early-years", "in_30_days", "Priya Nair") in warned(partnership)
    with partnership.database.reading() as session:
        bodies = list(
            session.scalars(select(audit_entry.c.body).where(audit_entry.c.kind == EventKind.AGREEMENT_WARNED))
        )
        figures = dashboard(session, on(EARLY.review_due - timedelta(days=30)))
    assert len(bodies) == len(warned(partnership))
    assert "Priya" not in "".join(bodies)
    assert {json.loads(body)["detail"]["status"] for body in bodies} >= {"in_90_days", "in_30_days"}
    assert figures["in_30_days"] == 2
    assert figures["warned"] >= 4


def test_a_worker_who_comes_later_is_warned_too(partnership: Partnership) -> None:
    deployment = deployed(partnership)
    day = on(EARLY.review_due - timedelta(days=20))
    warn_due(deployment, day)
    before = warned(partnership)
    assert all(name != "adult" for _, _, name in before)
    partnership.relate("fsw", "ben")
    assert warn_due(deployment, day + timedelta(days=1)).get("warned", 0) == 0
    with partnership.database.writing() as session:
        ring, since = partnership.ring, START.date()
        newcomer = people.add_staff(
            session, ring, START, "test", username="nw", name="New Worker", organisation_code="ZCH"
        )
        people.give_role(session, ring, START, "test", staff_id=newcomer, role=Role.HEALTH_VISITOR, since=since)
        kind = RelationshipKind.CASELOAD
        people.open_relationship(
            session, ring, START, "test", staff_id=newcomer, person_id="ada", kind=kind, since=since
        )
    assert warn_due(deployment, day + timedelta(days=2))["warned"] >= 1
    assert {name for _, _, name in warned(partnership)} - {name for _, _, name in before} == {"New Worker"}


def test_access_stops_by_itself_after_the_grace_and_expiry_is_recorded(partnership: Partnership) -> None:
    last = SUPPORT.review_due + REVIEW_GRACE
    held = partnership.agreements["isp-family-support"]
    for day, stage in ((last - timedelta(days=1), Stage.OVERDUE), (last, Stage.STOPPED)):
        with partnership.database.reading() as session:
            stages = {d.agreement.code: d.stage for d in due_now(session, on(day))}
        assert stages["isp-family-support"] is stage
    read = partnership.read("charity", purpose=Purpose.EARLY_HELP, at=on(date(2027, 5, 31)))
    assert Reason.REVIEW_OVERDUE not in {reason for d in read.decision.segments for reason in d.failed}
    with partnership.database.writing() as session:
        assert register.expire(session, partnership.ring, on(SUPPORT.expires), "register") == 1
        assert register.status_of(session, held) is AgreementStatus.EXPIRED
    with partnership.database.reading() as session:
        assert "isp-family-support" not in {d.agreement.code for d in due_now(session, on(SUPPORT.expires))}


def test_the_service_warns_by_itself_and_a_failure_is_not_fatal(partnership: Partnership) -> None:
    logs = StringIO()
    deployment, day = deployed(partnership), on(EARLY.review_due)
    reminder = Reminder(deployment, lambda: day, make_log(logs))
    assert [reminder.once() > 0, reminder.once()] == [True, 0]
    assert "Priya" not in logs.getvalue()
    with partnership.database.writing() as session:
        session.execute(text("DROP TABLE agreement_warning"))
    assert reminder.once() == 0
    assert "warning of reviews failed" in logs.getvalue()
