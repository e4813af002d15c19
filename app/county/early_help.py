"""Early help extracts of both councils: the child, one parent or carer per row, and the plan.

Marlshire sends a CSV with NHS numbers spaced as people write them, often absent; Glanwern a semicolon file
with bilingual headers and whole names in one column. Parental responsibility is a column of its own and
true only where it says so.
"""

from dataclasses import dataclass
from datetime import date
from random import Random

from app.county.books import Books
from app.county.errors import Clerk
from app.county.extracts import Layout
from app.county.maternity import iso, uk
from app.county.people import Person, Seen
from app.county.roster import Staff

ENGLISH = Layout(
    "early-help", "early-help.csv",
    ("Episode Ref", "Person ID", "NHS No", "Forename", "Surname", "DOB", "Gender", "Address", "Postcode", "UPRN",
     "Parent Person ID", "Parent NHS No", "Parent Forename", "Parent Surname", "Parent DOB", "Parent Tel",
     "Parent Address", "Parent Postcode", "Relationship", "PR", "Referral Date", "Referral Source",
     "Assessment Date", "Plan Start", "Plan End", "Closure Date", "Closure Reason", "Lead Practitioner",
     "Lead Role", "Team", "Team Tel"),
    record=("Episode Ref", "Parent Person ID"), birth="DOB", number="NHS No", impossible="31/02/2021",
)  # fmt: skip
WELSH = Layout(
    "early-help-wales", "early-help-wales.csv",
    ("Cyf / Ref", "Rhif y plentyn / Child ID", "Enw'r plentyn / Child name", "Dyddiad geni / DOB",
     "Rhif GIG / NHS no", "Cyfeiriad / Address", "Cod post / Postcode", "Rhif y rhiant / Parent ID",
     "Enw'r rhiant / Parent name", "DOB rhiant / Parent DOB", "Ffôn rhiant / Parent phone",
     "Cod post rhiant / Parent postcode", "Perthynas / Relationship", "Cyfrifoldeb rhiant / PR",
     "Cyfeiriwyd / Referred", "Aseswyd / Assessed", "Cynllun o / Plan from", "Cynllun hyd / Plan to",
     "Gweithiwr / Worker", "Tîm / Team", "Ffôn / Phone"),
    record=("Cyf / Ref", "Rhif y rhiant / Parent ID"), birth="Dyddiad geni / DOB", number="Rhif GIG / NHS no",
    impossible="31.02.2021", delimiter=";",
)  # fmt: skip
MOTHER, FATHER, GRANDPARENT, STEP = "Mother", "Father", "Grandparent", "Step-parent"
_WELSH_KIN = {MOTHER: "Mam", FATHER: "Tad", GRANDPARENT: "Nain/Taid", STEP: "Llys-riant"}
_SOURCES = ("Health visitor", "School", "Nursery", "Self", "Midwife", "Police", "Housing")
_TIES = {MOTHER: "parent", FATHER: "parent", GRANDPARENT: "carer", STEP: "carer"}


@dataclass(frozen=True, slots=True)
class Episode:
    referred: date
    assessed: date | None = None
    plan: date | None = None
    plan_end: date | None = None
    closed: date | None = None


def write_episode(
    books: Books, rng: Random, clerk: Clerk, child: Person, parent: Person, kin: str, responsible: bool,
    episode: Episode, worker: Staff, ref: str,
) -> str:  # fmt: skip
    """Write one row (child × adult) of an episode into the worker's council's extract; return its record id."""
    wales = worker.organisation == "ZGC"
    layout = WELSH if wales else ENGLISH
    seen = clerk.see(rng, child, layout.dataset, episode.referred, care=True)
    adult = clerk.see(rng, parent, layout.dataset, episode.referred, care=True, addressed=not wales)
    person_id, parent_id = (books.local(p, "GC" if wales else "EH") for p in (child, parent))
    make = _welsh_row if wales else _english_row
    values = make(rng, ref, person_id, parent_id, seen, adult, kin, responsible, episode, worker)
    record = f"{ref}|{parent_id}"
    books.write(layout.dataset, record, values, {"self": child, "parent": parent}, rng, clerk)
    books.tie(parent, _TIES[kin], child)
    if responsible:
        books.tie(parent, "parental_responsibility", child)
    return record


def spaced(number: str) -> str:
    return f"{number[:3]} {number[3:6]} {number[6:]}" if number else ""


def _english_row(
    rng: Random, ref: str, person_id: str, parent_id: str, seen: Seen, adult: Seen, kin: str, responsible: bool,
    episode: Episode, worker: Staff,
) -> list[str]:  # fmt: skip
    uprn = seen.address.uprn if rng.random() < 0.6 else ""
    return [
        ref, person_id, spaced(seen.nhs), seen.given, seen.family, uk(seen.born),
        "F" if seen.sex == "2" else "M", str(seen.address), seen.postcode, uprn, parent_id, spaced(adult.nhs),
        adult.given, adult.family, uk(adult.born), adult.phone, str(adult.address), adult.postcode, kin,
        "Y" if responsible else "N", uk(episode.referred), rng.choice(_SOURCES), uk(episode.assessed),
        uk(episode.plan), uk(episode.plan_end), uk(episode.closed),
        rng.choice(("Needs met", "Moved away", "Stepped up", "Disengaged")) if episode.closed else "",
        worker.name, "Family support worker", worker.team, worker.telephone,
    ]  # fmt: skip


def _welsh_row(
    rng: Random, ref: str, person_id: str, parent_id: str, seen: Seen, adult: Seen, kin: str, responsible: bool,
    episode: Episode, worker: Staff,
) -> list[str]:  # fmt: skip
    return [
        ref, person_id, f"{seen.given} {seen.family}", dots(seen.born), seen.nhs, str(seen.address),
        seen.postcode, parent_id,
        f"{adult.given} {adult.family}", dots(adult.born), adult.phone, adult.postcode, _WELSH_KIN[kin],
        "Oes" if responsible else "Nac oes", iso(episode.referred), iso(episode.assessed), iso(episode.plan),
        iso(episode.plan_end), worker.name, worker.team, worker.telephone,
    ]  # fmt: skip


def dots(day: date | None) -> str:
    return f"{day.day:02d}.{day.month:02d}.{day.year}" if day else ""
