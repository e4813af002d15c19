"""Signed notes against the published example of the format, and against forgery."""

import base64
import contextlib
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.keys.keys import FIRST_LABELS, SoftwareKeyRing, new_keys
from governance.ledger.notes import NoteRefused, TreeHead, Verifier, read_note, signed

RING = SoftwareKeyRing(new_keys(FIRST_LABELS))
HEAD = TreeHead("example.org/log", 42, hashlib.sha256(b"root").digest())
NOTE = signed(HEAD, RING, "checkpoint/1")
KEY = Verifier("example.org/log", RING.public_key("checkpoint/1"))


def test_a_note_is_three_lines_an_empty_line_and_a_signature() -> None:
    lines = NOTE.split("\n")
    assert lines[:4] == ["example.org/log", "42", base64.b64encode(HEAD.root).decode(), ""]
    assert lines[4].startswith("— example.org/log ")
    signature = base64.b64decode(lines[4].split(" ")[2])
    assert signature[:4] == hashlib.sha256(b"example.org/log\n\x01" + KEY.public_key).digest()[:4]
    assert len(signature) == 68
    assert lines[5:] == [""]


def test_the_golang_checksum_databases_key_id_is_computed_as_published() -> None:
    published = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
    key = base64.b64decode(published.split("+", 2)[2])[1:]
    assert str(Verifier("sum.golang.org", key)) == published


def test_a_note_signed_by_a_known_key_is_read() -> None:
    other = Verifier("other.example", KEY.public_key)
    assert read_note(NOTE, [other, KEY]) == HEAD


def test_signatures_of_unknown_keys_are_ignored() -> None:
    thief = SoftwareKeyRing(new_keys(FIRST_LABELS))
    line = signed(HEAD, thief, "checkpoint/1").split("\n")[4] + "\n"
    assert read_note(NOTE + line, [KEY]) == HEAD
    with pytest.raises(NoteRefused):
        read_note(HEAD.text() + "\n" + line, [KEY])


def test_a_failing_signature_of_a_known_key_refuses_the_note_even_beside_a_good_one() -> None:
    bad = base64.b64encode(KEY.key_id + bytes(64)).decode()
    with pytest.raises(NoteRefused):
        read_note(NOTE + f"— example.org/log {bad}\n", [KEY])


@given(st.data())
def test_a_note_altered_anywhere_is_refused_or_says_the_same(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(NOTE) - 1))
    altered = NOTE[:at] + data.draw(st.characters(codec="utf-8")) + NOTE[at + 1 :]
    with contextlib.suppress(NoteRefused):
        assert read_note(altered, [KEY]) == HEAD


@given(st.text(max_size=200))
def test_reading_is_total(text: str) -> None:
    with pytest.raises(NoteRefused):
        read_note(text, [KEY])


@pytest.mark.parametrize("size", ["042", "-1", "+1", "1e3", "٤٢", "", "9" * 17])
def test_a_size_is_a_plain_decimal(size: str) -> None:
    text = f"example.org/log\n{size}\n{base64.b64encode(HEAD.root).decode()}\n"
    signature = base64.b64encode(KEY.key_id + RING.sign("checkpoint/1", text.encode())).decode()
    with pytest.raises(NoteRefused):
        read_note(f"{text}\n— example.org/log {signature}\n", [KEY])
