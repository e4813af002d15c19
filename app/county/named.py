"""stub"""

from app.county.books import Books
from app.county.facts import Facts
from app.county.roster import Roster


def write_named_families(books: Books, facts: Facts, roster: Roster) -> None:
    pass
