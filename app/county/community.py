"""Community contacts: Marlshire's CSDS-shaped extract and Glanwern's Healthy Child Wales Programme one.

CSDS v1.6: CYP201 attendance status (5 seen, 6 seen late, 7 arrived too late, 2 cancelled by patient, 3 did
not attend, 4 cancelled by provider), CYP202 activity types 08–12 for the five mandated contacts, CYP610
breastfeeding 01/02/03, CYP612 ASQ-3 scores. An antenatal contact (08) has the mother as its patient, as in
the national data set.
"""

from dataclasses import dataclass
from datetime import date
from random import Random

from app.county.books import Books
from app.county.errors import Clerk
from app.county.extracts import Layout
from app.county.maternity import iso, uk
from app.county.people import Person
from app.county.roster import Staff

ENGLISH = Layout(
    "community-contacts", "community-contacts.csv",
    ("CareContactID", "NHS_Number", "Local_Patient_ID", "Given_Name", "Middle_Name", "Family_Name",
     "Person_Birth_Date", "Gender", "Address", "Postcode", "Contact_Date", "Attendance_Status", "Activity_Type",
     "ASQ3_Interval_Months", "ASQ3_Communication", "ASQ3_Gross_Motor", "ASQ3_Fine_Motor", "ASQ3_Problem_Solving",
     "ASQ3_Personal_Social", "Breastfeeding_Status", "Service_Request_ID", "Referral_Received_Date",
     "Discharge_Date", "Practitioner", "Practitioner_Role", "Accountable_Practitioner", "Team",
     "Team_Telephone"),
    record=("CareContactID",), birth="Person_Birth_Date", number="NHS_Number", impossible="20210230", quote_all=True,
    line_end="\r\n",
)  # fmt: skip
WELSH = Layout(
    "community-contacts-wales", "community-contacts-wales.csv",
    ("Rhif cyswllt", "Rhif GIG", "Rhif lleol", "Enw cyntaf", "Enwau canol", "Cyfenw", "Dyddiad geni", "Rhyw",
     "Cyfeiriad", "Cod post", "Dyddiad cyswllt", "Math cyswllt", "Canlyniad", "Bwydo", "Pwysau (g)",
     "Dechrau'n Deg", "Dyddiad cyfeirio", "Dyddiad cau", "Ymwelydd iechyd", "Tîm", "Ffôn y tîm"),
    record=("Rhif cyswllt",), birth="Dyddiad geni", number="Rhif GIG", impossible="31/02/2021", encoding="cp1252",
    delimiter=";", line_end="\r\n",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Visit:
    """One contact as planned and as it went. `kind` and `status` are the codes of the extract's own nation."""

    kind: str
    on: date
    status: str
    interval: str = ""
    scores: tuple[str, ...] = ("",) * 5
    feeding: str = ""
    weight: str = ""


ENGLISH_PLAN = (("09", 10, 14), ("10", 42, 56), ("11", 290, 365), ("12", 740, 900))
WELSH_PLAN = (
    ("10D", 10, 14), ("6W", 42, 49), ("8W", 56, 63), ("12W", 84, 91), ("16W", 112, 119), ("6M", 180, 200),
    ("15M", 450, 470), ("27M", 815, 840), ("42M", 1275, 1300),
)  # fmt: skip
_ENGLISH_STATUS = ("5", "6", "7", "2", "3", "4")
_ENGLISH_ODDS = (78, 5, 1, 4, 9, 3)
_WELSH_STATUS = ("CWBLHAU", "DIM MYNEDIAD", "GWRTHOD", "METHU", "CANSLO")
_WELSH_ODDS = (82, 5, 3, 7, 3)
SEEN = frozenset({"5", "6", "CWBLHAU"})


def english_visit(rng: Random, kind: str, on: date, status: str = "") -> Visit:
    """Draw how an English contact went; `status` fixes the attendance."""
    status = status or rng.choices(_ENGLISH_STATUS, _ENGLISH_ODDS)[0]
    feeding, interval = "", ""
    scores: tuple[str, ...] = ("",) * 5
    if kind == "10" and status in SEEN:
        feeding = rng.choices(("01", "02", "03"), (32, 18, 50))[0]
    if kind == "12" and status in SEEN and rng.random() < 0.92:
        interval = rng.choice(("24", "27", "27", "30"))
        ability = rng.gauss(0, 1)
        scores = tuple(str(min(60, max(0, 5 * round((47 + 6 * ability + rng.gauss(0, 8)) / 5)))) for _ in range(5))
    return Visit(kind, on, status, interval, scores, feeding)


def welsh_visit(rng: Random, kind: str, on: date, status: str = "") -> Visit:
    status = status or rng.choices(_WELSH_STATUS, _WELSH_ODDS)[0]
    feeding = rng.choices(("B", "C", "F"), (30, 15, 55))[0] if kind in ("10D", "6W") and status in SEEN else ""
    weight = (
        str(round(rng.gauss(3500 if kind == "10D" else 5200, 450)))
        if kind in ("10D", "6W", "8W") and status in SEEN
        else ""
    )
    return Visit(kind, on, status, feeding=feeding, weight=weight)


def write_contact(
    books: Books,
    rng: Random,
    clerk: Clerk,
    person: Person,
    visit: Visit,
    visitor: Staff,
    since: date,
    until: date | None = None,
) -> str:
    """Write one contact into the extract of the visitor's organisation; return its record id."""
    if visitor.organisation == "ZWB":
        return _write_welsh(books, rng, clerk, person, visit, visitor, since, until)
    seen = clerk.see(rng, person, ENGLISH.dataset, visit.on)
    record, local = books.serial("CC"), books.local(person, "C")
    books.write(ENGLISH.dataset, record, [
        record, seen.nhs, local, seen.given, seen.middle, seen.family, iso(seen.born).replace("-", ""),
        seen.sex, str(seen.address), seen.postcode, iso(visit.on), visit.status, visit.kind, visit.interval,
        *visit.scores, visit.feeding, f"SR{local[1:]}", iso(since), iso(until), visitor.name, "Health visitor",
        visitor.name, visitor.team, visitor.telephone,
    ], {"self": person}, rng, clerk)  # fmt: skip
    return record


def _write_welsh(
    books: Books,
    rng: Random,
    clerk: Clerk,
    person: Person,
    visit: Visit,
    visitor: Staff,
    since: date,
    until: date | None,
) -> str:
    seen = clerk.see(rng, person, WELSH.dataset, visit.on)
    record, local = books.serial("GW"), books.local(person, "W")
    books.write(WELSH.dataset, record, [
        record, seen.nhs, local, seen.given, seen.middle, seen.family, uk(seen.born), "B" if person.female else "G",
        str(seen.address), seen.postcode, uk(visit.on), visit.kind, visit.status, visit.feeding, visit.weight,
        "I" if int(seen.address.uprn[1:7]) // 30 % 4 == 0 else "N", uk(since), uk(until), visitor.name, visitor.team,
        visitor.telephone,
    ], {"self": person}, rng, clerk)  # fmt: skip
    return record
