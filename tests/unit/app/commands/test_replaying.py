"""`audit replay`: the same decision ends with 0, another with 1, and to have looked is an entry."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from typer.testing import CliRunner

from app.commands.tree import build
from app.doors import gate_of
from governance import people
from governance.policy import replay
from governance.policy.policy import decide_all
from governance.policy.request import Made, Request
from governance.store import audit_entry
from governance.terms import Purpose, Role
from tests import factories
from tests.factories import World, deployed, populate


@pytest.fixture
def world(tmp_path: Path, migrated_sqlite: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    with deployed(tmp_path / "var", migrated_sqlite) as deployment:
        settings = deployment.settings
        for name, value in (("HOME", settings.home), ("KEY_FILE", settings.key_path), ("MODE", "demo")):
            monkeypatch.setenv(f"FAMILY_RECORD_{name}", str(value))
        yield populate(deployment)


def read(world: World) -> str:
    deployment = world.deployment
    with deployment.database.reading() as session:
        actor = people.actor_for(session, world.health_visitor, Role.HEALTH_VISITOR, factories.NOW.date())
    return gate_of(deployment).read_family(actor, world.child, Purpose.DIRECT_CARE, factories.NOW, "r").entry_id


def told(*words: str, code: int = 0) -> dict[str, Any]:
    found = CliRunner().invoke(build(), ["audit", "replay", *words, "--json"])
    assert found.exit_code == code, found.output
    said: dict[str, Any] = json.loads(found.stdout)
    return said


def test_a_decision_is_made_again_to_the_same_and_that_is_logged(world: World) -> None:
    entry = read(world)
    said = told(entry)
    assert (said["entry"], said["same"], said["differs"], said["same_engine"]) == (entry, True, [], True)
    counted = select(func.count()).where(audit_entry.c.body.contains('"operation":"replay"'))
    with world.deployment.database.reading() as session:
        assert session.scalar(counted) == 1


def test_another_outcome_is_a_no_that_names_what_differs(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = read(world)
    monkeypatch.setattr(replay, "decide_all", _without_purpose)
    said = told(entry, code=1)
    assert not said["same"]
    assert {"outcome", "reasons"} <= set(said["differs"])


def _without_purpose(made: Any) -> Any:
    return decide_all([Made(Request(m.request.action, "x", None, m.request.at), m.facts) for m in made])


def test_what_was_never_kept_is_a_no(world: World) -> None:
    assert "error" in told("0" * 32, code=1)
