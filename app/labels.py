"""What the closed sets are called on a screen.

Invariants: each table has exactly its enum's members (a test holds them equal); nothing here is data about anyone.
"""

from collections.abc import Mapping
from typing import Final

from app.language import N_
from governance.agreements.flows import Confidentiality, Identifiability, Kind, PartyRole
from governance.agreements.reviews import Stage
from governance.terms import (
    AgreementStatus,
    AlarmKind,
    BlockKind,
    Category,
    EventKind,
    FamilyTold,
    LegalBasis,
    Outcome,
    OverrideKind,
    OverrideReason,
    Purpose,
    RelationshipKind,
    ReviewOutcome,
    Role,
    Say,
    ShareAnswer,
    ShareDuty,
    ShareReason,
    SignerBasis,
    SubjectRole,
    WishAnswer,
    WishKind,
)
from linkage.rows import EventStatus, Relation, Sex, Standing

CATEGORIES: Final[Mapping[Category, str]] = {
    Category.IDENTITY: N_("Name and date of birth"),
    Category.ADDRESS: N_("Address"),
    Category.FAMILY: N_("Family ties"),
    Category.MATERNITY: N_("Maternity"),
    Category.BIRTH: N_("Birth"),
    Category.HEALTH_VISITING: N_("Health visiting"),
    Category.DEVELOPMENT: N_("Development"),
    Category.INFANT_FEEDING: N_("Infant feeding"),
    Category.IMMUNISATION: N_("Immunisation"),
    Category.PRIMARY_CARE: N_("GP and primary care"),
    Category.EARLY_EDUCATION: N_("Early education and childcare"),
    Category.SCHOOL: N_("School"),
    Category.ATTAINMENT: N_("Attainment"),
    Category.SEND: N_("Special educational needs"),
    Category.EARLY_HELP: N_("Early help"),
    Category.SOCIAL_CARE: N_("Social care"),
    Category.CHILD_PROTECTION: N_("Child protection"),
    Category.LOOKED_AFTER: N_("Looked after"),
    Category.DOMESTIC_ABUSE: N_("Domestic abuse"),
    Category.ADULT_HEALTH: N_("Adult health"),
    Category.HOUSING: N_("Housing"),
    Category.FAMILY_SUPPORT: N_("Family support"),
    Category.STRENGTHS: N_("Strengths and supporters"),
}

ROLES: Final[Mapping[Role, str]] = {
    Role.MIDWIFE: N_("Midwife"),
    Role.HEALTH_VISITOR: N_("Health visitor"),
    Role.FAMILY_SUPPORT_WORKER: N_("Family support worker"),
    Role.SOCIAL_WORKER: N_("Social worker"),
    Role.NURSERY_PRACTITIONER: N_("Nursery practitioner"),
    Role.SCHOOL_LEAD: N_("School lead"),
    Role.CHARITY_WORKER: N_("Charity worker"),
    Role.ADULT_WORKER: N_("Adult services worker"),
    Role.IG_OFFICER: N_("Information governance officer"),
    Role.ANALYST: N_("Analyst"),
    Role.DATA_STEWARD: N_("Data steward"),
}

PURPOSES: Final[Mapping[Purpose, str]] = {
    Purpose.DIRECT_CARE: N_("Direct care of this child or family"),
    Purpose.EARLY_HELP: N_("Early help"),
    Purpose.SAFEGUARDING: N_("Safeguarding a child"),
    Purpose.PLANNING: N_("Planning services"),
    Purpose.IG_REVIEW: N_("Reviewing how information is used"),
    Purpose.DATA_QUALITY: N_("Data quality"),
}

