"""The stage on which named families are played: fixed people, fixed numbers, rows through the same writers, no errors.

Numbers come from the reserved foot of the 999 range in the order in which people are named, so they are the
same in every county. A trap is set with `mark`, which makes one dataset hold something other than the truth
of a person.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations
from random import Random

from app.county import community, early_help, early_years, education, social_care
from app.county.books import ADDRESS, SHARED_PARENT, Books
from app.county.errors import NO_ERRORS, Clerk
from app.county.facts import Facts, Ref
from app.county.maternity import BIRTHS, BOOKINGS, write_birth, write_booking
from app.county.numbers import reserved_nhs_numbers
from app.county.people import Birth, Family, Person, Pregnancy, Registration
from app.county.places import ENGLAND, WALES, Address
from app.county.roster import Roster, Staff

ALWAYS = date(2000, 1, 1)
ACORNS = ("ZNF", "Little Acorns Marlford")
Homes = Address | Sequence[tuple[date, Address]]


class Stage:
    def __init__(self, books: Books, facts: Facts, roster: Roster) -> None:
        self.books = books
        self.facts = facts
        self._roster = roster
        self._clerk = Clerk(NO_ERRORS)
        self._numbers = iter(reserved_nhs_numbers())
        self._rng = Random(0)
        self._number = 0
        self.cast: list[Person] = []

    def open(self, number: int) -> None:
        """Begin a family; what chance remains (birth weights, codes) follows from its number alone."""
        self._number, self._rng, self.cast = number, Random(number), []

    def home(self, index: int, house: int, nation: str = ENGLAND, name: str = "") -> Address:
        self.books.gazetteer.keep(index, nation, house)
        return self.books.gazetteer.at(index, nation, house, name=name)

    def person(
        self, name: str, sex: str, born: date | None, given: str, family: str, homes: Homes, *,
        middle: str = "", former: str = "",
        group: str = "english",
    ) -> Person:  # fmt: skip
        """Bring somebody on stage as `F<number>-<name>`; `sex` is F or M."""
        ordinal = len(self.cast)
        lived = [(ALWAYS, homes)] if isinstance(homes, Address) else list(homes)
        person = Person(
            f"F{self._number:02d}-{name}", sex == "F", born, given, middle, family, former, group, homes=lived,
            nhs=next(self._numbers) if born else "", phone=f"07200 {self._number:02d}{ordinal:04d}",
        )  # fmt: skip
        self.cast.append(person)
        return person

    def staff(self, username: str) -> Staff:
        return self._roster.by_username[username]

    def mark(self, person: Person, dataset: str, *, given: str = "", family: str = "", nhs: str = "") -> None:
        """Let one dataset hold another name or number for this person from now on; nothing given restores the truth."""
        truth = Registration(person.given, person.middle, person.family, person.born, person.nhs, person.phone)
        person.habits[dataset] = replace(
            truth, given=given or truth.given, family=family or truth.family, nhs=nhs or truth.nhs
        )

    def expect(
        self,
        mother: Person,
        due: date,
        unborn: Sequence[Person],
        *,
        booked: date | None = None,
        lost: date | None = None,
    ) -> list[Ref]:
        """Write the booking rows of one pregnancy; return how facts name the unborn children."""
        preg = Pregnancy(1, booked or due - timedelta(days=210), due, list(unborn), lost=lost)
        family = Family(mother.key, self._number, mother.group, mother, None, pregnancies=[preg])
        hospital, number = self.books.local(mother, "M"), self.books.serial("PR")
        refs = []
        for n, child in enumerate(unborn, 1):
            child.local_ids["fetus"] = f"{number}-{n}"
            record = write_booking(
                self.books, self._rng, self._clerk, family, preg, child, child.local_ids["fetus"], hospital,
                self.staff("mw.rees")
            )  # fmt: skip
            refs.append((BOOKINGS.dataset, record, "baby"))
        return refs

    def bear(self, mother: Person, *children: Person, gestation: int = 277) -> list[Ref]:
        """Write booking and birth rows of one pregnancy; return how facts name the babies."""
        born = children[0].born
        assert born is not None
        self.expect(mother, born + timedelta(days=280 - gestation), children)
        refs = []
        for order, child in enumerate(children, 1):
            birth = Birth(child, order, gestation, 3400 - 800 * (len(children) - 1) - 60 * order, "01")
            record = write_birth(
                self.books, self._rng, self._clerk, mother, birth, child.local_ids["fetus"],
                self.books.local(mother, "M"),
                self.staff("mw.rees"),
            )  # fmt: skip
            refs.append((BIRTHS.dataset, record, "baby"))
        return refs

    def contact(self, person: Person, kind: str, on: date, worker: str = "hv.morgan", status: str = "") -> Ref:
        visitor = self.staff(worker)
        wales = visitor.organisation == "ZWB"
        make = community.welsh_visit if wales else community.english_visit
        visit = make(self._rng, kind, on, status or ("CWBLHAU" if wales else "5"))
        since = person.born if person.born and kind not in ("08", "CG") and person.born.year > 2015 else on
        record = community.write_contact(self.books, self._rng, self._clerk, person, visit, visitor, since)
        return (community.WELSH if wales else community.ENGLISH).dataset, record, "self"

    def contacts(
        self,
        child: Person,
        worker: str = "hv.morgan",
        *,
        since: date = ALWAYS,
        until: date | None = None,
        caseload: bool = True,
    ) -> Ref:
        """Write every scheduled contact that fell between two days and put the child on the worker's caseload."""
        assert child.born is not None
        wales = self.staff(worker).organisation == "ZWB"
        ref: Ref | None = None
        for kind, first, last in community.WELSH_PLAN if wales else community.ENGLISH_PLAN:
            day = child.born + timedelta(days=(first + last) // 2)
            if since <= day <= (until or self.books.as_of):
                ref = self.contact(child, kind, day, worker)
        if ref is None:
            ref = self.contact(child, "ARALL" if wales else "13", max(since, child.born), worker)
        if caseload:
            self.facts.caseload(worker, *ref, "caseload", max(since, child.born))
        return ref

    def help(
        self, child: Person, adult: Person, kin: str, responsible: bool, since: date, ref: str,
        worker: str = "fsw.evans",
        closed: date | None = None,
    ) -> Ref:  # fmt: skip
        """Write one early help row (child × adult); return how facts name the child in it."""
        weeks = [since + timedelta(days=days) for days in (21, 35)]
        assessed, plan = (day if day <= self.books.as_of else None for day in weeks)
        episode = early_help.Episode(since, assessed, plan, closed, closed)
        staff = self.staff(worker)
        record = early_help.write_episode(
            self.books, self._rng, self._clerk, child, adult, kin, responsible, episode, staff, ref
        )
        return (early_help.WELSH if staff.organisation == "ZGC" else early_help.ENGLISH).dataset, record, "self"

    def care(
        self,
        child: Person,
        carer: Person,
        role: str,
        responsible: bool,
        case: social_care.Case,
        latest: date | None = None,
    ) -> Ref:
        """Write one social care row (child × carer); return how facts name the child in it."""
        record = social_care.write_case(
            self.books, self._rng, self._clerk, child, carer, role, responsible, case, self.staff("sw.okoro"), latest
        )
        return social_care.LAYOUT.dataset, record, "self"

    def pupil(self, child: Person, contact: Person, kin: str, school: int, year: int) -> Ref:
        if not child.upn:
            education.enrol(self.books, child, year)
        record = education.write_pupil(self.books, self._rng, self._clerk, child, contact, kin, school, year)
        return education.CENSUS.dataset, record, "self"

    def offer(self, child: Person, offer: early_years.Offer) -> Ref:
        record = early_years.write_offer(
            self.books, self._rng, self._clerk, child, offer, key_person=self.staff("np.hart").name
        )
        return early_years.LAYOUT.dataset, record, "self"

    def kin(self, *siblings: Person, household: Sequence[Person] = ()) -> None:
        """Note who are siblings by birth and who shares a household today."""
        for one, other in combinations(siblings, 2):
            self.books.tie(one, "sibling", other, SHARED_PARENT)
        for one, other in combinations(household, 2):
            self.books.tie(one, "household", other, ADDRESS)


def other(ref: Ref, role: str) -> Ref:
    """Name another person of the same row."""
    return ref[0], ref[1], role


__all__ = ["ACORNS", "ALWAYS", "ENGLAND", "WALES", "Stage", "other"]
