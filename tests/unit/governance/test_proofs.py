"""Proof files: what an outsider with one public key accepts, and everything else refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.keys.keys import FIRST_LABELS, SoftwareKeyRing, new_keys
from governance.ledger.merkle import consistency_path, inclusion_path, leaf_hash, root
from governance.ledger.notes import ORIGIN, NoteRefused, TreeHead, Verifier, signed
from governance.ledger.proofs import ConsistencyProof, InclusionProof
from governance.ledger.standalone import Head, Key, Refused, check_consistency, check_inclusion

RING = SoftwareKeyRing(new_keys(FIRST_LABELS))
LINE = Verifier(ORIGIN, RING.public_key("checkpoint/1"))
KNOWN = [Key(ORIGIN, RING.public_key("checkpoint/1"))]
BODIES = [f"entry {n}" for n in range(40)]
LEAVES = [leaf_hash(body.encode()) for body in BODIES]


def over(start: int, end: int) -> bytes:
    return root(LEAVES[start:end])


def note(size: int, ring: SoftwareKeyRing = RING) -> str:
    return signed(TreeHead(ORIGIN, size, root(LEAVES[:size])), ring, "checkpoint/1")


def inclusion(index: int, size: int) -> str:
    return str(InclusionProof("e", BODIES[index], index, size, inclusion_path(index, size, over), note(size)))


def consistency(earlier: int, later: int) -> str:
    return str(ConsistencyProof(note(earlier), note(later), consistency_path(earlier, later, over)))


@given(st.data(), st.integers(1, 40))
def test_a_true_proof_is_accepted_and_only_for_its_entry(data: st.DataObject, size: int) -> None:
    index = data.draw(st.integers(0, size - 1))
    text = inclusion(index, size)
    body = BODIES[index].encode()
    assert check_inclusion(text, body, KNOWN) == (index, Head(ORIGIN, size, root(LEAVES[:size])), body)
    with pytest.raises(Refused):
        check_inclusion(text, b"another", KNOWN)
    with pytest.raises(Refused):
        check_inclusion(text.replace(f"index {index}\n", f"index {index + 1}\n"), BODIES[index].encode(), KNOWN)


@given(st.data(), st.integers(1, 40))
def test_a_log_that_grew_is_told_from_one_that_was_rewritten(data: st.DataObject, later: int) -> None:
    earlier = data.draw(st.integers(1, later))
    text = consistency(earlier, later)
    before, after = check_consistency(text, note(earlier), KNOWN)
    assert (before.size, after.size) == (earlier, later)
    rewritten = signed(TreeHead(ORIGIN, earlier, leaf_hash(b"rewritten")), RING, "checkpoint/1")
    with pytest.raises(Refused):
        check_consistency(text, rewritten, KNOWN)


def test_extra_data_is_skipped_and_not_believed() -> None:
    text = inclusion(3, 9).replace("index", "extra AAAA\nindex", 1)
    assert check_inclusion(text, BODIES[3].encode(), KNOWN)[0] == 3


def test_a_proof_under_a_checkpoint_of_an_unknown_key_is_refused() -> None:
    thief = SoftwareKeyRing(new_keys(FIRST_LABELS))
    forged = str(InclusionProof("e", BODIES[0], 0, 1, (), note(1, thief)))
    with pytest.raises(Refused):
        check_inclusion(forged, BODIES[0].encode(), KNOWN)


@given(st.data())
def test_an_altered_proof_is_refused_or_says_the_same(data: st.DataObject) -> None:
    text = inclusion(11, 40)
    at = data.draw(st.integers(0, len(text) - 1))
    altered = text[:at] + data.draw(st.characters(codec="utf-8")) + text[at + 1 :]
    try:
        said = check_inclusion(altered, BODIES[11].encode(), KNOWN)
    except Refused:
        return
    assert said == check_inclusion(text, BODIES[11].encode(), KNOWN)


@given(st.text(max_size=300))
def test_reading_is_total(text: str) -> None:
    for kind in ("", "c2sp.org/tlog-proof@v1\n", "linked-family-record/consistency-proof@v1\n"):
        with pytest.raises(Refused):
            check_inclusion(kind + text, b"", KNOWN)
        with pytest.raises(Refused):
            check_consistency(kind + text, note(1), KNOWN)


@pytest.mark.parametrize("line", ["", "x", "a+b+c", f"{LINE}x", str(LINE).replace("+", "-", 1)], ids=range(5))
def test_what_is_no_verifier_key_is_refused(line: str) -> None:
    with pytest.raises(NoteRefused):
        Verifier.parse(line)


def test_a_verifier_key_line_reads_back() -> None:
    assert Verifier.parse(f"{LINE}\n") == LINE
