import base64
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from governance.keys import quarantine as quarantined
from governance.keys import vault, vault_keys
from governance.keys.keys import SoftwareKeyRing, UnwrapFailed, new_keys
from governance.keys.vault_keys import Destroyed, WrappedKeys
from governance.store import quarantine, vault_envelope

CANARY = b'{"family_name":"Canarysurname","nhs_number":"9991234560"}'
ROLES = [f"{n:032x}" for n in range(8)]


@pytest.fixture
def keys(tmp_path: Path) -> Iterator[WrappedKeys]:
    with WrappedKeys(tmp_path / "home" / "vault-keys.db") as keys:
        yield keys


@pytest.fixture
def sealed(session: Session, ring: SoftwareKeyRing, keys: WrappedKeys, now: datetime) -> list[vault.Envelope]:
    envelopes = vault.seal_many(ring, keys, [(role, CANARY + role.encode()) for role in ROLES], now)
    vault.store(session, envelopes)
    session.commit()
    return envelopes


def everything_in(folder: Path) -> bytes:
    return b"".join(f.read_bytes() for f in sorted(folder.rglob("*")) if f.is_file())


def test_what_was_sealed_opens_for_its_own_role(
    session: Session, ring: SoftwareKeyRing, keys: WrappedKeys, sealed: list[vault.Envelope]
) -> None:
    held = vault.read(session, ring, keys, [*ROLES, "f" * 32])
    assert held == {role: CANARY + role.encode() for role in ROLES}
    assert vault.open_envelope(ring, keys, sealed[0]) == CANARY + ROLES[0].encode()


def test_ciphertext_moved_between_rows_is_refused(
    ring: SoftwareKeyRing, keys: WrappedKeys, sealed: list[vault.Envelope]
) -> None:
    moved = replace(sealed[0], nonce=sealed[1].nonce, ciphertext=sealed[1].ciphertext)
    with pytest.raises(vault.EnvelopeRefused) as refused:
        vault.open_envelope(ring, keys, moved)
    assert "Canary" not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("field", ["nonce", "ciphertext", "key_version"])
def test_an_altered_envelope_is_refused(
    ring: SoftwareKeyRing, keys: WrappedKeys, sealed: list[vault.Envelope], field: str
) -> None:
    altered = {
        "nonce": replace(sealed[0], nonce=bytes(12)),
        "ciphertext": replace(sealed[0], ciphertext=sealed[0].ciphertext[:-1]),
        "key_version": replace(sealed[0], key_version=2),
    }
    with pytest.raises(vault.EnvelopeRefused):
        vault.open_envelope(ring, keys, altered[field])


def test_a_wrapped_key_moved_between_roles_is_refused(
    ring: SoftwareKeyRing, keys: WrappedKeys, sealed: list[vault.Envelope]
) -> None:
    keys._database.execute(
        "UPDATE wrapped_key SET wrapped = (SELECT wrapped FROM wrapped_key WHERE owner = ?) WHERE owner = ?",
        (ROLES[1], ROLES[0]),
    )
    moved = replace(sealed[1], role_id=ROLES[0])
    with pytest.raises(UnwrapFailed):
        vault.open_envelope(ring, keys, moved)


def test_each_role_has_its_own_key_and_sealing_again_keeps_it(
    session: Session, ring: SoftwareKeyRing, keys: WrappedKeys, sealed: list[vault.Envelope], now: datetime
) -> None:
    held = keys.held_keys(ring, ROLES)
    assert len(set(held.values())) == len(ROLES)
    again = vault.seal(ring, keys, ROLES[0], b"moved house", now)
    vault.store(session, [again])
    assert keys.held_keys(ring, ROLES) == held
    assert vault.read(session, ring, keys, ROLES[:2])[ROLES[0]] == b"moved house"


def test_destroying_leaves_nothing_that_opens_and_a_tombstone_that_lasts(
    session: Session, ring: SoftwareKeyRing, keys: WrappedKeys, sealed: list[vault.Envelope], now: datetime
) -> None:
    assert vault.destroy(session, keys, ROLES[:2], now) == 2
    session.commit()
    assert set(vault.read(session, ring, keys, ROLES)) == set(ROLES[2:])
    assert vault.open_envelope(ring, keys, sealed[0]) is None
    assert keys.destroyed(ROLES) == set(ROLES[:2])
    assert vault.destroy(session, keys, ROLES[:2], now) == 0
    with pytest.raises(Destroyed) as refused:
        vault.seal_many(ring, keys, [(ROLES[0], b"again"), ("e" * 32, b"new")], now)
    assert refused.value.owners == {ROLES[0]}
    assert keys.held_keys(ring, ["e" * 32]) == {}


def test_a_destroyed_key_is_in_no_byte_of_its_file_or_log(
    session: Session, ring: SoftwareKeyRing, keys: WrappedKeys, sealed: list[vault.Envelope], tmp_path: Path
) -> None:
    wrapped = keys._wrapped(ROLES)
    before = everything_in(tmp_path / "home")
    assert all(w in before for w in wrapped.values())
    vault.destroy(session, keys, ROLES[:1], datetime.fromisoformat("2026-11-22T09:00:00+00:00"))
    after = everything_in(tmp_path / "home")
    assert wrapped[ROLES[0]] not in after
    assert wrapped[ROLES[1]] in after


