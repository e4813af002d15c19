"""Migrations are code: up, down and up again on both databases, and what they forbid stays forbidden."""

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.database import Database, alembic_config

ENTRY = (
    "INSERT INTO audit_entry (id, recorded_at, kind, outcome, body, leaf_hash) "
    "VALUES (:id, '2026-11-22 09:00:00+00:00', 'search', 'done', '{}', :leaf)"
)


def _config(database: Database) -> Config:
    return alembic_config(database.engine.url.render_as_string(hide_password=False))


def test_the_models_and_the_migrations_agree(database: Database) -> None:
    command.check(_config(database))
    assert database.at_head()


def test_every_revision_goes_down_and_up_again(database: Database) -> None:
    command.downgrade(_config(database), "base")
    assert not database.at_head()
    database.migrate()
    assert database.at_head()


@pytest.mark.parametrize("act", ["UPDATE audit_entry SET kind = 'x'", "DELETE FROM audit_entry"])
def test_the_ledger_takes_inserts_only(database: Database, act: str) -> None:
    with database.writing() as session:
        session.execute(text(ENTRY), {"id": "0" * 32, "leaf": "0" * 64})
    with pytest.raises(DBAPIError, match="INSERT only"), database.writing() as session:
        session.execute(text(act))


def test_replacing_an_entry_is_no_way_round(sqlite_database: Database) -> None:
    with sqlite_database.writing() as session:
        session.execute(text(ENTRY), {"id": "0" * 32, "leaf": "0" * 64})
    with pytest.raises(DBAPIError, match="INSERT only"), sqlite_database.writing() as session:
        session.execute(text(ENTRY.replace("INSERT", "INSERT OR REPLACE")), {"id": "0" * 32, "leaf": "1" * 64})


def test_a_failed_statement_does_not_show_its_parameters(database: Database) -> None:
    with pytest.raises(DBAPIError) as raised, database.writing() as session:
        session.execute(text("INSERT INTO nowhere (a) VALUES (:a)"), {"a": "CANARY"})
    assert "CANARY" not in str(raised.value)
