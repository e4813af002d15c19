"""Which engine scores: this process unless a cluster is asked for with all that it takes."""

from pathlib import Path

import pytest
import typer

from app import engines
from app.commands import linking
from app.commands.output import Exit, guarded
from app.engines import EngineRefused, Where, chosen_engine
from app.settings import Settings
from governance.keys.keystore import KeystoreRefused
from linkage.run import HERE

MASTER = "spark://cluster:7077"


def _settings(place: Path, secret: bytes | None = b"s" * 40 + b"\n", mode: int = 0o600) -> Settings:
    if secret is not None:
        (place / "secret").write_bytes(secret)
        (place / "secret").chmod(mode)
    return Settings(home=place / "home", spark_secret_file=place / "secret", spark_work_dir=place / "work")


def test_this_process_scores_unless_a_cluster_is_asked_for(tmp_path: Path) -> None:
    assert chosen_engine(Where.DUCKDB, Settings(home=tmp_path), None) is HERE
    with pytest.raises(EngineRefused, match="--engine spark"):
        chosen_engine(Where.DUCKDB, Settings(home=tmp_path), MASTER)


def test_a_cluster_takes_a_master_a_secret_and_a_work_folder(tmp_path: Path) -> None:
    with pytest.raises(EngineRefused, match="--master"):
        chosen_engine(Where.SPARK, _settings(tmp_path), None)
    with pytest.raises(EngineRefused, match="SECRET_FILE"):
        chosen_engine(Where.SPARK, Settings(home=tmp_path / "home"), MASTER)
    found = chosen_engine(Where.SPARK, _settings(tmp_path), MASTER)
    assert found.name == "spark"


@pytest.mark.parametrize(("secret", "mode"), [(None, 0o600), (b"s" * 40, 0o644)])
def test_a_secret_that_others_may_read_or_that_is_not_there_is_refused(
    tmp_path: Path, secret: bytes | None, mode: int
) -> None:
    with pytest.raises(KeystoreRefused):
        chosen_engine(Where.SPARK, _settings(tmp_path, secret, mode), MASTER)


def test_a_secret_that_is_not_text_is_refused_without_being_shown(tmp_path: Path) -> None:
    with pytest.raises(EngineRefused, match="ASCII") as refused:
        chosen_engine(Where.SPARK, _settings(tmp_path, b"\xff" * 40), MASTER)
    assert refused.value.__context__ is None


def test_where_spark_is_not_installed_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_name: str) -> None:
        raise ModuleNotFoundError(name="pyspark.sql")

    monkeypatch.setattr(engines, "import_module", missing)
    with pytest.raises(EngineRefused, match=r"linked-family-record\[spark\]"):
        chosen_engine(Where.SPARK, _settings(tmp_path), MASTER)


def test_another_missing_module_is_not_taken_for_spark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_name: str) -> None:
        raise ModuleNotFoundError(name="duckdb")

    monkeypatch.setattr(engines, "import_module", missing)
    with pytest.raises(ModuleNotFoundError):
        chosen_engine(Where.SPARK, _settings(tmp_path), MASTER)


@pytest.mark.parametrize("name", ["spark_secret_file", "spark_work_dir"])
def test_nothing_of_the_cluster_lies_in_the_data_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="outside the data folder"):
        Settings(home=tmp_path, **{name: tmp_path / "inside"})  # type: ignore[arg-type]


def test_the_command_says_what_a_cluster_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FAMILY_RECORD_HOME", str(tmp_path / "home"))
    with pytest.raises(typer.Exit) as refused:
        guarded(linking.link)(engine=Where.SPARK)
    assert refused.value.exit_code == Exit.USAGE
    assert "--master spark://HOST:PORT" in capsys.readouterr().err
