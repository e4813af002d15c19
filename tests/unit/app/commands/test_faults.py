"""What commands say when something is wrong: an exit code, a sentence, and no value."""

import csv
import errno
import json
import os
import sys
from pathlib import Path
from sqlite3 import OperationalError as SqliteFault
from typing import Any

import pytest
import typer
from pydantic import ValidationError
from sqlalchemy.exc import OperationalError

from app.commands import loading, output
from app.commands.noting import note
from app.commands.output import Exit, Refused, guarded
from app.deployment import _passphrase
from app.partnering import PartnershipRefused, _rows, import_partnership
from app.referencing import _tokens, import_reference
from app.settings import Settings
from governance.keys.keystore import WeakKey
from governance.ledger import ledger
from governance.ledger.checkpoints import NotCovered
from governance.terms import EventKind
from linkage.intake.reference_files import ReferenceRefused
from linkage.intake.spec import SpecError, load_spec, parse_spec
from tests.factories import deployed


class _FullDisk(SqliteFault):
    sqlite_errorname = "SQLITE_FULL"


def _ended(fault: BaseException) -> int:
    @guarded
    def command() -> None:
        raise fault

    with pytest.raises(typer.Exit) as caught:
        command()
    return caught.value.exit_code


@pytest.mark.parametrize(
    ("fault", "code", "said"),
    [
        (KeyboardInterrupt(), Exit.INTERRUPTED, "interrupted"),
        (OSError(errno.ENOSPC, "x", "Canaria.csv"), Exit.INTERNAL, "No space left"),
        (OperationalError("INSERT Canaria", {}, _FullDisk("Canaria")), Exit.INTERNAL, "SQLITE_FULL"),
        (_FullDisk("Canaria"), Exit.INTERNAL, "SQLITE_FULL"),
        (RuntimeError("Canaria"), Exit.INTERNAL, "RuntimeError"),
        (NotCovered("no checkpoint covers this entry yet"), Exit.NO, "no checkpoint"),
    ],
)
def test_a_fault_ends_with_its_code_and_no_value(
    fault: BaseException, code: Exit, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _ended(fault) == code
    told = capsys.readouterr().err
    assert said in told
    assert "Canaria" not in told


def test_a_reader_that_goes_away_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    turned: list[int] = []

    def gone(*_: Any, **__: Any) -> None:
        raise BrokenPipeError

    monkeypatch.setattr(output, "_print", gone)
    monkeypatch.setattr(os, "dup2", lambda _old, new: turned.append(new))
    monkeypatch.setattr(sys, "stdout", type("Out", (), {"fileno": lambda _self: 1})())
    output.show({}, as_json=True)
    assert turned == [1]


def test_brackets_are_text(capsys: pytest.CaptureFixture[str]) -> None:
    output.show({"[/x]": "[/red]"}, as_json=False, title="[/y]")
    shown = capsys.readouterr().out
    assert all(held in shown for held in ("[/x]", "[/red]", "[/y]"))


@pytest.mark.parametrize("column", ["=cmd|x", "+1", "-1", "@x", "\n=1"])
def test_no_column_name_runs_in_a_spreadsheet(column: str, tmp_path: Path) -> None:
    row = {"row_number": 2, "column": column, "severity": "warning", "code": "date_form"}
    loading._write_report(tmp_path / "r.csv", [row])
    with (tmp_path / "r.csv").open(newline="") as file:
        (_, written) = csv.reader(file)
    assert written[1].startswith("'")


def test_a_report_that_cannot_be_written_stops_before_loading(tmp_path: Path) -> None:
    with pytest.raises(Refused) as caught:
        loading.ingest([tmp_path], tmp_path / "none.yaml", report=tmp_path / "none" / "r.csv")
    assert caught.value.code is Exit.USAGE


@pytest.mark.parametrize("place", ["/dev/zero", "/dev/stdin", "/"])
def test_a_spec_is_a_file(place: str) -> None:
    with pytest.raises(SpecError, match="cannot be read"):
        load_spec(Path(place))


def test_an_extract_given_as_a_spec_is_not_repeated() -> None:
    with pytest.raises(SpecError) as caught:
        parse_spec('{"9990000018": {"name": "Ann"}, "Ann Canaria": 1, "identifers": {}}')
    told = str(caught.value)
    assert not any(value in told for value in ("9990000018", "Canaria"))
    assert "identifers: unknown key; did you mean identifiers?" in told


@pytest.mark.parametrize(
    "content",
    [b'old_nhs_number,new_nhs_number\n"99', b"\xff", b"old_nhs_number,new_nhs_number\n9990000018,9990000018\n"],
)
def test_a_broken_list_of_numbers_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "supersessions.csv"
    path.write_bytes(content)
    with pytest.raises(ReferenceRefused) as caught:
        _tokens(_Ringed(), path, ("old_nhs_number", "new_nhs_number"))  # type: ignore[arg-type]
    assert "9990000018" not in str(caught.value)


class _Ringed:
    ring = None


def test_a_folder_named_like_a_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "staff.csv").mkdir()
    with pytest.raises(PartnershipRefused):
        list(_rows(tmp_path / "staff.csv"))


