"""The vocabulary of governance: closed sets, and the frozen shapes that decisions are made of.

Invariants: every set here is closed; a test holds each table keyed by one of these enums equal to the enum. Person and
staff ids are random 128-bit hex strings. Instants are UTC; legal dates are Europe/London, in force from 00:00.
Sources: the WASPI Information Sharing Protocol template (flows are rows of its Appendix B); UK GDPR Articles 6, 9, 18
and 21; the Children Act 1989 s.3 (parental responsibility); the NHS legitimate-relationship model.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Category(StrEnum):
    """The class of data an event, involvement, tie or identifying field belongs to: what agreements speak of."""

    IDENTITY = "identity"
    ADDRESS = "address"
    FAMILY = "family"
    MATERNITY = "maternity"
    BIRTH = "birth"
    HEALTH_VISITING = "health_visiting"
    DEVELOPMENT = "development"
    INFANT_FEEDING = "infant_feeding"
    IMMUNISATION = "immunisation"
    PRIMARY_CARE = "primary_care"
    EARLY_EDUCATION = "early_education"
    SCHOOL = "school"
    ATTAINMENT = "attainment"
    SEND = "send"
    EARLY_HELP = "early_help"
    SOCIAL_CARE = "social_care"
    CHILD_PROTECTION = "child_protection"
    LOOKED_AFTER = "looked_after"
    DOMESTIC_ABUSE = "domestic_abuse"
    ADULT_HEALTH = "adult_health"
    HOUSING = "housing"
    FAMILY_SUPPORT = "family_support"
    STRENGTHS = "strengths"


class Role(StrEnum):
    MIDWIFE = "midwife"
    HEALTH_VISITOR = "health_visitor"
    FAMILY_SUPPORT_WORKER = "family_support_worker"
    SOCIAL_WORKER = "social_worker"
    NURSERY_PRACTITIONER = "nursery_practitioner"
    SCHOOL_LEAD = "school_lead"
    CHARITY_WORKER = "charity_worker"
    ADULT_WORKER = "adult_worker"
    IG_OFFICER = "ig_officer"
    ANALYST = "analyst"
    DATA_STEWARD = "data_steward"


class Purpose(StrEnum):
    DIRECT_CARE = "direct_care"
    EARLY_HELP = "early_help"
    SAFEGUARDING = "safeguarding"
    PLANNING = "planning"
    IG_REVIEW = "ig_review"
    DATA_QUALITY = "data_quality"


class SubjectRole(StrEnum):
    """What a member of the family is to the index child. Flows name the subjects whose data they carry."""

    CHILD = "child"
    SIBLING = "sibling"
    MOTHER = "mother"
    FATHER = "father"
    CARER = "carer"
    OTHER_ADULT = "other_adult"


class RelationshipKind(StrEnum):
    """Why a worker has to do with a child. A self-claim is let through with an alarm to the privacy officer."""

    CASELOAD = "caseload"
    TEAM = "team"
    DUTY = "duty"
    REFERRAL = "referral"
    DELEGATION = "delegation"
    SELF_CLAIMED = "self_claimed"


class LegalBasis(StrEnum):
    """UK GDPR Article 6(1)."""

    CONSENT = "consent"
    LEGAL_OBLIGATION = "legal_obligation"
    VITAL_INTERESTS = "vital_interests"
    PUBLIC_TASK = "public_task"
    RECOGNISED_LEGITIMATE_INTEREST = "recognised_legitimate_interest"
    LEGITIMATE_INTERESTS = "legitimate_interests"


class Say(StrEnum):
    """The truth a flow tells families about their say in it."""

    CAN_REFUSE = "can_refuse"
    CAN_OBJECT = "can_object"
    CANNOT_BE_STOPPED = "cannot_be_stopped"


class Withholding(StrEnum):
    SIGNALLED = "signalled"
    SILENT = "silent"


class AgreementStatus(StrEnum):
    DRAFT = "draft"
    CONSULTATION = "consultation"
    ASSURED = "assured"
    SIGNED = "signed"
    IN_FORCE = "in_force"
    SUSPENDED = "suspended"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


class WishKind(StrEnum):
    CONSENT = "consent"
    OBJECTION = "objection"
    RESTRICTION = "restriction"
    OPT_OUT_NATIONAL = "opt_out_national"
    OPT_OUT_TYPE_1 = "opt_out_type_1"


class WishAnswer(StrEnum):
    """`given`, `refused` and `withdrawn` are of consents; `made`, `upheld`, `overruled` and `lifted` of the others."""

    GIVEN = "given"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    MADE = "made"
    UPHELD = "upheld"
    OVERRULED = "overruled"
    LIFTED = "lifted"


class SignerBasis(StrEnum):
    ADULT_SELF = "adult_self"
    PARENTAL_RESPONSIBILITY = "parental_responsibility"
    COMPETENT_CHILD = "competent_child"
    CARE_ORDER = "care_order"
    COURT = "court"


class ResponsibilityKind(StrEnum):
    """Who may decide for a child, beside the parents whom ties name. `accommodated` is recorded and changes nothing."""

    PARENTAL_RESPONSIBILITY = "parental_responsibility"
    SPECIAL_GUARDIAN = "special_guardian"
    CARE_ORDER = "care_order"
    COURT = "court"
    ACCOMMODATED = "accommodated"


class ResponsibilityEvidence(StrEnum):
    BIRTH_CERTIFICATE = "birth_certificate"
    RESPONSIBILITY_AGREEMENT = "responsibility_agreement"
    ORDER_OF_COURT = "order_of_court"
    ADOPTION_CERTIFICATE = "adoption_certificate"
    SOCIAL_CARE_RECORD = "social_care_record"
    STATED = "stated"


class FormKind(StrEnum):
    CONSENT = "consent"
    WITHDRAWAL = "withdrawal"
    REFUSAL = "refusal"
    OBJECTION = "objection"


class FormFault(StrEnum):
    """Why a signed form does not hold."""

    NOT_SIGNED = "not_signed"
    NOT_LEGIBLE = "not_legible"
    OUT_OF_DATE_FORM = "out_of_date_form"
    SIGNER_NOT_ENTITLED = "signer_not_entitled"
    NOT_EXPLAINED = "not_explained"
    WRONG_PERSON = "wrong_person"


class Evidence(StrEnum):
    """How something said is evidenced. What was signed or heard is not held here."""

    PAPER = "paper"
    VERBAL = "verbal"
    ELECTRONIC = "electronic"


class SigningPlace(StrEnum):
    """A kind of place: an address would tell where a family is."""

    HOME = "home"
    CLINIC = "clinic"
    SCHOOL = "school"
    HUB = "hub"
    OFFICE = "office"
    TELEPHONE = "telephone"
    ONLINE = "online"


class Ground(StrEnum):
    """Why somebody objects or asks for restriction; the last five are why an objection is decided against."""

    SAFETY = "safety"
    NOT_NEEDED = "not_needed"
    TOO_MUCH = "too_much"
    KNOWS_THE_WORKER = "knows_the_worker"
    INACCURATE = "inaccurate"
    OTHER_SITUATION = "other_situation"
    CHILD_SAFETY = "child_safety"
    LEGAL_DUTY = "legal_duty"
    LEGAL_CLAIMS = "legal_claims"
    VITAL_INTERESTS = "vital_interests"
    PERSON_SPEAKS_OTHERWISE = "person_speaks_otherwise"


class BlockKind(StrEnum):
    """Hard blocks: no override lifts them."""

    REFUGE = "refuge"
    PLACEMENT = "placement"
    ADOPTION = "adoption"
    COURT_ORDER = "court_order"


class OverrideKind(StrEnum):
    """Why the ordinary rules may give way for one child and a short while."""

    SAFEGUARDING = "safeguarding"
    BREAK_GLASS = "break_glass"
    COURT_ORDER = "court_order"


class OverrideReason(StrEnum):
    IMMEDIATE_DANGER = "immediate_danger"
    RISK_OF_SIGNIFICANT_HARM = "risk_of_significant_harm"
    MISSING_CHILD = "missing_child"
    MEDICAL_EMERGENCY = "medical_emergency"
    ORDER_OF_COURT = "order_of_court"


class FamilyTold(StrEnum):
    """Whether the family knows of an override."""

    TOLD = "told"
    NOT_YET = "not_yet"
    UNSAFE_TO_TELL = "unsafe_to_tell"


class ReviewOutcome(StrEnum):
    """What the review of an override found."""

    JUSTIFIED = "justified"
    NOT_JUSTIFIED = "not_justified"
    REFERRED = "referred"


class AlarmKind(StrEnum):
    """What a privacy officer is told of at once."""

    BREAK_GLASS = "break_glass"
    SAFEGUARDING_OVERRIDE = "safeguarding_override"
    COURT_ORDER = "court_order"
    REVIEW_OVERDUE = "review_overdue"
    SELF_CLAIM = "self_claim"
    RATE_LIMITED = "rate_limited"


class ShareDuty(StrEnum):
    """The duty under which sharing was considered."""

    CHILDREN_ACT_16LA = "children_act_16la"
    WALES_130 = "wales_130"
    PROFESSIONAL = "professional"


class ShareAnswer(StrEnum):
    DISCLOSED = "disclosed"
    NOT_DISCLOSED = "not_disclosed"


class ShareReason(StrEnum):
    """Why information was or was not shared under a duty."""

    FACILITATES = "facilitates"
    MORE_DETRIMENTAL = "more_detrimental"
    NOT_RELEVANT = "not_relevant"


class Action(StrEnum):
    READ_FAMILY = "read_family"
    SEARCH = "search"
    READ_AUDIT = "read_audit"
    RUN_COHORT = "run_cohort"
    REVIEW_LINKS = "review_links"


class Reason(StrEnum):
    """Why something is shown or not shown. Ordered: the first failing check is the reason given."""

    PERMITTED = "permitted"
    LOG_UNAVAILABLE = "log_unavailable"
    NOT_AUTHENTICATED = "not_authenticated"
    ASSURANCE_TOO_LOW = "assurance_too_low"
    ACCOUNT_SUSPENDED = "account_suspended"
    NO_ROLE = "no_role"
    ROLE_NOT_ALLOWED = "role_not_allowed"
    TRAINING_LAPSED = "training_lapsed"
    PURPOSE_MISSING = "purpose_missing"
    PURPOSE_NOT_ALLOWED = "purpose_not_allowed"
    SELF_OR_FAMILY = "self_or_family"
    NOT_FOUND = "not_found"
    OUT_OF_SCOPE = "out_of_scope"
    ERASED = "erased"
    NO_RELATIONSHIP = "no_relationship"
    RELATIONSHIP_ENDED = "relationship_ended"
    PROVIDER_UNSIGNED = "provider_unsigned"
    NO_AGREEMENT = "no_agreement"
    AGREEMENT_NOT_SIGNED = "agreement_not_signed"
    AGREEMENT_NOT_IN_FORCE = "agreement_not_in_force"
    AGREEMENT_SUSPENDED = "agreement_suspended"
    AGREEMENT_EXPIRED = "agreement_expired"
    REVIEW_OVERDUE = "review_overdue"
    NO_GATEWAY = "no_gateway"
    HARD_BLOCK = "hard_block"
    UNBORN = "unborn"
    RESTRICTED = "restricted"
    OBJECTION = "objection"
    CONSENT_UNKNOWN = "consent_unknown"
    CONSENT_REFUSED = "consent_refused"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    CONSENT_EXPIRED = "consent_expired"
    CONSENT_SIGNER_NOT_ENTITLED = "consent_signer_not_entitled"
    PARENTS_CONFLICT = "parents_conflict"
    MINIMISED = "minimised"
    RATE_LIMITED = "rate_limited"


class Outcome(StrEnum):
    PERMIT = "permit"
    PARTIAL = "partial"
    DENY = "deny"
    DONE = "done"
    FAILED = "failed"


class EventKind(StrEnum):
    """Kinds of ledger entry."""

    SIGN_IN = "sign_in"
    SIGN_OUT = "sign_out"
    READ_FAMILY = "read_family"
    SEARCH = "search"
    EXPORT = "export"
    COHORT = "cohort"
    AUDIT_READ = "audit_read"
    AUDIT_VERIFY = "audit_verify"
    PURPOSE_STATED = "purpose_stated"
    WISH_RECORDED = "wish_recorded"
    FORM_CHECKED = "form_checked"
    RESPONSIBILITY_CHANGED = "responsibility_changed"
    LEAFLET_GIVEN = "leaflet_given"
    RELATIONSHIP_CHANGED = "relationship_changed"
    STAFF_CHANGED = "staff_changed"
    BLOCK_CHANGED = "block_changed"
    AGREEMENT_CHANGED = "agreement_changed"
    AGREEMENT_SIGNED = "agreement_signed"
    AGREEMENT_WARNED = "agreement_warned"
    IMPACT_COUNTED = "impact_counted"
    KEY_CEREMONY = "key_ceremony"
    LOAD = "load"
    REFERENCE_IMPORT = "reference_import"
    LINK_RUN = "link_run"
    REVIEW_READ = "review_read"
    STEWARD_DECISION = "steward_decision"
    ERASURE = "erasure"
    OVERRIDE = "override"
    OVERRIDE_ENDED = "override_ended"
    OVERRIDE_REVIEWED = "override_reviewed"
    REVIEW_OVERDUE = "review_overdue"
    ALARM_SEEN = "alarm_seen"
    MEETING_PURPOSE = "meeting_purpose"
    SHARE_DECISION = "share_decision"
    ACCESS_REQUEST = "access_request"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks: one member of staff in one organisation, in the one role they chose for this session.

    `assured` tells whether they signed in as strongly as this deployment asks.
    """

    staff_id: str
    organisation: str
    role: Role
    team: str | None
    active: bool
    role_held: bool
    training_until: date | None
    assured: bool