PURPOSE_HINTS: Final[Mapping[Purpose, str]] = {
    Purpose.DIRECT_CARE: N_("You are treating, visiting or teaching them, or getting ready to."),
    Purpose.EARLY_HELP: N_("You are arranging or giving early help with the family."),
    Purpose.SAFEGUARDING: N_("You are worried that a child is being harmed or may be."),
    Purpose.PLANNING: N_("You are counting or planning, not looking at one family."),
    Purpose.IG_REVIEW: N_("You are checking that sharing is lawful."),
    Purpose.DATA_QUALITY: N_("You are putting records right."),
}

SUBJECTS: Final[Mapping[SubjectRole, str]] = {
    SubjectRole.CHILD: N_("Child"),
    SubjectRole.SIBLING: N_("Brother or sister"),
    SubjectRole.MOTHER: N_("Mother"),
    SubjectRole.FATHER: N_("Father"),
    SubjectRole.CARER: N_("Carer"),
    SubjectRole.OTHER_ADULT: N_("Adult"),
}

RELATIONS: Final[Mapping[Relation, str]] = {
    Relation.BIRTH_MOTHER: N_("Birth mother"),
    Relation.PARENT: N_("Parent"),
    Relation.CARER: N_("Carer"),
    Relation.PARENTAL_RESPONSIBILITY: N_("Holds parental responsibility"),
    Relation.ADOPTIVE_PARENT: N_("Adoptive parent"),
    Relation.FOSTER_CARER: N_("Foster carer"),
    Relation.CONTACT: N_("Contact"),
    Relation.PARTNER: N_("Partner"),
    Relation.SIBLING: N_("Sibling"),
    Relation.HOUSEHOLD: N_("Same household"),
}

STANDINGS: Final[Mapping[Standing, str]] = {
    Standing.ASSERTED: N_("Reported, not confirmed"),
    Standing.CONFIRMED: N_("Confirmed"),
    Standing.DISPUTED: N_("Disputed"),
    Standing.SEALED: N_("Not available"),
}

STATUSES: Final[Mapping[EventStatus, str]] = {
    EventStatus.HAPPENED: N_("Happened"),
    EventStatus.OFFERED: N_("Offered"),
    EventStatus.DECLINED: N_("Declined by the family"),
    EventStatus.NOT_REACHED: N_("Family not reached"),
    EventStatus.MISSED: N_("Missed"),
    EventStatus.PLANNED: N_("Planned"),
    EventStatus.CANCELLED: N_("Cancelled"),
}

SEXES: Final[Mapping[Sex, str]] = {
    Sex.FEMALE: N_("Female"),
    Sex.MALE: N_("Male"),
    Sex.INDETERMINATE: N_("Indeterminate"),
}

RELATIONSHIPS: Final[Mapping[RelationshipKind, str]] = {
    RelationshipKind.CASELOAD: N_("on your caseload"),
    RelationshipKind.TEAM: N_("on your team’s caseload"),
    RelationshipKind.DUTY: N_("you are on duty"),
    RelationshipKind.REFERRAL: N_("referred to you"),
    RelationshipKind.DELEGATION: N_("care delegated to you"),
    RelationshipKind.SELF_CLAIMED: N_("you said you work with them"),
}

BASES: Final[Mapping[LegalBasis, str]] = {
    LegalBasis.CONSENT: N_("Consent"),
    LegalBasis.LEGAL_OBLIGATION: N_("Legal obligation"),
    LegalBasis.VITAL_INTERESTS: N_("Vital interests"),
    LegalBasis.PUBLIC_TASK: N_("Public task"),
    LegalBasis.RECOGNISED_LEGITIMATE_INTEREST: N_("Recognised legitimate interest"),
    LegalBasis.LEGITIMATE_INTERESTS: N_("Legitimate interests"),
}

SAYS: Final[Mapping[Say, str]] = {
    Say.CAN_REFUSE: N_("The family can refuse"),
    Say.CAN_OBJECT: N_("The family can object"),
    Say.CANNOT_BE_STOPPED: N_("The family cannot stop this"),
}

