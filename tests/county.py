"""A small synthetic county, taken through the whole path once and then copied for whoever needs it.

Building it takes the same steps as `family-record demo`; the copies share nothing, so a test may change what it likes.
"""

import fcntl
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from app.demo import Demonstration, prepare
from app.deployment import Deployment, open_deployment
from app.record_references import RecordReference, persons
from app.settings import Mode, Settings
from app.zones import deployment_zone

FAMILIES = 120
SEED = 7


@dataclass(frozen=True)
class County:
    """A deployment that holds the county, the extracts it was loaded from, and the summary of its making."""

    deployment: Deployment
    extracts: Path
    summary: dict[str, Any]

    @cached_property
    def people(self) -> dict[str, str]:
        """Person ids of the named families, by the truth's own names (F01-child …)."""
        named = json.loads((self.extracts / "named_families.json").read_text("utf-8"))
        references = {
            name: [RecordReference(*where) for where in places]
            for family in named.values()
            for name, places in family["people"].items()
        }
        with deployment_zone(self.deployment) as zone:
            found = persons(self.deployment, zone, {r for places in references.values() for r in places})
        return {name: found[place] for name, places in references.items() for place in places if place in found}

    def records_of(self, name: str) -> set[str]:
        """Every person that any record of this truth person became: one, where linkage is right."""
        named = json.loads((self.extracts / "named_families.json").read_text("utf-8"))
        places = [RecordReference(*w) for family in named.values() for w in family["people"].get(name, [])]
        with deployment_zone(self.deployment) as zone:
            return set(persons(self.deployment, zone, places).values())


def build(place: Path) -> None:
    """Build the county under a folder unless it is there already; safe when several processes ask at once."""
    place.mkdir(parents=True, exist_ok=True)
    with (place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (place / "summary.json").exists():
            return
        settings = Settings(mode=Mode.DEMO, home=place / "home", refusal_milliseconds=1)
        wanted = Demonstration(families=FAMILIES, seed=SEED, county=place / "extracts")
        summary = prepare(settings, wanted)
        (place / "summary.json").write_text(json.dumps(summary, default=str), encoding="utf-8")


@contextmanager
def copied(built: Path, folder: Path) -> Iterator[County]:
    """Open a copy of a built county."""
    for name in ("home", "home.anchors"):
        shutil.copytree(built / name, folder / name)
    shutil.copy(built / "home.key", folder / "home.key")
    settings = Settings(mode=Mode.DEMO, home=folder / "home", refusal_milliseconds=1)
    with open_deployment(settings) as deployment:
        summary = json.loads((built / "summary.json").read_text("utf-8"))
        yield County(deployment, built / "extracts", summary)
