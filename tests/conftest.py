"""Fixtures that everything shares: databases built by the migrations, on SQLite and on a real PostgreSQL."""

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.database import Database
from tests import postgres


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file at the newest revision, to be copied."""
    path = tmp_path_factory.mktemp("template") / "family-record.db"
    database = Database(f"sqlite:///{path}")
    database.migrate()
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[str]:
    """The address of a running PostgreSQL."""
    with postgres.cluster() as url:
        yield url


@pytest.fixture
def sqlite_database(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Database]:
    """A migrated SQLite database of the test's own."""
    path = tmp_path / "family-record.db"
    shutil.copy(migrated_sqlite, path)
    database = Database(f"sqlite:///{path}")
    yield database
    database.close()


@pytest.fixture
def postgres_database(postgres_cluster: str) -> Iterator[Database]:
    """A migrated PostgreSQL database of the test's own."""
    with postgres.fresh_database(postgres_cluster, f"t{uuid.uuid4().hex}") as url:
        database = Database(url)
        database.migrate()
        yield database
        database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Database:
    """The same test on both databases."""
    name = "sqlite_database" if request.param == "sqlite" else "postgres_database"
    chosen = request.getfixturevalue(name)
    assert isinstance(chosen, Database)
    return chosen
