"""The service killed, and its power cut, at a few moments; `make prove` does hundreds."""

import random
import sqlite3
from pathlib import Path

import pytest

from benchmarks.power import postgresql_survives, sqlite_survives, synced


@pytest.mark.slow
def test_nothing_shown_unlogged_and_nothing_acknowledged_is_lost_on_sqlite() -> None:
    found = sqlite_survives(6, seed=11, longest=0.3)
    assert found.wrong == []
    assert found.points == {"kill −9": 3, "power cut": 3}
    assert min(found.shown, found.withdrawn, found.anchored) > 0


@pytest.mark.slow
def test_nothing_shown_unlogged_and_nothing_acknowledged_is_lost_on_postgresql() -> None:
    found = postgresql_survives(2, seed=11, longest=0.3)
    assert found.wrong == []
    assert sum(found.points.values()) == 2
    assert min(found.shown, found.withdrawn, found.anchored) > 0


def test_the_model_knows_where_the_last_commit_ends(tmp_path: Path) -> None:
    """An independent check: the log cut there holds every row, cut one byte earlier it does not."""
    path, chance = tmp_path / "a.db", random.Random(1)
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("PRAGMA journal_mode=WAL")
    writer.execute("CREATE TABLE t (n)")
    for n in range(20):
        writer.execute("INSERT INTO t VALUES (?)", (chance.randbytes(50 * n),))
    wal = Path(f"{path}-wal")
    end, *_ = synced(wal, (0, 0, 0))
    for cut, rows in ((end, 20), (end - 1, 19)):
        copy = tmp_path / f"{cut}.db"
        copy.write_bytes(path.read_bytes())
        Path(f"{copy}-wal").write_bytes(wal.read_bytes()[:cut])
        with sqlite3.connect(copy) as reader:
            assert reader.execute("SELECT count(*) FROM t").fetchone() == (rows,)
        reader.close()
    writer.close()
