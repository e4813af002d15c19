"""History, undo, decisions and incidents from the command line: what they print, and that the log has them."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from typer.testing import CliRunner, Result

from app import deciding
from app.commands.tree import build
from app.deployment import Deployment
from governance.ledger import ledger
from governance.ledger.ledger import AuditFilter, subject_pseudonym
from governance.terms import EventKind
from linkage import store
from linkage.persons import seals
from tests.factories import deployed
from tests.stored import Stored

NOW = datetime(2026, 11, 20, tzinfo=UTC)


class World:
    """Two persons of two roles each, and a third merged into the first."""

    def __init__(self, deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
        self.deployment = deployment
        settings = deployment.settings
        for name, value in (("HOME", settings.home), ("KEY_FILE", settings.key_path), ("MODE", "demo")):
            monkeypatch.setenv(f"FAMILY_RECORD_{name}", str(value))
        self.p, self.q, self.gone = "a" * 32, "b" * 32, "c" * 32
        with deployment.database.writing() as session:
            stored = Stored(session)
            for who in (self.p, self.q, self.gone):
                stored.person(who)
            self.roles = [stored.record("contacts", self=who)["self"] for who in (self.p, self.p, self.q, self.q)]
            self.moved = stored.record("contacts", self=self.p)["self"]
            merged = {"run_id": "1" * 32, "kind": "merged", "person_id": self.gone, "other_id": self.p}
            session.execute(
                insert(store.person_history).values(id="d" * 32, **merged, role_ids=[self.moved], recorded_at=NOW)
            )
            session.execute(update(store.person).where(store.person.c.id == self.gone).values(merged_into=self.p))

    def run(self, *args: str) -> Result:
        return CliRunner().invoke(build(), ["links", *args])

    def said(self, *args: str) -> dict[str, Any]:
        done = self.run(*args, "--json")
        assert done.exit_code == 0, done.output
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def refused(self, *args: str) -> str:
        done = self.run(*args, "--json")
        assert done.exit_code == 1
        return str(json.loads(done.stdout)["error"])

    def logged(self, kind: EventKind, subject: str | None = None) -> list[str]:
        about = () if subject is None else (subject_pseudonym(self.deployment.ring, subject),)
        with self.deployment.database.reading() as session:
            found = ledger.find(session, AuditFilter(kind=kind, subjects=about))
        return [entry.body["detail"]["operation"] for entry in reversed(found)]


@pytest.fixture
def world(tmp_path: Path, migrated_sqlite: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with deployed(tmp_path / "home", migrated_sqlite) as deployment:
        yield World(deployment, monkeypatch)


def test_a_merge_is_found_undone_and_told(world: World) -> None:
    [change] = world.said("history", world.gone)["changes"]
    assert (change["kind"], change["other"], change["roles"]) == ("merged", world.p, 1)
    done = world.said("undo", change["id"])
    assert (done["person"], done["out_of"], done["roles"]) == (world.gone, world.p, 1)
    with world.deployment.database.reading() as session:
        query = select(store.record_role.c.person_id).where(store.record_role.c.id == world.moved)
        assert session.execute(query).scalar() == world.gone
    assert [c["kind"] for c in world.said("history", world.gone)["changes"]] == ["merged", "restored"]
    assert world.logged(EventKind.STEWARD_DECISION, world.gone) == ["merge-undone"]
    assert world.logged(EventKind.EXPORT, world.gone) == ["links-history", "links-history"]
    [incident] = world.said("incidents")["incidents"]
    assert (incident["person"], incident["other"]) == (world.gone, world.p)
    assert world.refused("undo", change["id"]) == "it was undone before"


def test_two_persons_are_kept_apart_whole_until_it_is_withdrawn(world: World) -> None:
    made = world.said("decide", "different", world.p, world.q, "--reason", "twins")["decision"]
    [held] = world.said("decisions")["decisions"]
    assert (held["id"], held["pairs"], held["reason"], held["origin"]) == (made, 3, "twins", "steward")
    assert made in world.refused("decide", "same", world.roles[0], world.roles[3], "--reason", "records_checked")
    assert world.said("withdraw", made)["pairs"] == 3
    assert world.said("decisions")["decisions"] == []
    assert world.logged(EventKind.STEWARD_DECISION) == ["decided-different", "decision-withdrawn"]


def test_two_roles_are_decided_on_by_themselves(world: World) -> None:
    world.said("decide", "different", world.roles[0], world.roles[1], "--reason", "namesakes")
    [held] = world.said("decisions")["decisions"]
    assert (held["pairs"], set(held["roles"])) == (1, set(world.roles[:2]))


def test_a_merged_person_stands_for_whom_it_was_merged_into(world: World) -> None:
    world.said("decide", "same", world.gone, world.q, "--reason", "number_replaced")
    [held] = world.said("decisions")["decisions"]
    assert set(held["roles"]) == {world.roles[0], world.roles[2]}


def test_sealed_identities_look_like_nobody(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    unknown = world.refused("decide", "same", world.p, "e" * 32, "--reason", "records_checked")
    monkeypatch.setattr(seals, "apart", lambda *_: True)
    assert world.refused("decide", "same", world.p, world.q, "--reason", "records_checked") == unknown
    assert world.said("decisions")["decisions"] == []


def test_nothing_leads_from_one_sealed_identity_to_the_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.said("undo", "d" * 32)
    monkeypatch.setattr(seals, "apart", lambda *_: True)
    assert world.refused("history", world.gone) == "no such person is known"
    [incident] = world.said("incidents")["incidents"]
    assert (incident["person"], incident["other"]) == (world.gone, None)


def test_a_merge_of_identities_sealed_since_is_not_undone_by_hand(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seals, "apart", lambda *_: True)
    assert world.refused("undo", "d" * 32) == "no such change is held"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("history", "e" * 32), "no such person is known"),
        (("undo", "e" * 32), "no such change is held"),
        (("withdraw", "e" * 32), "no such decision is held"),
        (("incidents", "--close", "e" * 32), "no open incident has this id"),
    ],
)
def test_what_is_not_there_is_a_no(world: World, args: tuple[str, ...], said: str) -> None:
    assert world.refused(*args) == said


def test_an_incident_is_closed_by_the_officer_and_listed_only_on_request(world: World) -> None:
    world.said("undo", "d" * 32)
    [incident] = world.said("incidents")["incidents"]
    assert world.said("incidents", "--close", incident["id"]) == {"closed": incident["id"]}
    assert world.said("incidents")["incidents"] == []
    [closed] = world.said("incidents", "--all")["incidents"]
    assert closed["closed_by"] == "command-line"
    assert "incident-closed" in world.logged(EventKind.STEWARD_DECISION, world.gone)


def test_readable_lists_hold_ids_and_codes(world: World) -> None:
    world.said("decide", "different", world.p, world.q, "--reason", "twins")
    world.said("undo", "d" * 32)
    for command in (("history", world.p), ("decisions",), ("incidents",)):
        done = world.run(*command)
        assert done.exit_code == 0
        assert done.stdout.strip()
    assert deciding.history(world.deployment, world.p)
