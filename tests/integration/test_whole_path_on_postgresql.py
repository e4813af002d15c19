"""The whole path on PostgreSQL: extracts in, persons, decisions, a ledger that verifies; and again without change."""

from pathlib import Path

from app.database import Database
from app.demo import Demonstration, prepare
from app.settings import Mode, Settings

UNCHANGED = ("persons", "families", "precision", "recall", "f1_between")


def test_the_demonstration_runs_and_repeats_on_postgresql(postgres_database: Database, tmp_path: Path) -> None:
    url = postgres_database.engine.url.render_as_string(hide_password=False)
    settings = Settings(mode=Mode.DEMO, home=tmp_path / "home", database_url=url)
    wanted = Demonstration(families=30, seed=3, county=tmp_path / "county")
    first = prepare(settings, wanted)
    again = prepare(settings, wanted)
    assert first["ledger_verified"]
    assert again["ledger_verified"]
    assert first["rows_accepted"] + sum(first["rows_rejected"].values()) == first["rows_in"]
    assert (again["rows_accepted"], again["rows_already_held"]) == (0, first["rows_in"])
    assert {name: again[name] for name in UNCHANGED} == {name: first[name] for name in UNCHANGED}
    assert first["f1_between"] > 0.98
