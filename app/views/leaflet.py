"""The privacy leaflet of an agreement: why, what and who, and for each flow the truth about the family's say.

Invariants: it is made of the very document that is enforced: every flow is in it, under the kind of say that the flow
gives (a test removes one and fails); where the agreement has a notice of its own, its words stand in place of the
flow's; Welsh is marked as not yet reviewed by a translator.
Sources: UK GDPR Articles 12 to 14 and 21(4); the WASPI guidance on informing service users.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from app import labels
from app.identity import Organisation
from app.language import N_, Code, Language
from governance.agreements.flows import Agreement, Flow, Identifiability, Standing, Text, lapse
from governance.legal_time import legal_date
from governance.terms import Say

SAYS: Final[Mapping[Say, tuple[str, str]]] = {
    Say.CAN_REFUSE: (
        N_("You can refuse"),
        N_(
            "This happens only if you agree. You can say no, to all or to part of it, now or at any time, and it stops."
        ),
    ),
    Say.CAN_OBJECT: (
        N_("You can object"),
        N_(
            "This happens as part of our work. You can say that you object and why; we must then look at it and answer."
        ),
    ),
    Say.CANNOT_BE_STOPPED: (
        N_("This cannot be stopped"),
        N_("The law or the safety of children asks us to share this. You may always ask us what was shared and why."),
    ),
}
"""Each kind of say as families read it: its name and what it means."""

UNNAMED: Final[Mapping[Identifiability, str]] = {
    Identifiability.IDENTIFIABLE: "",
    Identifiability.PSEUDONYMISED: N_("Names and numbers are taken out before this is shared."),
    Identifiability.AGGREGATE: N_("Only totals are shared; nobody can be told from them."),
}


@dataclass(frozen=True, slots=True)
class Share:
    """One flow in a family's words."""

    no: str
    source: str
    to: tuple[str, ...]
    what: tuple[str, ...]
    about: tuple[str, ...]
    why: str
    unnamed: str


@dataclass(frozen=True, slots=True)
class Group:
    """All flows with one kind of say."""

    say: Say
    title: str
    meaning: str
    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class Contact:
    organisation: str
    person: str
    job_title: str


@dataclass(frozen=True, slots=True)
class Leaflet:
    code: str
    version: int
    title: str
    in_force: bool
    from_day: date
    why: str
    best_interests: str
    who: tuple[str, ...]
    groups: tuple[Group, ...]
    keeping: str | None
    contacts: tuple[Contact, ...]
    unreviewed: bool


def leaflet(words: Language, standing: Standing, organisations: Mapping[str, Organisation], at: datetime) -> Leaflet:
    """Return the leaflet of a version in one language."""
    document = standing.agreement
    return Leaflet(
        code=document.code,
        version=document.version,
        title=_text(words, document.title),
        in_force=lapse(standing, legal_date(at)) is None,
        from_day=document.effective_from,
        why=_text(words, document.purposes),
        best_interests=_text(words, document.best_interests),
        who=tuple(_name(words, organisations, party.organisation) for party in document.parties),
        groups=_groups(words, document, organisations),
        keeping=document.retention,
        contacts=tuple(
            Contact(_name(words, organisations, p.organisation), p.designated_person, p.job_title)
            for p in document.parties
        ),
        unreviewed=words.code is Code.CY,
    )


def _groups(words: Language, document: Agreement, organisations: Mapping[str, Organisation]) -> tuple[Group, ...]:
    told = {line.flow: line.text for line in document.notice or ()}
    found = []
    for say, (title, meaning) in SAYS.items():
        shares = tuple(
            _share(words, flow, told.get(flow.no, flow.why), organisations)
            for flow in document.flows
            if flow.say is say
        )
        if shares:
            found.append(Group(say, words.gettext(title), words.gettext(meaning), shares))
    return tuple(found)


def _share(words: Language, flow: Flow, why: Text, organisations: Mapping[str, Organisation]) -> Share:
    unnamed = UNNAMED[flow.identifiability]
    return Share(
        no=flow.no,
        source=_name(words, organisations, flow.source),
        to=tuple(
            f"{_name(words, organisations, to.organisation)} ("
            + words.together([words.gettext(labels.ROLES[role]).lower() for role in sorted(to.roles)]) + ")"
            for to in flow.to
        ),
        what=tuple(words.gettext(labels.CATEGORIES[c]) for c in sorted(flow.categories)),
        about=tuple(words.gettext(labels.SUBJECTS[s]) for s in sorted(flow.subjects)),
        why=_text(words, why),
        unnamed=words.gettext(unnamed) if unnamed else "",
    )  # fmt: skip


def _name(words: Language, organisations: Mapping[str, Organisation], code: str) -> str:
    held = organisations.get(code)
    return words.pick(held.name_en, held.name_cy) if held else code


def _text(words: Language, text: Text) -> str:
    return words.pick(text.en, text.cy)
