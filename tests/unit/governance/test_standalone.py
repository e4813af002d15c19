"""The stand-alone verifier as an outsider runs it: one copied file, isolated, in an empty folder."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from governance.keys.keys import FIRST_LABELS, SoftwareKeyRing, new_keys
from governance.ledger import standalone
from governance.ledger.merkle import consistency_path, inclusion_path, leaf_hash, root
from governance.ledger.notes import ORIGIN, TreeHead, Verifier, signed
from governance.ledger.proofs import ConsistencyProof, InclusionProof

RING = SoftwareKeyRing(new_keys(FIRST_LABELS))
BODIES = [f'{{"entry":{n}}}' for n in range(23)]
LEAVES = [leaf_hash(body.encode()) for body in BODIES]


def over(start: int, end: int) -> bytes:
    return root(LEAVES[start:end])


def note(size: int, ring: SoftwareKeyRing = RING, leaves: list[bytes] = LEAVES) -> str:
    return signed(TreeHead(ORIGIN, size, root(leaves[:size])), ring, "checkpoint/1")


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds the verifier, the key and honest files, and nothing of this project."""
    folder = tmp_path_factory.mktemp("outside")
    shutil.copy(standalone.__file__, folder / "verify.py")
    (folder / "key").write_text(f"{Verifier(ORIGIN, RING.public_key('checkpoint/1'))}\n")
    (folder / "old").write_text(note(9))
    (folder / "new").write_text(note(23))
    included = InclusionProof("e", BODIES[7], 7, 23, inclusion_path(7, 23, over), note(23))
    (folder / "proof").write_text(included.with_entry())
    (folder / "bare").write_text(str(included))
    (folder / "entry").write_text(BODIES[7])
    (folder / "grown").write_text(str(ConsistencyProof(note(9), note(23), consistency_path(9, 23, over))))
    lines = [json.dumps({"index": n, "leaf_hash": "", "body": body}) for n, body in enumerate(BODIES)]
    (folder / "export").write_text("\n".join(lines) + "\n")
    return folder


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "verify.py", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


TRUE = {
    "checkpoint": ("checkpoint", "--key", "key", "new"),
    "inclusion": ("inclusion", "--key", "key", "proof"),
    "inclusion of a given entry": ("inclusion", "--key", "key", "--entry", "entry", "bare"),
    "consistency": ("consistency", "--key", "key", "--old", "old", "grown"),
    "the whole log": ("log", "--key", "key", "--checkpoint", "new", "export"),
    "the whole log as it was": ("log", "--key", "key", "--checkpoint", "old", "export"),
}


@pytest.mark.parametrize("what", list(TRUE))
def test_one_copied_file_checks_what_is_true(outside: Path, what: str) -> None:
    said = run(outside, *TRUE[what])
    assert (said.returncode, said.stderr) == (0, "")
    assert root(LEAVES[: 9 if "was" in what else 23]).hex() in said.stdout


def test_it_imports_nothing_of_ours(outside: Path) -> None:
    assert "governance" not in (outside / "verify.py").read_text().replace("linked-family-record", "")


def swapped(text: str, one: str, other: str) -> str:
    assert one in text
    return text.replace(one, other, 1)


def forged() -> str:
    """The whole log rewritten and signed by somebody else."""
    return note(23, SoftwareKeyRing(new_keys(FIRST_LABELS)), [leaf_hash(b"rewritten")] * 23)


FALSE: dict[str, tuple[str, str, Callable[[str], str]]] = {
    "another entry": ("inclusion", "proof", lambda text: swapped(text, "extra ", "extra e30=\nextra ")),
    "another index": ("inclusion", "proof", lambda text: swapped(text, "index 7", "index 8")),
    "an index beyond the tree": ("inclusion", "proof", lambda text: swapped(text, "index 7", "index 23")),
    "no entry at all": ("inclusion", "bare", lambda text: text),
    "an unsigned tree": ("inclusion", "proof", lambda text: text.rpartition("\n\n")[0] + "\n"),
    "somebody else's signature": ("checkpoint", "new", lambda text: forged()),
    "a rewritten past": ("consistency", "grown", lambda text: text.partition("\n\n")[0] + "\n\n" + forged()),
    "a proof of the other kind": ("consistency", "proof", lambda text: text),
    "an entry left out": ("log", "export", lambda text: text.partition("\n")[2]),
    "an entry altered": ("log", "export", lambda text: swapped(text, '\\"entry\\":4', '\\"entry\\":5')),
    "an export cut short": ("log", "export", lambda text: text[:300]),
    "no JSON": ("log", "export", lambda text: "[" * 100_000),
    "nothing": ("inclusion", "proof", lambda text: ""),
    "no text": ("checkpoint", "new", lambda text: "\udcff"),
}
MORE = {"consistency": ("--old", "old"), "log": ("--checkpoint", "new")}


@pytest.mark.parametrize("what", list(FALSE))
def test_everything_else_is_refused_with_a_reason(
    outside: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    kind, name, change = FALSE[what]
    altered = tmp_path / "altered"
    altered.write_bytes(change((outside / name).read_text()).encode("utf-8", "surrogateescape"))
    option = [str(outside / part) if part == MORE[kind][1] else part for part in MORE.get(kind, ())]
    assert standalone.main([kind, "--key", str(outside / "key"), *option, str(altered)]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("refused: ")


def test_a_file_that_is_missing_and_a_key_that_is_none_are_refused(
    outside: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for key, file in (("key", "nowhere"), ("nowhere", "new"), ("old", "new"), ("entry", "new")):
        assert standalone.main(["checkpoint", "--key", str(outside / key), str(outside / file)]) == 1
        assert capsys.readouterr().err.startswith("refused: ")


def test_it_refuses_in_a_process_of_its_own_with_exit_1(outside: Path) -> None:
    said = run(outside, "inclusion", "--key", "key", "bare")
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr == "refused: the proof carries no entry, and none was given\n"
