"""Counties of the size that their tests need, generated once a session."""

from pathlib import Path

import pytest

from app.county import CountySummary, write_county
from app.county.errors import Level
from app.county.people import Person
from linkage.rows import Identity
from tests.unit.app.county.reading import Rows, drawn_people, identities, read_all

FAMILIES, SEED = 3000, 7
Sighting = tuple[str, str, Identity]


@pytest.fixture(scope="session")
def medium(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, CountySummary]:
    folder = tmp_path_factory.mktemp("medium")
    return folder, write_county(FAMILIES, SEED, "medium", folder)


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("small")
    write_county(40, 1, "medium", folder)
    return folder


@pytest.fixture(scope="session")
def drawn() -> dict[str, Person]:
    return drawn_people(FAMILIES, SEED, Level.MEDIUM)


@pytest.fixture(scope="session")
def medium_rows(medium: tuple[Path, CountySummary]) -> Rows:
    return read_all(medium[0])


@pytest.fixture(scope="session")
def sightings(medium: tuple[Path, CountySummary], medium_rows: Rows, drawn: dict[str, Person]) -> list[Sighting]:
    """Dataset, true person and row content for every accepted row about a random family's member."""
    return [(dataset, person, seen) for dataset, person, seen in identities(medium[0], medium_rows) if person in drawn]
