import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from governance.keys.keys import FIRST_LABELS
from governance.keys.keystore import (
    MAGIC,
    MAX_BYTES,
    KeyFile,
    KeystoreExists,
    KeystoreMissing,
    KeystoreRefused,
    Passphrase,
    Seal,
    SealBroken,
    UnsafeFile,
    WeakKey,
    add_keys,
    create_key_file,
    create_keystore,
    open_keystore,
    remove_keys,
    reseal,
)

NO_KEYSTORES = [b"", b"x", MAGIC, MAGIC + b"{}\n", MAGIC + b"[]\nxx\n", MAGIC + b"null\n\n", b"\xff" * 99]
GUESSABLE = [bytes(32), b"\xff" * 32, bytes(range(32)), b"0123456789abcdef" * 2, b"changeme" * 4, b"\x01\x02" * 16]
MISSIZED = [b"", os.urandom(31), os.urandom(33)]
PHRASE = Passphrase("a phrase of fair length")


@pytest.fixture
def key_file(tmp_path: Path) -> KeyFile:
    return create_key_file(tmp_path / "home.key")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "keystore"


@pytest.mark.parametrize("kind", ["key file", "passphrase"])
def test_what_was_sealed_opens_again_with_the_same_keys(key_file: KeyFile, path: Path, kind: str) -> None:
    seal: Seal = key_file if kind == "key file" else PHRASE
    made = create_keystore(path, seal)
    opened = open_keystore(path, seal)
    assert opened.mac("upn/1", b"x") == made.mac("upn/1", b"x")
    assert {key.label for key in opened.status()} == set(FIRST_LABELS)


def test_two_keystores_share_no_key(key_file: KeyFile, tmp_path: Path) -> None:
    one, other = (create_keystore(tmp_path / name, key_file) for name in ("one", "other"))
    assert one.mac("upn/1", b"x") != other.mac("upn/1", b"x")


def test_files_are_private_and_nothing_is_left_beside_them(key_file: KeyFile, path: Path) -> None:
    create_keystore(path, key_file)
    add_keys(path, key_file, ["vault/2"])
    assert [f.name for f in path.parent.iterdir()] == ["keystore"]
    assert {os.stat(f).st_mode & 0o777 for f in (path, key_file.path)} == {0o600}


def test_an_existing_key_file_or_keystore_is_never_replaced(key_file: KeyFile, path: Path) -> None:
    create_keystore(path, key_file)
    before = path.read_bytes(), key_file.path.read_bytes()
    with pytest.raises(KeystoreExists):
        create_keystore(path, key_file)
    with pytest.raises(KeystoreExists):
        create_key_file(key_file.path)
    assert (path.read_bytes(), key_file.path.read_bytes()) == before


def test_the_wrong_key_file_or_passphrase_is_refused(key_file: KeyFile, path: Path, tmp_path: Path) -> None:
    create_keystore(path, key_file)
    for seal in (create_key_file(tmp_path / "other.key"), PHRASE):
        with pytest.raises(SealBroken):
            open_keystore(path, seal)
    create_keystore(tmp_path / "phrased", PHRASE)
    with pytest.raises(SealBroken) as refused:
        open_keystore(tmp_path / "phrased", Passphrase("another fair phrase"))
    assert "phrase" not in str(refused.value).replace("phrased", "")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_a_keystore_altered_in_any_byte_is_refused(key_file: KeyFile, path: Path, data: st.DataObject) -> None:
    if not path.exists():
        create_keystore(path, key_file)
    whole = path.read_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    flipped = whole[:at] + bytes([whole[at] ^ data.draw(st.integers(1, 255))]) + whole[at + 1 :]
    try:
        for altered in (flipped, whole[:at]):
            path.write_bytes(altered)
            with pytest.raises(KeystoreRefused):
                open_keystore(path, key_file)
    finally:
        path.write_bytes(whole)


@pytest.mark.parametrize(
    "content", [b"", b"x", MAGIC, MAGIC + b"{}\n", MAGIC + b"[]\nxx\n", MAGIC + b"null\n\n", b"\xff" * 99]
)
def test_what_is_no_keystore_is_refused(key_file: KeyFile, path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.touch(0o600)
    path.write_bytes(content)
    with pytest.raises(SealBroken):
        open_keystore(path, key_file)


def test_a_missing_file_is_refused(key_file: KeyFile, path: Path, tmp_path: Path) -> None:
    with pytest.raises(KeystoreMissing):
        open_keystore(path, key_file)
    create_keystore(path, key_file)
    with pytest.raises(KeystoreMissing):
        open_keystore(path, KeyFile(tmp_path / "nowhere"))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o777])
@pytest.mark.parametrize("which", ["key file", "keystore"])
def test_a_file_others_may_touch_is_refused(key_file: KeyFile, path: Path, mode: int, which: str) -> None:
    create_keystore(path, key_file)
    os.chmod(key_file.path if which == "key file" else path, mode)
    with pytest.raises(UnsafeFile):
        open_keystore(path, key_file)


def test_a_file_of_another_owner_is_refused(key_file: KeyFile, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    create_keystore(path, key_file)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(UnsafeFile):
        open_keystore(path, key_file)


def test_a_link_or_a_folder_is_refused(key_file: KeyFile, path: Path, tmp_path: Path) -> None:
    create_keystore(path, key_file)
    (tmp_path / "link").symlink_to(key_file.path)
    for place in (tmp_path / "link", tmp_path):
        with pytest.raises(UnsafeFile):
            open_keystore(path, KeyFile(place))


@pytest.mark.parametrize("secret", GUESSABLE + MISSIZED, ids=range(len(GUESSABLE + MISSIZED)))
def test_a_guessable_or_missized_key_is_refused(path: Path, tmp_path: Path, secret: bytes) -> None:
    weak = tmp_path / "weak.key"
    weak.touch(0o600)
    weak.write_bytes(secret)
    with pytest.raises(WeakKey) as refused:
        create_keystore(path, KeyFile(weak))
    assert not path.exists()
    assert "changeme" not in str(refused.value)


def test_a_short_passphrase_seals_nothing(path: Path) -> None:
    with pytest.raises(WeakKey):
        create_keystore(path, Passphrase("short"))
    assert "fair length" not in repr(PHRASE)


def test_keys_are_added_and_retired_and_the_rest_stays(key_file: KeyFile, path: Path) -> None:
    before = create_keystore(path, key_file).mac("upn/1", b"x")
    added = add_keys(path, key_file, ["vault/2", "upn/1"])
    assert added.current("vault") == "vault/2"
    left = remove_keys(path, key_file, ["vault/1"])
    assert "vault/1" not in repr(left)
    assert open_keystore(path, key_file).mac("upn/1", b"x") == before


def test_resealing_changes_what_opens_it_and_not_the_keys(key_file: KeyFile, path: Path) -> None:
    before = create_keystore(path, key_file).mac("upn/1", b"x")
    reseal(path, key_file, PHRASE)
    assert open_keystore(path, PHRASE).mac("upn/1", b"x") == before
    with pytest.raises(SealBroken):
        open_keystore(path, key_file)


def test_a_file_too_large_to_be_a_keystore_is_refused(key_file: KeyFile, path: Path) -> None:
    create_keystore(path, key_file)
    os.truncate(path, MAX_BYTES + 1)
    with pytest.raises(UnsafeFile):
        open_keystore(path, key_file)
