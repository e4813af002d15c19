"""Maternity extracts, MSDS v2 in shape: pregnancy bookings (mother and unborn child) and births (mother and baby).

MSD001 MotherDemog, MSD101 PregnancyBooking and MSD401 BabyDemographics give the column names. A booking
carries the unborn child under the number of the fetus; the birth row repeats that number.
"""

from datetime import date, timedelta
from random import Random

from app.county.books import Books
from app.county.errors import Clerk
from app.county.extracts import Layout
from app.county.people import Birth, Family, Person, Pregnancy
from app.county.roster import Staff

BOOKINGS = Layout(
    "maternity-bookings", "maternity-bookings.csv",
    ("BookingID", "PregnancyID", "FetusID", "NHSNumberMother", "LocalPatientIdMother", "MotherGivenName",
     "MotherMiddleName", "MotherFamilyName", "MotherPrevFamilyName", "PersonBirthDateMother", "Postcode",
     "AddressLine", "MotherTelephone", "EthnicCategoryMother", "AntenatalAppDate", "GestAgeBooking", "EDDAgreed",
     "ComplexSocialFactorsInd", "SmokingStatusBooking", "MHPredictionDetectionIndMother", "PreviousLiveBirths",
     "NamedMidwife", "MidwifeTeam", "TeamTelephone", "PregEndDate", "PregOutcome"),
    record=("BookingID",), birth="PersonBirthDateMother", number="NHSNumberMother", encoding="utf-8-sig",
    line_end="\r\n",
)  # fmt: skip
BIRTHS = Layout(
    "maternity-births", "maternity-births.csv.gz",
    ("BirthID", "PregnancyID", "FetusID", "NHSNumberMother", "LocalPatientIdMother", "MotherGivenName",
     "MotherFamilyName", "PersonBirthDateMother", "MotherTelephone", "NHSNumberBaby", "BabyGivenName",
     "BabyFamilyName", "PersonBirthDateBaby", "PersonPhenSex", "Postcode", "AddressLine", "GestationLengthBirth",
     "BirthWeight", "BabyFirstFeedIndCode", "SkinToSkinContact1HourInd", "PregOutcome", "BirthOrder",
     "DischargeDateBabyHosp", "NamedMidwife", "MidwifeTeam", "TeamTelephone"),
    record=("BirthID",), birth="PersonBirthDateBaby", number="NHSNumberBaby", impossible="31/02/2021",
)  # fmt: skip
LIVE, LOSS = "01", "05"


def uk(day: date | None) -> str:
    return f"{day.day:02d}/{day.month:02d}/{day.year}" if day else ""


def iso(day: date | None) -> str:
    return day.isoformat() if day else ""


def write_pregnancy(
    books: Books, rng: Random, clerk: Clerk, family: Family, preg: Pregnancy, midwife: Staff
) -> list[str]:
    """Write the booking rows (one per fetus) and the birth rows of one pregnancy; return the birth rows' ids."""
    if not preg.local:
        return []
    pregnancy_id = books.serial("PR")
    hospital_no = books.local(family.mother, "M")
    for n, unborn in enumerate(preg.unborn, 1):
        write_booking(books, rng, clerk, family, preg, unborn, f"{pregnancy_id}-{n}", hospital_no, midwife)
    return [
        write_birth(books, rng, clerk, family.mother, birth, f"{pregnancy_id}-{birth.order}", hospital_no, midwife)
        for birth in preg.births
    ]


def write_booking(
    books: Books, rng: Random, clerk: Clerk, family: Family, preg: Pregnancy, unborn: Person, fetus_id: str,
    hospital_no: str, midwife: Staff,
) -> str:  # fmt: skip
    mother = family.mother
    seen = clerk.see(rng, mother, BOOKINGS.dataset, preg.booked)
    record = books.serial("BK")
    ended, outcome = (preg.lost, LOSS) if preg.lost else (None, "")
    previous = sum(len(p.births) for p in family.pregnancies if p.due < preg.due)
    books.write(BOOKINGS.dataset, record, [
        record, fetus_id.split("-")[0], fetus_id, seen.nhs, hospital_no, seen.given, seen.middle, seen.family,
        mother.former, iso(seen.born), seen.postcode, str(seen.address), seen.phone, mother.ethnicity,
        iso(preg.booked), str(280 - (preg.due - preg.booked).days), iso(preg.due),
        "Y" if rng.random() < 0.12 else "N", rng.choice(("1", "3", "4", "4", "4")),
        rng.choice(("01", "02", "02", "02")), str(previous), midwife.name, midwife.team, midwife.telephone,
        iso(ended), outcome,
    ], {"mother": mother, "baby": unborn}, rng, clerk)  # fmt: skip
    books.tie(mother, "birth_mother", unborn)
    return record


def write_birth(
    books: Books,
    rng: Random,
    clerk: Clerk,
    mother: Person,
    birth: Birth,
    fetus_id: str,
    hospital_no: str,
    midwife: Staff,
) -> str:
    child = birth.child
    assert child.born is not None
    seen = clerk.see(rng, mother, BIRTHS.dataset, child.born)
    baby = clerk.see(rng, child, BIRTHS.dataset, child.born, newborn=True)
    record = books.serial("BI")
    home = child.born + timedelta(days=1 + int(rng.random() * 3))
    books.write(BIRTHS.dataset, record, [
        record, fetus_id.split("-")[0], fetus_id, seen.nhs, hospital_no, seen.given, seen.family, uk(seen.born),
        seen.phone, baby.nhs, baby.given, baby.family, uk(baby.born), baby.sex, baby.postcode,
        str(baby.address), str(birth.gestation_days), str(birth.weight_grams), birth.feed,
        "Y" if rng.random() < 0.8 else "N", LIVE, str(birth.order), uk(home), midwife.name, midwife.team,
        midwife.telephone,
    ], {"mother": mother, "baby": child}, rng, clerk)  # fmt: skip
    books.tie(mother, "birth_mother", child)
    return record