AGREEMENT_STATUSES: Final[Mapping[AgreementStatus, str]] = {
    AgreementStatus.DRAFT: N_("Draft"),
    AgreementStatus.CONSULTATION: N_("In consultation"),
    AgreementStatus.ASSURED: N_("Assured"),
    AgreementStatus.SIGNED: N_("Signed"),
    AgreementStatus.IN_FORCE: N_("In force"),
    AgreementStatus.SUSPENDED: N_("Suspended"),
    AgreementStatus.EXPIRED: N_("Expired"),
    AgreementStatus.SUPERSEDED: N_("Superseded"),
    AgreementStatus.WITHDRAWN: N_("Withdrawn"),
}

AGREEMENT_KINDS: Final[Mapping[Kind, str]] = {
    Kind.ISP: N_("Information Sharing Protocol"),
    Kind.DDA: N_("Data Disclosure Agreement"),
    Kind.JCA: N_("Joint Controller Agreement"),
}

PARTY_ROLES: Final[Mapping[PartyRole, str]] = {
    PartyRole.CONTROLLER: N_("Controller"),
    PartyRole.JOINT_CONTROLLER: N_("Joint controller"),
    PartyRole.PROCESSOR: N_("Processor"),
}

CONFIDENTIALITIES: Final[Mapping[Confidentiality, str]] = {
    Confidentiality.IMPLIED_DIRECT_CARE: N_("consent implied by direct care"),
    Confidentiality.EXPLICIT_CONSENT: N_("explicit consent"),
    Confidentiality.STATUTORY: N_("a duty in law"),
    Confidentiality.PUBLIC_INTEREST: N_("overriding public interest"),
    Confidentiality.SECTION_251: N_("section 251 support"),
    Confidentiality.NOT_CONFIDENTIAL: N_("nothing told in confidence"),
}

IDENTIFIABILITIES: Final[Mapping[Identifiability, str]] = {
    Identifiability.IDENTIFIABLE: N_("Identifiable"),
    Identifiability.PSEUDONYMISED: N_("Pseudonymised"),
    Identifiability.AGGREGATE: N_("Totals only"),
}

REVIEW_STAGES: Final[Mapping[Stage, str]] = {
    Stage.IN_90_DAYS: N_("Review due within 90 days"),
    Stage.IN_30_DAYS: N_("Review due within 30 days"),
    Stage.OVERDUE: N_("Review overdue"),
    Stage.STOPPED: N_("Stopped: nothing flows until it is reviewed"),
}

WISH_KINDS: Final[Mapping[WishKind, str]] = {
    WishKind.CONSENT: N_("Consent to sharing"),
    WishKind.OBJECTION: N_("Objection to sharing"),
    WishKind.RESTRICTION: N_("Restriction of use"),
    WishKind.OPT_OUT_NATIONAL: N_("National data opt-out"),
    WishKind.OPT_OUT_TYPE_1: N_("Type 1 opt-out"),
}

WISH_ANSWERS: Final[Mapping[WishAnswer, str]] = {
    WishAnswer.GIVEN: N_("Given"),
    WishAnswer.REFUSED: N_("Refused"),
    WishAnswer.WITHDRAWN: N_("Withdrawn"),
    WishAnswer.MADE: N_("Made"),
    WishAnswer.UPHELD: N_("Upheld"),
    WishAnswer.OVERRULED: N_("Overruled"),
    WishAnswer.LIFTED: N_("Lifted"),
}

SIGNER_BASES: Final[Mapping[SignerBasis, str]] = {
    SignerBasis.ADULT_SELF: N_("An adult, for themselves"),
    SignerBasis.PARENTAL_RESPONSIBILITY: N_("Someone with parental responsibility"),
    SignerBasis.COMPETENT_CHILD: N_("A child who understands what it means"),
    SignerBasis.CARE_ORDER: N_("The council, under a care order"),
    SignerBasis.COURT: N_("A court"),
}

