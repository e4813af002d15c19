"""The family's page: one look from identity to timeline, made only of what the permit let be read.

Invariants: adults' segments stand apart from the child's; an address belongs to one person and never to a heading;
every service and person is exactly one state; what is withheld in silence reads the same with and without data;
strengths come before the rest.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from app import explanations, labels
from app.explanations import Desk
from app.identities import NOTHING
from app.identity import Organisation
from app.language import N_, Language
from app.reading import FamilyData
from app.views import grid
from app.views.entries import EntryView, Filters, YearView, entries, years
from app.views.grid import Cell, Source
from app.views.involved import InvolvedView, involved
from app.views.people import PersonLabel, age, labelled, month_start
from governance.terms import Category, Reason, SegmentDecision, SubjectRole, Withholding
from linkage.kin.families import Member
from linkage.kin.milestones import MilestoneState, MilestoneView, milestone_views
from linkage.kin.timeline import arrange
from linkage.rows import Precision

ANTENATAL = "antenatal_visit"
LONGEST_PREGNANCY, NO_TIME = timedelta(days=300), timedelta(0)

MILESTONE_STATES = {
    MilestoneState.MET: N_("Done"),
    MilestoneState.DUE: N_("Due now"),
    MilestoneState.UPCOMING: N_("Not yet due"),
    MilestoneState.MISSED: N_("Missed"),
    MilestoneState.DECLINED: N_("Declined by the family"),
    MilestoneState.NOT_COVERED: N_("No data for this time"),
    MilestoneState.WITHHELD: N_("Not shared with you"),
}


@dataclass(frozen=True, slots=True)
class TieView:
    relation: str
    standing: str
    source: str
    since: date | None


@dataclass(frozen=True, slots=True)
class WishView:
    what: str
    answer: str
    scope: str
    since: date
    expires: date | None


@dataclass(frozen=True, slots=True)
class MemberView:
    person: PersonLabel
    subject: str
    adult: bool
    age: str | None
    born: str | None
    responsible: bool
    same_household: bool
    ties: tuple[TieView, ...]
    address: str | None
    address_source: str | None
    telephone: str | None
    wishes: tuple[WishView, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One milestone: `state` chooses its look, `said` is what it says."""

    title: str
    window: str
    state: str
    said: str
    service: str


@dataclass(frozen=True, slots=True)
class Withheld:
    """What one source does not share about these people, for one reason."""

    who: tuple[str, ...]
    categories: tuple[str, ...]
    source: str
    why: str
    ask: str


@dataclass(frozen=True, slots=True)
class FamilyView:
    index: MemberView
    locality: str | None
    members: tuple[MemberView, ...]
    involved: tuple[InvolvedView, ...]
    former: tuple[InvolvedView, ...]
    steps: tuple[Step, ...]
    strengths: tuple[EntryView, ...]
    years: tuple[YearView, ...]
    shown: int
    total: int
    withheld: tuple[Withheld, ...]
    silent: tuple[str, ...]
    duty: Desk
    services: tuple[tuple[str, tuple[Cell, ...]], ...]
    sources: tuple[Source, ...]
    filters: Filters
    entry_id: str


def desk(words: Language, held: Organisation) -> Desk:
    name = words.pick(held.name_en, held.name_cy)
    return Desk(name, held.duty_desk or name, held.telephone)


def view(words: Language, data: FamilyData, at: date, filters: Filters, own: Organisation) -> FamilyView:
    """Make the page's view from what was read."""
    people = labelled(words, data.family.members, data.known)
    members = tuple(_member(words, data, m, people[m.person_id], at) for m in data.family.members)
    every = entries(words, data, arrange(data.events, data.involvements), people, at)
    chosen = [e for e in every if filters.allow(e)]
    now, former = involved(words, data, people, at)
    locality = data.homes[data.index.person_id].locality
    return FamilyView(
        index=members[0],
        locality=words.pick(*locality) if locality else None,
        members=members,
        involved=now,
        former=former,
        steps=_steps(words, data, at),
        strengths=tuple(e for e in every if e.category == Category.STRENGTHS),
        years=years([e for e in chosen if e.category != Category.STRENGTHS]),
        shown=len(chosen),
        total=len(every),
        withheld=_withheld(words, data, people),
        silent=_silent(words, data.read.decision.segments),
        duty=desk(words, own),
        services=grid.cells(words, data, at),
        sources=grid.sources(words, data),
        filters=filters.offering(words, every, people.values()),
        entry_id=data.read.entry_id,
    )


def _member(words: Language, data: FamilyData, member: Member, person: PersonLabel, at: date) -> MemberView:
    known = data.known.get(member.person_id, NOTHING)
    born = known.date_of_birth
    about = born or (month_start(member.birth_month) if member.birth_month else None)
    adult = member.subject not in (SubjectRole.CHILD, SubjectRole.SIBLING)
    place = ", ".join(part for part in (known.address, known.postcode) if part)
    return MemberView(
        person=person,
        subject=words.gettext(labels.SUBJECTS[SubjectRole(member.subject)]),
        adult=adult,
        age=age(words, about, at) if about and not adult and not member.unborn else None,
        born=words.day(born) if born else words.month(about) if about and not adult else None,
        responsible=member.parental_responsibility,
        same_household=member.same_household,
        ties=_ties(words, data, member),
        address=place or None,
        address_source=_source(words, data, known.address_source),
        telephone=known.telephone,
        wishes=_wishes(words, data, member.person_id),
    )


