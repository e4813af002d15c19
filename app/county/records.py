"""What services write down about one random family: from the booking to year 4, early help and social care.

Each row carries the address of its own date, so that moves show; services are those of the nation lived in
on that day.
"""

from dataclasses import replace
from datetime import date, timedelta
from random import Random

from app.county import charity, community, early_help, early_years, education, housing, social_care
from app.county.books import Books
from app.county.errors import Clerk
from app.county.facts import Facts
from app.county.fostering import FosterHomes
from app.county.maternity import write_pregnancy
from app.county.numbers import NhsNumbers
from app.county.people import Family, Person, Pregnancy
from app.county.places import ENGLAND, WALES, Address
from app.county.roster import Roster, Staff

EARLY_HELP_SHARE, SOCIAL_CARE_SHARE, LOOKED_AFTER_SHARE, PROTECTION_SHARE = 0.12, 0.08, 0.12, 0.25
OFFER_SHARE_POOR, OFFER_SHARE, OPT_OUT_SHARE = 0.85, 0.25, 0.03
TENANT_SHARE_POOR, TENANT_SHARE, CHARITY_SHARE = 0.4, 0.12, 0.07
_OUTCOMES = ((early_years.ACCEPTED, early_years.DECLINED, early_years.OFFERED, early_years.NO_REPLY), (72, 12, 6, 10))


