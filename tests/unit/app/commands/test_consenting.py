"""Wishes from the command line: what they record, show and refuse, and that the log has them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from app.commands.tree import build
from governance.ledger import ledger
from governance.ledger.ledger import AuditFilter
from governance.store import signed_form, wish
from governance.terms import EventKind
from tests.factories import World, deployed, populate

PARENT = ("--signer-basis", "parental_responsibility")
FORM = ("--form", "family-support-consent", *PARENT)


@pytest.fixture
def world(tmp_path: Path, migrated_sqlite: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with deployed(tmp_path / "home", migrated_sqlite) as deployment:
        settings = deployment.settings
        for name, value in (("HOME", settings.home), ("KEY_FILE", settings.key_path), ("MODE", "demo")):
            monkeypatch.setenv(f"FAMILY_RECORD_{name}", str(value))
        yield populate(deployment)


def run(*args: str) -> tuple[int, dict[str, Any]]:
    done = CliRunner().invoke(build(), [*args, "--json"])
    return done.exit_code, json.loads(done.stdout)


def said(*args: str) -> dict[str, Any]:
    code, found = run(*args)
    assert code == 0, found
    return found


def states(world: World, *args: str) -> dict[str, str]:
    return {row["category"]: row["state"] for row in said("consents", "show", world.child, *args)["consents"]}


def test_a_signed_form_is_recorded_shown_at_any_instant_and_receipted(world: World, tmp_path: Path) -> None:
    answers = ("--module", "health=given", "--module", "home=refused")
    signed = ("--signed-at", "2026-11-01T10:00:00", "--client-key", "k1", "--signer-person", world.mother)
    form = said("consents", "record", world.child, *FORM, *answers, *signed)["form"]
    assert said("consents", "record", world.child, *FORM, *answers, *signed)["form"] == form
    found = states(world)
    assert (found["health_visiting"], found["housing"], found["early_help"]) == ("given", "refused", "unknown")
    assert set(states(world, "--at", "2026-11-01T09:00:00").values()) == {"unknown"}
    receipt = said("consents", "receipt", world.child, form, "-o", str(tmp_path / "receipt.json"))
    assert receipt == json.loads((tmp_path / "receipt.json").read_text("utf-8"))
    assert {m["module"]: m["answer"] for m in receipt["form"]["modules"]}["early-help"] == "not_asked"
    withdrawal = said(
        "consents", "record", world.child, "--form", "family-support-withdrawal", *PARENT, "--module", "health",
        "--signer-person", world.mother,
    )  # fmt: skip
    assert withdrawal["of"] == "family-support-withdrawal"
    assert states(world)["health_visiting"] == "withdrawn"


def test_a_form_that_does_not_hold_is_void_once(world: World) -> None:
    answers = ("--module", "health=given", "--signer-person", world.mother)
    form = said("consents", "record", world.child, *FORM, *answers)["form"]
    said("consents", "fault", form, "--reason", "not_signed")
    assert states(world)["health_visiting"] == "unknown"
    assert run("consents", "fault", form, "--reason", "not_signed")[0] == 4
    [listed] = said("consents", "list", world.child)["wishes"]
    assert listed["void_from"]


def test_a_care_order_lets_the_authority_speak_and_asks_again(world: World) -> None:
    parent = ("--signer-basis", "parental_responsibility", "--signer-person", world.mother)
    said("consents", "record", world.child, *parent, "--scope", "early_help", "--signed-at", "2026-11-01")
    assert states(world)["early_help"] == "given"
    order = said(
        "responsibilities", "record", world.child, "--kind", "care_order", "--since", "2026-11-10", "--evidence",
        "order_of_court", "--authority", "ZMC",
    )["responsibility"]  # fmt: skip
    assert states(world)["early_help"] == "not_entitled"
    assert [row["why"] for row in said("consents", "due", world.child)["due"]] == ["responsibility_changed"]
    assert said("consents", "due")["due"] == said("consents", "due", world.child)["due"]
    said("responsibilities", "end", order, "--on", "2026-11-15")
    assert states(world)["early_help"] == "given"
    [row] = said("responsibilities", "list", world.child)["responsibilities"]
    assert row["stands"] is False


def test_an_opt_out_is_set_by_who_may(world: World) -> None:
    assert run("consents", "opt-out", world.child, "--signer-basis", "competent_child")[0] == 4
    said("consents", "opt-out", world.child, *PARENT)
    assert said("consents", "show", world.child)["opted_out"] == ["opt_out_national"]
    said("consents", "opt-out", world.child, *PARENT, "--answer", "lifted")
    assert said("consents", "show", world.child)["opted_out"] == []
    assert run("consents", "opt-out", world.child, *PARENT, "--kind", "consent")[0] == 2


def test_an_objection_is_due_an_answer_and_overruled_only_on_a_ground(world: World) -> None:
    made = said("consents", "object", world.child, *PARENT, "--scope", "isp-early-years", "--ground", "safety")
    assert [row["why"] for row in said("consents", "due", world.child)["due"]] == ["objection_to_answer"]
    assert {row["kind"] for row in said("consents", "show", world.child)["stopped"]} == {"objection"}
    assert run("consents", "object", world.child, "--answer", "overruled", "--scope", "isp-early-years")[0] == 4
    said(
        "consents", "object", world.child, "--answer", "overruled", "--scope", "isp-early-years", "--ground",
        "child_safety",
    )  # fmt: skip
    assert said("consents", "show", world.child)["stopped"] == []
    receipt = said("consents", "receipt", world.child, made["wish"])
    assert {flow["effect"] for flow in receipt["processing"]} == {"stops", "goes_on"}


def test_a_withdrawal_and_a_restriction_are_one_command_each(world: World) -> None:
    said("consents", "record", world.child, *PARENT, "--signer-person", world.mother)
    said("consents", "withdraw", world.child, *PARENT, "--signer-person", world.mother, "--scope", "early_help")
    assert states(world)["early_help"] == "withdrawn"
    said("consents", "restrict", world.child, "--scope", "isp-early-years")
    assert {row["kind"] for row in said("consents", "show", world.child)["stopped"]} == {"restriction"}


def test_what_is_refused_keeps_nothing_and_names_no_person(world: World) -> None:
    unknown = "e" * 32
    for args in (("consents", "show", unknown), ("consents", "receipt", world.child, unknown)):
        code, found = run(*args)
        assert code == 1
        assert unknown not in json.dumps(found)
    assert run("consents", "record", world.child, *FORM, "--module", "health")[0] == 2
    assert run("consents", "record", world.child, "--form", "nothing", *PARENT)[0] == 2
    child = ("--form", "family-support-consent", "--signer-basis", "competent_child", "--module", "health=given")
    assert run("consents", "record", world.child, *child)[0] == 4
    assert run("consents", "record", world.child, *child, "--competence-by", "hv")[0] == 2
    with world.deployment.database.reading() as session:
        assert session.execute(select(wish.c.id)).all() == session.execute(select(signed_form.c.id)).all() == []


def test_what_is_read_of_a_person_is_an_entry(world: World) -> None:
    said("consents", "show", world.child)
    said("consents", "due")
    said("leaflets", "given", world.child, "--agreement", "isp-early-years", "--version", "1", "--language", "cy")
    with world.deployment.database.reading() as session:
        read = ledger.find(session, AuditFilter(kind=EventKind.EXPORT))
        given = ledger.find(session, AuditFilter(kind=EventKind.LEAFLET_GIVEN))
    assert [entry.body["detail"]["operation"] for entry in read] == ["wishes-due", "wishes-show"]
    assert len(given) == 1


def test_a_form_file_is_checked_by_line(tmp_path: Path) -> None:
    file = tmp_path / "form.yaml"
    file.write_text("form: x\nversion: 0\n")
    code, found = run("consents", "check-form", str(file))
    assert code == 3
    assert found["error"].startswith("line 2: version")
    assert {form["form"] for form in said("consents", "forms")["forms"]} >= {"family-support-consent"}