BLOCKS: Final[Mapping[BlockKind, str]] = {
    BlockKind.REFUGE: N_("Refuge"),
    BlockKind.PLACEMENT: N_("Placement"),
    BlockKind.ADOPTION: N_("Adoption"),
    BlockKind.COURT_ORDER: N_("Court order"),
}

OUTCOMES: Final[Mapping[Outcome, str]] = {
    Outcome.PERMIT: N_("Shown"),
    Outcome.PARTIAL: N_("Partly shown"),
    Outcome.DENY: N_("Refused"),
    Outcome.DONE: N_("Done"),
    Outcome.FAILED: N_("Failed"),
}

EVENT_KINDS: Final[Mapping[EventKind, str]] = {
    EventKind.SIGN_IN: N_("Signed in"),
    EventKind.SIGN_OUT: N_("Signed out"),
    EventKind.READ_FAMILY: N_("Opened a family’s record"),
    EventKind.SEARCH: N_("Searched"),
    EventKind.EXPORT: N_("Exported"),
    EventKind.COHORT: N_("Ran a cohort count"),
    EventKind.AUDIT_READ: N_("Read the audit log"),
    EventKind.AUDIT_VERIFY: N_("Verified the audit log"),
    EventKind.PURPOSE_STATED: N_("Stated a purpose"),
    EventKind.WISH_RECORDED: N_("Recorded a wish"),
    EventKind.FORM_CHECKED: N_("Found a signed form not to hold"),
    EventKind.RESPONSIBILITY_CHANGED: N_("Changed who decides for a child"),
    EventKind.LEAFLET_GIVEN: N_("Gave the privacy leaflet"),
    EventKind.RELATIONSHIP_CHANGED: N_("Changed a caseload"),
    EventKind.STAFF_CHANGED: N_("Changed a member of staff"),
    EventKind.BLOCK_CHANGED: N_("Changed a protection"),
    EventKind.AGREEMENT_CHANGED: N_("Changed an agreement"),
    EventKind.AGREEMENT_SIGNED: N_("Signed an agreement"),
    EventKind.AGREEMENT_WARNED: N_("Warned of an agreement’s end"),
    EventKind.IMPACT_COUNTED: N_("Counted what an agreement would change"),
    EventKind.KEY_CEREMONY: N_("Key ceremony"),
    EventKind.LOAD: N_("Loaded an extract"),
    EventKind.REFERENCE_IMPORT: N_("Imported reference data"),
    EventKind.LINK_RUN: N_("Ran linkage"),
    EventKind.REVIEW_READ: N_("Opened the review of links"),
    EventKind.STEWARD_DECISION: N_("Steward’s decision"),
    EventKind.ERASURE: N_("Erased a person"),
    EventKind.OVERRIDE: N_("Asked for an override"),
    EventKind.OVERRIDE_ENDED: N_("Ended an override"),
    EventKind.OVERRIDE_REVIEWED: N_("Reviewed an override"),
    EventKind.REVIEW_OVERDUE: N_("A review became overdue"),
    EventKind.ALARM_SEEN: N_("Took note of an alarm"),
    EventKind.MEETING_PURPOSE: N_("Stated a purpose for a meeting"),
    EventKind.SHARE_DECISION: N_("Decided whether to share"),
    EventKind.ACCESS_REQUEST: N_("Dealt with a request to know who looked"),
}

OVERRIDE_KINDS: Final[Mapping[OverrideKind, str]] = {
    OverrideKind.SAFEGUARDING: N_("Safeguarding override"),
    OverrideKind.BREAK_GLASS: N_("Break-glass"),
    OverrideKind.COURT_ORDER: N_("Court order"),
}

OVERRIDE_HINTS: Final[Mapping[OverrideKind, str]] = {
    OverrideKind.SAFEGUARDING: N_("You are worried about significant harm and cannot wait. Ends within 24 hours."),
    OverrideKind.BREAK_GLASS: N_("A child is in danger now. Ends within 4 hours."),
    OverrideKind.COURT_ORDER: N_("A court has ordered it and you have seen the order. Ends when the order does."),
}

