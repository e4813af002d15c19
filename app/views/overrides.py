"""The form for an override, and what officers see of overrides and alarms.

Invariants: what the form offers depends on the role alone, never on a record; a line of the queue names no person and
no worker; every category is offered, held or not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from app import labels, overriding
from app.auditing import day_ends
from app.language import N_, Language
from app.overriding import Opened
from app.searching import Unclear
from governance.overrides.alarms import Alarm
from governance.overrides.reviews import Review
from governance.overrides.store import Asked, Flaw, Held
from governance.policy.overrides import MAY, REASONS
from governance.terms import Category, FamilyTold, OverrideKind, OverrideReason, ReviewOutcome, Role

HOURS: Final = (1, 4, 24)
ALWAYS: Final = frozenset({Category.IDENTITY, Category.FAMILY})
"""Who they are and who is in the family: ticked beforehand, since nothing else can be read without them."""

FLAWS: Final[Mapping[Flaw, tuple[str, str]]] = {
    Flaw.JUSTIFICATION: ("justification", N_("Say in your own words why you cannot wait: 20 characters or more")),
    Flaw.CATEGORIES: ("categories", N_("Choose what you need to see")),
    Flaw.EXPIRES: ("hours", N_("Choose how long you need it, no longer than this kind may last")),
    Flaw.DOCUMENT: ("order_seen", N_("Say that you have seen the order")),
    Flaw.REASON: ("reason", N_("Choose a reason that fits")),
}


@dataclass(frozen=True, slots=True)
class Choices:
    """What the form offers: (value, text, hint)."""

    kinds: tuple[tuple[str, str, str], ...]
    reasons: tuple[tuple[str, str], ...]
    categories: tuple[tuple[str, str], ...]
    told: tuple[tuple[str, str], ...]
    hours: tuple[tuple[str, str], ...]
    orders: bool


@dataclass(frozen=True, slots=True)
class ReviewLine:
    id: str
    kind: str
    organisation: str
    role: str
    granted_at: datetime
    due_at: datetime
    overdue: bool


@dataclass(frozen=True, slots=True)
class AlarmLine:
    id: str
    said: str
    organisation: str
    raised_at: datetime


@dataclass(frozen=True, slots=True)
class CaseView:
    kind: str
    reason: str
    categories: tuple[str, ...]
    told: str
    worker: str
    role: str
    organisation: str
    granted_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    due_at: datetime
    overdue: bool
    justification: str | None
    own: bool
    outcome: str | None
    reviewed_at: datetime | None
    note: str | None
    outcomes: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Banner:
    """An override under which a record is read."""

    id: str
    kind: str
    until: datetime


def choices(words: Language, role: Role) -> Choices:
    """Return what the form offers to this role."""
    kinds = overriding.choices_of(role, MAY)
    reasons = [reason for reason in OverrideReason if any(reason in REASONS[kind] for kind in kinds)]
    longest = max((overriding.hours(kind) for kind in kinds), default=0)
    say = words.gettext
    return Choices(
        kinds=tuple((str(k), say(labels.OVERRIDE_KINDS[k]), say(labels.OVERRIDE_HINTS[k])) for k in kinds),
        reasons=tuple((str(r), say(labels.OVERRIDE_REASONS[r])) for r in reasons),
        categories=tuple((str(c), say(labels.CATEGORIES[c])) for c in Category),
        told=tuple((str(t), say(labels.FAMILY_TOLD[t])) for t in FamilyTold),
        hours=tuple((str(h), words.ngettext("%(num)s hour", "%(num)s hours", h)) for h in HOURS if h <= longest),
        orders=OverrideKind.COURT_ORDER in kinds,
    )


def read_form(person_id: str, fields: Mapping[str, str], role: Role, at: datetime) -> Asked | list[Unclear]:
    """Return what is asked for, or what is unclear."""
    unclear = [
        Unclear(name, message)
        for name, known, message in (
            ("kind", overriding.choices_of(role, MAY), N_("Choose what kind of override you need")),
            ("reason", list(OverrideReason), N_("Choose a reason that fits")),
            ("told", list(FamilyTold), N_("Say whether the family has been told")),
        )
        if fields.get(name) not in known
    ]
    if unclear:
        return unclear
    kind = OverrideKind(fields["kind"])
    ends = _ends(kind, fields, at)
    if ends is None:
        return [flawed(Flaw.EXPIRES)]
    return Asked(
        person_id=person_id,
        kind=kind,
        reason=OverrideReason(fields["reason"]),
        categories=frozenset(category for category in Category if fields.get(f"category_{category}")),
        told=FamilyTold(fields["told"]),
        expires_at=ends,
        justification=fields.get("justification", "").strip(),
        document=bool(fields.get("order_seen")),
    )


def _ends(kind: OverrideKind, fields: Mapping[str, str], at: datetime) -> datetime | None:
    if kind is OverrideKind.COURT_ORDER:
        try:
            return day_ends(date(*(int(fields.get(part, "")) for part in ("year", "month", "day"))))
        except (ValueError, OverflowError):
            return None
    hours = fields.get("hours", "")
    return at + timedelta(hours=int(hours)) if hours in {str(hour) for hour in HOURS} else None


def flawed(flaw: Flaw) -> Unclear:
    """Say what is wrong with what was asked."""
    return Unclear(*FLAWS[flaw])


def review_lines(words: Language, waiting: Sequence[Review]) -> list[ReviewLine]:
    return [
        ReviewLine(
            one.override.id, words.gettext(labels.OVERRIDE_KINDS[one.override.kind]), one.organisation,
            words.gettext(labels.ROLES[Role(one.role)]), one.override.granted_at, one.due_at, one.overdue,
        )
        for one in waiting
    ]  # fmt: skip


def alarm_lines(words: Language, waiting: Sequence[Alarm]) -> list[AlarmLine]:
    return [
        AlarmLine(one.id, words.gettext(labels.ALARMS[one.kind]), one.organisation, one.raised_at) for one in waiting
    ]


def case_view(words: Language, opened: Opened) -> CaseView:
    """Return everything the page says of one override."""
    assert opened.case is not None
    case, held = opened.case, opened.case.review.override
    say = words.gettext
    return CaseView(
        kind=say(labels.OVERRIDE_KINDS[held.kind]),
        reason=say(labels.OVERRIDE_REASONS[held.reason]),
        categories=tuple(say(labels.CATEGORIES[c]) for c in Category if c in held.categories),
        told=say(labels.FAMILY_TOLD[case.review.told]),
        worker=opened.worker,
        role=say(labels.ROLES[Role(case.review.role)]),
        organisation=case.review.organisation,
        granted_at=held.granted_at,
        expires_at=held.expires_at,
        ended_at=held.ended_at,
        due_at=case.review.due_at,
        overdue=case.review.overdue,
        justification=case.justification,
        own=opened.own,
        outcome=say(labels.REVIEW_OUTCOMES[case.outcome]) if case.outcome else None,
        reviewed_at=case.reviewed_at,
        note=case.note,
        outcomes=tuple((str(o), say(labels.REVIEW_OUTCOMES[o])) for o in ReviewOutcome),
    )


def banners(words: Language, held: Sequence[Held]) -> list[Banner]:
    """Return the overrides a reader has open, as the family's page tells them."""
    return [Banner(one.id, words.gettext(labels.OVERRIDE_KINDS[one.kind]), one.expires_at) for one in held]
