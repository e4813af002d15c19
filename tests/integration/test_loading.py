"""Loading an extract: conservation, idempotence, superseding, snapshots, and what a cut-off load leaves behind."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import loading
from app.deployment import Deployment
from app.loading import LoadReport, load_file
from app.zones import deployment_zone
from governance.keys.quarantine import open_quarantine
from governance.store import audit_entry, quarantine, vault_envelope
from linkage.intake.extracts import FileRefused
from linkage.intake.loads import ProviderChanged, problem_rows
from linkage.store import load, record_role, source_record
from tests import small_files
from tests.factories import deployed
from tests.small_files import row, write


@pytest.fixture
def deployment(tmp_path: Path, migrated_sqlite: Path) -> Iterator[Deployment]:
    with deployed(tmp_path / "home", migrated_sqlite) as made:
        yield made


def _load(deployment: Deployment, path: Path, **options: Any) -> LoadReport:
    return load_file(deployment, small_files.spec(), path, **options)


def _count(session: Session, *where: Any, table: Any = record_role) -> int:
    return int(session.execute(select(func.count()).select_from(table).where(*where)).scalar_one())


def _current(deployment: Deployment) -> int:
    with deployment.database.reading() as session:
        return _count(session, record_role.c.current)


def test_every_row_is_accepted_rejected_or_a_duplicate(deployment: Deployment, tmp_path: Path) -> None:
    rows = [row(1), row(2), row(2), row(3, id=""), row(4), row(4, given="Other")]
    report = _load(deployment, write(tmp_path / "a.csv", rows))
    assert (report.physical, report.accepted, report.rejected, report.duplicates) == (6, 3, 2, 1)
    assert report.rejected_by_reason == {"missing_record_id": 1, "duplicate_record_id": 1}
    assert _current(deployment) == 3


def test_a_rejected_row_is_reported_by_place_and_kept_as_ciphertext(deployment: Deployment, tmp_path: Path) -> None:
    report = _load(deployment, write(tmp_path / "a.csv", [row(1), row(2, id="", given="Canaria")]))
    with deployment.database.reading() as session:
        (problem,) = [held for held in problem_rows(session, report.load_id) if held["severity"] == "rejected"]
        held = session.execute(select(quarantine.c.row_number, quarantine.c.ciphertext)).all()
    assert (problem["row_number"], problem["code"]) == (3, "missing_record_id")
    assert [number for number, _ in held] == [3]
    assert b"Canaria" not in held[0].ciphertext


def test_two_records_that_say_the_same_look_unalike_in_the_zone(deployment: Deployment, tmp_path: Path) -> None:
    _load(deployment, write(tmp_path / "a.csv", [row(1), row(1, id="R2")]))
    with deployment_zone(deployment) as zone:
        assert zone.rows("SELECT count(*), count(DISTINCT digest) FROM zone.record") == [(2, 2)]


def test_the_same_file_twice_changes_nothing(deployment: Deployment, tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", [row(1), row(2)])
    _load(deployment, path)
    again = _load(deployment, path)
    assert again.unchanged
    with deployment.database.reading() as session:
        assert _count(session, table=load) == 1


def test_an_unchanged_record_in_a_later_file_is_a_duplicate(deployment: Deployment, tmp_path: Path) -> None:
    _load(deployment, write(tmp_path / "a.csv", [row(1), row(2)]))
    later = _load(deployment, write(tmp_path / "b.csv", [row(1), row(3)]))
    assert (later.accepted, later.duplicates) == (1, 1)
    assert _current(deployment) == 3


def test_a_changed_record_supersedes_and_its_history_stays(deployment: Deployment, tmp_path: Path) -> None:
    _load(deployment, write(tmp_path / "a.csv", [row(1)]))
    _load(deployment, write(tmp_path / "b.csv", [row(1, family="Changed")]))
    with deployment.database.reading() as session:
        roles = session.execute(select(record_role.c.id, record_role.c.current, record_role.c.supersedes)).all()
    (old,) = [held for held in roles if not held.current]
    (new,) = [held for held in roles if held.current]
    assert new.supersedes == old.id


def test_a_snapshot_ends_what_it_no_longer_holds(deployment: Deployment, tmp_path: Path) -> None:
    _load(deployment, write(tmp_path / "a.csv", [row(1), row(2), row(3)]), kind="snapshot")
    later = _load(deployment, write(tmp_path / "b.csv", [row(1), row(3, address="2 New Road")]), kind="snapshot")
    assert (later.accepted, later.duplicates, later.ended) == (1, 1, 1)
    assert _current(deployment) == 2


def test_a_snapshot_never_ends_a_record_whose_row_it_rejected(deployment: Deployment, tmp_path: Path) -> None:
    text = small_files.SPEC + "required: [visited]\n"
    first = write(tmp_path / "a.csv", [row(1), row(2), row(3)])
    later = write(tmp_path / "b.csv", [row(1), row(2, visited="")])
    for path in (first, later):
        report = load_file(deployment, small_files.spec(text), path, kind="snapshot")
    assert (report.rejected, report.ended, report.ending_held_back) == (1, 1, False)
    assert _current(deployment) == 2


def test_a_snapshot_with_a_row_that_names_no_record_ends_nothing(deployment: Deployment, tmp_path: Path) -> None:
    _load(deployment, write(tmp_path / "a.csv", [row(1), row(2)]), kind="snapshot")
    report = _load(deployment, write(tmp_path / "b.csv", [row(1), row(2, id="")]), kind="snapshot")
    assert (report.ended, report.ending_held_back) == (0, True)
    assert _current(deployment) == 2


def test_a_delta_ends_nothing(deployment: Deployment, tmp_path: Path) -> None:
    _load(deployment, write(tmp_path / "a.csv", [row(1), row(2)]))
    assert _load(deployment, write(tmp_path / "b.csv", [row(3)])).ended == 0
    assert _current(deployment) == 3


def test_a_record_that_comes_back_after_a_snapshot_ended_it_is_held_again(
    deployment: Deployment, tmp_path: Path
) -> None:
    first, second = write(tmp_path / "a.csv", [row(1), row(2)]), write(tmp_path / "b.csv", [row(1)])
    for path in (first, second, first):
        _load(deployment, path, kind="snapshot")
    assert _current(deployment) == 2


def test_what_no_agreement_covers_is_counted_and_not_stored(deployment: Deployment, tmp_path: Path) -> None:
    report = _load(deployment, write(tmp_path / "a.csv", [row(1), row(2, visited="")]))
    assert report.not_covered == {"health_visiting": 1}


def test_a_refused_file_leaves_no_trace(deployment: Deployment, tmp_path: Path) -> None:
    _load(deployment, write(tmp_path / "a.csv", [row(1)]))
    bad = tmp_path / "bad.csv"
    bad.write_text("id;given\nR1;x\n", encoding="utf-8")
    with pytest.raises(FileRefused):
        _load(deployment, bad)
    with deployment.database.reading() as session:
        assert (_count(session, table=load), _count(session, table=source_record)) == (1, 1)


def test_a_load_that_is_cut_off_is_as_if_it_had_never_begun(
    deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _load(deployment, write(tmp_path / "a.csv", [row(1)]))
    entries = _entries(deployment)

    def cut(*_: object, **__: object) -> LoadReport:
        raise KeyboardInterrupt

    monkeypatch.setattr(loading, "_complete", cut)
    path = write(tmp_path / "b.csv", [row(1, family="Changed"), row(2)])
    with pytest.raises(KeyboardInterrupt):
        _load(deployment, path)
    monkeypatch.undo()
    with deployment.database.reading() as session:
        assert (_count(session, table=load), _count(session), _count(session, table=vault_envelope)) == (1, 1, 1)
    assert _entries(deployment) == entries
    assert _load(deployment, path).accepted == 2


def test_a_kill_between_the_two_commits_loses_nothing(
    deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _load(deployment, write(tmp_path / "a.csv", [row(1)]))

    def killed(*_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr("linkage.intake.loads.complete", killed)
        patch.setattr(loading, "discard_unfinished", lambda *_: 0)
        with pytest.raises(SystemExit):
            _load(deployment, write(tmp_path / "b.csv", [row(1, family="Changed"), row(2)]))
    again = _load(deployment, write(tmp_path / "c.csv", [row(1), row(2)]))
    assert (again.accepted, again.duplicates) == (1, 1)
    assert _current(deployment) == 2


def test_a_data_set_belongs_to_its_provider(deployment: Deployment, tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", [row(1)])
    _load(deployment, path)
    with pytest.raises(ProviderChanged):
        load_file(deployment, small_files.spec(small_files.SPEC.replace("Somewhere", "Other")), path)


def test_every_completed_load_is_in_the_ledger(deployment: Deployment, tmp_path: Path) -> None:
    before = _entries(deployment)
    _load(deployment, write(tmp_path / "a.csv", [row(1)]))
    with deployment.database.reading() as session:
        kinds = list(session.execute(select(audit_entry.c.kind)).scalars())
    assert kinds.count("load") == 1
    assert len(kinds) > before


def _entries(deployment: Deployment) -> int:
    with deployment.database.reading() as session:
        return _count(session, table=audit_entry)


def test_a_clash_of_two_versions_is_kept_as_ciphertext_too(deployment: Deployment, tmp_path: Path) -> None:
    rows = [row(1), row(1, given="Canaria")]
    report = _load(deployment, write(tmp_path / "a.csv", rows))
    assert report.rejected_by_reason == {"duplicate_record_id": 1}
    with deployment.database.reading() as session:
        held = open_quarantine(session, deployment.ring, deployment.wrapped_keys, report.load_id)
    assert [number for number, content in held.items() if b"Canaria" in content] == [3]


def test_what_a_cut_off_load_sealed_leaves_neither_keys_nor_tombstones(
    deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(loading, "_complete", cut)
    with pytest.raises(KeyboardInterrupt):
        _load(deployment, write(tmp_path / "a.csv", [row(1), row(2, id="")]))
    assert deployment.wrapped_keys.count() == 0
    stones = sqlite3.connect(deployment.settings.wrapped_keys)
    assert stones.execute("SELECT count(*) FROM tombstone").fetchone() == (0,)
    stones.close()


def test_a_record_that_changed_ended_and_comes_back_as_it_first_was_is_taken(
    deployment: Deployment, tmp_path: Path
) -> None:
    versions = ([row(1), row(2)], [row(1, family="Changed"), row(2)], [row(2)], [row(1), row(2)])
    reports = [_load(deployment, write(tmp_path / f"{n}.csv", r), kind="snapshot") for n, r in enumerate(versions)]
    assert (reports[2].ended, reports[3].accepted, reports[3].duplicates) == (1, 1, 1)
    assert _current(deployment) == 2
