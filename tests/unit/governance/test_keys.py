import copy
import hashlib
import hmac
import pickle
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from governance.keys.keys import (
    FIRST_LABELS,
    USES,
    KeyRefused,
    SoftwareKeyRing,
    UnknownLabel,
    UnwrapFailed,
    Use,
    WrongUse,
    new_keys,
    parse_label,
)

FIXED = {label: hashlib.sha256(label.encode()).digest() for label in FIRST_LABELS}


def test_a_mac_is_hmac_sha_256_under_the_labels_own_key() -> None:
    ring = SoftwareKeyRing(FIXED)
    expected = hmac.new(FIXED["nhs-number/1"], b"data", hashlib.sha256).digest()
    assert ring.mac("nhs-number/1", b"data") == expected
    assert ring.mac_many("nhs-number/1", [b"data", b"other"])[0] == expected
    assert ring.mac("upn/1", b"data") != expected


def test_a_subkey_follows_rfc_5869_and_differs_by_label_and_info() -> None:
    ring = SoftwareKeyRing(FIXED)
    extracted = hmac.new(bytes(32), FIXED["encoding/1"], hashlib.sha256).digest()
    expected = hmac.new(extracted, b"encoding/1|family_name\x01", hashlib.sha256).digest()
    assert ring.subkey("encoding/1", "family_name") == expected
    others = {ring.subkey("encoding/1", "given_name"), ring.subkey("zone/1", "family_name"), expected}
    assert len(others) == 3


@pytest.mark.parametrize("family", sorted(set(USES) - {"project"}))
def test_each_family_does_exactly_what_the_table_allows(family: str, ring: SoftwareKeyRing) -> None:
    label = f"{family}/1"
    operations: dict[Use, Callable[[], bytes]] = {
        Use.MAC: lambda: ring.mac(label, b"x"),
        Use.DERIVE: lambda: ring.subkey(label, "x"),
        Use.SIGN: lambda: ring.sign(label, b"x"),
    }
    for use, operation in operations.items():
        if use in USES[family]:
            assert operation()
        else:
            with pytest.raises(WrongUse):
                operation()


@pytest.mark.parametrize("text", ["", "nhs-number", "nhs-number/0", "nhs-number/01", "other/1", "project/1", "upn/1/1"])
def test_what_is_not_a_label_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(UnknownLabel) as refused:
        parse_label(text)
    assert not text or text not in str(refused.value)


def test_a_project_has_labels_of_its_own() -> None:
    ring = SoftwareKeyRing(new_keys(["project/p1/1", "project/p2/1", "project/p1/2"]))
    assert ring.mac("project/p1/1", b"x") != ring.mac("project/p2/1", b"x")
    assert ring.current("project/p1") == "project/p1/2"
    with pytest.raises(UnknownLabel):
        ring.current("project/p3")


def test_versions_are_compared_as_numbers() -> None:
    assert SoftwareKeyRing(new_keys(["upn/9", "upn/10"])).current("upn") == "upn/10"


@given(st.binary(max_size=40), st.binary(max_size=40))
def test_a_data_key_opens_under_its_own_context_only(context: bytes, other: bytes) -> None:
    ring = SoftwareKeyRing(FIXED)
    data_key, wrapped = ring.new_data_key(context)
    assert ring.unwrap(wrapped, context) == data_key
    assert data_key not in wrapped
    if other != context:
        with pytest.raises(UnwrapFailed):
            ring.unwrap(wrapped, other)


@given(st.data())
def test_a_wrapped_key_altered_anywhere_is_refused(data: st.DataObject) -> None:
    ring = SoftwareKeyRing(FIXED)
    _, wrapped = ring.new_data_key(b"context")
    at = data.draw(st.integers(0, len(wrapped) - 1))
    flip = data.draw(st.integers(1, 255))
    altered = wrapped[:at] + bytes([wrapped[at] ^ flip]) + wrapped[at + 1 :]
    for bad in (altered, wrapped[:at]):
        with pytest.raises(UnwrapFailed):
            ring.unwrap(bad, b"context")


def test_rewrapping_keeps_the_data_key_and_frees_it_from_the_old_vault_key() -> None:
    keys = new_keys(["vault/1", "vault/2"])
    old = SoftwareKeyRing({"vault/1": keys["vault/1"]})
    data_key, wrapped = old.new_data_key(b"c")
    rewrapped = SoftwareKeyRing(keys).rewrap(wrapped, b"c")
    assert SoftwareKeyRing({"vault/2": keys["vault/2"]}).unwrap(rewrapped, b"c") == data_key
    with pytest.raises(UnwrapFailed):
        SoftwareKeyRing({"vault/2": keys["vault/2"]}).unwrap(wrapped, b"c")


def test_a_signature_verifies_under_the_public_key(ring: SoftwareKeyRing) -> None:
    signature = ring.sign("checkpoint/1", b"text")
    Ed25519PublicKey.from_public_bytes(ring.public_key("checkpoint/1")).verify(signature, b"text")


def test_a_ring_shows_labels_only_and_cannot_be_copied_out() -> None:
    ring = SoftwareKeyRing(FIXED)
    shown = repr(ring) + str(ring) + repr(ring.status())
    assert "nhs-number/1" in shown
    for key in FIXED.values():
        assert key.hex() not in shown
        assert repr(key) not in shown
    for take in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(KeyRefused):
            take(ring)


def test_no_error_of_a_ring_holds_a_key() -> None:
    short = {"upn/1": b"short-secret-material"}
    with pytest.raises(KeyRefused) as refused:
        SoftwareKeyRing(short)
    assert "short-secret-material" not in str(refused.value)
