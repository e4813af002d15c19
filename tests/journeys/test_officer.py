"""An information governance officer's work: who looked at whom and why, and is the log whole."""

from dataclasses import replace

import pytest
from sqlalchemy import select, text

from app.anchoring import anchor_now
from app.searching import SearchIndex
from governance.store import audit_entry
from linkage.rows import Identity
from tests.factories import NOW, World
from tests.journeys.visitor import Visitor, text_of


def test_the_officer_sees_who_looked_and_why(worker: Visitor, officer: Visitor, world: World) -> None:
    worker.open_family(world.child)
    page = text_of(officer.get("/audit?kind=read_family"))
    assert "Hannah Vale" in page
    assert "Direct care of this child or family" in page
    assert "Gwenllian" not in page


def test_the_officer_finds_who_looked_at_one_person(
    worker: Visitor, officer: Visitor, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker.open_family(world.child)

    def find_by_number(_self: SearchIndex, number: str) -> list[str]:
        return [world.child] if number == "9991234535" else [world.stranger]

    monkeypatch.setattr(SearchIndex, "find_by_number", find_by_number)
    assert "Opened a family’s record" in text_of(officer.post("/audit", number="9991234535"))
    other = officer.post("/audit", number="9997654323").text.partition("<tbody>")[2]
    assert other.count("/audit/entries/") == 1, "the officer's own look is an entry about that person too"
    assert "Opened a family’s record" not in other


def test_an_entry_is_shown_with_its_reasons_and_its_proof(worker: Visitor, officer: Visitor, world: World) -> None:
    worker.open_family(world.stranger)
    with world.deployment.database.reading() as held:
        query = select(audit_entry.c.id).where(audit_entry.c.kind == "read_family")
        entry_id = held.execute(query).scalar_one()
    assert "Not yet covered" in text_of(officer.get(f"/audit/entries/{entry_id}"))
    anchor_now(world.deployment, NOW)
    page = text_of(officer.get(f"/audit/entries/{entry_id}"))
    assert "no_relationship" in page
    assert "Proved to be in the signed log" in page


def test_the_log_is_verified_and_a_change_is_found(officer: Visitor, world: World) -> None:
    anchor_now(world.deployment, NOW)
    assert "The log is whole" in text_of(officer.post("/audit/verify"))
    with world.deployment.database.engine.connect() as connection:
        names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
        for name in names:
            connection.execute(text(f'DROP TRIGGER "{name}"'))
        connection.execute(
            text("UPDATE audit_entry SET body = replace(body, 'ZCH', 'ZMC') WHERE kind = 'staff_changed'")
        )
        connection.commit()
    assert "The log has been changed" in text_of(officer.post("/audit/verify"))


def test_an_officer_opens_no_family(officer: Visitor, world: World) -> None:
    answer = officer.open_family(world.child, "ig_review")
    assert answer.status_code == 403
    assert "Gwenllian" not in answer.text


def test_the_register_shows_agreements_and_the_familys_say(officer: Visitor) -> None:
    assert "Early years: from booking to school" in text_of(officer.get("/agreements"))
    page = text_of(officer.get("/agreements/isp-early-years/1"))
    assert "The family" in page
    assert "Head of Information Governance" in page


def test_an_identity_looked_for_shows_nothing_of_itself() -> None:
    assert "9991234535" not in repr(replace(Identity(), nhs_number="9991234535"))
