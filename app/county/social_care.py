"""Children's social care extract: children in need, protection plans, looked-after episodes, and each child's carers.

Fields after the CIN census and SSDA903 (LAchildID, CPPstartDate, DECOM, DEC). The NHS number is absent in
half of the rows and sometimes wrong. One row per child, episode and carer; that an earlier child was
removed is a fact about the mother.
"""

from dataclasses import dataclass
from datetime import date
from random import Random

from app.county.books import Books
from app.county.errors import Clerk
from app.county.extracts import Layout
from app.county.maternity import iso
from app.county.people import Person
from app.county.roster import Staff

LAYOUT = Layout(
    "social-care", "social-care.txt",
    ("RowID", "LAchildID", "UPN", "NHSNumber", "ChildForename", "ChildSurname", "PersonBirthDate",
     "GenderCurrent", "ChildAddress", "ChildPostcode", "UPRN", "CarerID", "CarerNHSNumber", "CarerForename",
     "CarerSurname", "CarerBirthDate", "CarerAddress", "CarerPostcode", "CarerTel", "CarerRole", "CarerHasPR",
     "CINreferralDate", "ReferralSource", "AssessmentDate", "CINPlanStart", "CINPlanEnd", "CPPstartDate",
     "CPPendDate", "InitialCategoryOfAbuse", "DECOM", "DEC", "PlacementType", "EarlierChildRemovedDate",
     "SocialWorker", "Team", "TeamTel", "CaseClosed"),
    record=("RowID",), birth="PersonBirthDate", number="NHSNumber", encoding="cp1252", delimiter="|", line_end="\r\n",
)  # fmt: skip
BIRTH_MOTHER, BIRTH_FATHER, FOSTER, ADOPTER, KIN, STEP = "BM", "BF", "FC", "AP", "GP", "SP"
_TIES = {BIRTH_MOTHER: "parent", BIRTH_FATHER: "parent", FOSTER: "foster_carer", ADOPTER: "adoptive_parent",
         KIN: "carer", STEP: "carer"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Case:
    """One social care episode of one child."""

    referred: date
    assessed: date | None = None
    cin: date | None = None
    cin_end: date | None = None
    protection: date | None = None
    protection_end: date | None = None
    abuse: str = ""
    looked_after: date | None = None
    looked_after_end: date | None = None
    placement: str = ""
    removed: date | None = None
    closed: date | None = None
    source: str = ""


def write_case(
    books: Books, rng: Random, clerk: Clerk, child: Person, carer: Person, role: str, responsible: bool, case: Case,
    worker: Staff, latest: date | None = None,
) -> str:  # fmt: skip
    """Write one row (child × carer); return its record id. `latest` dates the addresses, by default the referral."""
    day = latest or case.looked_after or case.referred
    seen = clerk.see(rng, child, LAYOUT.dataset, day, care=True)
    adult = clerk.see(rng, carer, LAYOUT.dataset, day, care=True)
    record = books.serial("SC")
    books.write(LAYOUT.dataset, record, [
        record, books.local(child, "LA"), child.upn if rng.random() < 0.4 else "", seen.nhs, seen.given,
        seen.family, iso(seen.born), seen.sex, str(seen.address), seen.postcode,
        seen.address.uprn if rng.random() < 0.5 else "", books.local(carer, "LA"), adult.nhs, adult.given,
        adult.family, iso(adult.born), str(adult.address), adult.postcode, adult.phone, role,
        "1" if responsible else "0", iso(case.referred),
        case.source or rng.choice(("1A", "1B", "2A", "3E", "5A")), iso(case.assessed), iso(case.cin),
        iso(case.cin_end), iso(case.protection), iso(case.protection_end), case.abuse, iso(case.looked_after),
        iso(case.looked_after_end), case.placement, iso(case.removed) if role == BIRTH_MOTHER else "",
        worker.name, worker.team, worker.telephone, iso(case.closed),
    ], {"self": child, "carer": carer}, rng, clerk)  # fmt: skip
    books.tie(carer, _TIES[role], child)
    if responsible:
        books.tie(carer, "parental_responsibility", child)
    return record
