"""School census and EYFSP extracts of the county's schools, keyed by UPN; no NHS number is ever in them.

School census: DfE pupil fields (UPN, FormerUPN, SENprovision N/K/E, FSM). EYFSP: NPD names FSP_…_E01–E17 as
used since 2021/22; a good level of development (GLD) is the expected level in E01–E12.
"""

from datetime import date
from random import Random

from app.county.books import Books
from app.county.errors import Clerk
from app.county.extracts import Layout
from app.county.numbers import upn
from app.county.people import Person

AUTHORITY = 885
"""A local authority number is needed for a valid UPN; the schools under it here do not exist."""
GOALS = (
    "COM_E01", "COM_E02", "PSE_E03", "PSE_E04", "PSE_E05", "PHY_E06", "PHY_E07", "LIT_E08", "LIT_E09",
    "LIT_E10", "MAT_E11",
    "MAT_E12", "UTW_E13", "UTW_E14", "UTW_E15", "EXP_E16", "EXP_E17",
)  # fmt: skip
CENSUS = Layout(
    "school-census", "school-census.csv",
    ("Academic Year", "Census Date", "LAEstab", "Admission No", "Pupil UPN", "Former UPN", "Pupil Surname",
     "Pupil Forename", "Pupil Middle Names", "Pupil DOB", "Sex", "NC Year", "Enrol Status", "Entry Date", "FSM",
     "SEN Provision", "Ethnicity", "Home Address", "Home Postcode", "Contact Forename", "Contact Surname",
     "Contact Relationship", "Contact Tel", "Contact Address", "Contact Postcode", "School Name", "School Tel",
     "Safeguarding Lead"),
    record=("Academic Year", "LAEstab", "Admission No"), birth="Pupil DOB", impossible="31-02-2021", line_end="\r\n",
)  # fmt: skip
EYFSP = Layout(
    "eyfsp", "eyfsp.xlsx",
    ("FSP_UPN", "FSP_ACADYR", "FSP_LAESTAB", "FSP_SURNAME", "FSP_FORENAME", "FSP_DOB", "FSP_SEX",
    "FSP_POSTCODE", "FSP_DATE",
     *(f"FSP_{goal}" for goal in GOALS), "FSP_GLD"),
    record=("FSP_UPN", "FSP_ACADYR"), birth="FSP_DOB", title="Early years foundation stage profile: pupil level",
)  # fmt: skip


def dashes(day: date | None) -> str:
    return f"{day.day:02d}-{day.month:02d}-{day.year}" if day else ""


def school_years(born: date, as_of: date) -> range:
    """Return the calendar years in whose September this child is at school, from Reception on, up to year 4."""
    start = born.year + (4 if (born.month, born.day) <= (8, 31) else 5)
    last = as_of.year if (as_of.month, as_of.day) >= (10, 1) else as_of.year - 1
    return range(start, min(last, start + 4) + 1)


def enrol(books: Books, child: Person, year: int, *, temporary: bool = False) -> None:
    """Give the child a UPN at its first school; some have a temporary one first, kept as `former_upn`."""
    number = int(books.serial("U")[1:])
    child.upn = upn(AUTHORITY, 2000 + number // 1000 % 7000, year, number)
    if temporary:
        child.former_upn = upn(AUTHORITY, 2000 + number // 2300 % 7000, year, number, temporary=True)


def write_pupil(
    books: Books, rng: Random, clerk: Clerk, child: Person, contact: Person, relationship: str, school: int,
    year: int, number: str = "",
) -> str:  # fmt: skip
    """Write the census row of one school year; return its record id."""
    assert child.born is not None
    day = date(year, 10, 1)
    seen = clerk.see(rng, child, CENSUS.dataset, day)
    adult = clerk.see(rng, contact, CENSUS.dataset, day)
    first = school_years(child.born, books.as_of).start
    academic, estab, admission = (
        f"{year}/{(year + 1) % 100:02d}",
        f"{AUTHORITY}{2000 + school}",
        books.local(child, "A"),
    )
    record = f"{academic}|{estab}|{admission}"
    poor = books.gazetteer.decile(seen.address) <= 3
    own_upn = number or child.upn
    books.write(CENSUS.dataset, record, [
        academic, dashes(day), estab, admission, own_upn, child.former_upn if own_upn == child.upn else "", seen.family,
        seen.given, seen.middle, dashes(seen.born), "F" if child.female else "M",
        "R" if year == first else str(year - first), "C", dashes(date(first, 9, 4)),
        "1" if rng.random() < (0.45 if poor else 0.12) else "0", rng.choices("NKE", (84, 13, 3))[0],
        child.ethnicity, str(seen.address), seen.postcode, adult.given, adult.family, relationship, adult.phone,
        str(adult.address), adult.postcode, school_name(school), f"01632 961{school % 1000:03d}",
        "Designated safeguarding lead",
    ], {"self": child, "contact": contact}, rng, clerk)  # fmt: skip
    books.tie(contact, "contact", child)
    return record


def school_name(school: int) -> str:
    kinds = ("Primary School", "Infant School", "C of E Primary", "Academy", "Catholic Primary")
    towns = (
        "Thornwick",
        "Marlford",
        "Kettlebridge",
        "Stowmarl",
        "Ashhollow",
        "Hexby",
        "Otterlow",
        "Saltersey",
        "Wrenfield",
    )
    return f"{towns[school % len(towns)]} {kinds[school // len(towns) % len(kinds)]}"


def write_profile(books: Books, rng: Random, clerk: Clerk, child: Person, school: int, year: int) -> None:
    """Write the profile at the end of the Reception year that began in September of `year`."""
    day = date(year + 1, 6, 30)
    seen = clerk.see(rng, child, EYFSP.dataset, day, addressed=False)
    ability = rng.gauss(1.15, 1)
    goals = ["2" if ability + rng.gauss(0, 0.7) > 0 else "1" for _ in GOALS]
    good = "1" if all(goal == "2" for goal in goals[:12]) else "0"
    number = child.former_upn or child.upn
    books.write(EYFSP.dataset, f"{number}|{year + 1}", [
        number, str(year + 1), f"{AUTHORITY}{2000 + school}", seen.family.upper(), seen.given.upper(),
        seen.born.isoformat() if seen.born else "", seen.sex, seen.postcode, day.isoformat(), *goals, good,
    ], {"self": child}, rng, clerk)  # fmt: skip