def _source(words: Language, data: FamilyData, code: str | None) -> str | None:
    held = data.organisation(code) if code else None
    return words.pick(held.name_en, held.name_cy) if held else None


def _ties(words: Language, data: FamilyData, member: Member) -> tuple[TieView, ...]:
    """The ties that this worker may see: those whose provider may share family ties about this member."""
    allowed = {
        d.segment.source
        for d in data.read.decision.permitted
        if d.segment.member == member.person_id and d.segment.category is Category.FAMILY
    }
    seen = {
        (t.relation, t.standing, t.provider): TieView(
            words.gettext(labels.RELATIONS[t.relation]), words.gettext(labels.STANDINGS[t.standing]),
            _source(words, data, t.provider) or t.provider, t.since,
        )
        for t in member.relations
        if t.provider in allowed
    }  # fmt: skip
    return tuple(seen.values())


def _wishes(words: Language, data: FamilyData, person_id: str) -> tuple[WishView, ...]:
    return tuple(
        WishView(
            words.gettext(labels.WISH_KINDS[w.kind]), words.gettext(labels.WISH_ANSWERS[w.answer]),
            scope(words, w.scope), w.since, w.expires,
        )
        for w in data.wishes
        if w.person_id == person_id
    )  # fmt: skip


def scope(words: Language, named: Iterable[str]) -> str:
    """Say what a wish reaches: categories by name, agreements by code, or everything."""
    told = [words.gettext(labels.CATEGORIES[Category(n)]) if n in set(Category) else n for n in named if n != "*"]
    return words.together(told) if told else words.gettext(N_("everything"))


def _steps(words: Language, data: FamilyData, at: date) -> tuple[Step, ...]:
    """The index child's milestones; an unborn child has none, nor has an expectant mother."""
    member, known = data.index, data.known.get(data.index.person_id, NOTHING)
    if member.unborn or member.birth_month is None or member.subject != SubjectRole.CHILD:
        return ()
    born, precision = known.date_of_birth, Precision.DAY
    if born is None:
        born, precision = month_start(member.birth_month), Precision.MONTH
    mothers = {m.person_id for m in data.family.members if m.subject == SubjectRole.MOTHER}
    mine = [
        e
        for e in data.events
        if e.person_id == member.person_id
        # A visit before the birth is on the mother's own record.
        or (e.person_id in mothers and e.type == ANTENATAL and LONGEST_PREGNANCY > born - e.occurred_on >= NO_TIME)
    ]
    areas = data.homes[member.person_id].areas
    closed = grid.withheld_services(data, member.person_id)
    found = milestone_views(
        data.schedule, born, precision, mine, grid.speaking(data, member.person_id), at, closed, areas
    )
    return tuple(_step(words, step) for step in found)


def _step(words: Language, step: MilestoneView) -> Step:
    window = words.gettext(
        N_("%(first)s to %(last)s"), first=words.short_day(step.due_from), last=words.short_day(step.due_to)
    )
    title = words.pick(step.title_en, step.title_cy)
    return Step(title, window, step.state, words.gettext(MILESTONE_STATES[step.state]), step.service)


def _withheld(words: Language, data: FamilyData, people: Mapping[str, PersonLabel]) -> tuple[Withheld, ...]:
    """One line for each source and reason, naming everyone whose same data it keeps back."""
    kept: dict[tuple[str, str, Reason], list[Category]] = {}
    for told in data.read.decision.segments:
        if not told.permitted and told.segment.member in people:
            kept.setdefault((told.segment.member, told.segment.source, told.reason), []).append(told.segment.category)
    lines: dict[tuple[str, Reason, tuple[Category, ...]], list[str]] = {}
    for (member, source, reason), categories in kept.items():
        lines.setdefault((source, reason, tuple(sorted(categories))), []).append(member)
    order = list(people)
    return tuple(
        _line(words, desk(words, data.organisation(source)), reason, categories,
              [people[m].name for m in sorted(members, key=order.index)])
        for (source, reason, categories), members in lines.items()
    )  # fmt: skip


def _line(words: Language, told: Desk, reason: Reason, categories: Sequence[Category], who: Sequence[str]) -> Withheld:
    names = tuple(words.gettext(labels.CATEGORIES[c]) for c in categories)
    why, ask = explanations.not_shown(words, reason, told), explanations.ask(words, reason, told)
    return Withheld(tuple(who), names, told.name, why, ask)


def _silent(words: Language, segments: Iterable[SegmentDecision]) -> tuple[str, ...]:
    """Every category that nobody shares openly or by sign with this worker: a list that data cannot change."""
    told = {s.segment.category for s in segments if s.permitted or s.withholding is Withholding.SIGNALLED}
    return tuple(words.gettext(labels.CATEGORIES[c]) for c in Category if c not in told)
