"""Families as they come about: who they are, when children are born, where they live and when they move.

Pure but for the random source given; every family is drawn from its own seed, so family 17 is the same
whatever the number of families around it. Shares are round figures for England and Wales, chosen to
exercise linkage, not to estimate.
"""

from datetime import date, timedelta
from random import Random

from app.county.errors import Rates
from app.county.names.draw import Names, draw_group, marry, name_child, name_family, naming
from app.county.names.groups import NameGroup
from app.county.numbers import NhsNumbers, mobile
from app.county.people import Birth, Family, Person, Pregnancy
from app.county.places import ENGLAND, HOSTELS, PLOTS, WALES, Address, Gazetteer

WELSH_SHARE = 0.25
FATHER_SHARE, SEPARATED_SHARE = 0.85, 0.2
TWIN_SHARE, LOSS_SHARE, EXPECTING_SHARE = 0.015, 0.012, 0.06
ARRIVED_SHARE, BORDER_SHARE, HOSTEL_SHARE = 0.1, 0.03, 0.008
GRANDMOTHER_SHARE = 0.12
SPAN_DAYS = 3100
_CHILDREN = ((1, 2, 3, 4), (44, 38, 14, 4))
_FEEDS = (("01", "02", "03"), (58, 12, 30))


class Cradle:
    """Draws families for one county."""

    def __init__(
        self, gazetteer: Gazetteer, numbers: NhsNumbers, rates: Rates, seed: int, as_of: date, twins: float = 1.0
    ) -> None:
        self._gazetteer = gazetteer
        self._numbers = numbers
        self._rates = rates
        self._seed = seed
        self._as_of = as_of
        self._twins = min(1.0, TWIN_SHARE * twins)

    def family(self, index: int) -> tuple[Family, Random]:
        """Draw the n-th family; the random source goes on to its records."""
        rng = Random(self._seed * 1_000_003 + index)
        wales = rng.random() < WELSH_SHARE
        group = draw_group(rng, wales)
        first = self._as_of - timedelta(days=int(rng.random() * SPAN_DAYS) + 20)
        family = self._parents(rng, index, group, first)
        self._settle(rng, family, WALES if wales else ENGLAND, first)
        self._pregnancies(rng, family, group, first)
        for child in family.children:
            child.homes = family.mother.homes
        family.grandmother = self._grandmother(rng, family, group)
        self._share_numbers(family)
        return family, rng

    def _parents(self, rng: Random, index: int, group: NameGroup, first: date) -> Family:
        key = f"H{index:06d}"
        names = naming(rng, group, female=True, child=False)
        mother = _adult(rng, f"{key}-mother", names, True, first, group)
        father = None
        if rng.random() < FATHER_SHARE:
            his = naming(rng, group, female=False, child=False)
            father = _adult(rng, f"{key}-father", his, False, first, group)
            marry(rng, names, his, group.custom)
            mother.family, mother.former = names.family, names.former
        mother.nhs = self._numbers.next()
        return Family(key, index, group.code, mother, father)

    def _settle(self, rng: Random, family: Family, nation: str, first: date) -> None:
        """Give the family homes with dates; separated fathers get homes of their own."""
        start = first - timedelta(days=700)
        homes = [(start, self._dwelling(rng, family, nation))]
        if rng.random() < ARRIVED_SHARE:
            family.arrived = first + timedelta(days=int(rng.random() * (self._as_of - first).days))
        day = start
        while (day := day + timedelta(days=max(60, int(rng.expovariate(self._rates.moves) * 365)))) < self._as_of:
            if rng.random() < BORDER_SHARE:
                nation = WALES if nation == ENGLAND else ENGLAND
            homes.append((day, self._next_home(rng, family, nation)))
        family.mother.homes = homes
        if family.father:
            family.father.homes = self._fathers_homes(rng, family, homes, nation, first)

    def _dwelling(self, rng: Random, family: Family, nation: str) -> Address:
        plot = family.index * PLOTS + family.dwellings % PLOTS
        family.dwellings += 1
        return self._gazetteer.dwelling(rng, nation, plot)

    def _next_home(self, rng: Random, family: Family, nation: str) -> Address:
        if rng.random() >= HOSTEL_SHARE:
            return self._dwelling(rng, family, nation)
        return self._gazetteer.hostel(int(rng.random() * HOSTELS), nation)

    def _fathers_homes(
        self, rng: Random, family: Family, homes: list[tuple[date, Address]], nation: str, first: date
    ) -> list[tuple[date, Address]]:
        if rng.random() >= SEPARATED_SHARE:
            return homes
        parted = first + timedelta(days=int(rng.random() * (self._as_of - first).days))
        return [*(home for home in homes if home[0] < parted), (parted, self._dwelling(rng, family, nation))]

    def _pregnancies(self, rng: Random, family: Family, group: NameGroup, first: date) -> None:
        names = _names_of(family.mother)
        his = _names_of(family.father) if family.father else None
        surname = name_family(rng, group, names, his)
        born = first
        for _ in range(rng.choices(*_CHILDREN)[0]):
            if born > self._as_of:
                break
            self._birth(rng, family, group, born, surname)
            born += timedelta(days=430 + int(rng.random() * 1100))
        if rng.random() < LOSS_SHARE:
            self._unborn(rng, family, self._as_of - timedelta(days=150 + int(rng.random() * 900)), lost=True)
        elif rng.random() < EXPECTING_SHARE:
            self._unborn(rng, family, self._as_of + timedelta(days=15 + int(rng.random() * 180)), lost=False)

    def _birth(self, rng: Random, family: Family, group: NameGroup, born: date, surname: str) -> None:
        gestation = min(294, max(182, round(rng.gauss(276, 11))))
        preg = _pregnancy(rng, family, born + timedelta(days=280 - gestation), born - timedelta(days=gestation))
        twins = rng.random() < self._twins
        for order in range(1, 3 if twins else 2):
            child = self._child(rng, family, group, born, surname)
            weight = max(600, round(rng.gauss(2500 if twins else 3350 + 14 * (gestation - 276), 420)))
            preg.unborn.append(child)
            preg.births.append(Birth(child, order, gestation, weight, rng.choices(*_FEEDS)[0]))

    def _child(self, rng: Random, family: Family, group: NameGroup, born: date, surname: str) -> Person:
        female = rng.random() < 0.488
        taken = {child.given for child in family.children}
        names = name_child(rng, group, female, surname, _names_of(family.mother), _father_names(family))
        while names.given in taken:
            names = name_child(rng, group, female, surname, _names_of(family.mother), _father_names(family))
        child = Person(
            f"{family.key}-child{len(family.children) + 1}", female, born, names.given, names.middle, names.family,
            names.former, group.code, group.ethnicity, nhs=self._numbers.next(),
        )  # fmt: skip
        family.children.append(child)
        return child

    def _unborn(self, rng: Random, family: Family, due: date, *, lost: bool) -> None:
        if any(abs((due - preg.due).days) < 330 for preg in family.pregnancies):
            return
        preg = _pregnancy(rng, family, due, due - timedelta(days=280))
        if preg.booked > self._as_of:
            family.pregnancies.remove(preg)
            return
        unborn = Person(f"{family.key}-unborn", True, None, homes=family.mother.homes)
        preg.unborn.append(unborn)
        if lost:
            preg.lost = min(due - timedelta(days=20 + int(rng.random() * 110)), self._as_of - timedelta(days=3))

    def _grandmother(self, rng: Random, family: Family, group: NameGroup) -> Person | None:
        """Let some families have a grandmother who is rung when a child is ill; a third of these share the home."""
        if rng.random() >= GRANDMOTHER_SHARE:
            return None
        mother = family.mother
        assert mother.born is not None
        names = naming(rng, group, female=True, child=False)
        born = date(
            mother.born.year - 19 - int(rng.random() * 18), 1 + int(rng.random() * 12), 1 + int(rng.random() * 28)
        )
        nation = mother.homes[-1][1].nation
        own = [(mother.homes[0][0], self._dwelling(rng, family, nation))]
        homes = mother.homes if rng.random() < 0.33 else own
        return Person(
            f"{family.key}-grandmother", True, born, names.given, names.middle, mother.former or mother.family,
            names.family, group.code, group.ethnicity, phone=mobile(rng), homes=homes,
        )  # fmt: skip

    @staticmethod
    def _share_numbers(family: Family) -> None:
        everyone = [family.mother, *family.children]
        for person in everyone:
            person.kin_numbers = tuple(other.nhs for other in everyone if other is not person)


def _pregnancy(rng: Random, family: Family, due: date, conceived: date) -> Pregnancy:
    booked = conceived + timedelta(days=56 + int(rng.random() * 40))
    local = booked >= family.arrived and (family.mother.home(booked).nation == ENGLAND or rng.random() < 0.6)
    preg = Pregnancy(len(family.pregnancies) + 1, booked, due, [], local=local)
    family.pregnancies.append(preg)
    return preg


def _adult(rng: Random, key: str, names: Names, female: bool, first: date, group: NameGroup) -> Person:
    years = min(44.0, max(16.5, rng.gauss(29 if female else 32, 5.5)))
    born = first - timedelta(days=int(years * 365.25) + int(rng.random() * 365))
    if rng.random() < group.new_year:
        born = date(born.year, 1, 1)
    return Person(
        key, female, born, names.given, names.middle, names.family, names.former, group.code, group.ethnicity,
        phone=mobile(rng)
    )  # fmt: skip


def _names_of(person: Person) -> Names:
    return Names(person.given, person.middle, person.family, person.former)


def _father_names(family: Family) -> Names | None:
    return _names_of(family.father) if family.father else None
