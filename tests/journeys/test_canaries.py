"""Planted identifiers, in good rows and bad, through the whole path as an operator and a visitor would walk it.

They must appear nowhere under the data folder (other than as ciphertext), in nothing a command prints, in no log, no
error and no address; in no spelling.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.canaries import CANARIES, found_in, found_under
from tests.small_files import SPEC, row, write

COMMAND = str(Path(sys.executable).with_name("family-record"))
PLANTED = {
    "nhs": CANARIES["nhs"],
    "given": CANARIES["given"],
    "family": CANARIES["family"],
    "dob": CANARIES["dob"],
    "address": CANARIES["address"],
    "postcode": CANARIES["postcode"],
}


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {**os.environ, "FAMILY_RECORD_HOME": str(tmp_path / "home"), "FAMILY_RECORD_MODE": "demo"}


def _run(environment: dict[str, str], *arguments: str) -> tuple[int, bytes]:
    done = subprocess.run([COMMAND, *arguments], env=environment, capture_output=True, timeout=120)
    return done.returncode, done.stdout + done.stderr


def _files(folder: Path) -> Iterator[Path]:
    good = [row(number) for number in range(1, 40)] + [row(40, **PLANTED)]
    yield write(folder / "good.csv", good)
    bad_rows = [row(41, **(PLANTED | {"id": ""})), row(42, **(PLANTED | {"nhs": CANARIES["nhs"][:-1] + "7"}))]
    yield write(folder / "bad-rows.csv", [*good, *bad_rows])
    yield write(folder / "clash.csv", [row(50, **PLANTED), row(50, **(PLANTED | {"given": "Other"}))])
    canaries = ",".join(CANARIES.values())
    for name, text in {
        "headerless.csv": f"{canaries}\n" * 3,
        "quote.csv": 'id,nhs,given,family,dob,address,postcode,visited,kind\n1,"' + f"{canaries}\n" * 5,
        "ragged.csv": f"id,nhs,given,family,dob,address,postcode,visited,kind\n{canaries},,,,,,,,,\n",
        "nul.csv": f"id,nhs,given,family,dob,address,postcode,visited,kind\n1,\0{canaries},2026-03-04,\n",
    }.items():
        path = folder / name
        path.write_text(text, encoding="utf-8")
        yield path


@contextmanager
def _served(environment: dict[str, str], log: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    with log.open("wb") as file:
        server = subprocess.Popen(
            [COMMAND, "serve"], env={**environment, "FAMILY_RECORD_PORT": str(port)}, stdout=file, stderr=file
        )
        try:
            for _ in range(150):
                try:
                    httpx2.get(f"{address}/healthz", timeout=1)
                    break
                except httpx2.TransportError:
                    time.sleep(0.2)
            yield address
        finally:
            server.terminate()
            server.wait(timeout=30)


def _knock(address: str) -> bytes:
    """Send the canaries at every kind of door, signed in as nobody; return everything that came back."""
    heard = b""
    with httpx2.Client(base_url=address, follow_redirects=True, timeout=20) as client:
        for path in ("/search", "/v1/search", "/sign-in", "/cohorts", "/v1/cohorts", "/v1/sessions", "/audit"):
            for answer in (client.post(path, json=PLANTED), client.post(path, data=PLANTED)):
                heard += answer.content + str(answer.headers).encode() + str(answer.url).encode()
            answer = client.post(path, content=b"{" + CANARIES["family"].encode())
            heard += answer.content
    return heard


def test_no_identifier_is_left_anywhere(environment: dict[str, str], tmp_path: Path) -> None:
    spec, printed = tmp_path / "visits.yaml", b""
    spec.write_text(SPEC, encoding="utf-8")
    assert _run(environment, "init")[0] == 0
    (tmp_path / "extracts").mkdir()
    codes = []
    for path in _files(tmp_path / "extracts"):
        code, text = _run(environment, "ingest", "--dataset", str(spec), str(path))
        codes.append(code)
        printed += text
    assert codes == [0, 0, 0, 3, 3, 0, 3]
    for command in (["link"], ["loads", "list"], ["audit", "anchor"], ["audit", "verify"]):
        code, text = _run(environment, *command)
        assert code == 0, text
        printed += text
    with _served(environment, tmp_path / "server.log") as address:
        heard = _knock(address)
    assert len(heard) > 1000
    home = Path(environment["FAMILY_RECORD_HOME"])
    shutil.copytree(home.with_name("home.anchors"), home / "anchors-to-search")
    assert found_in(printed) == []
    assert found_in(heard) == []
    assert found_in((tmp_path / "server.log").read_bytes()) == []
    assert found_under(home) == []
