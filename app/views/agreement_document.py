"""An agreement as the WASPI document that people sign: eight sections, the Information Reference Table, signatures.

Invariants: everything is the document's own or a standard undertaking said the same in every agreement; every flow is
a row of Appendix B; whether a party has signed is what verified, not what is claimed; Welsh is marked as not reviewed.
Sources: the WASPI Information Sharing Protocol template (sections 1 to 8, Appendices A to C).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from app import labels
from app.identity import Organisation
from app.language import N_, Code, Language
from app.views.agreements import Row, row_of
from app.views.leaflet import SAYS
from governance.agreements.flows import Agreement, Flow, Kind, Standing, Text, flow_lapse
from governance.agreements.signing import Signed
from governance.legal_time import legal_date
from governance.terms import Withholding

OBLIGATIONS: Final = N_(
    "Each partner sees that its staff are trained, look only at whom they work with, state why they look, keep to the "
    "flows of Appendix B, put right what they find wrong and tell the source, and report a breach to every partner "
    "concerned at once."
)
SECURITY: Final = N_(
    "Identifiers are replaced by keyed codes before records are linked. Names and addresses are kept as ciphertext, "
    "one key for each record. Every look is decided by this agreement and written to a log that cannot be quietly "
    "changed before anything is shown."
)
GLOSSARY: Final[tuple[tuple[str, str], ...]] = (
    (N_("Flow"), N_("One row of Appendix B: what goes from whom to whom, why, and by what law.")),
    (N_("Live"), N_("A flow is live while this version is in force and both its ends have signed it.")),
    (N_("Designated person"), N_("Who answers for information governance in a partner and signs for it.")),
    (
        N_("Withheld with or without a sign"),
        N_("Whether a worker who may not see something is told that it is withheld."),
    ),
    (N_("Review"), N_("The day by which partners look at this again; three months after it access stops by itself.")),
)


@dataclass(frozen=True, slots=True)
class Partner:
    name: str
    code: str
    role: str
    departments: tuple[str, ...]
    person: str
    job_title: str
    signed_at: datetime | None
    fingerprint: str | None


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row of Appendix B."""

    no: str
    source: str
    to: tuple[str, ...]
    data: tuple[str, ...]
    items: tuple[str, ...]
    about: tuple[str, ...]
    purposes: tuple[str, ...]
    basis: str
    article_9: str | None
    gateway: tuple[str, ...]
    confidentiality: str
    form: str
    silent: tuple[str, ...]
    say: str
    consent_form: str | None
    live: bool


@dataclass(frozen=True, slots=True)
class Document:
    row: Row
    kind: str
    lead: str
    purposes: str
    best_interests: str
    population: str
    areas: tuple[str, ...]
    ages: tuple[int, int]
    partners: tuple[Partner, ...]
    obligations: str
    joint: tuple[str, str] | None
    powers: tuple[str, ...]
    data: tuple[str, ...]
    says: tuple[tuple[str, str, tuple[str, ...]], ...]
    security: str
    retention: str | None
    dpia: str | None
    effective_from: date
    flows: tuple[TableRow, ...]
    glossary: tuple[tuple[str, str], ...]
    hash: str
    unreviewed: bool