class Scribe:
    """Writes the records of random families."""

    def __init__(
        self, books: Books, clerk: Clerk, roster: Roster, facts: Facts, numbers: NhsNumbers, foster: FosterHomes
    ) -> None:
        self._books = books
        self._clerk = clerk
        self._roster = roster
        self._facts = facts
        self._numbers = numbers
        self._foster = foster
        self._as_of = books.as_of

    def write(self, family: Family, rng: Random) -> None:
        for child in family.children:
            self._enrol(rng, family, child)
        if rng.random() < SOCIAL_CARE_SHARE:
            self._social_care(rng, family)
        births = [record for preg in family.pregnancies for record in self._maternity(rng, family, preg)]
        if births and rng.random() < OPT_OUT_SHARE:
            self._facts.opt_out(births, self._as_of - timedelta(days=int(rng.random() * 900)))
        for child in family.children:
            self._contacts(rng, family, child)
            self._offer(rng, child)
            self._school(rng, family, child)
        if rng.random() < EARLY_HELP_SHARE:
            self._early_help(rng, family)
        if rng.random() < (TENANT_SHARE_POOR if self._poor(family) else TENANT_SHARE):
            self._housing(rng, family)
        if rng.random() < CHARITY_SHARE:
            self._charity(rng, family)
        self._books.end_family(family)

    def _maternity(self, rng: Random, family: Family, preg: Pregnancy) -> list[str]:
        midwife = self._roster.at("mw", family.index // 3)
        births = write_pregnancy(self._books, rng, self._clerk, family, preg, midwife)
        self._antenatal(rng, family, preg.due)
        return births

    def _antenatal(self, rng: Random, family: Family, due: date) -> None:
        day = due - timedelta(days=28 + int(rng.random() * 60))
        if day > self._as_of or day < family.arrived or rng.random() < 0.45:
            return
        if family.mother.home(day).nation == ENGLAND:
            visit = community.english_visit(rng, "08", day)
            visitor = self._roster.at("hv", family.index // 250)
            community.write_contact(
                self._books, rng, self._clerk, family.mother, visit, visitor, day - timedelta(days=30)
            )

    def _contacts(self, rng: Random, family: Family, child: Person) -> None:
        assert child.born is not None
        last: dict[str, tuple[str, date]] = {}
        for nation, plan in ((ENGLAND, community.ENGLISH_PLAN), (WALES, community.WELSH_PLAN)):
            for kind, start, end in plan:
                day = child.born + timedelta(days=start + int(rng.random() * (end - start + 15)))
                if day > self._as_of or day < family.arrived or child.home(day).nation != nation or rng.random() < 0.06:
                    continue
                last[nation] = self._contact(rng, family, child, nation, kind, day), day
        if last and (self._as_of - child.born).days < 5 * 365:
            nation = max(last, key=lambda n: last[n][1])
            visitor = self._roster.at("hw" if nation == WALES else "hv", family.index // 250)
            dataset = (community.WELSH if nation == WALES else community.ENGLISH).dataset
            self._facts.caseload(visitor.username, dataset, last[nation][0], "self", "caseload", child.born)

    def _contact(self, rng: Random, family: Family, child: Person, nation: str, kind: str, day: date) -> str:
        assert child.born is not None
        wales = nation == WALES
        visit = community.welsh_visit(rng, kind, day) if wales else community.english_visit(rng, kind, day)
        visitor = self._roster.at("hw" if wales else "hv", family.index // 250)
        since = max(child.born, family.arrived)
        fifth = date(child.born.year + 5, child.born.month, min(28, child.born.day))
        until = fifth if fifth < self._as_of else None
        return community.write_contact(self._books, rng, self._clerk, child, visit, visitor, since, until)

    def _offer(self, rng: Random, child: Person) -> None:
        assert child.born is not None
        day = child.born + timedelta(days=700 + int(rng.random() * 60))
        if day > self._as_of or child.home(day).nation != ENGLAND:
            return
        poor = self._books.gazetteer.decile(child.home(day)) <= 4
        if rng.random() >= (OFFER_SHARE_POOR if poor else OFFER_SHARE):
            return
        outcome = rng.choices(*_OUTCOMES)[0]
        start = day + timedelta(days=30 + int(rng.random() * 90)) if outcome == early_years.ACCEPTED else None
        if start and start > self._as_of:
            start = None
        end = start + timedelta(days=365 + int(rng.random() * 300)) if start else None
        offer = early_years.Offer(
            day, outcome, start, end if end and end < self._as_of else None, rng.choice(("ECO", "HSD", "LAA"))
        )
        record = early_years.write_offer(
            self._books, rng, self._clerk, child, offer, key_person=self._roster.at("np", day.day).name
        )
        if start and rng.random() < 0.1:
            worker = self._roster.at("np", day.day)
            self._facts.caseload(worker.username, early_years.LAYOUT.dataset, record, "self", "caseload", start)

    def _years(self, family: Family, child: Person) -> list[int]:
        """Return the school years (by their September) in which this child is counted in the county."""
        assert child.born is not None
        years = education.school_years(child.born, self._as_of)
        autumns = ((year, date(year, 10, 1)) for year in years)
        return [year for year, day in autumns if family.arrived <= day and child.home(day).nation == ENGLAND]

    def _enrol(self, rng: Random, family: Family, child: Person) -> None:
        if years := self._years(family, child):
            education.enrol(self._books, child, years[0], temporary=rng.random() < 0.02)

    def _school(self, rng: Random, family: Family, child: Person) -> None:
        assert child.born is not None
        school = int(child.homes[0][1].uprn[1:7]) // 40 % 900
        contact, kin = self._contact_of(rng, family)
        reception = education.school_years(child.born, self._as_of).start
        for n, year in enumerate(self._years(family, child)):
            number = child.former_upn if n == 0 and child.former_upn else ""
            if rng.random() < 0.08:
                school = int(rng.random() * 900)
                child.local_ids.pop("A", None)
            education.write_pupil(self._books, rng, self._clerk, child, contact, kin, school, year, number)
            if year == reception and date(year + 1, 7, 1) < self._as_of:
                education.write_profile(self._books, rng, self._clerk, child, school, year)

    def _contact_of(self, rng: Random, family: Family) -> tuple[Person, str]:
        if family.grandmother and rng.random() < 0.3:
            return family.grandmother, "Grandparent"
        if family.father and rng.random() < 0.22:
            return family.father, "Father"
        return family.mother, "Mother"

    def _early_help(self, rng: Random, family: Family) -> None:
        children = [c for c in family.children if c.born and (self._as_of - c.born).days > 60]
        if not children:
            return
        child = rng.choice(children)
        assert child.born is not None
        day = max(child.born, family.arrived) + timedelta(days=30)
        day += timedelta(days=int(rng.random() * max(1, (self._as_of - day).days)))
        if day >= self._as_of:
            return
        wales = child.home(day).nation == WALES
        episode = _episode(rng, day, self._as_of)
        worker = self._roster.at("fw" if wales else "fs", family.index // 97)
        ref = self._books.serial("GF" if wales else "EP")
        for adult, kin in self._adults(rng, family):
            record = early_help.write_episode(
                self._books, rng, self._clerk, child, adult, kin, _responsible(rng, kin), episode, worker, ref
            )
            if kin == early_help.MOTHER:
                dataset = (early_help.WELSH if wales else early_help.ENGLISH).dataset
                self._facts.caseload(worker.username, dataset, record, "self", "caseload", day, episode.closed)
                self._facts.random_wish(rng, dataset, record, day, wales)

    def _adults(self, rng: Random, family: Family) -> list[tuple[Person, str]]:
        adults = [(family.mother, early_help.MOTHER)]
        if family.father and rng.random() < 0.6:
            self._number(family.father)
            adults.append((family.father, early_help.FATHER))
        if family.grandmother and rng.random() < 0.3:
            self._number(family.grandmother)
            adults.append((family.grandmother, early_help.GRANDPARENT))
        return adults

    def _social_care(self, rng: Random, family: Family) -> None:
        children = [c for c in family.children if c.born and (self._as_of - c.born).days > 45]
        if not children or family.mother.home(self._as_of).nation != ENGLAND:
            return
        child = rng.choice(children)
        assert child.born is not None
        day = max(child.born, family.arrived)
        day += timedelta(days=int(rng.random() * max(1, (self._as_of - day).days)))
        if child.home(day).nation != ENGLAND or day >= self._as_of:
            return
        worker = self._roster.at("sw", family.index // 61)
        case, carer = _case(rng, day, self._as_of), None
        if rng.random() < LOOKED_AFTER_SHARE:
            case, carer = self._taken_into_care(rng, child, case)
        self._case_rows(rng, family, child, case, carer, worker)

    def _taken_into_care(self, rng: Random, child: Person, case: social_care.Case) -> tuple[social_care.Case, Person]:
        start = min(case.referred + timedelta(days=90), self._as_of - timedelta(days=2))
        carer = self._foster.draw(rng)
        child.homes = [*(h for h in child.homes if h[0] < start), (start, carer.homes[0][1])]
        taken = replace(
            case, cin_end=start if case.cin else None, protection_end=start if case.protection else None,
            looked_after=start,
            looked_after_end=None, placement="U4", removed=start, closed=None,
        )  # fmt: skip
        return taken, carer

    def _case_rows(
        self, rng: Random, family: Family, child: Person, case: social_care.Case, carer: Person | None, worker: Staff
    ) -> None:
        adults = [(family.mother, social_care.BIRTH_MOTHER)]
        if family.father and rng.random() < 0.5:
            self._number(family.father)
            adults.append((family.father, social_care.BIRTH_FATHER))
        if carer:
            adults.append((carer, social_care.FOSTER))
        records = {}
        for adult, role in adults:
            responsible = role == social_care.BIRTH_MOTHER or (role == social_care.BIRTH_FATHER and rng.random() < 0.8)
            records[role] = social_care.write_case(
                self._books, rng, self._clerk, child, adult, role, responsible, case, worker
            )
        dataset, mother_row = social_care.LAYOUT.dataset, records[social_care.BIRTH_MOTHER]
        if carer and case.looked_after:
            subject = dataset, records[social_care.FOSTER], "self"
            self._facts.block("placement", subject, (dataset, mother_row, "carer"), case.looked_after)
        self._facts.caseload(worker.username, dataset, mother_row, "self", "caseload", case.referred, case.closed)

    def _poor(self, family: Family) -> bool:
        return self._books.gazetteer.decile(family.mother.homes[-1][1]) <= 3

    def _housing(self, rng: Random, family: Family) -> None:
        """Let the council be the landlord of every home in England that is the family's own."""
        homes = family.mother.homes
        officer = self._roster.at("ho", family.index // 41)
        ends: list[date | None] = [*(since for since, _ in homes[1:]), None]
        for (start, home), end in zip(homes, ends, strict=True):
            begun = max(start, family.arrived)
            if home.nation == ENGLAND and not home.communal and (end is None or begun < end):
                tenancy = housing.Tenancy(self._books.serial("TN"), begun, end, officer)
                self._tenancy(rng, family, tenancy, home)

    def _tenancy(self, rng: Random, family: Family, tenancy: housing.Tenancy, home: Address) -> None:
        mother = family.mother
        members = [(mother, housing.TENANT)]
        members += [(family.father, housing.PARTNER)] if family.father else []
        members += [(family.grandmother, housing.PARENT)] if family.grandmother else []
        members += [(child, housing.DAUGHTER if child.female else housing.SON) for child in family.children]
        for number, (member, kin) in enumerate(members, 1):
            day = max(tenancy.start, member.born or tenancy.start)
            if day < (tenancy.end or self._as_of) and member.home(day) == home:
                housing.write_member(self._books, rng, self._clerk, tenancy, number, mother, member, kin, day)

    def _charity(self, rng: Random, family: Family) -> None:
        children = [c for c in family.children if c.born and c.born < self._as_of - timedelta(days=30)]
        if not children:
            return
        earliest = max(min(c.born for c in children if c.born), family.arrived)
        first = earliest + timedelta(days=int(rng.random() * (self._as_of - earliest).days))
        last = first + timedelta(days=30 + int(rng.random() * 300))
        worker, programme = self._roster.at("hs", family.index // 13), rng.choice(charity.PROGRAMMES)
        ended = last if last < self._as_of else None
        came = [family.mother, *(c for c in children if c.born and c.born < first)]
        records = [
            charity.write_help(self._books, rng, self._clerk, person, first, ended, programme, worker)
            for person in came
        ]
        dataset = charity.LAYOUT.dataset
        for record in records:
            self._facts.caseload(worker.username, dataset, record, "self", "referral", first, ended)
        self._facts.agreed(rng, dataset, records[0], first)

    def _number(self, person: Person) -> None:
        """Give an adult an NHS number when a first service asks for it."""
        if not person.nhs:
            person.nhs = self._numbers.late()


def _responsible(rng: Random, kin: str) -> bool:
    """Say who holds parental responsibility: mothers, most fathers, hardly ever anybody else."""
    return kin == early_help.MOTHER or rng.random() < (0.85 if kin == early_help.FATHER else 0.05)


def _episode(rng: Random, day: date, as_of: date) -> early_help.Episode:
    def later(base: date | None, least: int, most: int) -> date | None:
        if base is None or rng.random() < 0.08:
            return None
        found = base + timedelta(days=rng.randrange(least, most))
        return found if found <= as_of else None

    assessed = later(day, 7, 45)
    plan = later(assessed, 3, 30)
    closed = later(plan, 60, 300)
    return early_help.Episode(day, assessed, plan, closed, closed)


def _case(rng: Random, day: date, as_of: date) -> social_care.Case:
    def past(days: int) -> date | None:
        found = day + timedelta(days=days)
        return found if found <= as_of else None

    protected = rng.random() < PROTECTION_SHARE
    return social_care.Case(
        day, past(30 + rng.randrange(15)), None if protected else past(50),
        None if protected else past(50 + rng.randrange(300)),
        past(60) if protected else None, past(60 + rng.randrange(120, 500)) if protected else None,
        rng.choice(("NEG", "EMO", "PHY", "MUL")) if protected else "", closed=past(600),
    )  # fmt: skip
