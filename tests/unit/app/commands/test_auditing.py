"""The ledger from the command line: proofs that an outsider checks, several anchor folders, the daily report."""

import json
import os
import shutil
from pathlib import Path

import pytest
from sqlalchemy import func, select
from typer.testing import CliRunner

from app.commands.tree import build
from app.deployment import open_deployment
from app.settings import Settings
from governance.ledger import anchors, standalone
from governance.store import audit_entry

RUN = CliRunner()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh deployment with two anchor folders."""
    folders = [tmp_path / name for name in ("first", "second")]
    monkeypatch.setenv("FAMILY_RECORD_MODE", "demo")
    monkeypatch.setenv("FAMILY_RECORD_HOME", str(tmp_path / "var"))
    monkeypatch.setenv("FAMILY_RECORD_ANCHORS", os.pathsep.join(map(str, folders)))
    told("init")
    return tmp_path


def told(*words: str, code: int = 0) -> dict[str, object]:
    found = RUN.invoke(build(), [*words, "--json"])
    assert found.exit_code == code, found.output
    said: dict[str, object] = json.loads(found.stdout)
    return said


def test_proofs_from_the_command_line_are_checked_by_the_copied_file(home: Path, tmp_path: Path) -> None:
    old = told("audit", "anchor")
    with open_deployment(Settings()) as deployment, deployment.database.reading() as session:
        entry = session.scalar(select(audit_entry.c.id))
    told("audit", "proof", str(entry), "-o", str(tmp_path / "proof"))
    new = told("audit", "anchor")
    told("audit", "consistency", str(old["size"]), str(new["size"]), "-o", str(tmp_path / "grown"))
    told("audit", "export", "-o", str(tmp_path / "export"))
    key, first = ["--key", str(home / "second" / "verifier.pub")], home / "first"
    note = str(first / f"{old['size']:012d}.checkpoint")
    assert standalone.main(["inclusion", *key, str(tmp_path / "proof")]) == 0
    assert standalone.main(["consistency", *key, "--old", note, str(tmp_path / "grown")]) == 0
    assert standalone.main(["log", *key, "--checkpoint", str(first / "latest"), str(tmp_path / "export")]) == 0
    told("audit", "consistency", "1", "99", "-o", str(tmp_path / "none"), code=1)


def test_every_anchor_folder_holds_every_checkpoint_and_catches_up(home: Path) -> None:
    told("audit", "anchor")
    (home / "second").rename(home / "away")
    (home / "second").write_text("not a folder")
    assert told("audit", "anchor", code=1)["copies_failed"] == 1
    (home / "second").unlink()
    (home / "away").rename(home / "second")
    told("audit", "report")
    told("audit", "anchor")
    assert anchors.sizes(home / "first") == anchors.sizes(home / "second")
    assert told("audit", "verify")["ok"]


def test_a_rollback_of_database_and_first_folder_together_is_found_by_the_second(home: Path) -> None:
    told("audit", "anchor")
    for name in ("var", "first"):
        shutil.copytree(home / name, home / f"{name}.older")
    told("audit", "report")
    told("audit", "anchor")
    for name in ("var", "first"):
        shutil.rmtree(home / name)
        (home / f"{name}.older").rename(home / name)
    found = told("audit", "verify", code=1)
    assert (found["ok"], found["failure"]) == (False, "truncated")
    assert "anchor folder 2" in str(told("audit", "anchor", code=1)["error"])


def test_a_checkpoint_that_differs_in_the_second_folder_is_found(home: Path) -> None:
    size = told("audit", "anchor")["size"]
    place = home / "second" / f"{size:012d}.checkpoint"
    place.chmod(0o644)
    place.write_text(place.read_text() + "— somebody.example/else AAAAAAAA\n")
    assert told("audit", "verify", code=1)["failure"] == "notes_differ"


def test_the_daily_report_counts_acts_and_gives_a_short_root(home: Path) -> None:
    said = told("audit", "report")
    acts = said["acts"]
    assert isinstance(acts, dict)
    with open_deployment(Settings()) as deployment, deployment.database.reading() as session:
        entries = session.scalar(select(func.count()).select_from(audit_entry))
    assert sum(count for outcomes in acts.values() for count in outcomes.values()) == entries == said["entries"]
    assert acts["audit_read"] == {"done": 1}
    root = (home / "first" / "latest").read_text()
    assert (
        standalone.check_note(root, standalone.read_keys((home / "first" / "verifier.pub").read_text()))
        .root.hex()
        .startswith(str(said["root"]).replace(" ", ""))
    )
    assert told("audit", "report", "--day", "2001-01-01")["acts"] == {}


def test_an_anchor_folder_named_twice_or_inside_the_data_is_refused(tmp_path: Path) -> None:
    for folders in (f"{tmp_path / 'a'}{os.pathsep}{tmp_path / 'a'}", f"{tmp_path / 'a'}{os.pathsep}{tmp_path / 'var'}"):
        with pytest.raises(ValueError):
            Settings(home=tmp_path / "var", FAMILY_RECORD_ANCHORS=folders)