def test_an_older_copy_of_the_keys_is_useless_once_the_vault_key_is_retired(
    ring: SoftwareKeyRing, keys: WrappedKeys, sealed: list[vault.Envelope], tmp_path: Path, now: datetime
) -> None:
    material = new_keys(["vault/1", "vault/2"])
    both, newest = SoftwareKeyRing(material), SoftwareKeyRing({"vault/2": material["vault/2"]})
    with WrappedKeys(tmp_path / "k.db") as live:
        envelopes = vault.seal_many(
            SoftwareKeyRing({"vault/1": material["vault/1"]}), live, [(role, CANARY) for role in ROLES], now
        )
        with WrappedKeys(tmp_path / "backup.db") as backup:
            live._database.backup(backup._database)
        assert live.rewrap(both) == len(ROLES)
        assert live.rewrap(both) == 0
        live.destroy(ROLES[:1], now)
        assert [vault.open_envelope(newest, live, e) for e in envelopes[:2]] == [None, CANARY]
    with WrappedKeys(tmp_path / "backup.db") as backup, pytest.raises(UnwrapFailed):
        vault.open_envelope(newest, backup, envelopes[0])


def test_keys_are_on_disk_before_an_envelope_is_returned(
    ring: SoftwareKeyRing, keys: WrappedKeys, sealed: list[vault.Envelope], tmp_path: Path
) -> None:
    (tmp_path / "crash").mkdir()
    for file in (tmp_path / "home").iterdir():
        shutil.copy(file, tmp_path / "crash")
    with WrappedKeys(tmp_path / "crash" / "vault-keys.db") as survivor:
        assert vault.open_envelope(ring, survivor, sealed[0]) == CANARY + ROLES[0].encode()


def test_no_clear_value_is_in_any_file_or_repr(
    session: Session,
    sealed: list[vault.Envelope],
    ring: SoftwareKeyRing,
    keys: WrappedKeys,
    tmp_path: Path,
    now: datetime,
) -> None:
    rows = quarantined.seal_quarantine(ring, keys, "d" * 32, [(1, CANARY)], now)
    quarantined.store_quarantine(session, rows)
    session.commit()
    written = everything_in(tmp_path)
    shown = repr([sealed, rows, keys]).encode()
    for value in (b"Canarysurname", b"9991234560"):
        for spelling in (value, value.hex().encode(), base64.b64encode(value).rstrip(b"=")[:-1]):
            assert spelling not in written + shown


def test_the_key_file_is_private(keys: WrappedKeys, sealed: list[vault.Envelope], tmp_path: Path) -> None:
    for file in (tmp_path / "home").iterdir():
        assert os.stat(file).st_mode & 0o077 == 0


def test_a_quarantined_row_opens_under_its_own_load_and_number(
    session: Session, ring: SoftwareKeyRing, keys: WrappedKeys, now: datetime
) -> None:
    rows = quarantined.seal_quarantine(ring, keys, "d" * 32, [(3, b"three"), (9, b"nine")], now)
    quarantined.store_quarantine(session, rows)
    quarantined.store_quarantine(session, quarantined.seal_quarantine(ring, keys, "e" * 32, [(3, b"e")], now))
    assert quarantined.open_quarantine(session, ring, keys, "d" * 32) == {3: b"three", 9: b"nine"}
    session.execute(quarantine.update().where(quarantine.c.row_number == 9).values(row_number=8))
    with pytest.raises(vault.EnvelopeRefused):
        quarantined.open_quarantine(session, ring, keys, "d" * 32)


def test_quarantine_ends_after_thirty_days_and_not_before(
    session: Session, ring: SoftwareKeyRing, keys: WrappedKeys, now: datetime
) -> None:
    for load, at in (("d" * 32, now), ("e" * 32, now + timedelta(days=1))):
        quarantined.store_quarantine(session, quarantined.seal_quarantine(ring, keys, load, [(1, b"x"), (2, b"y")], at))
    assert quarantined.expire(session, keys, now + timedelta(days=29, hours=23)) == 0
    assert quarantined.expire(session, keys, now + timedelta(days=30)) == 2
    assert quarantined.open_quarantine(session, ring, keys, "d" * 32) == {}
    assert len(quarantined.open_quarantine(session, ring, keys, "e" * 32)) == 2
    assert keys.destroyed(["quarantine:" + "d" * 32, "quarantine:" + "e" * 32]) == {"quarantine:" + "d" * 32}


def test_a_cut_off_loads_quarantine_is_discarded(
    session: Session, ring: SoftwareKeyRing, keys: WrappedKeys, now: datetime
) -> None:
    quarantined.store_quarantine(session, quarantined.seal_quarantine(ring, keys, "d" * 32, [(1, b"x")], now))
    assert quarantined.discard(session, keys, "d" * 32) == 1
    assert session.scalar(select(func.count()).select_from(quarantine)) == 0
    assert keys.count() == 0


def test_erasing_removes_the_envelope_rows_too(
    session: Session, keys: WrappedKeys, sealed: list[vault.Envelope], now: datetime
) -> None:
    vault.destroy(session, keys, ROLES, now)
    assert session.scalar(select(func.count()).select_from(vault_envelope)) == 0


def test_traces_that_a_reader_keeps_alive_are_reported_and_gone_at_the_next_try(
    ring: SoftwareKeyRing, tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vault_keys, "BUSY_MS", 20)
    with WrappedKeys(tmp_path / "k.db") as keys, WrappedKeys(tmp_path / "k.db") as reader:
        [envelope] = vault.seal_many(ring, keys, [(ROLES[0], CANARY)], now)
        reader._database.execute("BEGIN")
        assert reader.count() == 1
        with pytest.raises(vault_keys.TracesRemain):
            keys.destroy(ROLES[:1], now)
        assert vault.open_envelope(ring, keys, envelope) is None
        reader._database.execute("COMMIT")
        assert keys.destroy(ROLES[:1], now) == 0
