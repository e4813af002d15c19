"""Agreements from the command line: the whole way from a key in a file to a version in force, and every refusal."""

import json
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from app.commands.tree import build
from app.deployment import Deployment
from governance.agreements.documents import schema, shipped
from governance.agreements.standings import standings
from governance.ledger import ledger
from governance.ledger.ledger import AuditFilter
from governance.terms import EventKind, Role
from tests.factories import add_organisations, add_staff, deployed

CODE = "isp-family-support/1"


class Desk:
    def __init__(self, deployment: Deployment, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.deployment, self.folder = deployment, folder
        settings = deployment.settings
        for name, value in (("HOME", settings.home), ("KEY_FILE", settings.key_path), ("MODE", "demo")):
            monkeypatch.setenv(f"FAMILY_RECORD_{name}", str(value))
        add_organisations(deployment)
        for username in ("ig.one", "ig.two"):
            add_staff(deployment, username, username, "ZMC", Role.IG_OFFICER)
        add_staff(deployment, "hv.vale", "Hannah Vale", "ZCH", Role.HEALTH_VISITOR)

    def run(self, *args: str) -> Result:
        return CliRunner().invoke(build(), ["agreements", *args])

    def said(self, *args: str, code: int = 0) -> dict[str, Any]:
        done = self.run(*args, "--json")
        assert done.exit_code == code, done.output
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def file(self, name: str = "a.yaml", **changes: object) -> str:
        document = json.loads(json.dumps(shipped("isp-family-support").document)) | changes
        path = self.folder / name
        path.write_text(yaml.safe_dump(document, allow_unicode=True, sort_keys=False), "utf-8")
        return str(path)

    def entries(self, kind: EventKind) -> int:
        with self.deployment.database.reading() as session:
            return len(ledger.find(session, AuditFilter(kind=kind)))


@pytest.fixture
def desk(tmp_path: Path, migrated_sqlite: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    with deployed(tmp_path / "home", migrated_sqlite) as deployment:
        yield Desk(deployment, tmp_path, monkeypatch)


def signed_by(desk: Desk) -> frozenset[str]:
    with desk.deployment.database.reading() as session:
        return standings(session, datetime.now(UTC))[0].signed_by


def test_from_a_file_to_force_with_four_eyes_and_the_designated_persons_keys(desk: Desk) -> None:
    desk.said("import", desk.file(), "--by", "ig.one")
    assured = ("status", CODE, "assured", "--qa-group", "North Wales QA group", "--qa-date", "2026-01-05")
    assert "another person" in desk.said(*assured, "--by", "ig.one", code=4)["error"]
    assert desk.said(*assured, "--by", "ig.two")["status"] == "assured"
    for organisation, holder in (("ZFS", "Owen Bright"), ("ZMC", "Joanna Lisle")):
        key = desk.folder / f"{organisation}.pem"
        made = desk.said("key", "-o", str(key))
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
        sign = ("sign", CODE, "--organisation", organisation, "--key", str(key))
        assert "not registered" in desk.said(*sign, code=4)["error"]
        desk.said("register-key", "--organisation", organisation, "--holder", holder, "--key", made["public_key"])
        desk.said(*sign)
    assert signed_by(desk) == {"ZFS", "ZMC"}
    assert [desk.said("status", CODE, to)["status"] for to in ("signed", "in_force")] == ["signed", "in_force"]
    [held] = desk.said("list")["agreements"]
    assert (held["status"], held["signed_by"]) == ("in_force", ["ZFS", "ZMC"])
    keys = desk.said("keys")["keys"]
    assert {key["holder"] for key in keys} == {"Owen Bright", "Joanna Lisle"}
    desk.said("revoke-key", keys[0]["key"])
    assert [key["in_use"] for key in desk.said("keys")["keys"]] == [False, True]
    assert desk.entries(EventKind.AGREEMENT_SIGNED) == 2


def test_a_key_never_lies_in_the_data_folder_nor_replaces_a_file(desk: Desk) -> None:
    home = desk.deployment.settings.home
    assert "data folder" in desk.said("key", "-o", str(home / "x.pem"), code=2)["error"]
    assert not (home / "x.pem").exists()
    there = desk.folder / "there.pem"
    there.write_text("mine")
    assert "not replaced" in desk.said("key", "-o", str(there), code=2)["error"]
    assert there.read_text() == "mine"


def test_only_an_officer_acts_by_name(desk: Desk) -> None:
    for username in ("hv.vale", "nobody"):
        assert (
            "no information governance officer" in desk.said("import", desk.file(), "--by", username, code=4)["error"]
        )
    assert desk.said("list")["agreements"] == []


def test_a_public_key_is_registered_and_a_private_one_signs_only(desk: Desk) -> None:
    key = desk.folder / "k.pem"
    desk.said("key", "-o", str(key))
    named = ("register-key", "--organisation", "ZFS", "--holder", "Owen Bright", "--key")
    assert "not a public key" in desk.said(*named, str(key), code=3)["error"]
    desk.said("import", desk.file())
    (desk.folder / "k.pem.pub").chmod(0o600)
    assert "PEM" in desk.said("sign", CODE, "--organisation", "ZFS", "--key", f"{key}.pub", code=3)["error"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("code: [", "line 1"),
        ("- just\n- a list\n", "(document)"),
        ("nhs number,name\n9991234535,Canary\n", "(document)"),
        ("code: x\ncode: y\n", "code is given twice"),
        ("a: &x [1]\nb: *x\n", "alias"),
        ("[" * 50, "nested"),
        ("code: " + "x" * 500_000, "too long"),
        ("# " + "x" * (1 << 20), "larger"),
    ],
)
def test_what_is_no_agreement_is_refused_with_line_and_field_and_nothing_is_kept(
    desk: Desk, content: str, said: str
) -> None:
    path = desk.folder / "bad.yaml"
    path.write_text(content)
    for command in ("check", "import"):
        error = desk.said(command, str(path), code=3)["error"]
        assert said in error
        assert "Canary" not in error
        assert "9991234535" not in error
    assert desk.said("list")["agreements"] == []
    assert desk.entries(EventKind.AGREEMENT_CHANGED) == 0


def test_bytes_that_are_no_text_are_refused(desk: Desk) -> None:
    path = desk.folder / "bad.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    assert "UTF-8" in desk.said("check", str(path), code=3)["error"]


def test_a_flow_number_twice_and_an_item_outside_the_catalogue_are_named(desk: Desk) -> None:
    flows = json.loads(json.dumps(shipped("isp-family-support").document["flows"]))
    flows[1] |= {"no": "01", "items": ["shoe_size"]}
    found = desk.said("check", desk.file(flows=flows), code=1)["findings"]
    assert any("flows[1].no: error: this flow number is used twice" in one for one in found)
    assert any("flows[1].items[0]: error: is not in the dataset catalogue" in one for one in found)
    assert "shoe_size" not in " ".join(found)
    assert desk.run("import", desk.file(flows=flows)).exit_code == 4


def test_the_schema_is_printed_as_it_is_published(desk: Desk) -> None:
    assert desk.said("schema") == schema()
    assert json.loads(desk.run("schema").stdout) == schema()
    items = desk.said("items")["items"]
    assert items["two_year_review"] == ["health_visiting"]
    assert items["involvement.early_help"] == ["early_help"]


def test_what_changed_is_told_between_a_file_and_what_is_held(desk: Desk) -> None:
    desk.said("import", desk.file())
    newer = desk.file("b.yaml", version=2, retention="Ten years.")
    found = desk.said("diff", CODE, newer)
    assert [(one["flow"], one["field"]) for one in found["changes"]] == [(None, "retention")]
    assert (found["old"], found["new"], found["same"]) == (CODE, "isp-family-support/2", False)
    assert desk.said("diff", CODE, desk.file())["same"] is True
    assert desk.run("diff", CODE, "isp-nothing/1").exit_code == 1
    assert desk.run("diff", CODE, "nothing").exit_code == 2


def test_an_impact_is_counted_and_logged(desk: Desk) -> None:
    found = desk.said("impact", desk.file(), "--by", "ig.one")
    assert (found["before"], found["after"], found["totals"]) == (None, 1, [])
    assert desk.entries(EventKind.IMPACT_COUNTED) == 1
    assert "nobody gains" in desk.run("impact", desk.file()).stdout


def test_a_version_is_given_out_as_document_leaflet_and_json(desk: Desk) -> None:
    desk.said("import", desk.file())
    assert desk.said("export", CODE)["code"] == "isp-family-support"
    for kind, language, title in (("leaflet", "cy", "Gallwch wrthod"), ("document", "en", "Appendix B")):
        out = desk.folder / f"{kind}.html"
        desk.said("export", CODE, "--as", kind, "--language", language, "-o", str(out))
        text = out.read_text("utf-8")
        assert text.startswith("<!DOCTYPE html>")
        assert title in text
        assert title in desk.said("export", CODE, "--as", kind, "--language", language)["html"]


def test_nothing_is_due_where_nothing_is_held(desk: Desk) -> None:
    assert desk.said("due", "--warn") == {"due": [], "warned": [], "given_now": 0}
