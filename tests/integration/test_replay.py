"""A past decision is made again from what was kept of it: the same, or said to differ, or refused."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from app.database import Database
from governance import people
from governance.agreements import register
from governance.policy import replay as replaying
from governance.policy.kept import kept
from governance.policy.policy import decide_all
from governance.policy.replay import NotReplayable, Replay, replay
from governance.policy.request import Made
from governance.store import agreement, audit_entry, decision_fact
from governance.terms import AgreementStatus, Decision, Purpose, Reason, Role, WishAnswer, WishKind
from governance.wishes.store import record_wish
from tests.integration.partnership import LATER, NOW, Partnership, build


@pytest.fixture
def partnership(sqlite_database: Database) -> Partnership:
    return build(sqlite_database)


def again(partnership: Partnership, entry_id: str) -> Replay:
    with partnership.database.reading() as session:
        return replay(session, partnership.ring, entry_id)


def entry_ids(partnership: Partnership) -> list[str]:
    with partnership.database.reading() as session:
        named = select(audit_entry.c.id).where(audit_entry.c.body.contains("decided_from"))
        return list(session.scalars(named))


def documents(partnership: Partnership) -> int:
    with partnership.database.reading() as session:
        return len(session.execute(select(decision_fact.c.digest)).all())


def test_every_kind_of_decision_is_made_again_to_the_same(database: Database) -> None:
    partnership = build(database)
    staff, gate = partnership.staff, partnership.gate
    with database.writing() as session:
        people.create_project(
            session, partnership.ring, NOW, "test", code="readiness", title="Readiness", starts=date(2026, 1, 1),
            agreement_code="isp-school-readiness", ends=date(2027, 1, 1), analysts=[staff["analyst"]],
        )  # fmt: skip
        analyst = people.actor_for(session, staff["analyst"], Role.ANALYST, NOW.date())
        officer = people.actor_for(session, staff["ig"], Role.IG_OFFICER, NOW.date())
        nurse = people.actor_for(session, staff["hv"], Role.HEALTH_VISITOR, NOW.date())
    for who in ("hv", "fsw", "sw", "nursery", "charity", "adult"):
        partnership.read(who)
    partnership.read("hv", "nobody")
    gate.read_family(None, "ada", Purpose.DIRECT_CARE, LATER, "r")
    gate.search(nurse, LATER, "r", ["ada"])
    gate.run_cohort(analyst, "readiness", LATER, "r", "0" * 64)
    gate.read_audit(officer, LATER, "r", {})
    gate.review_links(nurse, LATER, "r", [("ada", "ZCH"), ("ben", "ZMC")])
    made = [again(partnership, entry) for entry in entry_ids(partnership)]
    assert [each.differs for each in made] == [()] * 12
    assert {each.decisions for each in made} == {1, 2}


def test_later_changes_do_not_change_what_was_decided(partnership: Partnership) -> None:
    entry = partnership.read("hv").entry_id
    with partnership.database.writing() as session:
        ended = partnership.relationships["hv", "ada"]
        people.end_relationship(session, partnership.ring, ended, NOW, partnership.staff["ig"])
        wish = {"person_id": "ada", "kind": WishKind.RESTRICTION, "answer": WishAnswer.MADE}
        record_wish(session, partnership.ring, NOW, "test", **wish)  # type: ignore[arg-type]
        suspended = partnership.agreements["isp-early-years"]
        register.set_status(
            session, partnership.ring, suspended, AgreementStatus.SUSPENDED, NOW, "test", "under review"
        )
    assert partnership.read("hv").decision.reason is Reason.RELATIONSHIP_ENDED
    assert again(partnership, entry).same


def test_another_engine_is_said_and_what_differs_is_named(
    partnership: Partnership, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = partnership.read("hv").entry_id

    def unrelated(made: Sequence[Made]) -> Decision:
        return replace(decide_all(made), relationship=None)

    monkeypatch.setattr(replaying, "ENGINE", "policy/99")
    made = again(partnership, entry)
    assert (made.same, made.engine_then != made.engine_now) == (True, True)
    monkeypatch.setattr(replaying, "decide_all", unrelated)
    assert again(partnership, entry).differs == ("relationship",)


def test_what_is_kept_names_nobody_and_is_kept_once(partnership: Partnership) -> None:
    partnership.read("hv")
    once = documents(partnership)
    partnership.read("hv")
    assert documents(partnership) == once == 2
    with partnership.database.reading() as session:
        held = [kept(session, _facts_of(partnership, entry)) for entry in entry_ids(partnership)]
    text_held = json.dumps(held)
    assert not [name for name in ("ada", "ben", "mair", "tom") if f'"{name}"' in text_held]
    assert partnership.staff["hv"] in text_held


def _facts_of(partnership: Partnership, entry_id: str) -> str:
    with partnership.database.reading() as session:
        body = json.loads(session.execute(select(audit_entry.c.body).where(audit_entry.c.id == entry_id)).scalar_one())
    return str(body["decided_from"][0]["facts"])


def test_facts_take_inserts_only(database: Database) -> None:
    with database.writing() as session:
        session.execute(insert(decision_fact).values(digest="0" * 64, document=b"", recorded_at=NOW))
    for act in ("UPDATE decision_fact SET document = ''", "DELETE FROM decision_fact"):
        with pytest.raises(DBAPIError, match="INSERT only"), database.writing() as session:
            session.execute(text(act))


@pytest.mark.parametrize("missing", ["facts", "agreement", "entry", "inputs"])
def test_what_is_not_held_is_not_replayed(partnership: Partnership, missing: str) -> None:
    entry = partnership.read("hv").entry_id
    with partnership.database.writing() as session:
        session.execute(text("DROP TRIGGER decision_fact_no_delete"))
        session.execute(text("DROP TRIGGER audit_entry_no_update"))
        if missing == "facts":
            session.execute(delete(decision_fact))
        if missing == "agreement":
            session.execute(update(agreement).values(document={}, document_hash="0" * 64))
        if missing == "inputs":
            entry = session.scalars(select(audit_entry.c.id).where(audit_entry.c.kind == "staff_changed")).first() or ""
    with pytest.raises(NotReplayable):
        again(partnership, "0" * 32 if missing == "entry" else entry)


def test_an_edited_entry_or_edited_facts_are_not_replayed(partnership: Partnership) -> None:
    first, second = partnership.read("hv").entry_id, partnership.read("charity").entry_id
    with partnership.database.writing() as session:
        session.execute(text("DROP TRIGGER decision_fact_no_update"))
        session.execute(text("DROP TRIGGER audit_entry_no_update"))
        body = session.execute(select(audit_entry.c.body).where(audit_entry.c.id == first)).scalar_one()
        edited = body.replace('"outcome":"partial"', '"outcome":"permit"')
        assert edited != body
        session.execute(update(audit_entry).where(audit_entry.c.id == first).values(body=edited))
        session.execute(update(decision_fact).values(document=b"x"))
    with pytest.raises(NotReplayable, match="seal"):
        again(partnership, first)
    with pytest.raises(NotReplayable, match="cannot be read"):
        again(partnership, second)
