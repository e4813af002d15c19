"""Early years census with the register of two-year-old offers: childcare places, offered, taken up and declined.

Early years census items: funded hours, expanded hours, funding basis ECO/HSD/LAA, EYPP, DAF. No NHS number,
no UPN: the council's own child reference. The export is tab-separated UTF-16, as one spreadsheet program
saves it.
"""

from dataclasses import dataclass
from datetime import date
from random import Random

from app.county.books import Books
from app.county.errors import Clerk
from app.county.extracts import Layout
from app.county.people import Person

LAYOUT = Layout(
    "early-years-census", "early-years-census.tsv",
    ("ChildRef", "OfferNo", "ProviderCode", "ProviderName", "ProviderTel", "Surname", "Forename", "DateOfBirth",
     "Gender", "AddressLine1", "AddressLine2", "Postcode", "OfferDate", "OfferStatus", "StartDate", "EndDate",
     "FundedHours", "ExpandedHours", "FundingBasis", "EYPP", "DAF", "KeyPerson"),
    record=("ChildRef", "OfferNo"), birth="DateOfBirth", impossible="31 Feb 2021", encoding="utf-16",
    delimiter="\t", line_end="\r\n",
)  # fmt: skip
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NURSERIES = (
    ("ZNF", "Little Acorns Marlford"), ("ZNF", "Little Acorns Stowmarl"), ("EY990101", "Tiddlers Pre-school"),
    ("EY990102", "Bright Steps Nursery"), ("EY990103", "Mrs A Holroyd, childminder"), ("ZNF", "Little Acorns Hexby"),
)  # fmt: skip
ACCEPTED, DECLINED, OFFERED, NO_REPLY = "A", "D", "O", "N"


@dataclass(frozen=True, slots=True)
class Offer:
    on: date
    status: str
    start: date | None = None
    end: date | None = None
    basis: str = "ECO"
    nursery: tuple[str, str] | None = None
    """Code and name of the provider, where it is not left to chance."""


def words(day: date | None) -> str:
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}" if day else ""


def write_offer(
    books: Books, rng: Random, clerk: Clerk, child: Person, offer: Offer, number: int = 1, key_person: str = ""
) -> str:
    """Write one offer of a funded place and what became of it; return its record id."""
    seen = clerk.see(rng, child, LAYOUT.dataset, offer.on)
    ref = books.local(child, "EY")
    record = f"{ref}|{number}"
    code, name = (offer.nursery or rng.choice(_NURSERIES)) if offer.start else ("", "")
    line1, line2 = seen.address.lines
    books.write(LAYOUT.dataset, record, [
        ref, str(number), code, name, "01632 962200" if code else "", seen.family, seen.given, words(seen.born),
        "Female" if child.female else "Male", line1, line2, seen.postcode, words(offer.on), offer.status,
        words(offer.start), words(offer.end), "15" if offer.start else "",
        "15" if offer.start and rng.random() < 0.3 else "", offer.basis, "Y" if rng.random() < 0.3 else "N",
        "Y" if rng.random() < 0.04 else "N", key_person if code == "ZNF" else "",
    ], {"self": child}, rng, clerk)  # fmt: skip
    return record