@dataclass(frozen=True, slots=True, order=True)
class Segment:
    """The unit a decision is made for: one member's data of one category from one organisation."""

    member: str
    subject: SubjectRole
    category: Category
    source: str


@dataclass(frozen=True, slots=True, order=True)
class FlowRef:
    """Names one flow of one version of an agreement."""

    agreement: str
    version: int
    flow: str


@dataclass(frozen=True, slots=True)
class SegmentDecision:
    """`failed` holds every check that failed, in order; `reason` is the first of them, or PERMITTED.

    What an override lets through is permitted, with its id and the reasons it lifted; `flow` and `basis` are then named
    only where they stand by themselves.
    """

    segment: Segment
    permitted: bool
    reason: Reason
    failed: tuple[Reason, ...]
    flow: FlowRef | None
    withholding: Withholding
    basis: LegalBasis | None = None
    lifted: tuple[Reason, ...] = ()
    override: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The frozen outcome for one read. `segments` covers every segment asked for, permitted or not.

    `reason` is PERMITTED when the read as a whole may go ahead (some segments may still be withheld).
    """

    outcome: Outcome
    reason: Reason
    failed: tuple[Reason, ...]
    segments: tuple[SegmentDecision, ...]
    relationship: RelationshipKind | None
    policy_hash: str
    decided_at: datetime

    @property
    def permitted(self) -> tuple[SegmentDecision, ...]:
        return tuple(s for s in self.segments if s.permitted)

    @property
    def override(self) -> str | None:
        """The override that was used, if any; where two cover different categories, the first by id."""
        return min((s.override for s in self.permitted if s.override is not None), default=None)