def document_of(
    words: Language,
    standing: Standing,
    organisations: Mapping[str, Organisation],
    signed: Mapping[str, Signed],
    at: datetime,
) -> Document:
    """Return a version as a document in one language."""
    held, say = standing.agreement, words.gettext
    return Document(
        row=row_of(words, standing, at),
        kind=say(labels.AGREEMENT_KINDS[held.kind]),
        lead=_name(words, organisations, held.lead),
        purposes=_text(words, held.purposes),
        best_interests=_text(words, held.best_interests),
        population=_text(words, held.population),
        areas=held.areas,
        ages=held.ages,
        partners=_partners(words, held, organisations, signed, standing.signed_by),
        obligations=_text(words, held.obligations) or say(OBLIGATIONS),
        joint=_joint(words, held, organisations),
        powers=tuple(dict.fromkeys(power for flow in held.flows for power in flow.gateway)),
        data=tuple(say(labels.CATEGORIES[c]) for c in sorted({c for flow in held.flows for c in flow.categories})),
        says=_says(words, held),
        security=_text(words, held.security) or say(SECURITY),
        retention=held.retention,
        dpia=held.dpia,
        effective_from=held.effective_from,
        flows=tuple(_row(words, standing, flow, organisations, at) for flow in held.flows),
        glossary=tuple((say(term), say(meaning)) for term, meaning in GLOSSARY),
        hash=held.hash,
        unreviewed=words.code is Code.CY,
    )


def _partners(
    words: Language,
    held: Agreement,
    organisations: Mapping[str, Organisation],
    signed: Mapping[str, Signed],
    verified: frozenset[str],
) -> tuple[Partner, ...]:
    marks = {code: mark for code, mark in signed.items() if code in verified}
    return tuple(
        Partner(
            name=_name(words, organisations, party.organisation),
            code=party.organisation,
            role=words.gettext(labels.PARTY_ROLES[party.role]),
            departments=party.departments,
            person=party.designated_person,
            job_title=party.job_title,
            signed_at=marks[party.organisation].at if party.organisation in marks else None,
            fingerprint=marks[party.organisation].fingerprint if party.organisation in marks else None,
        )
        for party in held.parties
    )


def _joint(words: Language, held: Agreement, organisations: Mapping[str, Organisation]) -> tuple[str, str] | None:
    if held.kind is not Kind.JCA or held.joint_control is None:
        return None
    arranged = held.joint_control
    return _name(words, organisations, arranged.contact_point), _text(words, arranged.responsibilities)


def _says(words: Language, held: Agreement) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    by_say = ((SAYS[say], tuple(flow.no for flow in held.flows if flow.say is say)) for say in SAYS)
    return tuple((words.gettext(title), words.gettext(meaning), nos) for (title, meaning), nos in by_say if nos)


def _row(
    words: Language, standing: Standing, flow: Flow, organisations: Mapping[str, Organisation], at: datetime
) -> TableRow:
    say, today = words.gettext, legal_date(at)
    silent = (c for c in sorted(flow.categories) if flow.withheld(c) is Withholding.SILENT)
    return TableRow(
        no=flow.no,
        source=_name(words, organisations, flow.source),
        to=tuple(
            f"{_name(words, organisations, to.organisation)}: "
            + words.together([say(labels.ROLES[role]) for role in sorted(to.roles)])
            + (f" ({words.together(sorted(to.teams))})" if to.teams else "")
            for to in flow.to
        ),
        data=tuple(say(labels.CATEGORIES[c]) for c in sorted(flow.categories)),
        items=flow.items,
        about=tuple(say(labels.SUBJECTS[s]) for s in sorted(flow.subjects)),
        purposes=tuple(say(labels.PURPOSES[p]) for p in sorted(flow.purposes)),
        basis=say(labels.BASES[flow.basis]) if flow.basis else "",
        article_9=flow.article_9,
        gateway=flow.gateway,
        confidentiality=say(labels.CONFIDENTIALITIES[flow.confidentiality]),
        form=say(labels.IDENTIFIABILITIES[flow.identifiability]),
        silent=tuple(say(labels.CATEGORIES[c]) for c in silent),
        say=say(SAYS[flow.say][0]),
        consent_form=flow.consent_form,
        live=any(flow_lapse(standing, flow, to.organisation, today) is None for to in flow.to),
    )


def _name(words: Language, organisations: Mapping[str, Organisation], code: str) -> str:
    held = organisations.get(code)
    return words.pick(held.name_en, held.name_cy) if held else code


def _text(words: Language, text: Text) -> str:
    return words.pick(text.en, text.cy)
