"""Extract of the charity Hafan: who came for help, with a name, a date of birth and an address in one line.

No numbers: linkage has these three to go by.
"""

from datetime import date
from random import Random

from app.county.books import Books
from app.county.early_years import words
from app.county.errors import Clerk
from app.county.extracts import Layout
from app.county.people import Person
from app.county.roster import Staff

LAYOUT = Layout(
    "family-support", "family-support.csv",
    ("Ref", "Name", "Date of birth", "Address", "First seen", "Last seen", "Programme", "Worker", "Worker phone"),
    record=("Ref",), birth="Date of birth", impossible="31 Feb 2021",
)  # fmt: skip
PROGRAMMES = ("", "", "", "Stay and play", "Parents together")


def write_help(
    books: Books, rng: Random, clerk: Clerk, person: Person, first: date, last: date | None, programme: str,
    worker: Staff,
) -> str:  # fmt: skip
    """Write one person's row; return its record id."""
    seen = clerk.see(rng, person, LAYOUT.dataset, first, care=True)
    record = books.serial("HF")
    books.write(LAYOUT.dataset, record, [
        record, f"{seen.given} {seen.family}", words(seen.born), f"{seen.address}, {seen.postcode}", words(first),
        words(last), programme, worker.name, worker.telephone,
    ], {"self": person}, rng, clerk)  # fmt: skip
    return record
