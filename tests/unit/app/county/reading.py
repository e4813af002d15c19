"""Reads a county back through the shipped specs, beside the people as they were drawn."""

import csv
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from app.county.county import AS_OF
from app.county.errors import Level, rates_for
from app.county.lives import Cradle
from app.county.numbers import NhsNumbers
from app.county.people import Person
from app.county.places import Gazetteer
from linkage.intake.extracts import open_extract
from linkage.intake.spec import load_spec
from linkage.intake.validate import rows
from linkage.rows import Identity, Rejection, SourceRow

SPECS = Path(__file__).parents[4] / "linkage" / "intake" / "specs"
DATASETS = sorted(path.stem for path in SPECS.glob("*.yaml"))


def extract_path(county: Path, dataset: str) -> Path:
    [path] = county.glob(f"{dataset}.*")
    return path


def read_dataset(county: Path, dataset: str, today: date = AS_OF) -> Iterator[SourceRow | Rejection]:
    spec = load_spec(SPECS / f"{dataset}.yaml")
    yield from rows(open_extract(extract_path(county, dataset), spec), spec, today)


def truth(county: Path) -> dict[tuple[str, str, str], str]:
    """Return the person of each (dataset, record id, role)."""
    with (county / "truth_persons.csv").open(encoding="utf-8", newline="") as file:
        return {(row["dataset"], row["record_id"], row["role"]): row["person"] for row in csv.DictReader(file)}


Rows = dict[str, list[SourceRow | Rejection]]


def read_all(county: Path) -> Rows:
    return {dataset: list(read_dataset(county, dataset)) for dataset in DATASETS}


def identities(county: Path, rows: Rows) -> Iterator[tuple[str, str, Identity]]:
    """Yield dataset, true person and what the row says of them, for every accepted row and role."""
    people = truth(county)
    for dataset, found in rows.items():
        for row in found:
            if isinstance(row, SourceRow):
                for role, identity in row.people.items():
                    yield dataset, people[dataset, row.record_id, role], identity


def drawn_people(families: int, seed: int, level: Level) -> dict[str, Person]:
    """Draw the random families again, without their records."""
    cradle = Cradle(Gazetteer(families), NhsNumbers(seed), rates_for(level), seed, AS_OF)
    return {
        person.key: person
        for index in range(families)
        for family in [cradle.family(index)[0]]
        for person in (*family.adults, *family.children)
    }
