"""Settings, read once from the environment; production refuses whatever is unsafe.

Invariants: the mode is production unless it says `demo`; in production the key file must exist before the service
starts (`init` makes it), the page server must not be told to trust a demo sign-in, and the data, key and anchor places
must differ. Nothing here is read at import. The duty to share (Children Act 2004 s.16LA) is not in force until its
commencement date is given; the Welsh duty to report has been since Part 7 of its Act commenced, on 6 April 2016.
"""

import os
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from governance.ledger.pace import Limits, Pace

DATABASES = ("sqlite:///", "postgresql://", "postgresql+")
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def whole_origin(address: str) -> bool:
    """Tell whether this is scheme, host and perhaps port, with TLS unless the host is this machine."""
    try:
        parts = urlsplit(address)
        bare = address == f"{parts.scheme}://{parts.netloc}" and parts.username is None and bool(parts.hostname)
    except ValueError:
        return False
    return bare and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK))


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
    anchor_folders: str = Field(default="", validation_alias="FAMILY_RECORD_ANCHORS")
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    organisation_name: str = Field(default="Linked Family Record", min_length=1, max_length=80)
    brand_colour: str = Field(default="#1d4f5c", pattern=r"^#[0-9a-fA-F]{6}$")
    session_idle_minutes: int = Field(default=20, ge=1, le=120)
    session_hours: int = Field(default=10, ge=1, le=24)
    public_url: str | None = None
    sign_in_file: Path | None = None
    minimum_assurance: int = Field(default=2, ge=1, le=3)
    step_up_assurance: int = Field(default=2, ge=1, le=3)
    step_up_minutes: int = Field(default=10, ge=1, le=60)
    zone_memory: str = Field(default="4GB", pattern=r"^[0-9]+(MB|GB)$")
    zone_threads: int = Field(default=2, ge=1, le=64)
    report_names_staff: bool = False
    checkpoint_seconds: int = Field(default=30, ge=1, le=60)
    reads_per_hour: int = Field(default=120, ge=1)
    reads_per_day: int = Field(default=500, ge=1)
    searches_per_hour: int = Field(default=150, ge=1)
    searches_per_day: int = Field(default=600, ge=1)
    refusal_milliseconds: int = Field(default=200, ge=1, le=1000)
    claim_hours: int = Field(default=24, ge=1, le=24)
    break_glass_review_days: int = Field(default=1, ge=1, le=5)
    override_review_days: int = Field(default=3, ge=1, le=10)
    extra_holidays: tuple[date, ...] = ()
    duty_to_share_from: date | None = None
    duty_to_report_from: date | None = date(2016, 4, 6)
    spark_secret_file: Path | None = None
    spark_work_dir: Path | None = None

    @model_validator(mode="after")
    def _places_differ(self) -> Self:
        home = self.home.resolve()
        places = {
            "key file": self.key_path, "anchor folder": self.anchors, "passphrase file": self.key_passphrase_file,
            "cluster's secret file": self.spark_secret_file, "cluster's work folder": self.spark_work_dir,
        }  # fmt: skip
        places |= {f"anchor folder {number}": folder for number, folder in enumerate(self.anchor_copies, 2)}
        if len({folder.resolve() for folder in (self.anchors, *self.anchor_copies)}) != 1 + len(self.anchor_copies):
            raise ValueError("an anchor folder is named twice")
        for name, place in places.items():
            if place is not None and place.resolve().is_relative_to(home):
                raise ValueError(f"the {name} must lie outside the data folder")
        if self.mode is Mode.DEMO and self.host not in LOOPBACK:
            raise ValueError("demo mode serves on loopback only")
        if self.sign_in_file is not None and self.public_url is None:
            raise ValueError("sign-in through a provider needs the service's public address")
        if self.public_url is not None and not whole_origin(self.public_url):
            raise ValueError("the public address must be https://HOST, without a path (http only on this machine)")
        if not self.url.startswith(DATABASES):
            raise ValueError("the database must be SQLite or PostgreSQL: sqlite:///PATH or postgresql+psycopg://…")
        return self

    @property
    def https(self) -> bool:
        """Whether browsers reach the service over TLS, which a proxy before it ends."""
        return (self.public_url or "").startswith("https://")

    @property
    def limits(self) -> Limits:
        """How much one worker may look at before they are stopped."""
        reads = Pace(self.reads_per_hour, self.reads_per_day)
        return Limits(reads, Pace(self.searches_per_hour, self.searches_per_day))

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
        """Where checkpoints are kept outside the database: the first of those named."""
        named = self._anchor_folders()
        return named[0] if named else self.anchor_dir or self.home.with_name(self.home.name + ".anchors")

    @property
    def anchor_copies(self) -> tuple[Path, ...]:
        """Further places for the same checkpoints: other hosts' shares, other owners."""
        return self._anchor_folders()[1:]

    def _anchor_folders(self) -> tuple[Path, ...]:
        return tuple(Path(part) for part in self.anchor_folders.split(os.pathsep) if part)

    @property
    def zone(self) -> Path:
        return self.home / "zone"

    @property
    def keystore(self) -> Path:
        return self.home / "keystore"

    @property
    def wrapped_keys(self) -> Path:
        return self.home / "vault-keys.db"
