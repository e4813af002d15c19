"""Writing a whole county: families one at a time, rows as they come, in constant memory.

The same arguments give the same bytes. Beside the extracts stand the truth about every row and tie, the
reference data and the governance facts; the twelve named families come first and are the same in every
county.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from app.county import charity, community, early_help, early_years, education, housing, maternity, social_care
from app.county.books import Books
from app.county.errors import Clerk, Level, rates_for
from app.county.facts import TABLES, Facts
from app.county.fostering import FosterHomes
from app.county.lives import Cradle
from app.county.named import write_named_families
from app.county.numbers import NhsNumbers
from app.county.places import Gazetteer
from app.county.records import Scribe
from app.county.reference import write_reference
from app.county.roster import Roster

AS_OF = date(2026, 11, 22)
LAYOUTS = (
    maternity.BOOKINGS, maternity.BIRTHS, community.ENGLISH, community.WELSH, education.CENSUS, education.EYFSP,
    early_years.LAYOUT, early_help.ENGLISH, early_help.WELSH, social_care.LAYOUT,
    housing.LAYOUT, charity.LAYOUT,
)  # fmt: skip


BESIDE = (
    "truth_persons.csv", "truth_ties.csv", "truth_twins.csv", "truth_groups.csv", "named_families.json",
    "postcodes.csv", "communal.csv", "milestones.yaml",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class CountySummary:
    """People with at least one row, rows per dataset, and every file written."""

    people: int
    rows: dict[str, int]
    files: tuple[Path, ...]


def write_county(
    families: int,
    seed: int,
    errors: Literal["low", "medium", "high"],
    out: Path,
    progress: Callable[[int, int], None] | None = None,
    as_of: date = AS_OF,
    twins: float = 1.0,
    address_damage: float = 0.0,
) -> CountySummary:
    """Write a county of the twelve named and `families` random families into `out`; report after each (done, of).

    `twins` multiplies how often twins are born; `address_damage` is the chance of a wrong sign in each address field.
    """
    if families < 0:
        raise ValueError("a county needs zero or more families")
    out.mkdir(parents=True, exist_ok=True)
    gazetteer, numbers, roster = Gazetteer(families), NhsNumbers(seed), Roster(families, seed)
    clerk = Clerk(rates_for(Level(errors), address_damage), seed)
    books = Books(out, LAYOUTS, gazetteer, as_of)
    facts = Facts(out, roster, books.unusable)
    try:
        write_reference(out, gazetteer)
        write_named_families(books, facts, roster)
        scribe = Scribe(books, clerk, roster, facts, numbers, FosterHomes(families, seed, gazetteer, numbers))
        cradle = Cradle(gazetteer, numbers, clerk.rates, seed, as_of, twins)
        for index in range(families):
            scribe.write(*cradle.family(index))
            if progress:
                progress(index + 1, families)
    finally:
        books.close()
        facts.close()
    return CountySummary(books.people, dict(books.rows), files(out))


def files(county: Path) -> tuple[Path, ...]:
    """Return every file of a county: extracts first, then truth, reference data and facts."""
    facts = tuple(f"{name}.csv" for name in TABLES)
    return tuple(county / name for name in (*(layout.file for layout in LAYOUTS), *BESIDE, *facts))
