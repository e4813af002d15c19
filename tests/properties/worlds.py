"""Small worlds of agreements, families and wishes in which everything can go wrong, but most things do not.

Each world is drawn from one seed with stated odds, so that about half of all reads go ahead and every reason occurs.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from random import Random
from typing import TypeVar

from hypothesis import strategies as st

from governance.agreements import documents
from governance.agreements.flows import (
    Agreement,
    Confidentiality,
    Flow,
    History,
    Identifiability,
    Kind,
    Recipient,
    Standing,
    Text,
)
from governance.policy.overrides import LONGEST, REASONS
from governance.policy.request import Block, Facts, Member, Override, RelationshipFact, Request
from governance.terms import (
    Action,
    Actor,
    AgreementStatus,
    BlockKind,
    Category,
    LegalBasis,
    OverrideKind,
    OverrideReason,
    Purpose,
    RelationshipKind,
    ResponsibilityKind,
    Role,
    Say,
    Segment,
    SignerBasis,
    SubjectRole,
    WishAnswer,
    WishKind,
    Withholding,
)
from governance.wishes.responsibility import ResponsibilityFact
from governance.wishes.wishes import ANSWERS, Wish

T = TypeVar("T")
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
TODAY = NOW.date()
SOON, LONG_AGO, LONG_AFTER = TODAY + timedelta(days=1), date(2026, 1, 1), date(2027, 1, 1)
ORGANISATIONS = ("A", "B")
CATEGORIES = (
    Category.IDENTITY,
    Category.SCHOOL,
    Category.EARLY_HELP,
    Category.DOMESTIC_ABUSE,
    Category.PRIMARY_CARE,
)
WORKERS = (Role.HEALTH_VISITOR, Role.FAMILY_SUPPORT_WORKER, Role.SOCIAL_WORKER)
OTHERS = (Role.DATA_STEWARD, Role.ADULT_WORKER, Role.SCHOOL_LEAD, Role.MIDWIFE)
USES = (Purpose.EARLY_HELP, Purpose.SAFEGUARDING, Purpose.DIRECT_CARE)
HOUR = timedelta(hours=1)
SHARED = 100
"""So many worlds of successive seeds stand under the same agreements."""
INSTANTS = tuple(NOW + timedelta(days=days) for days in (-3, -2, -1))
SUBJECTS = {
    "ada": SubjectRole.CHILD,
    "ben": SubjectRole.SIBLING,
    "bump": SubjectRole.CHILD,
    "mair": SubjectRole.MOTHER,
    "tom": SubjectRole.FATHER,
}
PEOPLE = (*SUBJECTS, "gran")


def worlds() -> st.SearchStrategy[tuple[Request, Facts]]:
    return st.integers(0, 2**48).map(world)


def world(seed: int) -> tuple[Request, Facts]:
    return _Draw(Random(seed)).world(standings(seed // SHARED))


@lru_cache(maxsize=8)
def standings(seed: int) -> tuple[Standing, ...]:
    """The agreements of one partnership."""
    return _Draw(Random(~seed)).standings()


@lru_cache(maxsize=1)
def shipped_standings() -> tuple[Standing, ...]:
    """The agreements that ship, in force and signed by every party."""
    agreements = [documents.shipped(code) for code in documents.SHIPPED]
    return tuple(Standing(each, AgreementStatus.IN_FORCE, each.organisations) for each in agreements)


def shipped_world(seed: int) -> tuple[Request, Facts]:
    """The same worlds among real partners, under the documents that ship."""
    (request, facts), rng = world(seed), Random(seed)
    agreed = shipped_standings()
    parties = sorted({organisation for standing in agreed for organisation in standing.agreement.organisations})
    named = dict(zip((*ORGANISATIONS, "Z"), rng.sample(parties, 3), strict=True))
    actor = facts.actor and replace(facts.actor, organisation=rng.choice(parties))
    held = frozenset(replace(segment, source=named[segment.source]) for segment in facts.held)
    return request, replace(facts, actor=actor, held=held, standings=agreed)


def wish_from(seed: int, ordinal: int) -> Wish:
    return _Draw(Random(seed)).wish(ordinal)


class _Draw:
    def __init__(self, rng: Random) -> None:
        self.rng = rng

    def one(self, values: Collection[T]) -> T:
        return self.rng.choice(tuple(values))

    def mostly(self, usual: T, others: Collection[T], odds: float = 0.05) -> T:
        return self.one(others) if self.rng.random() < odds else usual

    def some(self, values: Collection[T], share: float = 0.6) -> frozenset[T]:
        return frozenset(value for value in values if self.rng.random() < share)

    def chance(self, odds: float) -> bool:
        return self.rng.random() < odds

    def world(self, agreed: tuple[Standing, ...]) -> tuple[Request, Facts]:
        members = self.family() if self.chance(0.97) else ()
        role = self.mostly(self.one(WORKERS), OTHERS)
        index = members[0].person_id if members else "nobody"
        facts = Facts(
            actor=self.actor(role) if self.chance(0.98) else None,
            members=members,
            held=self.held(members),
            relationships=self.relationships(index),
            declared=self.mostly(frozenset[str](), [frozenset({p}) for p in PEOPLE]),
            erased=self.mostly(frozenset[str](), [frozenset({p}) for p in PEOPLE]),
            blocks=tuple(self.block() for _ in range(self.one((0, 0, 0, 1, 2)))),
            wishes=tuple(self.wish(ordinal) for ordinal in range(self.one(range(8)))),
            standings=agreed,
            log_available=self.chance(0.98),
            responsibilities=tuple(self.responsibility() for _ in range(self.one((0, 0, 0, 1, 2)))),
            overrides=tuple(self.override(f"o{n}", index) for n in range(self.one((0, 0, 0, 1, 2)))),
            over_limit=self.chance(0.03),
        )
        allowed = USES if role in (Role.HEALTH_VISITOR, Role.MIDWIFE) else USES[:2]
        purpose = self.mostly(self.one(allowed), (Purpose.PLANNING, None))
        return Request(Action.READ_FAMILY, index, purpose, NOW), facts

    def actor(self, role: Role) -> Actor:
        trained = self.mostly(LONG_AFTER, (TODAY, TODAY - timedelta(days=1), None))
        active, held, assured = self.chance(0.98), self.chance(0.98), self.chance(0.98)
        team = self.one((None, "red", "blue"))
        return Actor("worker", self.one(ORGANISATIONS), role, team, active, held, trained, assured)

    def family(self) -> tuple[Member, ...]:
        index = self.mostly("ada", ("bump", "mair"), 0.2)
        return tuple(self.member(name, index) for name in (index, *sorted(self.some(SUBJECTS, 0.7) - {index})))

    def member(self, name: str, index: str) -> Member:
        ages = {"ada": self.mostly(3, (19, None, 17, 18)), "ben": 6, "bump": None}
        return Member(
            person_id=name,
            subject=SUBJECTS[name],
            unborn=name == "bump",
            age=ages.get(name, 30),
            responsible=name in ("mair", "tom") and self.chance(0.8),
            with_index=name == index or self.chance(0.6),
            carried_by="mair" if name == "bump" else None,
            responsible_for=frozenset({"ben"}) if name in ("mair", "tom") and self.chance(0.6) else frozenset(),
        )

    def responsibility(self) -> ResponsibilityFact:
        kind = self.one(tuple(ResponsibilityKind))
        held = kind in (ResponsibilityKind.PARENTAL_RESPONSIBILITY, ResponsibilityKind.SPECIAL_GUARDIAN)
        ended = self.mostly(None, (TODAY, SOON, TODAY - timedelta(days=1)), 0.2)
        return ResponsibilityFact(
            person_id=self.one(PEOPLE),
            kind=kind,
            holder=self.one(("mair", "tom", "gran")) if held else None,
            since=self.mostly(LONG_AGO, (TODAY, SOON)),
            until=self.mostly(None, (TODAY, SOON), 0.1),
            recorded_at=self.mostly(INSTANTS[0], (NOW + timedelta(days=1),)),
            ended_on=ended,
            ended_at=None if ended is None else self.mostly(INSTANTS[1], (NOW + timedelta(days=1),), 0.2),
        )

    def override(self, name: str, index: str) -> Override:
        kind = self.one(tuple(OverrideKind))
        longest = LONGEST[kind] or timedelta(days=30)
        granted = NOW - self.mostly(HOUR, (timedelta(), -HOUR))
        return Override(
            id=name,
            kind=kind,
            person_id=self.mostly(index, PEOPLE),
            staff_id=self.mostly("worker", ("somebody",)),
            reason=self.mostly(self.one(sorted(REASONS[kind])), tuple(OverrideReason)),
            categories=self.some((*CATEGORIES, Category.ADULT_HEALTH), 0.8),
            granted_at=granted,
            expires_at=granted + self.mostly(longest, (HOUR, longest + HOUR), 0.1),
            ended_at=self.mostly(None, (NOW, NOW + HOUR, NOW - HOUR / 2), 0.1),
            document=kind is OverrideKind.COURT_ORDER and self.chance(0.9),
        )

    def held(self, members: Collection[Member]) -> frozenset[Segment]:
        return frozenset(
            Segment(member.person_id, member.subject, category, source)
            for member in members
            for category in self.some(CATEGORIES, 0.3)
            for source in self.some((*ORGANISATIONS, "Z"), 0.3)
        )

    def relationships(self, index: str) -> tuple[RelationshipFact, ...]:
        first = (self.relationship(index),) if self.chance(0.93) else ()
        return first + tuple(self.relationship(self.one(PEOPLE)) for _ in range(self.one((0, 0, 1))))

    def relationship(self, person: str) -> RelationshipFact:
        return RelationshipFact(
            person_id=person,
            kind=self.one(tuple(RelationshipKind)),
            since=self.mostly(LONG_AGO, (TODAY, SOON)),
            until=self.mostly(None, (TODAY, SOON), 0.1),
            recorded_at=self.mostly(INSTANTS[0], (NOW + timedelta(days=1),)),
            ended_at=self.mostly(None, (NOW, NOW + timedelta(days=1), *INSTANTS)),
        )

    def block(self) -> Block:
        person, against = self.rng.sample(PEOPLE, 2)
        kind, until = self.one(tuple(BlockKind)), self.mostly(None, (TODAY, SOON), 0.1)
        return Block(person, kind, self.mostly(against, (None,), 0.2), self.mostly(LONG_AGO, (SOON,)), until)

    def wish(self, ordinal: int) -> Wish:
        kind = self.mostly(WishKind.CONSENT, tuple(WishKind), 0.4)
        usual = WishAnswer.GIVEN if kind is WishKind.CONSENT else WishAnswer.MADE
        person = self.one(PEOPLE)
        adult = person in ("mair", "tom")
        basis = SignerBasis.ADULT_SELF if adult else SignerBasis.PARENTAL_RESPONSIBILITY
        return Wish(
            person_id=person,
            kind=kind,
            answer=self.mostly(usual, sorted(ANSWERS[kind]), 0.4),
            scope=tuple(sorted(self.some(("isp-1", "isp-2", "isp-1/0", *map(str, CATEGORIES)), 0.3) or {"*"})),
            signer=None,
            signer_person_id=self.mostly(person if adult else self.one(("mair", "tom")), (None, *PEOPLE), 0.2),
            signer_basis=self.mostly(basis, (None, *SignerBasis), 0.2),
            valid_from=self.mostly(self.one(INSTANTS), (NOW + timedelta(days=1),)),
            expires=self.mostly(None, (TODAY, SOON), 0.2),
            recorded_at=self.mostly(self.one(INSTANTS), (NOW + timedelta(days=1),)),
            ordinal=ordinal,
            void_from=self.mostly(None, (*INSTANTS, NOW, NOW + timedelta(days=1)), 0.08),
        )

    def standings(self) -> tuple[Standing, ...]:
        codes = [f"isp-{n}" for n in range(1, self.one((2, 3, 4)))]
        first = [self.standing(code, 1) for code in codes]
        second = [self.standing(code, 2) for code in codes if self.chance(0.3)]
        newer = {standing.agreement.code for standing in second}
        replaced = [s.agreement.code in newer and self.chance(0.8) for s in first]
        over = [replace(s, status=AgreementStatus.SUPERSEDED) for s, gone in zip(first, replaced, strict=True) if gone]
        return (*(s for s, gone in zip(first, replaced, strict=True) if not gone), *over, *second)

    def standing(self, code: str, version: int) -> Standing:
        agreement = Agreement(
            code=code,
            version=version,
            kind=Kind.ISP,
            title=Text("", ""),
            lead="A",
            parties=(),
            purposes=Text("", ""),
            ages=self.mostly((0, 17), ((0, 2), (4, 17)), 0.1),
            effective_from=self.mostly(LONG_AGO, (TODAY, SOON)),
            review_due=self.mostly(LONG_AFTER, (TODAY - timedelta(days=90), TODAY - timedelta(days=89)), 0.1),
            expires=self.mostly(LONG_AFTER, (TODAY, SOON)),
            flows=tuple(self.flow(str(no)) for no in range(self.one((1, 2, 3)))),
            hash=f"{code}/{version}",
        )
        signed = self.mostly(frozenset("AB"), (frozenset("A"), frozenset("B"), frozenset[str]()), 0.1)
        return Standing(agreement, self.mostly(AgreementStatus.IN_FORCE, tuple(AgreementStatus), 0.15), signed)

    def flow(self, no: str) -> Flow:
        everyone = (*WORKERS, Role.MIDWIFE, Role.SCHOOL_LEAD)
        teams = self.mostly(frozenset[str](), (frozenset({"red"}), frozenset({"red", "green"})), 0.2)
        to = tuple(Recipient(code, self.some(everyone, 0.8), teams) for code in sorted(self.some(ORGANISATIONS, 0.7)))
        return Flow(
            no=no,
            source=self.one(ORGANISATIONS),
            to=to,
            purposes=self.some(USES, 0.8),
            categories=self.some(CATEGORIES, 0.7),
            subjects=self.some(tuple(dict.fromkeys(SUBJECTS.values())), 0.7),
            basis=self.mostly(self.one((LegalBasis.CONSENT, LegalBasis.PUBLIC_TASK)), (None,)),
            article_9=None,
            gateway=self.mostly(("Children Act 2004 s.10",), ((),)),
            confidentiality=Confidentiality.STATUTORY,
            say=Say.CAN_OBJECT,
            objection_honoured=self.chance(0.5),
            national_opt_out_applies=True,
            type_1_applies=True,
            identifiability=self.mostly(Identifiability.IDENTIFIABLE, (Identifiability.PSEUDONYMISED,)),
            history=History.FROM_BOOKING,
            withholding={Category.EARLY_HELP: self.one(tuple(Withholding))},
            why=Text("", ""),
        )
