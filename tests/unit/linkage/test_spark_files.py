"""Files of a run: whoever holds the run's key reads them; nobody else does, and nothing in them lies open."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage.spark.files import RunFiles, Unreadable

KEY, OTHER = b"k" * 32, b"o" * 32
SECRET = 7_310_000_000_000_000_777
TABLE = pa.table({"given_of_somebody": pa.array([SECRET, None, 3], pa.int64())})


def test_what_is_written_is_read(tmp_path: Path) -> None:
    files = RunFiles(KEY)
    assert files.write(tmp_path / "x", [TABLE, TABLE.slice(1)]) == 5
    assert [part.to_pydict() for part in files.read(tmp_path / "x")] == [TABLE.to_pydict(), TABLE.slice(1).to_pydict()]


def test_another_key_reads_nothing(tmp_path: Path) -> None:
    RunFiles(KEY).write(tmp_path / "x", [TABLE])
    with pytest.raises(Unreadable) as refused:
        list(RunFiles(OTHER).read(tmp_path / "x"))
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__
    with pytest.raises(OSError, match="encrypted"):
        pq.read_table(tmp_path / "x" / "part-00000.parquet")


def test_neither_values_nor_column_names_lie_open(tmp_path: Path) -> None:
    RunFiles(KEY).write(tmp_path / "x", [TABLE])
    held = (tmp_path / "x" / "part-00000.parquet").read_bytes()
    assert held[:4] == held[-4:] == b"PARE"
    assert b"given_of_somebody" not in held
    assert SECRET.to_bytes(8, "little") not in held


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    RunFiles(KEY).write(tmp_path / "x", [TABLE])
    path = tmp_path / "x" / "part-00000.parquet"
    held = bytearray(path.read_bytes())
    held[40] ^= 1
    path.write_bytes(bytes(held))
    with pytest.raises(Unreadable):
        list(RunFiles(KEY).read(tmp_path / "x"))


def test_equal_tables_give_unequal_files(tmp_path: Path) -> None:
    RunFiles(KEY).write(tmp_path / "x", [TABLE, TABLE])
    one, other = (path.read_bytes() for path in sorted((tmp_path / "x").iterdir()))
    assert one[4:40] != other[4:40]


def test_the_key_is_not_shown() -> None:
    assert repr(RunFiles(KEY)) == "RunFiles()"
