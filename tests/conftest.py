"""Fixtures that everything shares: databases built by the migrations, on SQLite and on a real PostgreSQL."""

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.database import Database
from tests import county as counties
from tests import postgres
from tests.county import County


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


@pytest.fixture(scope="session")
def built_county(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the small county lies, built once for all test processes of a run."""
    root = tmp_path_factory.getbasetemp()
    place = (root.parent if root.name.startswith("popen-") else root) / "county"
    counties.build(place)
    return place


@pytest.fixture(scope="module")
def county(built_county: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    """The county, for a module that does not mind what its own tests change."""
    with counties.copied(built_county, tmp_path_factory.mktemp("county")) as made:
        yield made


@pytest.fixture
def own_county(built_county: Path, tmp_path: Path) -> Iterator[County]:
    """The county, for one test alone."""
    with counties.copied(built_county, tmp_path) as made:
        yield made
