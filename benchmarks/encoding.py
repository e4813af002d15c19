"""How many rows a second are read and encoded, beside clkhash on the same file, fields and number of processes.

clkhash pins an old cryptography, so it runs in an environment of its own under `.peers/`, made on first use."""

import csv
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa

from app.county.names.groups import GROUPS
from benchmarks.section import Section
from governance.keys.keys import FIRST_LABELS, SoftwareKeyRing, new_keys
from linkage.encoding.encode import encode_columns, rekey
from linkage.intake.extracts import open_extract
from linkage.intake.spec import parse_spec
from linkage.intake.validate import batches
from linkage.partner.encoding_run import encoded

ROWS = 200_000
PEER_ROWS = 40_000
PEERS = Path(__file__).resolve().parent.parent / ".peers"
PINNED = ("clkhash==0.18.3", "anonlink==0.15.3")
SPEC = """
dataset: measured
provider: Somebody
record_id: Id
identifiers:
  {given_name: First, family_name: Last, date_of_birth: Born, sex: Sex, address: Address, postcode: Postcode,
   nhs_number: NHS}
"""
_STREETS = ("High Street", "Mill Lane", "Station Road", "Kingfisher Terrace", "Park Avenue", "Heol Fawr", "The Green")


def measure(rows: int = ROWS) -> Section:
    """Encode one file by each side with one and two processes."""
    with tempfile.TemporaryDirectory(prefix="family-record-") as folder:
        path, sample = Path(folder) / "rows.csv", Path(folder) / "sample.csv"
        write_rows(path, rows)
        write_rows(sample, PEER_ROWS)
        told = [_columns_only(path)]
        for processes in (1, 2):
            ours, peer = _ours(path, processes), _peer(sample, processes)
            told.append((f"read, encode and re-key, {processes} process(es)", f"{ours:,.0f} rows/s"))
            told.append((f"clkhash, {processes} process(es)", f"{peer:,.0f} rows/s: ours is {ours / peer:.1f} x"))
    return Section(f"Encoding {rows:,} rows of seven fields, from a CSV file", tuple(told))


def write_rows(path: Path, rows: int) -> None:
    """A seeded file of people: skewed names with some typing errors, one row in twenty without a date of birth."""
    drawn = random.Random(5)
    given = [name for group in GROUPS for bank in (group.women, group.men) for name in bank.names]
    family = [name for group in GROUPS for name in group.surnames.names]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Id", "First", "Last", "Born", "Sex", "Address", "Postcode", "NHS"])
        for at in range(rows):
            born = date(1950, 1, 1) + timedelta(drawn.randrange(27_000))
            writer.writerow([
                f"R{at:08d}", _typed(drawn, given), _typed(drawn, family),
                born.isoformat() if drawn.random() > 0.05 else "", drawn.choice("FM"),
                f"{drawn.randrange(1, 200)} {drawn.choice(family)} {drawn.choice(_STREETS)}, Marlford",
                f"MR{drawn.randrange(1, 30)} {drawn.randrange(1, 10)}{''.join(drawn.choices('ABDEFGH', k=2))}",
                _nhs_number(at % 600_000),
            ])  # fmt: skip


def _typed(drawn: random.Random, names: list[str]) -> str:
    name = names[int(len(names) * drawn.random() ** 2)]
    if drawn.random() > 0.1:
        return name
    at = drawn.randrange(len(name))
    return name[:at] + drawn.choice("aeiorstn") + name[at + 1 :]


def _nhs_number(at: int) -> str:
    """A number of the 999 range, with its check digit where there is one."""
    digits = f"999{at:06d}"
    check = -sum(int(sign) * weight for sign, weight in zip(digits, range(10, 1, -1), strict=True)) % 11
    return f"{digits}{check % 10}"


def _rate(rows: int, act: Callable[[], object]) -> float:
    before = time.perf_counter()
    act()
    return rows / (time.perf_counter() - before)


def _columns_only(path: Path) -> tuple[str, str]:
    """Encoding alone, from columns in memory."""
    spec, ring = parse_spec(SPEC), SoftwareKeyRing(new_keys(FIRST_LABELS))
    extract = open_extract(path, spec)
    batch = next(batches(extract, spec, size=100_000))
    people = batch.people["self"].by_column()
    rows, text = len(people), pa.repeat(pa.scalar(""), len(people))
    flag = pa.repeat(pa.scalar(False), rows)
    roles = dict.fromkeys(("role_id", "record_id", "dataset", "provider", "role"), text)
    roles |= {"unborn": flag, "one_row_per_person": flag}
    made = [encode_columns(roles, people, ring)]
    encoding = _rate(rows, lambda: encode_columns(roles, people, ring))
    rekeying = _rate(rows, lambda: rekey(made[0], ring))
    return "encode, re-key: from columns, 1 process", f"{encoding:,.0f} rows/s, {rekeying:,.0f} rows/s"


def _ours(path: Path, processes: int) -> float:
    spec, ring = parse_spec(SPEC), SoftwareKeyRing(new_keys(FIRST_LABELS))
    found: list[int] = []

    def run() -> None:
        tables = encoded(open_extract(path, spec), spec, ring, processes=processes)
        found.append(sum(table.num_rows for table in tables))

    seconds_per_row = 1 / _rate(1, run)
    return found[0] / seconds_per_row


def peer_python() -> Path:
    """The interpreter of the peers' environment, made where it is not there."""
    python = PEERS / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(PEERS)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *PINNED], check=True)
    return python


def _peer(path: Path, processes: int) -> float:
    script = Path(__file__).parent / "peers" / "clkhash_encode.py"
    ran = subprocess.run(
        [str(peer_python()), str(script), str(path), str(processes)], check=True, capture_output=True, text=True
    )
    told = json.loads(ran.stdout.splitlines()[-1])
    return float(told["rows"]) / float(told["seconds"])


if __name__ == "__main__":
    for name, value in measure().rows:
        sys.stdout.write(f"{name}: {value}\n")
