"""Housing extract of the English council: its tenancies, one row per tenant or member of the household.

After the CORE lettings log in shape: a tenancy reference, a person number within it, the relationship to the main
tenant, and the UPRN. Local numbers only; whoever is not the main tenant is listed beside that tenant.
"""

from dataclasses import dataclass
from datetime import date
from random import Random

from app.county.books import Books
from app.county.errors import Clerk
from app.county.extracts import Layout
from app.county.maternity import uk
from app.county.people import Person
from app.county.roster import Staff

LAYOUT = Layout(
    "housing", "housing.csv",
    ("TenancyRef", "MemberNo", "PersonRef", "Forename", "Surname", "DOB", "Gender", "Relationship", "TenantRef",
     "TenantForename", "TenantSurname", "TenantDOB", "UPRN", "Address", "Postcode", "MovedIn", "TenancyStart",
     "TenancyEnd", "HousingOfficer", "Patch", "PatchTel"),
    record=("TenancyRef", "MemberNo"), birth="DOB", impossible="31/02/2021", line_end="\r\n",
)  # fmt: skip
TENANT, PARTNER, SON, DAUGHTER, PARENT = "Tenant", "Partner", "Son", "Daughter", "Parent"
_TIES = {PARTNER: "partner", SON: "parent", DAUGHTER: "parent"}


@dataclass(frozen=True, slots=True)
class Tenancy:
    ref: str
    start: date
    end: date | None
    officer: Staff


def write_member(
    books: Books, rng: Random, clerk: Clerk, tenancy: Tenancy, number: int, tenant: Person, member: Person, kin: str,
    moved_in: date,
) -> str:  # fmt: skip
    """Write one member's row; return its record id."""
    seen = clerk.see(rng, member, LAYOUT.dataset, moved_in, care=True)
    main = None if member is tenant else clerk.see(rng, tenant, LAYOUT.dataset, moved_in, care=True, addressed=False)
    record = f"{tenancy.ref}|{number}"
    named = ("", "", "", "")
    if main is not None:
        named = (books.local(tenant, "HT"), main.given, main.family, uk(main.born))
    books.write(LAYOUT.dataset, record, [
        tenancy.ref, str(number), books.local(member, "HT"), seen.given, seen.family, uk(seen.born),
        "F" if seen.sex == "2" else "M", kin, *named, seen.address.uprn, str(seen.address), seen.postcode,
        uk(moved_in), uk(tenancy.start), uk(tenancy.end), tenancy.officer.name, tenancy.officer.team,
        tenancy.officer.telephone,
    ], {"self": member} if main is None else {"self": member, "tenant": tenant}, rng, clerk)  # fmt: skip
    if kin in _TIES:
        books.tie(tenant, _TIES[kin], member)
    return record
