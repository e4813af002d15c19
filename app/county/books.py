"""The county's open books: one extract per dataset, and beside them the truth about every row and tie.

A truth line is written only for rows that a correct reader accepts; rows spoilt beyond use (no record id)
stay out of it.
"""

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import combinations
from pathlib import Path
from random import Random

from app.county.errors import Clerk
from app.county.extracts import Extract, Layout, open_extract
from app.county.numbers import break_check_digit
from app.county.people import Family, Person
from app.county.places import Gazetteer

ROW, SHARED_PARENT, ADDRESS, NOTHING = "row", "shared_parent", "address", "none"
"""What bears witness to a true tie: a row's own word, a parent that rows name for both, one address of both in rows
(today's), or nothing at all."""
PARENTAL = frozenset({"birth_mother", "parent", "adoptive_parent"})


FORMER = "former_household"
"""They shared a home, and no row tells that they parted since."""


SEXES = {True: "female", False: "male"}
AGES = ((5, "0 to 4"), (11, "5 to 10"), (18, "11 to 17"), (25, "18 to 24"), (40, "25 to 39"))
OLDEST = "40 and over"


class Table:
    """A plain UTF-8 CSV file beside the extracts."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self._file = path.open("w", encoding="utf-8", newline="", buffering=1 << 18)
        self._writer = csv.writer(self._file, lineterminator="\n")
        self.row = self._writer.writerow
        self.row(columns)

    def close(self) -> None:
        self._file.close()


class Books:
    def __init__(self, folder: Path, layouts: Sequence[Layout], gazetteer: Gazetteer, as_of: date) -> None:
        self.folder = folder
        self.gazetteer = gazetteer
        self.as_of = as_of
        self.rows: Counter[str] = Counter()
        self.people = 0
        self._serial: Counter[str] = Counter()
        self._layouts = {layout.dataset: layout for layout in layouts}
        self._extracts: dict[str, Extract] = {}
        self._truth = Table(folder / "truth_persons.csv", ("dataset", "record_id", "person", "role"))
        self._ties = Table(folder / "truth_ties.csv", ("person_a", "relation", "person_b", "evidence"))
        self.unusable: set[tuple[str, str]] = set()
        """Dataset and record id of rows spoilt beyond use: nothing may refer to them."""
        self._family_ties: dict[tuple[str, str, str], str] = {}
        self._twins = Table(folder / "truth_twins.csv", ("person_a", "person_b"))
        self._groups = Table(folder / "truth_groups.csv", ("person", "names", "sex", "age"))
        self._lost = False
        self.trace: dict[str, list[tuple[str, str, str]]] | None = None
        for layout in layouts:
            self._extracts[layout.dataset] = open_extract(folder, layout)

    def serial(self, prefix: str) -> str:
        """Return the next local number of a partner's system."""
        self._serial[prefix] += 1
        return f"{prefix}{self._serial[prefix]:07d}"

    def local(self, person: Person, prefix: str) -> str:
        """Return the number that one partner's system has for this person, given on first sight."""
        if prefix not in person.local_ids:
            person.local_ids[prefix] = self.serial(prefix)
        return person.local_ids[prefix]

    def write(
        self, dataset: str, record_id: str, values: list[str], roles: Mapping[str, Person], rng: Random, clerk: Clerk
    ) -> None:
        """Write one row and its truth; now and then spoil it as the error model says."""
        self.rows[dataset] += 1
        spoilt = clerk.rates.spoilt and rng.random() < clerk.rates.spoilt
        self._lost = False
        if spoilt and self._spoil(self._layouts[dataset], values, rng.random()):
            self._extracts[dataset].row(values)
            self.unusable.add((dataset, record_id))
            self._lost = True
            return
        self._extracts[dataset].row(values)
        for role, person in roles.items():
            self._truth.row((dataset, record_id, person.key, role))
            if not person.rows:
                self.people += 1
                self._groups.row((person.key, person.group, SEXES[person.female], age_band(person, self.as_of)))
            person.rows += 1
            if self.trace is not None:
                self.trace.setdefault(person.key, []).append((dataset, record_id, role))

    @staticmethod
    def _spoil(layout: Layout, values: list[str], draw: float) -> bool:
        """Damage one row in place; return whether no reader can accept it."""
        if draw < 0.35:
            for column in layout.record:
                values[layout.columns.index(column)] = ""
            return True
        if draw < 0.7 or not layout.number:
            values[layout.columns.index(layout.birth)] = layout.impossible
        elif number := values[at := layout.columns.index(layout.number)]:
            values[at] = break_check_digit(number)
        return False

    def tie(self, first: Person, relation: str, second: Person, evidence: str = ROW) -> None:
        """Note a true relation, and what bears witness to it: by default the row just written, if it can be read."""
        if not (evidence == ROW and self._lost):
            self._family_ties[first.key, relation, second.key] = evidence

    def end_family(self, family: Family) -> None:
        """Write the family's ties: those noted, siblings by the same mother, and who shares a home today."""
        seen = [p for p in (*family.adults, *family.children) if p.rows]
        parents = self._parents()
        for one, other in combinations([c for c in family.children if c.rows], 2):
            shared = parents.get(one.key, set()) & parents.get(other.key, set())
            self.tie(one, "sibling", other, SHARED_PARENT if shared else NOTHING)
            if one.born == other.born:
                self._twins.row((one.key, other.key))
        for one, other in combinations(seen, 2):
            home = one.home(self.as_of)
            if not home.communal and home == other.home(self.as_of):
                witnessed = home in one.written and home in other.written
                self.tie(one, "household", other, ADDRESS if witnessed else NOTHING)
            elif _last_seen_together(one, other):
                self.tie(one, FORMER, other, NOTHING)
        self.end_ties()

    def _parents(self) -> dict[str, set[str]]:
        """Whom rows name as the parents of each of the family's children."""
        found: dict[str, set[str]] = {}
        for adult, relation, child in self._family_ties:
            if relation in PARENTAL:
                found.setdefault(child, set()).add(adult)
        return found

    def end_ties(self) -> None:
        for line, evidence in self._family_ties.items():
            self._ties.row((*line, evidence))
        self._family_ties.clear()

    def close(self) -> None:
        for extract in self._extracts.values():
            extract.close()
        self._truth.close()
        self._ties.close()
        self._twins.close()
        self._groups.close()


def age_band(person: Person, at: date) -> str:
    """How old somebody is, in the bands by which error is told apart; an unborn child has none."""
    if person.born is None:
        return ""
    age = at.year - person.born.year - ((at.month, at.day) < (person.born.month, person.born.day))
    return next((band for until, band in AGES if age < until), OLDEST)


def _last_seen_together(one: Person, other: Person) -> bool:
    """Whether the newest row of each gives one and the same home."""
    return one.latest is not None and other.latest is not None and one.latest[1] == other.latest[1]
