"""Several processes encode an extract as one does."""

from pathlib import Path

import pytest

from linkage.encoding.encode import FILTERS, TOKENS
from linkage.intake.extracts import open_extract
from linkage.intake.readers.outcome import FileRefused
from linkage.intake.spec import parse_spec
from linkage.partner.encoding_run import encoded
from tests.unit.linkage.linkage_keys import TestKeys

SPEC = parse_spec("""
dataset: d
provider: P
record_id: Id
people:
  self: {given_name: First, family_name: Last, date_of_birth: Born}
  carer: {given_name: Carer}
""")
KEYS = TestKeys()


def _written(folder: Path, rows: int = 60) -> Path:
    lines = [
        f"{at},Name{chr(97 + at % 26)}z,Jones{'' if at % 7 else 'é'},2019-01-{at % 28 + 1:02d}," for at in range(rows)
    ]
    lines = [line + ("Ann" if at % 3 else "") for at, line in enumerate(lines)]
    path = folder / "extract.csv"
    path.write_text("Id,First,Last,Born,Carer\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return path


def _all(path: Path, processes: int) -> list[tuple[object, ...]]:
    tables = encoded(open_extract(path, SPEC), SPEC, KEYS, processes=processes, stretch=7)
    names = ["role", *TOKENS, *(f"{name}{half}" for name in FILTERS for half in (0, 1))]
    rows = [row for table in tables for row in table.select(names).to_pylist()]
    return sorted((tuple(row.values()) for row in rows), key=str)


def test_two_processes_encode_as_one_does(tmp_path: Path) -> None:
    path = _written(tmp_path)
    alone = _all(path, 1)
    assert len(alone) == 60 + 40
    assert _all(path, 2) == alone


def test_a_file_that_changed_is_refused_in_every_process(tmp_path: Path) -> None:
    path = _written(tmp_path)
    extract = open_extract(path, SPEC)
    _written(tmp_path, rows=50)
    with pytest.raises(FileRefused):
        list(encoded(extract, SPEC, KEYS, processes=2, stretch=7))
