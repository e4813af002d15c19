"""Persons, ties and households of a county of 100,000 people with many twins, with and without damaged addresses.

Run alone with `python -m benchmarks.families`; the same measures of a small county stand in the tests."""

import csv
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.demo import Demonstration, prepare
from app.deployment import Deployment, open_deployment
from app.linking import evaluate_links
from app.record_references import RecordReference, persons
from app.settings import Mode, Settings
from app.zones import deployment_zone
from benchmarks.section import Section
from linkage.kin.tie_quality import normal, standing_ties

FAMILIES, SEED, TWINS = 37_500, 31, 2.0
DAMAGE = 0.05
NAMED = tuple(f"F{number:02d}" for number in range(1, 13))


@dataclass(frozen=True)
class Found:
    """What one county showed. `households` is the F1 of households that rows can tell of."""

    people: int
    f1_between: float
    family: dict[str, float]
    mothers: dict[str, float]
    households: dict[str, float]
    unevidenced: dict[str, dict[str, int]]
    twin_pairs: int
    twins_merged: int
    twin_rows_astray: int
    named_wrong: tuple[str, ...]


def found(families: int, *, seed: int = SEED, twins: float = TWINS, damage: float = 0.0) -> Found:
    """Make a county, take it through the whole path, and compare persons and ties with its truth."""
    with tempfile.TemporaryDirectory(prefix="family-record-") as folder:
        county = Path(folder) / "county"
        settings = Settings(mode=Mode.DEMO, home=Path(folder) / "home")
        summary = prepare(settings, Demonstration(families, seed, county, twins, damage))
        with open_deployment(settings) as deployment:
            agreed = evaluate_links(deployment, county / "truth_persons.csv", county / "truth_ties.csv")
            people = _people(deployment, county)
            standing = {name: max(sorted(ids), key=ids.count) for name, ids in people.items() if ids}
            pairs = [(row["person_a"], row["person_b"]) for row in _rows(county / "truth_twins.csv")]
            ties = agreed["ties"]
            return Found(
                summary["people_in_the_county"], agreed["f1_between"], ties["family"], ties["mother_child"],
                ties["household"], ties["unevidenced"], len(pairs),
                sum(standing.get(a, a) == standing.get(b, b) for a, b in pairs),
                sum(people[one].count(standing.get(other, other)) for a, b in pairs for one, other in ((a, b), (b, a))),
                named_wrong(deployment, county, people),
            )  # fmt: skip


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _people(deployment: Deployment, county: Path) -> dict[str, list[str]]:
    """For each true person, the person that each of its rows became: all one, where linkage is right."""
    named: dict[str, list[RecordReference]] = defaultdict(list)
    for row in _rows(county / "truth_persons.csv"):
        named[row["person"]].append(RecordReference(row["dataset"], row["record_id"], row["role"]))
    with deployment_zone(deployment) as zone:
        known = persons(deployment, zone, {place for places in named.values() for place in places})
    return {name: [known[place] for place in places if place in known] for name, places in named.items()}


def named_wrong(deployment: Deployment, county: Path, people: dict[str, list[str]]) -> tuple[str, ...]:
    """The named families that have not exactly the true persons and ties."""
    names = {who: name for name, ids in people.items() if name[:3] in NAMED for who in ids}
    wrong = {name[:3] for name, ids in people.items() if name[:3] in NAMED and len(set(ids)) != 1}
    wrong |= {name[:3] for name, ids in people.items() if any(names.get(who, name) != name for who in ids)}
    true = {
        normal(row["person_a"], row["relation"], row["person_b"])
        for row in _rows(county / "truth_ties.csv")
        if row["person_a"][:3] in NAMED
    }
    with deployment.database.reading() as session:
        held = standing_ties(session)
    got = {normal(names.get(a, a), relation, names.get(b, b)) for a, relation, b in held if a in names or b in names}
    wrong |= {end[:3] for tie in true ^ got for end in (tie[0], tie[2]) if end[:3] in NAMED}
    return tuple(sorted(wrong))


def measure() -> Section:
    """Report the county as it is and with one sign in twenty address fields wrong."""
    whole, damaged = found(FAMILIES), found(FAMILIES, damage=DAMAGE)
    return Section(
        f"Families: a medium county of {whole.people:,} people, {whole.twin_pairs:,} pairs of twins",
        (*_told(whole), (f"households, {DAMAGE:.0%} of every address field damaged", _scores(damaged.households))),
        "Ties and households to which no row bears witness are counted apart: "
        + "; ".join(f"{name} {n['true']:,}, of which found {n['found']:,}" for name, n in whole.unevidenced.items()),
    )


def _told(county: Found) -> tuple[tuple[str, str], ...]:
    return (
        ("F1 between data sets", f"{county.f1_between:.4f}"),
        ("family ties: precision, recall, F1", _scores(county.family)),
        ("mother and child: precision, recall, F1", _scores(county.mothers)),
        ("households: precision, recall, F1", _scores(county.households)),
        ("twins merged, rows of one twin with the other", f"{county.twins_merged}, {county.twin_rows_astray}"),
        ("named families not exactly right", ", ".join(county.named_wrong) or "none of 12"),
    )


def _scores(agreed: dict[str, Any]) -> str:
    return ", ".join(f"{agreed[name]:.4f}" for name in ("precision", "recall", "f1"))


if __name__ == "__main__":
    for name, value in measure().rows:
        sys.stdout.write(f"{name}: {value}\n")
