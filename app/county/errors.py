"""The error model: how often a row says something other than the truth of a person, and in which ways.

MEDIUM is: surname differs in 8 % of a person's records, forename in 6 %, date of birth in 0.5 %, postcode
in 25 % (most by moving house between record and now); the NHS number is absent in 2 % of health rows and 50
% of care rows, wrong in 0.5 %, a sibling's or mother's in 0.2 %. Low halves and high doubles these. Half of
the wrong names, dates and numbers are made once, when a dataset first registers a person, and stay in all
its rows; the rest are slips of single rows.
"""

import math
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from random import Random

from app.county.extracts import plain
from app.county.names.britain import NICKNAMES
from app.county.names.groups import GROUPS
from app.county.names.world import SPELLINGS
from app.county.numbers import mobile, unused_nhs_number
from app.county.people import Person, Registration, Seen
from app.county.places import UNIT_LETTERS, Address

NEW_YEAR_GROUPS = frozenset(group.code for group in GROUPS if group.new_year)
NEWBORN_DAYS = 42
_KINDS = ("0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


class Level(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Rates:
    """Chances per row (moves: per family and year)."""

    surname: float = 0.08
    forename: float = 0.06
    birth: float = 0.005
    postcode: float = 0.05
    moves: float = 0.078
    absent_health: float = 0.02
    absent_care: float = 0.5
    wrong: float = 0.005
    kin: float = 0.002
    phone: float = 0.03
    spoilt: float = 0.002
    address: float = 0.0
    """Chance that one sign is wrong, in each of the first line, the town, the postcode and the UPRN."""
    newborn: float = 0.12
    """Extra chance that a birth row says "Baby" and the mother's surname."""

    def times(self, factor: float) -> "Rates":
        return Rates(*(min(1.0, getattr(self, name) * factor) for name in self.__slots__))


FACTORS = {Level.LOW: 0.5, Level.MEDIUM: 1.0, Level.HIGH: 2.0}
MOVES = {Level.LOW: 0.031, Level.MEDIUM: 0.078, Level.HIGH: 0.23}
"""Moves a year; set by trial, since old addresses in records do not grow in proportion to moves."""
NO_ERRORS = Rates().times(0)
_BABY_FORENAMES, _BABY_SURNAMES = 0.095, 0.065
"""Parts of all records that are birth rows of babies, and of those where "Baby" brings a wrong surname: what
`newborn` adds to the rates in all is taken off them elsewhere."""


def rates_for(level: Level, address: float = 0.0) -> Rates:
    """The rates of a level; `address` is the chance of a wrong sign in each field of an address, at any level."""
    return replace(Rates().times(FACTORS[level]), moves=MOVES[level], address=address)


class Clerk:
    """Writes people down as a row will show them."""

    def __init__(self, rates: Rates, seed: int = 0) -> None:
        self.rates = rates
        # a chance of its own, so that damage to addresses changes nothing else
        self._damage = Random(f"{seed}/damage")
        held = 0.5
        self._surname = _split(rates.surname - _BABY_SURNAMES * rates.newborn, held)
        self._forename = _split(rates.forename - _BABY_FORENAMES * rates.newborn, held)
        self._birth = _split(rates.birth, held)
        self._wrong, self._kin = _split(rates.wrong, held), _split(rates.kin, held)

    def see(
        self, rng: Random, person: Person, dataset: str, on: date, *, care: bool = False, newborn: bool = False,
        addressed: bool = True,
    ) -> Seen:  # fmt: skip
        """Return what a row of `dataset` dated `on` shows.

        `care` marks councils' systems, often without the number; `addressed` says that the row gives the address.
        """
        held = person.habits.get(dataset)
        if held is None:
            held = person.habits[dataset] = self._register(rng, person, care)
        given, family, born = held.given, held.family, held.born
        if rng.random() < self._surname:
            family = wrong_surname(rng, person)
        if rng.random() < self._forename:
            given = wrong_forename(rng, person)
        if newborn and rng.random() < self.rates.newborn:
            given, family = "Baby", person.former or person.family
        if born is not None and rng.random() < self._birth:
            born = wrong_birth(rng, born, person.group)
        nhs = self._number(rng, person, held.nhs)
        if not care and rng.random() < self.rates.absent_health:
            nhs = ""
        address = person.home(on)
        postcode = address.postcode
        if rng.random() < self.rates.postcode:
            address, postcode = self._elsewhere(rng, person, on)
        if addressed:
            person.note_home(on)
        if self.rates.address:
            address, postcode = damaged(self._damage, address, postcode, self.rates.address)
        return Seen(given, held.middle, family, born, "2" if person.female else "1", nhs, address, postcode, held.phone)

    def _register(self, rng: Random, person: Person, care: bool) -> Registration:
        given, family, born, phone = person.given, person.family, person.born, person.phone
        if rng.random() < self._surname:
            family = wrong_surname(rng, person)
        if rng.random() < self._forename:
            given = wrong_forename(rng, person)
        if born is not None and rng.random() < self._birth:
            born = wrong_birth(rng, born, person.group)
        absent = care and rng.random() < self.rates.absent_care
        number = self._number(rng, person, "" if absent else person.nhs)
        if rng.random() < self.rates.phone:
            phone = mobile(rng) if rng.random() < 0.5 else ""
        return Registration(given, person.middle, family, born, number, phone)

    def _number(self, rng: Random, person: Person, number: str) -> str:
        """Return the number, or now and then nobody's or a mother's or sibling's in its place."""
        draw = rng.random()
        if not number or draw >= self._wrong + self._kin:
            return number
        if draw < self._wrong:
            return unused_nhs_number(rng)
        return rng.choice(person.kin_numbers) if person.kin_numbers else number

    def _elsewhere(self, rng: Random, person: Person, on: date) -> tuple[Address, str]:
        now = person.home(on)
        older = [address for since, address in person.homes if since <= on and address is not now]
        if older and rng.random() < 0.5:
            return older[-1], older[-1].postcode
        return now, wrong_postcode(rng, now.postcode)


def _split(rate: float, held: float) -> float:
    """Return the chance that, drawn once at registration and once per row, gives `rate` in all."""
    return 1.0 - math.pow(1 - rate, held)


def wrong_surname(rng: Random, person: Person) -> str:
    """Return a surname other than the person's: former, half of a double, swapped, unaccented or mistyped."""
    true = person.family
    choices = [person.former] if person.former else []
    choices += [person.former] * len(choices)
    for glue in ("-", " "):
        if glue in true:
            halves = true.split(glue)
            choices += [
                halves[-1],
                halves[0],
                glue.join(reversed(halves)),
                true.replace(glue, " " if glue == "-" else "-"),
            ]
    choices += [plain(true), typo(rng, true)]
    choices = [name for name in choices if name and name != true]
    return rng.choice(choices)


def wrong_forename(rng: Random, person: Person) -> str:
    true = person.given
    choices = [NICKNAMES.get(true, ""), *SPELLINGS.get(true, ()), person.middle, plain(true), typo(rng, true)]
    return rng.choice([name for name in choices if name and name != true])


def wrong_birth(rng: Random, born: date, group: str) -> date:
    """Return another date: 1 January where groups know it, day and month swapped, or one digit off."""
    draw = rng.random()
    if draw < (0.6 if group in NEW_YEAR_GROUPS else 0.1) and (born.month, born.day) != (1, 1):
        return date(born.year, 1, 1)
    if draw < 0.8 and born.day <= 12 and born.day != born.month:
        return date(born.year, born.day, born.month)
    if rng.random() < 0.3 and (born.month, born.day) != (2, 29):
        return born.replace(year=born.year - 1)
    return born + timedelta(days=rng.choice((-1, 1, 10, -10)))


def wrong_postcode(rng: Random, true: str) -> str:
    letter = rng.choice([c for c in UNIT_LETTERS if c != true[-1]])
    if rng.random() < 0.5:
        return true[:-1] + letter
    digit = rng.choice([d for d in "123456789" if d != true[-3]])
    return f"{true[:-3]}{digit}{true[-2:]}"


def damaged(rng: Random, address: Address, postcode: str, rate: float) -> tuple[Address, str]:
    """Return the address and postcode with a wrong sign in each field that chance picks."""
    house, street, town, uprn = address.house, address.street, address.town, address.uprn
    if rng.random() < rate:
        if rng.randrange(len(house) + len(street)) < len(house):
            house = slip(rng, house)
        else:
            street = slip(rng, street)
    if rng.random() < rate:
        town = slip(rng, town)
    if rng.random() < rate:
        postcode = slip(rng, postcode)
    if rng.random() < rate:
        uprn = slip(rng, uprn)
    return replace(address, house=house, street=street, town=town, uprn=uprn), postcode


def slip(rng: Random, text: str) -> str:
    """Return the text with one sign replaced by another of its kind; a space or stop is lost."""
    at = rng.randrange(len(text))
    kind = next((signs for signs in _KINDS if text[at] in signs), "")
    return text[:at] + (rng.choice([sign for sign in kind if sign != text[at]]) if kind else "") + text[at + 1 :]


def typo(rng: Random, name: str) -> str:
    """Return the name with two letters swapped, one dropped, doubled or replaced; never the name itself."""
    at = rng.randrange(1, len(name)) if len(name) > 1 else 0
    draw = rng.random()
    if draw < 0.3 and 1 <= at < len(name) - 1 and name[at] != name[at + 1]:
        return f"{name[:at]}{name[at + 1]}{name[at]}{name[at + 2 :]}"
    if draw < 0.55 and len(name) > 3:
        return name[:at] + name[at + 1 :]
    if draw < 0.75:
        return f"{name[: at + 1]}{name[at]}{name[at + 1 :]}"
    letter = rng.choice([c for c in "aeioulnrst" if c != name[at].lower()])
    return name[:at] + letter + name[at + 1 :]
