"""The database: one engine, reading and writing sessions, migrations.

Invariants: nothing is opened at import; SQLite runs in WAL with `synchronous=FULL`, foreign keys on and one writer
(writes begin IMMEDIATE); statement parameters never reach an exception or a log; a session commits only where its owner
says so, never after a reply has begun.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.orm import Session

PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "busy_timeout=30000",
    "secure_delete=ON",
    "recursive_triggers=ON",
)
"""`recursive_triggers` makes REPLACE fire the triggers that forbid deleting."""

ROOT = Path(__file__).resolve().parent.parent


def make_engine(url: str) -> Engine:
    """Open an engine on SQLite or PostgreSQL with this house's safety settings."""
    engine = create_engine(url, hide_parameters=True, pool_pre_ping=True)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _harden_sqlite)
        event.listen(engine, "begin", _begin)
    return engine


def _harden_sqlite(connection: SqliteConnection, _record: Any) -> None:
    # The driver's own transaction handling would start no transaction before a SELECT; SQLAlchemy begins instead.
    connection.isolation_level = None
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Any) -> None:
    writing = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


class Database:
    """One engine, and the two kinds of session that stand on it."""

    def __init__(self, url: str) -> None:
        self.engine = make_engine(url)
        self._writer = self.engine.execution_options(writing=True)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Yield a session whose work is rolled back at the end."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session
            session.rollback()

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Yield a session for one act: committed when the block ends well, rolled back when it raises."""
        with Session(self._writer, expire_on_commit=False) as session, session.begin():
            yield session

    def migrate(self) -> None:
        """Bring the schema to the newest revision."""
        command.upgrade(alembic_config(str(self.engine.url.render_as_string(hide_password=False))), "head")

    def at_head(self) -> bool:
        """Tell whether the schema is the one this code expects."""
        head = ScriptDirectory.from_config(alembic_config("")).get_current_head()
        with self.engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision() == head

    def close(self) -> None:
        self.engine.dispose()


def alembic_config(url: str) -> Config:
    """Return Alembic's configuration for this database address."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.attributes["url"] = url
    return config
