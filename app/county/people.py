"""The people of the county as they truly are: what the truth files say and extracts then distort."""

from dataclasses import dataclass, field
from datetime import date

from app.county.places import Address


@dataclass(slots=True)
class Person:
    """One human being, an unborn child included (`born` is then None). `key` is the name in the truth files."""

    key: str
    female: bool
    born: date | None
    given: str = ""
    middle: str = ""
    family: str = ""
    former: str = ""
    group: str = "english"
    ethnicity: str = "A"
    local_ids: dict[str, str] = field(default_factory=dict)
    """Numbers that partners' systems gave this person, by the prefix of the system."""
    nhs: str = ""
    upn: str = ""
    former_upn: str = ""
    phone: str = ""
    homes: list[tuple[date, Address]] = field(default_factory=list)
    kin_numbers: tuple[str, ...] = ()
    """NHS numbers of the mother and siblings: what a clerk writes into the wrong row."""
    habits: dict[str, "Registration"] = field(default_factory=dict)
    written: set[Address] = field(default_factory=set)
    """Homes under which some row names this person."""
    latest: tuple[date, Address] | None = None
    """The newest of them, with its row's day."""
    rows: int = 0

    def home(self, on: date) -> Address:
        """Return where this person lived on a day; before the first known home, the first."""
        found = self.homes[0][1]
        for since, address in self.homes:
            if since > on:
                break
            found = address
        return found

    def note_home(self, on: date) -> None:
        """Say that a row of this day gives where this person lived."""
        home = self.home(on)
        self.written.add(home)
        if self.latest is None or on >= self.latest[0]:
            self.latest = on, home


@dataclass(frozen=True, slots=True)
class Registration:
    """What one dataset holds of a person for good: errors made at registration stay in every later row."""

    given: str
    middle: str
    family: str
    born: date | None
    nhs: str
    phone: str


@dataclass(frozen=True, slots=True)
class Seen:
    """A person as one row shows them. Empty text is a missing value."""

    given: str
    middle: str
    family: str
    born: date | None
    sex: str
    nhs: str
    address: Address
    postcode: str
    phone: str


@dataclass(frozen=True, slots=True)
class Birth:
    """One live birth of one child, or of one of twins."""

    child: Person
    order: int
    gestation_days: int
    weight_grams: int
    feed: str


@dataclass(slots=True)
class Pregnancy:
    """A pregnancy as the maternity service knows it. `lost` ends it without a birth."""

    number: int
    booked: date
    due: date
    unborn: list[Person]
    births: list[Birth] = field(default_factory=list)
    lost: date | None = None
    local: bool = True
    """False when the family booked and gave birth elsewhere, so that the county has no maternity rows."""


@dataclass(slots=True)
class Family:
    """One mother, her children, and the adults around them."""

    key: str
    index: int
    group: str
    mother: Person
    father: Person | None
    children: list[Person] = field(default_factory=list)
    pregnancies: list[Pregnancy] = field(default_factory=list)
    arrived: date = date(2000, 1, 1)
    grandmother: Person | None = None
    dwellings: int = 0
    """How many homes of its own it has had."""

    @property
    def adults(self) -> list[Person]:
        return [adult for adult in (self.mother, self.father, self.grandmother) if adult]