def test_settings_refuse_a_passphrase_beside_the_data_and_other_databases(tmp_path: Path) -> None:
    home = tmp_path / "var"
    for unsafe in ({"key_passphrase_file": home / "pass"}, {"database_url": "mysql://u:canary@h/x"}):
        with pytest.raises(ValidationError) as caught:
            Settings(home=home, **unsafe)
        assert "canary" not in output._settings_fault(caught.value)


def test_a_passphrase_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pass"
    path.touch(0o600)
    path.write_bytes(b"\xff\xfe\xff")
    with pytest.raises(WeakKey):
        _passphrase(path)


def test_a_refusal_is_told_in_json_too(capsys: pytest.CaptureFixture[str]) -> None:
    @guarded
    def command(as_json: bool = False) -> None:
        raise Refused("not like this", Exit.POLICY)

    with pytest.raises(typer.Exit) as ended:
        command(as_json=True)
    assert ended.value.exit_code == Exit.POLICY
    assert json.loads(capsys.readouterr().out) == {"error": "not like this", "exit": 4}


def test_a_folder_that_holds_nothing_known_is_refused(tmp_path: Path, migrated_sqlite: Path) -> None:
    (tmp_path / "empty").mkdir()
    with deployed(tmp_path / "home", migrated_sqlite) as deployment:
        with pytest.raises(ReferenceRefused):
            import_reference(deployment, [tmp_path / "empty"])
        with pytest.raises(PartnershipRefused):
            import_partnership(deployment, tmp_path / "empty")


@pytest.mark.parametrize("name", ["key_file", "anchor_dir"])
def test_a_key_or_an_anchor_inside_the_data_folder_is_refused(name: str, tmp_path: Path) -> None:
    for inside in (tmp_path / "var" / "x", tmp_path / "var" / ".." / "var" / "x"):
        with pytest.raises(ValidationError):
            Settings.model_validate({"home": tmp_path / "var", name: inside})
    assert Settings.model_validate({"home": tmp_path / "var", name: tmp_path / "x"})


def test_what_a_command_reads_of_a_person_is_an_entry_first(tmp_path: Path, migrated_sqlite: Path) -> None:
    with deployed(tmp_path / "home", migrated_sqlite) as deployment:
        note(deployment, EventKind.EXPORT, "wishes-list", ["0" * 32])
        with deployment.database.reading() as session:
            (entry,) = ledger.find(session, ledger.AuditFilter(kind=EventKind.EXPORT))
        assert "0" * 32 not in str(entry.body)
        with deployment.database.engine.begin() as connection:
            connection.exec_driver_sql("DROP TABLE audit_subject")
        with pytest.raises(OperationalError):
            note(deployment, EventKind.EXPORT, "wishes-list", ["0" * 32])
