"""Agreements as people read them: who shares what with whom, why, by what law, and what say the family has.

Invariant: everything comes from the signed document itself and from what has become of it; nothing is added.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from app import labels
from app.explanations import REASONS
from app.identity import Organisation
from app.language import Language
from governance.agreements.flows import Agreement, Flow, Standing, Text, lapse
from governance.legal_time import legal_date


@dataclass(frozen=True, slots=True)
class Row:
    code: str
    version: int
    title: str
    status: str
    status_said: str
    live: bool
    why_not: str | None
    review_due: date
    review_overdue: bool
    expires: date
    signed: int
    parties: int


@dataclass(frozen=True, slots=True)
class PartyView:
    name: str
    person: str
    job_title: str
    signed: bool


@dataclass(frozen=True, slots=True)
class FlowView:
    no: str
    source: str
    to: tuple[str, ...]
    categories: tuple[str, ...]
    subjects: tuple[str, ...]
    purposes: tuple[str, ...]
    basis: str | None
    gateway: tuple[str, ...]
    say: str
    why: str


@dataclass(frozen=True, slots=True)
class Page:
    row: Row
    purposes: str
    best_interests: str
    effective_from: date
    retention: str | None
    dpia: str | None
    parties: tuple[PartyView, ...]
    flows: tuple[FlowView, ...]
    hash: str


def register(
    words: Language, held: Iterable[Standing], organisations: Mapping[str, Organisation], at: datetime
) -> list[Row]:
    """Return every version, those in force first."""
    rows = [row_of(words, standing, at) for standing in held]
    return sorted(rows, key=lambda row: (not row.live, row.code, -row.version))


def agreement_page(
    words: Language, standing: Standing, organisations: Mapping[str, Organisation], at: datetime
) -> Page:
    document = standing.agreement
    return Page(
        row=row_of(words, standing, at),
        purposes=_text(words, document.purposes),
        best_interests=_text(words, document.best_interests),
        effective_from=document.effective_from,
        retention=document.retention,
        dpia=document.dpia,
        parties=_parties(words, standing, document, organisations),
        flows=tuple(_flow(words, flow, organisations) for flow in document.flows),
        hash=document.hash,
    )


def row_of(words: Language, standing: Standing, at: datetime) -> Row:
    document, today = standing.agreement, legal_date(at)
    why = lapse(standing, today)
    return Row(
        code=document.code,
        version=document.version,
        title=_text(words, document.title),
        status=str(standing.status),
        status_said=words.gettext(labels.AGREEMENT_STATUSES[standing.status]),
        live=why is None,
        why_not=words.gettext(REASONS[why].why) if why else None,
        review_due=document.review_due,
        review_overdue=document.review_due < today,
        expires=document.expires,
        signed=len(standing.signed_by),
        parties=len(document.parties),
    )


def _parties(
    words: Language, standing: Standing, document: Agreement, organisations: Mapping[str, Organisation]
) -> tuple[PartyView, ...]:
    return tuple(
        PartyView(
            _name(words, organisations, party.organisation), party.designated_person, party.job_title,
            party.organisation in standing.signed_by,
        )
        for party in document.parties
    )  # fmt: skip


def _flow(words: Language, flow: Flow, organisations: Mapping[str, Organisation]) -> FlowView:
    return FlowView(
        no=flow.no,
        source=_name(words, organisations, flow.source),
        to=tuple(
            f"{_name(words, organisations, r.organisation)} ("
            + words.together([words.gettext(labels.ROLES[role]) for role in sorted(r.roles)]) + ")"
            for r in flow.to
        ),
        categories=tuple(words.gettext(labels.CATEGORIES[c]) for c in sorted(flow.categories)),
        subjects=tuple(words.gettext(labels.SUBJECTS[s]) for s in sorted(flow.subjects)),
        purposes=tuple(words.gettext(labels.PURPOSES[p]) for p in sorted(flow.purposes)),
        basis=words.gettext(labels.BASES[flow.basis]) if flow.basis else None,
        gateway=flow.gateway,
        say=words.gettext(labels.SAYS[flow.say]),
        why=_text(words, flow.why),
    )  # fmt: skip


def _name(words: Language, organisations: Mapping[str, Organisation], code: str) -> str:
    held = organisations.get(code)
    return words.pick(held.name_en, held.name_cy) if held else code


def _text(words: Language, text: Text) -> str:
    return words.pick(text.en, text.cy)
