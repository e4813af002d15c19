"""An information sharing agreement as a value: parties, flows, and when a flow is live.

Invariants: an agreement is immutable and named by the SHA-256 of its canonical document; a flow is live only while the
version is in force, both its ends have signed that very hash, and the day is within its dates and its review grace;
whatever is not known to be live is not.
Sources: the WASPI Information Sharing Protocol template (a flow is a row of its Appendix B); RFC 8785 (canonical
JSON); the Essex framework's rule that a protocol three months past its review is taken down.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final

import rfc8785

from governance.terms import (
    AgreementStatus,
    Category,
    FlowRef,
    LegalBasis,
    Purpose,
    Reason,
    Role,
    Say,
    SubjectRole,
    Withholding,
)

REVIEW_GRACE: Final = timedelta(days=90)

SILENT_UNLESS_AGREED: Final = frozenset(
    {Category.DOMESTIC_ABUSE, Category.ADULT_HEALTH, Category.LOOKED_AFTER, Category.CHILD_PROTECTION}
)
"""Where no agreement says how to withhold, the most sensitive categories are withheld without a sign."""


class Kind(StrEnum):
    """An Information Sharing Protocol, a one-way Data Disclosure Agreement, a Joint Controller Agreement."""

    ISP = "isp"
    DDA = "dda"
    JCA = "jca"


class PartyRole(StrEnum):
    CONTROLLER = "controller"
    JOINT_CONTROLLER = "joint_controller"
    PROCESSOR = "processor"


class Identifiability(StrEnum):
    IDENTIFIABLE = "identifiable"
    PSEUDONYMISED = "pseudonymised"
    AGGREGATE = "aggregate"


class Confidentiality(StrEnum):
    """The common law duty of confidence, which is satisfied apart from data protection law."""

    IMPLIED_DIRECT_CARE = "implied_direct_care"
    EXPLICIT_CONSENT = "explicit_consent"
    STATUTORY = "statutory"
    PUBLIC_INTEREST = "public_interest"
    SECTION_251 = "section_251"
    NOT_CONFIDENTIAL = "not_confidential"


class History(StrEnum):
    """How far back a flow reaches."""

    FROM_BOOKING = "from_booking"


@dataclass(frozen=True, slots=True)
class Text:
    en: str
    cy: str


NO_TEXT: Final = Text("", "")


@dataclass(frozen=True, slots=True)
class Party:
    """An organisation that signs. `signatory` is who the document says will sign, where it says so."""

    organisation: str
    role: PartyRole
    designated_person: str
    job_title: str
    departments: tuple[str, ...] = ()
    public_authority: bool | None = None
    signatory: str | None = None


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """What the agreement's own notice tells families of one flow."""

    flow: str
    say: Say
    text: Text


@dataclass(frozen=True, slots=True)
class JointControl:
    """The arrangement of UK GDPR Article 26: who answers families, and who does what."""

    contact_point: str
    responsibilities: Text


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who may receive: an organisation's staff in these roles, in these teams only when any are named."""

    organisation: str
    roles: frozenset[Role]
    teams: frozenset[str] = frozenset()

    def includes(self, organisation: str, role: Role, team: str | None) -> bool:
        in_team = not self.teams or team in self.teams
        return organisation == self.organisation and role in self.roles and in_team


@dataclass(frozen=True, slots=True)
class Flow:
    """One row of Appendix B: what goes from whom to whom, why, by what law, and what say the family has."""

    no: str
    source: str
    to: tuple[Recipient, ...]
    purposes: frozenset[Purpose]
    categories: frozenset[Category]
    subjects: frozenset[SubjectRole]
    basis: LegalBasis | None
    article_9: str | None
    gateway: tuple[str, ...]
    confidentiality: Confidentiality
    say: Say
    objection_honoured: bool
    national_opt_out_applies: bool
    type_1_applies: bool
    identifiability: Identifiability
    history: History
    withholding: Mapping[Category, Withholding]
    why: Text
    unknown_categories: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    consent_form: str | None = None

    def receives(self, organisation: str, role: Role, team: str | None) -> bool:
        return any(recipient.includes(organisation, role, team) for recipient in self.to)

    def withheld(self, category: Category) -> Withholding:
        """Return how this flow withholds a category."""
        unsaid = Withholding.SILENT if category in SILENT_UNLESS_AGREED else Withholding.SIGNALLED
        return self.withholding.get(category, unsaid)


