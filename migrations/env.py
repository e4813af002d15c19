"""Alembic's entry: both leaves' tables, a lock timeout, one transaction for each migration.

The database address comes from the caller (`app.database`) or, on the command line, from the settings.
"""

from alembic import context
from sqlalchemy import text

from app.database import make_engine
from app.settings import Settings
from governance import store as governance_store
from linkage import store as linkage_store

TARGET = [governance_store.metadata, linkage_store.metadata]


def run() -> None:
    """Run the migrations online."""
    url = context.config.attributes.get("url") or Settings().url
    engine = make_engine(url).execution_options(writing=True)
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET lock_timeout = '5s'"))
            connection.commit()
        context.configure(
            connection=connection, target_metadata=TARGET, transaction_per_migration=True, render_as_batch=False
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
