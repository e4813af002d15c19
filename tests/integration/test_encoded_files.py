"""What a partner encodes loads as the same rows do at the door, and shows nobody anything on its way."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app.deployment import Deployment
from app.encoding import OtherPartner, PartnerKeys, encode_file, make_bundle, partner_keys
from app.linking import run_link
from app.loading import LoadReport, load_file
from governance.keys.bundles import open_bundle
from governance.keys.keystore import KeystoreExists, Passphrase, SealBroken
from governance.store import audit_entry, vault_envelope
from linkage.intake.extracts import FileRefused
from linkage.intake.loads import problem_rows
from linkage.intake.spec import parse_spec
from linkage.partner.transport import is_encoded
from linkage.reasons import FileReason
from linkage.store import event, record_role, source_record
from tests import small_files
from tests.factories import deployed
from tests.small_files import row, write

SEAL = Passphrase("a long enough passphrase")
SPEC = small_files.spec()
NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture
def deployment(tmp_path: Path, migrated_sqlite: Path) -> Iterator[Deployment]:
    with deployed(tmp_path / "home", migrated_sqlite) as made:
        yield made


@pytest.fixture
def partner(deployment: Deployment, tmp_path: Path) -> PartnerKeys:
    make_bundle(deployment, SPEC.provider.code, tmp_path / "bundle", SEAL, NOW)
    return partner_keys(open_bundle(tmp_path / "bundle", SEAL))


def _sent(partner: PartnerKeys, path: Path, *, envelope: bool = False) -> Path:
    out = path.with_suffix(".encoded")
    encode_file(partner, SPEC, path, out, envelope=envelope)
    return out


def _current(deployment: Deployment) -> list[tuple[object, ...]]:
    columns = (record_role.c.role, record_role.c.birth_month, record_role.c.sex, record_role.c.ward)
    with deployment.database.reading() as session:
        query = select(source_record.c.row_number, *columns).join(
            source_record, source_record.c.id == record_role.c.record_id
        )
        return sorted(tuple(found) for found in session.execute(query.where(record_role.c.current)))


def _load(deployment: Deployment, path: Path, kind: str | None = None) -> LoadReport:
    return load_file(deployment, SPEC, path, kind=kind)


def test_both_ways_report_and_store_alike(
    deployment: Deployment, partner: PartnerKeys, tmp_path: Path, migrated_sqlite: Path
) -> None:
    rows = [
        row(1),
        row(2),
        row(2),
        row(3, id=""),
        row(4),
        row(4, given="Other"),
        row(5, nhs="123"),
        row(6, dob="31/31"),
    ]
    path = write(tmp_path / "a.csv", rows)
    sent = _load(deployment, _sent(partner, path))
    with deployed(tmp_path / "other", migrated_sqlite) as door:
        shown = _load(door, path)
        assert _current(door) == _current(deployment)
        problems = []
        for held, report in ((door, shown), (deployment, sent)):
            with held.database.reading() as session:
                problems.append(problem_rows(session, report.load_id))
        assert problems[0] == problems[1]
    assert replace(sent, load_id="") == replace(shown, load_id="")
    assert (sent.physical, sent.accepted, sent.rejected, sent.duplicates) == (8, 5, 2, 1)


def test_a_door_row_and_a_partners_row_supersede_each_other(
    deployment: Deployment, partner: PartnerKeys, tmp_path: Path
) -> None:
    _load(deployment, write(tmp_path / "a.csv", [row(1), row(2)]))
    later = _load(
        deployment, _sent(partner, write(tmp_path / "b.csv", [row(1, family="Changed"), row(2)]), envelope=True)
    )
    assert (later.accepted, later.duplicates) == (1, 1)
    last = _load(deployment, write(tmp_path / "c.csv", [row(1), row(3)]))
    assert last.accepted == 2
    assert len(_current(deployment)) == 3


def test_both_ways_link_to_the_same_persons(deployment: Deployment, partner: PartnerKeys, tmp_path: Path) -> None:
    people = [row(at, nhs="") for at in range(1, 9)]
    other = parse_spec(small_files.SPEC.replace("dataset: visits", "dataset: seen"))
    _load(deployment, _sent(partner, write(tmp_path / "a.csv", people)))
    load_file(deployment, other, write(tmp_path / "b.csv", people))
    run_link(deployment)
    with deployment.database.reading() as session:
        query = select(source_record.c.row_number, record_role.c.person_id).join(
            source_record, source_record.c.id == record_role.c.record_id
        )
        persons: dict[int, set[str]] = {}
        for number, person in session.execute(query):
            persons.setdefault(number, set()).add(person)
    assert all(len(found) == 1 for found in persons.values())
    assert len(set.union(*persons.values())) == 8


def test_a_snapshot_from_a_partner_ends_what_it_no_longer_holds(
    deployment: Deployment, partner: PartnerKeys, tmp_path: Path
) -> None:
    _load(deployment, write(tmp_path / "a.csv", [row(1), row(2), row(3)]), kind="snapshot")
    sent = _sent(partner, write(tmp_path / "b.csv", [row(1), row(3, visited="2026-05-05")]))
    report = _load(deployment, sent, kind="snapshot")
    assert report.ended == 1
    assert len(_current(deployment)) == 2


def test_the_same_file_twice_changes_nothing(deployment: Deployment, partner: PartnerKeys, tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", [row(1), row(2)])
    _load(deployment, _sent(partner, path, envelope=True))
    assert _load(deployment, _sent(partner, path, envelope=True)).unchanged
    assert _load(deployment, path).unchanged


def test_names_come_along_only_when_sent_sealed(deployment: Deployment, partner: PartnerKeys, tmp_path: Path) -> None:
    _load(deployment, _sent(partner, write(tmp_path / "a.csv", [row(1)])))
    with deployment.database.reading() as session:
        assert session.execute(select(func.count()).select_from(vault_envelope)).scalar_one() == 0
    report = _load(deployment, _sent(partner, write(tmp_path / "b.csv", [row(1)]), envelope=True))
    assert (report.accepted, report.duplicates) == (1, 0)
    with deployment.database.reading() as session:
        assert session.execute(select(func.count()).select_from(vault_envelope)).scalar_one() == 1


def test_nothing_clear_is_in_the_file(partner: PartnerKeys, tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", [row(1, given="Canaria", family="Wellplanted", nhs="9990000018")])
    sent = _sent(partner, path, envelope=True)
    body = sent.read_bytes()
    assert is_encoded(sent)
    assert oct(sent.stat().st_mode & 0o777) == "0o600"
    assert not any(word in body for word in (b"Canaria", b"Wellplanted", b"9990000018", b"visits", b"QZ1"))


def test_a_file_under_other_keys_is_refused_whole(
    deployment: Deployment, partner: PartnerKeys, tmp_path: Path, migrated_sqlite: Path
) -> None:
    sent = _sent(partner, write(tmp_path / "a.csv", [row(1)]))
    with deployed(tmp_path / "other", migrated_sqlite) as elsewhere, pytest.raises(FileRefused) as caught:
        _load(elsewhere, sent)
    assert caught.value.code == FileReason.ENCODED_ELSEWHERE


@pytest.mark.parametrize("damage", ["cut", "flip", "more", "head"])
def test_a_damaged_file_is_refused_whole(
    deployment: Deployment, partner: PartnerKeys, tmp_path: Path, damage: str
) -> None:
    sent = _sent(partner, write(tmp_path / "a.csv", [row(at) for at in range(9)]))
    body = bytearray(sent.read_bytes())
    if damage == "flip":
        body[-40] ^= 1
    sent.write_bytes({"cut": body[:-60], "flip": body, "more": body + b"more", "head": body[:30]}[damage])
    with pytest.raises(FileRefused) as caught:
        _load(deployment, sent)
    assert caught.value.code == FileReason.ENCODED_DAMAGED
    assert _current(deployment) == []


def test_another_spec_is_refused(deployment: Deployment, partner: PartnerKeys, tmp_path: Path) -> None:
    sent = _sent(partner, write(tmp_path / "a.csv", [row(1)]))
    other = parse_spec(small_files.SPEC.replace("one_row_per_person", "x") + "one_row_per_person: true\n")
    with pytest.raises(FileRefused) as caught:
        load_file(deployment, other, sent)
    assert caught.value.code == FileReason.ENCODED_OTHER_SPEC


def test_a_bundle_serves_one_partner_and_opens_by_its_passphrase(
    deployment: Deployment, partner: PartnerKeys, tmp_path: Path
) -> None:
    other = parse_spec(small_files.SPEC.replace("Somewhere Charity", "Another Charity"))
    path = write(tmp_path / "a.csv", [row(1)])
    with pytest.raises(OtherPartner):
        encode_file(partner, other, path, tmp_path / "x")
    with pytest.raises(SealBroken):
        open_bundle(tmp_path / "bundle", Passphrase("another long passphrase"))
    with pytest.raises(KeystoreExists):
        make_bundle(deployment, "X", tmp_path / "bundle", SEAL, NOW)
    assert oct((tmp_path / "bundle").stat().st_mode & 0o777) == "0o600"


def test_a_bundle_holds_no_key_that_re_keys_or_opens(partner: PartnerKeys, deployment: Deployment) -> None:
    for label, purpose in (("rekey/1", "given"), ("zone/1", "file"), ("zone/1", "rows"), ("zone/1", "envelope")):
        with pytest.raises(KeyError):
            partner.keys.subkey(label, purpose)
        assert deployment.ring.subkey(label, purpose)
    with deployment.database.reading() as session:
        kinds = [str(body) for body in session.execute(select(audit_entry.c.body)).scalars()]
    assert any("encoding_bundle" in body for body in kinds)


def test_a_failed_encoding_leaves_no_file(partner: PartnerKeys, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("nothing,of,this\n1,2,3\n")
    with pytest.raises(FileRefused):
        encode_file(partner, SPEC, path, tmp_path / "out")
    assert [held.name for held in tmp_path.iterdir() if held.name.startswith((".", "out"))] == []


def test_events_come_along(deployment: Deployment, partner: PartnerKeys, tmp_path: Path) -> None:
    report = _load(deployment, _sent(partner, write(tmp_path / "a.csv", [row(1)])))
    assert report.not_covered == {"health_visiting": 1}
    with deployment.database.reading() as session:
        assert session.execute(select(func.count()).select_from(event)).scalar_one() == 0
