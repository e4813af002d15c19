"""Settings, read once from the environment; production refuses whatever is unsafe.

Invariants: the mode is production unless it says `demo`; in production the key file must exist before the service
starts (`init` makes it), the page server must not be told to trust a demo sign-in, and the data, key and anchor places
must differ. Nothing here is read at import.
"""

from enum import StrEnum
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

DATABASES = ("sqlite:///", "postgresql://", "postgresql+")
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class Mode(StrEnum):
    PRODUCTION = "production"
    DEMO = "demo"


class Settings(BaseSettings):
    """Every setting, each from `FAMILY_RECORD_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="FAMILY_RECORD_", extra="ignore", frozen=True)

    mode: Mode = Mode.PRODUCTION
    home: Path = Path("var")
    database_url: str | None = None
    key_file: Path | None = None
    key_passphrase_file: Path | None = None
    anchor_dir: Path | None = None
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    organisation_name: str = Field(default="Linked Family Record", min_length=1, max_length=80)
    brand_colour: str = Field(default="#1d4f5c", pattern=r"^#[0-9a-fA-F]{6}$")
    session_idle_minutes: int = Field(default=20, ge=1, le=120)
    session_hours: int = Field(default=10, ge=1, le=24)
    zone_memory: str = Field(default="4GB", pattern=r"^[0-9]+(MB|GB)$")
    zone_threads: int = Field(default=2, ge=1, le=64)
    checkpoint_seconds: int = Field(default=30, ge=1, le=60)
    spark_secret_file: Path | None = None
    spark_work_dir: Path | None = None

    @model_validator(mode="after")
    def _places_differ(self) -> Self:
        home = self.home.resolve()
        places = {
            "key file": self.key_path, "anchor folder": self.anchors, "passphrase file": self.key_passphrase_file,
            "cluster's secret file": self.spark_secret_file, "cluster's work folder": self.spark_work_dir,
        }  # fmt: skip
        for name, place in places.items():
            if place is not None and place.resolve().is_relative_to(home):
                raise ValueError(f"the {name} must lie outside the data folder")
        if self.mode is Mode.DEMO and self.host not in LOOPBACK:
            raise ValueError("demo mode serves on loopback only")
        if not self.url.startswith(DATABASES):
            raise ValueError("the database must be SQLite or PostgreSQL: sqlite:///PATH or postgresql+psycopg://…")
        return self

    @property
    def demo(self) -> bool:
        return self.mode is Mode.DEMO

    @property
    def url(self) -> str:
        """The SQLAlchemy address of the database; SQLite in the data folder unless one is given."""
        return self.database_url or f"sqlite:///{self.home / 'family-record.db'}"

    @property
    def key_path(self) -> Path:
        return self.key_file or self.home.with_name(self.home.name + ".key")

    @property
    def anchors(self) -> Path:
        """Where checkpoints are kept outside the database."""
        return self.anchor_dir or self.home.with_name(self.home.name + ".anchors")

    @property
    def zone(self) -> Path:
        return self.home / "zone"

    @property
    def keystore(self) -> Path:
        return self.home / "keystore"

    @property
    def wrapped_keys(self) -> Path:
        return self.home / "vault-keys.db"
