"""Linking cut off by kill −9 at random moments: the next run finds the same persons; nobody untouched changes id."""

import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from os import environ
from pathlib import Path

from app.deployment import open_deployment
from app.linking import run_link
from app.settings import Settings
from benchmarks.section import Section, family_record

SPEC = """
dataset: {name}
provider: Somebody New {name}
record_id: id
identifiers:
  given_name: given
  family_name: family
  date_of_birth: born
  address: address
  postcode: postcode
"""
_GIVEN = ("Ffion", "Gareth", "Megan", "Rhys", "Cerys", "Owain", "Ayesha", "Tomos", "Zofia", "Dylan", "Nia", "Idris")
_FAMILY = ("Roberts", "Pritchard", "Kowalski", "Okafor", "Hughes", "Begum", "Lloyd", "Marsh", "Vaughan", "Bowen")


@dataclass(frozen=True, slots=True)
class Killed:
    """How many runs were cut off, how many of these while they worked, and what differed afterwards."""

    runs: int
    cut_off: int
    other_persons: int
    changed_ids: int


def _write(folder: Path, name: str, people: range, seed: int) -> tuple[Path, Path]:
    chance, slips = random.Random(7), random.Random(seed)
    lines = ["id,given,family,born,address,postcode"]
    for at in range(people.stop):
        born = date(2016, 1, 1) + timedelta(days=chance.randrange(3000))
        given, family = chance.choice(_GIVEN), chance.choice(_FAMILY)
        home = f"{chance.randrange(1, 90)} Mill Lane,ZZ{chance.randrange(1, 9)} {chance.randrange(1, 9)}AB"
        written = given[:-1] if slips.random() < 0.1 else given
        if at >= people.start:
            lines.append(f"{name}{at},{written},{family},{born},{home}")
    spec, data = folder / f"{name}.yaml", folder / f"{name}.csv"
    spec.write_text(SPEC.format(name=name), encoding="utf-8")
    data.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return spec, data


def _ingest(home: Path, folder: Path, name: str, people: range, seed: int) -> None:
    spec, data = _write(folder, name, people, seed)
    family_record(home, "ingest", "--dataset", str(spec), str(data))


def _copied(home: Path, to: Path) -> Path:
    """A copy of everything that a deployment is: its data folder, key and anchors."""
    for name in (home.name, f"{home.name}.key", f"{home.name}.anchors"):
        held = home.with_name(name)
        if held.is_dir():
            shutil.copytree(held, to / name)
        elif held.exists():
            shutil.copy2(held, to / name)
    return to / home.name


def _link(home: Path, kill_after: float | None = None) -> tuple[float, bool]:
    """Link in a process of its own, perhaps killed so long after it began; how long it took, and whether it ended."""
    environment = {**environ, "FAMILY_RECORD_HOME": str(home), "FAMILY_RECORD_MODE": "demo"}
    command = [sys.executable, "-m", "benchmarks.killed"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment) as child:
        assert child.stdout is not None
        child.stdout.readline()
        began = time.perf_counter()
        if kill_after is not None:
            time.sleep(kill_after)
            child.send_signal(signal.SIGKILL)
        child.wait()
    return time.perf_counter() - began, child.returncode == 0


def _persons(home: Path) -> dict[str, str]:
    # Closed at once, and not opened for reading alone: who only reads leaves behind a log that others then delete.
    with closing(sqlite3.connect(home / "family-record.db")) as opened:
        return dict(opened.execute("SELECT id, person_id FROM record_role").fetchall())


def _groups(found: Mapping[str, str]) -> set[frozenset[str]]:
    groups: dict[str, set[str]] = defaultdict(set)
    for role, who in found.items():
        groups[who].add(role)
    return {frozenset(group) for group in groups.values()}


def _kill(home: Path, runs: int, seed: int) -> Killed:
    """Kill a link of this deployment at so many moments, each time on a fresh copy, and link again."""
    chance = random.Random(seed)
    before = _persons(home)
    with tempfile.TemporaryDirectory(prefix="family-record-") as folder:
        control = _copied(home, Path(folder))
        took, _ = _link(control)
        expected = _persons(control)
    stays = {role for role, who in before.items() if who is not None and expected[role] == who}
    cut_off = other = changed = 0
    for _ in range(runs):
        with tempfile.TemporaryDirectory(prefix="family-record-") as folder:
            copy = _copied(home, Path(folder))
            _, ended = _link(copy, kill_after=chance.uniform(0, took))
            cut_off += not ended
            if not _link(copy)[1]:
                raise RuntimeError("linking did not recover from being killed")
            found = _persons(copy)
        other += _groups(found) != _groups(expected)
        changed += sum(found[role] != before[role] for role in stays)
    return Killed(runs, cut_off, other, changed)


def killed(people: int, runs: int, seed: int = 1) -> tuple[Killed, Killed]:
    """Kill a first link, and an incremental one, `runs` times each."""
    with tempfile.TemporaryDirectory(prefix="family-record-") as folder:
        place = Path(folder)
        home = place / "home"
        family_record(home, "init")
        _ingest(home, place, "a", range(people), 1)
        _ingest(home, place, "b", range(people), 2)
        first = _kill(home, runs, seed)
        _link(home)
        _ingest(home, place, "c", range(people - people // 6, people + people // 20), 3)
        return first, _kill(home, runs, seed + 1)


def measure() -> Section:
    """A hundred random moments of each."""
    rows = []
    for name, found in zip(("a first link", "an incremental link"), killed(2_000, 100), strict=True):
        rows.append((f"{name}: killed −9 while working", f"{found.cut_off} of {found.runs}"))
        rows.append((f"{name}: runs after which persons differed", str(found.other_persons)))
        rows.append((f"{name}: roles of untouched persons with another id", str(found.changed_ids)))
    return Section("Linking killed at 100 random moments", tuple(rows))


def main() -> None:
    """Say when everything is loaded, then link."""
    with open_deployment(Settings()) as deployment:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        run_link(deployment)


if __name__ == "__main__":
    main()
