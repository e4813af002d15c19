"""Overrides and decisions to share from the command line: what they print, and how they end."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from app.commands.tree import build
from governance import people
from governance.overrides import store
from governance.overrides.sealing import Sealer
from governance.overrides.store import Asked
from governance.terms import Category, FamilyTold, OverrideKind, OverrideReason, Purpose, Role
from tests.factories import World, deployed, populate

WORDS = "The child did not come home last night."


class Desk:
    def __init__(self, world: World) -> None:
        self.world = world

    def run(self, *args: str) -> Result:
        return CliRunner().invoke(build(), [*args, "--json"])

    def said(self, *args: str) -> dict[str, Any]:
        done = self.run(*args)
        assert done.exit_code == 0, done.output
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def override(self, at: datetime) -> str:
        deployment = self.world.deployment
        with deployment.database.writing() as session:
            actor = people.actor_for(session, self.world.health_visitor, Role.HEALTH_VISITOR, at.date())
            assert actor is not None
            asked = Asked(
                self.world.stranger, OverrideKind.BREAK_GLASS, OverrideReason.MISSING_CHILD,
                frozenset({Category.IDENTITY}), FamilyTold.TOLD, at + timedelta(hours=1), WORDS,
            )  # fmt: skip
            sealer = Sealer(deployment.ring, deployment.wrapped_keys)
            return store.grant(session, sealer, at, actor, Purpose.SAFEGUARDING, asked, at + timedelta(days=1))


@pytest.fixture
def desk(tmp_path: Path, migrated_sqlite: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    with deployed(tmp_path / "home", migrated_sqlite) as deployment:
        settings = deployment.settings
        for name, value in (("HOME", settings.home), ("KEY_FILE", settings.key_path), ("MODE", "demo")):
            monkeypatch.setenv(f"FAMILY_RECORD_{name}", str(value))
        yield Desk(populate(deployment))


def test_the_queue_is_listed_shown_and_settled(desk: Desk) -> None:
    held = desk.override(datetime.now(UTC) - timedelta(days=2))
    officer = ("--officer", "ig.gray")
    listed = desk.said("overrides", "list", *officer)
    assert [(r["id"], r["overdue"]) for r in listed["reviews"]] == [(held, True)]
    assert {a["kind"] for a in listed["alarms"]} == {"break_glass", "review_overdue"}
    assert desk.world.health_visitor not in json.dumps(listed)
    assert desk.said("overrides", "show", held, *officer)["justification"] == WORDS
    assert desk.said("overrides", "review", held, "justified", *officer)["outcome"] == "justified"
    assert desk.run("overrides", "review", held, "referred", *officer).exit_code == 1
    for alarm in listed["alarms"]:
        assert desk.said("overrides", "seen", alarm["id"], *officer)["seen"]
        assert desk.run("overrides", "seen", alarm["id"], *officer).exit_code == 1
    assert desk.said("overrides", "list", *officer) == {"reviews": [], "alarms": []}


@pytest.mark.parametrize("officer", ["hv.vale", "nobody"])
def test_only_an_officer_reviews(desk: Desk, officer: str) -> None:
    held = desk.override(datetime.now(UTC))
    for command in (("list",), ("show", held), ("review", held, "justified"), ("seen", held)):
        done = desk.run("overrides", *command, "--officer", officer)
        assert done.exit_code == 4
        assert WORDS not in done.output


def test_an_override_that_is_not_there_is_no(desk: Desk) -> None:
    assert desk.run("overrides", "show", "f" * 32, "--officer", "ig.gray").exit_code == 1


def sharing(desk: Desk, person: str, *more: str) -> Result:
    return desk.run(
        "sharing", "record", person, "--duty", "professional", "--answer", "not_disclosed", "--reason",
        "more_detrimental", "--to", "ZMC", "--about", "health_visiting", "--worker", "hv.vale", "--role",
        "health_visitor", *more,
    )  # fmt: skip


def test_a_decision_is_recorded_and_listed(desk: Desk) -> None:
    done = sharing(desk, desk.world.child)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["duty_in_force"] is False
    who = ("--worker", "hv.vale", "--role", "health_visitor")
    [row] = desk.said("sharing", "list", desk.world.child, *who)["decisions"]
    assert (row["answer"], row["recipients"], row["categories"]) == ("not_disclosed", ["ZMC"], ["health_visiting"])


def test_a_decision_is_refused_for_another_child_role_or_recipient(desk: Desk) -> None:
    assert sharing(desk, desk.world.stranger).exit_code == 4
    assert sharing(desk, desk.world.child, "--role", "social_worker").exit_code == 4
    assert sharing(desk, desk.world.child, "--to", "NOBODY").exit_code == 2
