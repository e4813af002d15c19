"""A Type 1 opt-out acts where an extract is read: nothing of the row is kept, and what was held of it ends."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app.deployment import Deployment
from app.encoding import encode_file, make_bundle, partner_keys
from app.loading import LoadReport, load_file
from app.zones import deployment_zone
from governance.keys.bundles import open_bundle
from governance.keys.keystore import Passphrase
from governance.store import quarantine
from linkage.intake.spec import SpecError
from linkage.store import event, record_role
from tests import small_files
from tests.factories import deployed
from tests.small_files import row, write

SEAL = Passphrase("a long enough passphrase")
SPEC = small_files.spec(small_files.SPEC + "opted_out: {column: kind, is: [9Nu0]}\n")
OUT = {"kind": "9Nu0"}


@pytest.fixture
def deployment(tmp_path: Path, migrated_sqlite: Path) -> Iterator[Deployment]:
    with deployed(tmp_path / "home", migrated_sqlite) as made:
        yield made


def load(deployment: Deployment, tmp_path: Path, way: str, *rows: dict[str, str], kind: str = "delta") -> LoadReport:
    path = write(tmp_path / f"{len(list(tmp_path.iterdir()))}.csv", rows)
    if way == "at the partner":
        bundle = tmp_path / "bundle"
        if not bundle.exists():
            make_bundle(deployment, SPEC.provider.code, bundle, SEAL, datetime(2026, 11, 22, tzinfo=UTC))
        encode_file(partner_keys(open_bundle(bundle, SEAL)), SPEC, path, path.with_suffix(".encoded"), envelope=False)
        path = path.with_suffix(".encoded")
    return load_file(deployment, SPEC, path, kind=kind)


def current(deployment: Deployment) -> int:
    with deployment.database.reading() as session:
        count = select(func.count()).select_from(record_role).where(record_role.c.current)
        return int(session.execute(count).scalar_one())


@pytest.mark.parametrize("way", ["at the door", "at the partner"])
@pytest.mark.parametrize("kind", ["delta", "snapshot"])
def test_whoever_opts_out_ends_and_nobody_else_does(
    way: str, kind: str, deployment: Deployment, tmp_path: Path
) -> None:
    load(deployment, tmp_path, way, row(1), row(2), row(3))
    report = load(deployment, tmp_path, way, row(1), row(2, **OUT), row(3), kind=kind)
    assert report.rejected_by_reason == {"opted_out": 1}
    assert (report.physical, report.accepted, report.rejected, report.duplicates) == (3, 0, 1, 2)
    assert (report.ended, report.ending_held_back) == (1, False)
    assert current(deployment) == 2
    back = load(deployment, tmp_path, way, row(2))
    assert (back.accepted, current(deployment)) == (1, 3)


def test_nothing_of_the_row_is_kept_anywhere(deployment: Deployment, tmp_path: Path) -> None:
    report = load(deployment, tmp_path, "at the door", row(1, **OUT, given="Canaria"), row(2))
    assert report.rejected == 1
    with deployment.database.reading() as session:
        assert session.execute(select(quarantine.c.row_number)).all() == []
        assert session.execute(select(func.count()).select_from(event)).scalar_one() <= 1
    with deployment_zone(deployment) as zone:
        assert zone.rows("SELECT count(*) FROM zone.record") == [(1,)]


def test_a_spec_that_says_nothing_of_it_is_the_spec_it_was() -> None:
    assert "opted_out" not in small_files.spec().canonical()
    assert SPEC.canonical()["opted_out"]["column"] == "kind"
    assert "kind" in SPEC.columns()
    with pytest.raises(SpecError):
        small_files.spec(small_files.SPEC + "opted_out: {column: kind}\n")