@dataclass(frozen=True, slots=True)
class Agreement:
    """One version of an agreement. `document` is the JSON it was read from, whose canonical form is hashed."""

    code: str
    version: int
    kind: Kind
    title: Text
    lead: str
    parties: tuple[Party, ...]
    purposes: Text
    ages: tuple[int, int]
    effective_from: date
    review_due: date
    expires: date
    flows: tuple[Flow, ...]
    hash: str
    retention: str | None = None
    dpia: str | None = None
    best_interests: Text = NO_TEXT
    areas: tuple[str, ...] = ()
    population: Text = NO_TEXT
    obligations: Text = NO_TEXT
    security: Text = NO_TEXT
    notice: tuple[NoticeLine, ...] | None = None
    joint_control: JointControl | None = None
    document: Mapping[str, Any] = field(repr=False, compare=False, default_factory=dict)
    lines: Mapping[tuple[str | int, ...], int] = field(repr=False, compare=False, default_factory=dict)

    @property
    def organisations(self) -> frozenset[str]:
        return frozenset(party.organisation for party in self.parties)


@dataclass(frozen=True, slots=True)
class Standing:
    """One version of an agreement and what has become of it. `signed_by` holds those whose signature verifies."""

    agreement: Agreement
    status: AgreementStatus
    signed_by: frozenset[str]

    def ref(self, flow: Flow) -> FlowRef:
        return FlowRef(self.agreement.code, self.agreement.version, flow.no)


def canonical_hash(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 (hex) of a JSON document's canonical form."""
    return sha256(rfc8785.dumps(dict(document))).hexdigest()


_STATUS_REASON: Final[Mapping[AgreementStatus, Reason | None]] = {
    AgreementStatus.DRAFT: Reason.AGREEMENT_NOT_IN_FORCE,
    AgreementStatus.CONSULTATION: Reason.AGREEMENT_NOT_IN_FORCE,
    AgreementStatus.ASSURED: Reason.AGREEMENT_NOT_IN_FORCE,
    AgreementStatus.SIGNED: Reason.AGREEMENT_NOT_IN_FORCE,
    AgreementStatus.IN_FORCE: None,
    AgreementStatus.SUSPENDED: Reason.AGREEMENT_SUSPENDED,
    AgreementStatus.EXPIRED: Reason.AGREEMENT_EXPIRED,
    AgreementStatus.SUPERSEDED: Reason.AGREEMENT_NOT_IN_FORCE,
    AgreementStatus.WITHDRAWN: Reason.AGREEMENT_NOT_IN_FORCE,
}


def lapse(standing: Standing, today: date) -> Reason | None:
    """Return why no flow of this version can be live on that day, or None."""
    agreement = standing.agreement
    if (reason := _STATUS_REASON[standing.status]) is not None:
        return reason
    if today < agreement.effective_from:
        return Reason.AGREEMENT_NOT_IN_FORCE
    if today >= agreement.expires:
        return Reason.AGREEMENT_EXPIRED
    return Reason.REVIEW_OVERDUE if today >= agreement.review_due + REVIEW_GRACE else None


def both_signed(standing: Standing, flow: Flow, organisation: str) -> bool:
    """Tell whether provider and recipient have both signed this very version."""
    return {flow.source, organisation} <= standing.signed_by


def flow_lapse(standing: Standing, flow: Flow, organisation: str, today: date) -> Reason | None:
    """Return why this flow is not live for this recipient organisation on that day, or None when it is."""
    if not both_signed(standing, flow, organisation):
        return Reason.AGREEMENT_NOT_SIGNED
    return lapse(standing, today)