OVERRIDE_REASONS: Final[Mapping[OverrideReason, str]] = {
    OverrideReason.IMMEDIATE_DANGER: N_("A child is in immediate danger"),
    OverrideReason.RISK_OF_SIGNIFICANT_HARM: N_("A child is at risk of significant harm"),
    OverrideReason.MISSING_CHILD: N_("A child is missing"),
    OverrideReason.MEDICAL_EMERGENCY: N_("It is a medical emergency"),
    OverrideReason.ORDER_OF_COURT: N_("A court has ordered it"),
}

FAMILY_TOLD: Final[Mapping[FamilyTold, str]] = {
    FamilyTold.TOLD: N_("Yes, the family has been told"),
    FamilyTold.NOT_YET: N_("Not yet"),
    FamilyTold.UNSAFE_TO_TELL: N_("No, telling them could put somebody at risk"),
}

REVIEW_OUTCOMES: Final[Mapping[ReviewOutcome, str]] = {
    ReviewOutcome.JUSTIFIED: N_("Justified"),
    ReviewOutcome.NOT_JUSTIFIED: N_("Not justified"),
    ReviewOutcome.REFERRED: N_("Referred on"),
}

ALARMS: Final[Mapping[AlarmKind, str]] = {
    AlarmKind.BREAK_GLASS: N_("Somebody used break-glass."),
    AlarmKind.SAFEGUARDING_OVERRIDE: N_("Somebody used a safeguarding override."),
    AlarmKind.COURT_ORDER: N_("Somebody relied on a court order."),
    AlarmKind.REVIEW_OVERDUE: N_("The review of an override is overdue."),
    AlarmKind.SELF_CLAIM: N_("Somebody said they work with a child who is not on their caseload."),
    AlarmKind.RATE_LIMITED: N_("Somebody looked at too many records in a short time."),
}
"""What a notification says: of nobody and about nobody."""

SHARE_DUTIES: Final[Mapping[ShareDuty, str]] = {
    ShareDuty.CHILDREN_ACT_16LA: N_("Duty to share: Children Act 2004, section 16LA (England)"),
    ShareDuty.WALES_130: N_("Duty to report: Social Services and Well-being (Wales) Act 2014, section 130"),
    ShareDuty.PROFESSIONAL: N_("Professional judgement, under an agreement or guidance"),
}

SHARE_ANSWERS: Final[Mapping[ShareAnswer, str]] = {
    ShareAnswer.DISCLOSED: N_("Shared"),
    ShareAnswer.NOT_DISCLOSED: N_("Not shared"),
}

SHARE_REASONS: Final[Mapping[ShareReason, str]] = {
    ShareReason.FACILITATES: N_("It helps the other service to safeguard the child or promote their welfare"),
    ShareReason.MORE_DETRIMENTAL: N_("Sharing would do the child more harm than not sharing"),
    ShareReason.NOT_RELEVANT: N_("It is not relevant to what the other service does"),
}

SERVICES: Final[Mapping[str, str]] = {
    "maternity": N_("Maternity"),
    "health_visiting": N_("Health visiting"),
    "speech_language": N_("Speech and language therapy"),
    "primary_care": N_("GP and primary care"),
    "early_education": N_("Early education and childcare"),
    "school": N_("School"),
    "send": N_("Special educational needs"),
    "early_help": N_("Early help"),
    "social_care": N_("Social care"),
    "housing": N_("Housing"),
    "domestic_abuse_support": N_("Domestic abuse support"),
    "adult_mental_health": N_("Adult mental health"),
    "family_support": N_("Family support"),
    "fire": N_("Fire and rescue"),
}
"""Equal to the services of linkage's catalogue."""
