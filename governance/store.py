"""The tables of governance. Rules live elsewhere; functions over these tables live beside the rules they serve.

Invariants: governance facts are append-only with valid and recorded time (an end is a new row or a once-set column);
audit tables take INSERT only (triggers and the database role forbid the rest, see the migrations); every column is
classified in `info["class"]` as identifier, pseudonym, special, or operational. Person ids are linkage's random ids.
"""

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

OPERATIONAL = {"class": "operational"}
PSEUDONYM = {"class": "pseudonym"}
SPECIAL = {"class": "special"}
IDENTIFIER = {"class": "identifier"}

UTC = DateTime(timezone=True)
HEX = String(32)


organisation = Table(
    "organisation",
    metadata,
    Column("code", String(120), primary_key=True, info=OPERATIONAL),
    Column("name_en", String(200), nullable=False, info=OPERATIONAL),
    Column("name_cy", String(200), info=OPERATIONAL),
    Column("kind", String(30), nullable=False, info=OPERATIONAL),
    Column("nation", String(10), info=OPERATIONAL),
    Column("duty_desk", String(200), info=OPERATIONAL),
    Column("telephone", String(30), info=OPERATIONAL),
    Column("out_of_hours_desk", String(200), info=OPERATIONAL),
    Column("out_of_hours_telephone", String(30), info=OPERATIONAL),
    Column("registered_at", UTC, nullable=False, info=OPERATIONAL),
)
"""A partner, or a provider known only from a load. It is *signed* only through signatures on agreements in force."""

staff = Table(
    "staff",
    metadata,
    Column("id", HEX, primary_key=True, info=PSEUDONYM),
    Column("username", String(80), nullable=False, unique=True, info=OPERATIONAL),
    Column("name", String(120), nullable=False, info=OPERATIONAL),
    Column("organisation", ForeignKey("organisation.code"), nullable=False, info=OPERATIONAL),
    Column("telephone", String(30), info=OPERATIONAL),
    Column("active", Boolean, nullable=False, info=OPERATIONAL),
    Column("recorded_at", UTC, nullable=False, info=OPERATIONAL),
)

staff_role = Table(
    "staff_role",
    metadata,
    Column("id", HEX, primary_key=True, info=OPERATIONAL),
    Column("staff_id", ForeignKey("staff.id"), nullable=False, index=True, info=PSEUDONYM),
    Column("role", String(40), nullable=False, info=OPERATIONAL),
    Column("team", String(120), info=OPERATIONAL),
    Column("since", Date, nullable=False, info=OPERATIONAL),
    Column("until", Date, info=OPERATIONAL),
    Column("training_until", Date, info=OPERATIONAL),
)

declaration = Table(
    "declaration",
    metadata,
    Column("id", HEX, primary_key=True, info=OPERATIONAL),
    Column("staff_id", ForeignKey("staff.id"), nullable=False, index=True, info=PSEUDONYM),
    Column("person_id", HEX, nullable=False, index=True, info=PSEUDONYM),
    Column("kind", String(20), nullable=False, info=OPERATIONAL),
    Column("recorded_at", UTC, nullable=False, info=OPERATIONAL),
)
"""A worker's own record, family member or associate: refused to that worker without override."""

relationship = Table(
    "relationship",
    metadata,
    Column("id", HEX, primary_key=True, info=OPERATIONAL),
    Column("staff_id", ForeignKey("staff.id"), nullable=False, info=PSEUDONYM),
    Column("person_id", HEX, nullable=False, info=PSEUDONYM),
    Column("kind", String(20), nullable=False, info=OPERATIONAL),
    Column("since", Date, nullable=False, info=OPERATIONAL),
    Column("until", Date, info=OPERATIONAL),
    Column("recorded_at", UTC, nullable=False, info=OPERATIONAL),
    Column("ended_at", UTC, info=OPERATIONAL),
    Column("ended_by", HEX, info=PSEUDONYM),
    Column("expires_at", UTC, info=OPERATIONAL),
    CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="ended_paired"),
    Index("ix_relationship_staff_person", "staff_id", "person_id"),
    Index("ix_relationship_person", "person_id"),
)

delegation = Table(
    "delegation",
    metadata,
    Column("relationship_id", ForeignKey("relationship.id"), primary_key=True, info=OPERATIONAL),
    Column("delegator_id", ForeignKey("staff.id"), nullable=False, info=PSEUDONYM),
    Column("delegator_role", String(40), nullable=False, info=OPERATIONAL),
)
"""Who answers for a delegated relationship: it gives nothing once their own relationship or role has ended."""

access_override = Table(
    "access_override",
    metadata,
    Column("id", HEX, primary_key=True, info=OPERATIONAL),
    Column("staff_id", ForeignKey("staff.id"), nullable=False, info=PSEUDONYM),
    Column("organisation", ForeignKey("organisation.code"), nullable=False, info=OPERATIONAL),
    Column("role", String(40), nullable=False, info=OPERATIONAL),
    Column("person_id", HEX, nullable=False, index=True, info=PSEUDONYM),
    Column("kind", String(20), nullable=False, info=OPERATIONAL),
    Column("reason", String(40), nullable=False, info=SPECIAL),
    Column("categories", JSON, nullable=False, info=OPERATIONAL),
    Column("told_family", String(20), nullable=False, info=SPECIAL),
    Column("document", Boolean, nullable=False, info=OPERATIONAL),
    Column("nonce", LargeBinary, nullable=False, info=OPERATIONAL),
    Column("justification", LargeBinary, nullable=False, info=IDENTIFIER),
    Column("granted_at", UTC, nullable=False, info=OPERATIONAL),
    Column("expires_at", UTC, nullable=False, info=OPERATIONAL),
    Column("ended_at", UTC, info=OPERATIONAL),
    Column("ended_by", HEX, info=PSEUDONYM),
    CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="ended_paired"),
    CheckConstraint("expires_at > granted_at", name="lasts"),
    CheckConstraint("kind <> 'court_order' OR document", name="order_seen"),
    Index("ix_access_override_staff_person", "staff_id", "person_id"),
)
"""Words that justify an override may hold anything: they are ciphertext under the override's own data key."""

override_review = Table(
    "override_review",
    metadata,
    Column("override_id", ForeignKey("access_override.id"), primary_key=True, info=OPERATIONAL),
    Column("due_at", UTC, nullable=False, index=True, info=OPERATIONAL),
    Column("escalated_at", UTC, info=OPERATIONAL),
    Column("outcome", String(20), info=OPERATIONAL),
    Column("nonce", LargeBinary, info=OPERATIONAL),
    Column("note", LargeBinary, info=IDENTIFIER),
    Column("reviewed_at", UTC, info=OPERATIONAL),
    Column("reviewed_by", ForeignKey("staff.id"), info=PSEUDONYM),
    CheckConstraint(
        "(outcome IS NULL) = (reviewed_at IS NULL) AND (outcome IS NULL) = (reviewed_by IS NULL)",
        name="reviewed_paired",
    ),
)

alarm = Table(
    "alarm",
    metadata,
    Column("id", HEX, primary_key=True, info=OPERATIONAL),
    Column("kind", String(30), nullable=False, info=OPERATIONAL),
    Column("organisation", ForeignKey("organisation.code"), nullable=False, info=OPERATIONAL),
    Column("about", HEX, nullable=False, info=PSEUDONYM),
    Column("day", Date, nullable=False, info=OPERATIONAL),
    Column("raised_at", UTC, nullable=False, index=True, info=OPERATIONAL),
    Column("seen_at", UTC, info=OPERATIONAL),
    Column("seen_by", ForeignKey("staff.id"), info=PSEUDONYM),
    CheckConstraint("(seen_at IS NULL) = (seen_by IS NULL)", name="seen_paired"),
    UniqueConstraint("kind", "about", "day"),
)
"""What a privacy officer is told of. `about` is the random id of an override, a relationship or a worker."""

meeting = Table(
    "meeting",
    metadata,
    Column("id", HEX, primary_key=True, info=OPERATIONAL),
    Column("staff_id", ForeignKey("staff.id"), nullable=False, info=PSEUDONYM),
    Column("role", String(40), nullable=False, info=OPERATIONAL),
    Column("purpose", String(30), nullable=False, info=OPERATIONAL),
    Column("day", Date, nullable=False, info=OPERATIONAL),
    Column("stated_at", UTC, nullable=False, info=OPERATIONAL),
    Index("ix_meeting_staff_day", "staff_id", "day"),
)

meeting_family = Table(
    "meeting_family",
    metadata,
    Column("meeting_id", ForeignKey("meeting.id"), primary_key=True, info=OPERATIONAL),
    Column("person_id", HEX, primary_key=True, info=PSEUDONYM),
)

share_decision = Table(
    "share_decision",
    metadata,
    Column("id", HEX, primary_key=True, info=OPERATIONAL),
    Column("person_id", HEX, nullable=False, index=True, info=PSEUDONYM),
    Column("staff_id", ForeignKey("staff.id"), nullable=False, info=PSEUDONYM),
    Column("organisation", ForeignKey("organisation.code"), nullable=False, info=OPERATIONAL),
    Column("role", String(40), nullable=False, info=OPERATIONAL),
    Column("duty", String(30), nullable=False, info=OPERATIONAL),
    Column("in_force", Boolean, nullable=False, info=OPERATIONAL),
    Column("answer", String(20), nullable=False, info=OPERATIONAL),
    Column("reason", String(30), nullable=False, info=OPERATIONAL),
    Column("recipients", JSON, nullable=False, info=OPERATIONAL),
    Column("categories", JSON, nullable=False, info=OPERATIONAL),
    Column("decided_at", UTC, nullable=False, info=OPERATIONAL),
    CheckConstraint("(answer = 'disclosed') = (reason = 'facilitates')", name="answer_fits_reason"),
)
"""A decision to share or not to share, either way; append-only, and without what was shared."""

agreement = Table(
    "agreement",
    metadata,
    Column("id", HEX, primary_key=True, info=OPERATIONAL),
    Column("code", String(60), nullable=False, info=OPERATIONAL),
    Column("version", Integer, nullable=False, info=OPERATIONAL),
    Column("kind", String(20), nullable=False, info=OPERATIONAL),
    Column("title_en", String(300), nullable=False, info=OPERATIONAL),
    Column("document", JSON, nullable=False, info=OPERATIONAL),
    Column("document_hash", String(64), nullable=False, info=OPERATIONAL),
    Column("effective_from", Date, nullable=False, info=OPERATIONAL),
    Column("review_due", Date, nullable=False, info=OPERATIONAL),
    Column("expires", Date, nullable=False, info=OPERATIONAL),
    Column("imported_at", UTC, nullable=False, info=OPERATIONAL),
    UniqueConstraint("code", "version"),
)
"""One immutable version of an agreement; its standing is in `agreement_status`, its signatures in their own table."""

agreement_status = Table(
    "agreement_status",
    metadata,
    Column("id", HEX, primary_key=True, info=OPERATIONAL),
    Column("agreement_id", ForeignKey("agreement.id"), nullable=False, index=True, info=OPERATIONAL),
    Column("status", String(20), nullable=False, info=OPERATIONAL),
    Column("reason", String(300), info=OPERATIONAL),
    Column("recorded_at", UTC, nullable=False, info=OPERATIONAL),
    Column("recorded_by", String(80), nullable=False, info=OPERATIONAL),
    Column("ordinal", Integer, nullable=False, info=OPERATIONAL),
    Column("qa_group", String(120), info=OPERATIONAL),
    Column("qa_date", Date, info=OPERATIONAL),
    UniqueConstraint("agreement_id", "ordinal"),
    CheckConstraint("(qa_group IS NULL) = (qa_date IS NULL)", name="qa_paired"),
)

agreement_signature = Table(
    "agreement_signature",
    metadata,
    Column("id", HEX, primary_key=True, info=OPERATIONAL),
    Column("agreement_id", ForeignKey("agreement.id"), nullable=False, info=OPERATIONAL),
    Column("organisation", ForeignKey("organisation.code"), nullable=False, info=OPERATIONAL),
    Column("signatory", String(120), nullable=False, info=OPERATIONAL),
    Column("job_title", String(120), nullable=False, info=OPERATIONAL),
    Column("public_key", LargeBinary, nullable=False, info=OPERATIONAL),
    Column("signature", LargeBinary, nullable=False, info=OPERATIONAL),
    Column("signed_at", UTC, nullable=False, info=OPERATIONAL),
    UniqueConstraint("agreement_id", "organisation"),
)

signing_key = Table(
    "signing_key",
    metadata,
    Column("id", HEX, primary_key=True, info=OPERATIONAL),
    Column("organisation", ForeignKey("organisation.code"), nullable=False, info=OPERATIONAL),
    Column("holder", String(120), nullable=False, info=OPERATIONAL),
    Column("public_key", LargeBinary, nullable=False, info=OPERATIONAL),
    Column("registered_at", UTC, nullable=False, info=OPERATIONAL),
    Column("registered_by", String(80), nullable=False, info=OPERATIONAL),
    Column("revoked_at", UTC, info=OPERATIONAL),
    Column("revoked_by", String(80), info=OPERATIONAL),
    UniqueConstraint("organisation", "public_key"),
    CheckConstraint("(revoked_at IS NULL) = (revoked_by IS NULL)", name="revoked_paired"),
)
"""The public key of an organisation's designated person: a signature made while it is not revoked counts."""

agreement_warning = Table(
    "agreement_warning",
    metadata,
    Column("id", HEX, primary_key=True, info=OPERATIONAL),
    Column("agreement_id", ForeignKey("agreement.id"), nullable=False, info=OPERATIONAL),
    Column("stage", String(20), nullable=False, info=OPERATIONAL),
    Column("organisation", String(120), nullable=False, info=OPERATIONAL),
    Column("staff_id", String(32), nullable=False, info=PSEUDONYM),
    Column("name", String(160), nullable=False, info=OPERATIONAL),
    Column("relationships", Integer, nullable=False, info=OPERATIONAL),
    Column("involvements", JSON, nullable=False, info=OPERATIONAL),
    Column("recorded_at", UTC, nullable=False, info=OPERATIONAL),
    UniqueConstraint("agreement_id", "stage", "organisation", "staff_id", "name"),
)
"""Who was told by name that an agreement under which they work is running out: once for each stage. `staff_id` is
empty for a professional known only by name; `involvements` counts those they hold, by category."""

wish = Table(
    "wish",
    metadata,
    Column("id", HEX, primary_key=True, info=OPERATIONAL),
    Column("person_id", HEX, nullable=False, index=True, info=PSEUDONYM),
    Column("kind", String(20), nullable=False, info=OPERATIONAL),
    Column("answer", String(20), nullable=False, info=OPERATIONAL),
    Column("scope", JSON, nullable=False, info=OPERATIONAL),
    Column("signer", String(20), info=OPERATIONAL),
    Column("signer_person_id", HEX, info=PSEUDONYM),
    Column("signer_basis", String(30), info=OPERATIONAL),
    Column("language", String(5), info=OPERATIONAL),
    Column("valid_from", UTC, nullable=False, info=OPERATIONAL),
    Column("expires", Date, info=OPERATIONAL),
    Column("recorded_at", UTC, nullable=False, info=OPERATIONAL),
    Column("recorded_by", String(80), nullable=False, info=OPERATIONAL),
    Column("ordinal", Integer, nullable=False, info=OPERATIONAL),
    Column("form_id", HEX, index=True, info=OPERATIONAL),
    Column("ground", String(40), info=SPECIAL),
    Column("client_key", String(80), info=OPERATIONAL),
    Index("uq_wish_client_key", "person_id", "client_key", unique=True),
)
"""Append-only: a withdrawal is a later row, so the state at any instant can be told; `ordinal` keeps the order."""

signed_form = Table(
    "signed_form",
    metadata,
    Column("id", HEX, primary_key=True, info=OPERATIONAL),
    Column("person_id", HEX, nullable=False, info=PSEUDONYM),
    Column("form", String(60), nullable=False, info=OPERATIONAL),
    Column("version", Integer, nullable=False, info=OPERATIONAL),
    Column("kind", String(20), nullable=False, info=OPERATIONAL),
    Column("language", String(5), nullable=False, info=OPERATIONAL),
    Column("text_hash", String(64), nullable=False, info=OPERATIONAL),
    Column("answers", JSON, nullable=False, info=OPERATIONAL),
    Column("signer_person_id", HEX, info=PSEUDONYM),
    Column("signer_basis", String(30), nullable=False, info=OPERATIONAL),
    Column("competence_by", String(80), info=OPERATIONAL),
    Column("competence_on", Date, info=OPERATIONAL),
    Column("competence_scope", JSON(none_as_null=True), info=OPERATIONAL),
    Column("evidence", String(20), nullable=False, info=OPERATIONAL),
    Column("place", String(20), info=OPERATIONAL),
    Column("signed_at", UTC, nullable=False, info=OPERATIONAL),
    Column("expires", Date, info=OPERATIONAL),
    Column("recorded_at", UTC, nullable=False, info=OPERATIONAL),
    Column("recorded_by", String(80), nullable=False, info=OPERATIONAL),
    Column("client_key", String(80), info=OPERATIONAL),
    CheckConstraint("(competence_by IS NULL) = (competence_on IS NULL)", name="competence_paired"),
    Index("uq_signed_form_client_key", "person_id", "client_key", unique=True),
)
"""Append-only: a form as it was signed; each module answered became a wish. What was written on it is not held."""

signed_form_fault = Table(
    "signed_form_fault",
    metadata,
    Column("form_id", ForeignKey("signed_form.id"), primary_key=True, info=OPERATIONAL),
    Column("fault", String(30), nullable=False, info=OPERATIONAL),
    Column("recorded_at", UTC, nullable=False, info=OPERATIONAL),
    Column("recorded_by", String(80), nullable=False, info=OPERATIONAL),
)
"""Append-only: a form found not to hold. That is final; who still agrees signs again."""

responsibility = Table(
    "responsibility",
    metadata,
    Column("id", HEX, primary_key=True, info=OPERATIONAL),
    Column("person_id", HEX, nullable=False, index=True, info=PSEUDONYM),
    Column("kind", String(30), nullable=False, info=SPECIAL),
    Column("holder_person_id", HEX, info=PSEUDONYM),
    Column("holder_organisation", String(120), info=OPERATIONAL),
    Column("since", Date, nullable=False, info=OPERATIONAL),
    Column("until", Date, info=OPERATIONAL),
    Column("evidence", String(30), nullable=False, info=OPERATIONAL),
    Column("recorded_at", UTC, nullable=False, info=OPERATIONAL),
    Column("recorded_by", String(80), nullable=False, info=OPERATIONAL),
    Column("ended_on", Date, info=OPERATIONAL),
    Column("ended_at", UTC, info=OPERATIONAL),
    Column("ended_by", String(80), info=OPERATIONAL),
    CheckConstraint(
        "(ended_on IS NULL) = (ended_at IS NULL) AND (ended_at IS NULL) = (ended_by IS NULL)", name="ended_paired"
    ),
)
"""Who may decide for a child, from when to when. `until` and `ended_on` are the first day without it."""

leaflet_given = Table(
    "leaflet_given",
    metadata,
    Column("id", HEX, primary_key=True, info=OPERATIONAL),
    Column("person_id", HEX, nullable=False, index=True, info=PSEUDONYM),
    Column("agreement_code", String(60), nullable=False, info=OPERATIONAL),
    Column("agreement_version", Integer, nullable=False, info=OPERATIONAL),
    Column("language", String(5), nullable=False, info=OPERATIONAL),
    Column("given_on", Date, nullable=False, info=OPERATIONAL),
    Column("recorded_at", UTC, nullable=False, info=OPERATIONAL),
    Column("recorded_by", String(80), nullable=False, info=OPERATIONAL),
    UniqueConstraint("person_id", "agreement_code", "agreement_version", "language", "given_on"),
)
"""Append-only: that a family was given the privacy leaflet of one version of an agreement."""

hard_block = Table(
    "hard_block",
    metadata,
    Column("id", HEX, primary_key=True, info=OPERATIONAL),
    Column("person_id", HEX, nullable=False, index=True, info=PSEUDONYM),
    Column("kind", String(20), nullable=False, info=OPERATIONAL),
    Column("against_person_id", HEX, info=PSEUDONYM),
    Column("since", Date, nullable=False, info=OPERATIONAL),
    Column("until", Date, info=OPERATIONAL),
    Column("recorded_at", UTC, nullable=False, info=OPERATIONAL),
    Column("recorded_by", String(80), nullable=False, info=OPERATIONAL),
)

erasure = Table(
    "erasure",
    metadata,
    Column("person_id", HEX, primary_key=True, info=PSEUDONYM),
    Column("recorded_at", UTC, nullable=False, info=OPERATIONAL),
    Column("recorded_by", String(80), nullable=False, info=OPERATIONAL),
)

project = Table(
    "project",
    metadata,
    Column("id", HEX, primary_key=True, info=OPERATIONAL),
    Column("code", String(60), nullable=False, unique=True, info=OPERATIONAL),
    Column("title", String(200), nullable=False, info=OPERATIONAL),
    Column("agreement_code", String(60), nullable=False, info=OPERATIONAL),
    Column("starts", Date, nullable=False, info=OPERATIONAL),
    Column("ends", Date, nullable=False, info=OPERATIONAL),
)

project_analyst = Table(
    "project_analyst",
    metadata,
    Column("project_id", ForeignKey("project.id"), primary_key=True, info=OPERATIONAL),
    Column("staff_id", ForeignKey("staff.id"), primary_key=True, info=PSEUDONYM),
)

session = Table(
    "session",
    metadata,
    Column("token_hash", String(64), primary_key=True, info=OPERATIONAL),
    Column("staff_id", ForeignKey("staff.id"), nullable=False, info=PSEUDONYM),
    Column("role", String(40), nullable=False, info=OPERATIONAL),
    Column("csrf_token", String(64), nullable=False, info=OPERATIONAL),
    Column("created_at", UTC, nullable=False, info=OPERATIONAL),
    Column("seen_at", UTC, nullable=False, info=OPERATIONAL),
    Column("ended_at", UTC, info=OPERATIONAL),
    Column("ended_why", String(20), info=OPERATIONAL),
    Column("assurance", Integer, nullable=False, server_default="0", info=OPERATIONAL),
    Column("authenticated_at", UTC, info=OPERATIONAL),
    Column("provider", String(40), info=OPERATIONAL),
    Column("subject", String(255), info=PSEUDONYM),
    Column("provider_session", String(255), info=OPERATIONAL),
)
"""`subject` and `provider_session` are the provider's own words for who signed in and for its session."""

identity_link = Table(
    "identity_link",
    metadata,
    Column("id", HEX, primary_key=True, info=OPERATIONAL),
    Column("issuer", String(255), nullable=False, info=OPERATIONAL),
    Column("subject", String(255), nullable=False, info=PSEUDONYM),
    Column("staff_id", ForeignKey("staff.id"), nullable=False, info=PSEUDONYM),
    Column("recorded_at", UTC, nullable=False, info=OPERATIONAL),
    Column("recorded_by", String(80), nullable=False, info=OPERATIONAL),
    Column("ended_at", UTC, info=OPERATIONAL),
    Index(
        "uq_identity_link_issuer_staff_id", "issuer", "staff_id", unique=True,
        sqlite_where=text("ended_at IS NULL"), postgresql_where=text("ended_at IS NULL"),
    ),
    Index("ix_identity_link_issuer_subject", "issuer", "subject"),
)  # fmt: skip
"""Which member of staff a provider's subject is: one subject an issuer for each member of staff at a time."""

sign_in_attempt = Table(
    "sign_in_attempt",
    metadata,
    Column("state_hash", String(64), primary_key=True, info=OPERATIONAL),
    Column("browser_hash", String(64), nullable=False, index=True, info=OPERATIONAL),
    Column("provider", String(40), nullable=False, info=OPERATIONAL),
    Column("return_to", String(400), nullable=False, info=OPERATIONAL),
    Column("step_up_of", String(64), info=OPERATIONAL),
    Column("started_at", UTC, nullable=False, index=True, info=OPERATIONAL),
    Column("used_at", UTC, info=OPERATIONAL),
    Column("proven", JSON(none_as_null=True), info=PSEUDONYM),
    Column("chosen_at", UTC, info=OPERATIONAL),
)
"""A sign-in under way. What would complete it (the browser's secret) is not here; it is gone after a few minutes."""

stated_purpose = Table(
    "stated_purpose",
    metadata,
    Column("id", HEX, primary_key=True, info=OPERATIONAL),
    Column("session_hash", ForeignKey("session.token_hash"), nullable=False, info=OPERATIONAL),
    Column("person_id", HEX, nullable=False, info=PSEUDONYM),
    Column("purpose", String(30), nullable=False, info=OPERATIONAL),
    Column("stated_at", UTC, nullable=False, info=OPERATIONAL),
    Index("ix_stated_purpose_session_person", "session_hash", "person_id"),
)

audit_entry = Table(
    "audit_entry",
    metadata,
    Column("id", HEX, primary_key=True, info=OPERATIONAL),
    Column("recorded_at", UTC, nullable=False, index=True, info=OPERATIONAL),
    Column("kind", String(30), nullable=False, info=OPERATIONAL),
    Column("staff_id", HEX, info=PSEUDONYM),
    Column("organisation", String(120), info=OPERATIONAL),
    Column("purpose", String(30), info=OPERATIONAL),
    Column("outcome", String(20), nullable=False, info=OPERATIONAL),
    Column("body", Text, nullable=False, info=PSEUDONYM),
    Column("leaf_hash", String(64), nullable=False, info=OPERATIONAL),
    Index("ix_audit_entry_staff_recorded", "staff_id", "recorded_at"),
)

audit_subject = Table(
    "audit_subject",
    metadata,
    Column("entry_id", ForeignKey("audit_entry.id"), primary_key=True, info=OPERATIONAL),
    Column("pseudonym", String(64), primary_key=True, index=True, info=PSEUDONYM),
)

audit_sequence = Table(
    "audit_sequence",
    metadata,
    Column("idx", Integer, primary_key=True, autoincrement=False, info=OPERATIONAL),
    Column("entry_id", ForeignKey("audit_entry.id"), nullable=False, unique=True, info=OPERATIONAL),
)

decision_fact = Table(
    "decision_fact",
    metadata,
    Column("digest", String(64), primary_key=True, info=OPERATIONAL),
    Column("document", LargeBinary, nullable=False, info=PSEUDONYM),
    Column("recorded_at", UTC, nullable=False, info=OPERATIONAL),
)
"""What decisions were made from: compressed canonical JSON under its own SHA-256, named by the entries' bodies."""

audit_checkpoint = Table(
    "audit_checkpoint",
    metadata,
    Column("size", Integer, primary_key=True, autoincrement=False, info=OPERATIONAL),
    Column("root", String(64), nullable=False, info=OPERATIONAL),
    Column("note", Text, nullable=False, info=OPERATIONAL),
    Column("made_at", UTC, nullable=False, info=OPERATIONAL),
)

audit_subtree = Table(
    "audit_subtree",
    metadata,
    Column("level", Integer, primary_key=True, autoincrement=False, info=OPERATIONAL),
    Column("position", Integer, primary_key=True, autoincrement=False, info=OPERATIONAL),
    Column("root", String(64), nullable=False, info=OPERATIONAL),
)
"""Roots of full subtrees of 256^level entries: derived from the entries, so that proofs are cheap."""

access_request = Table(
    "access_request",
    metadata,
    Column("id", HEX, primary_key=True, info=OPERATIONAL),
    Column("person_id", HEX, nullable=False, index=True, info=PSEUDONYM),
    Column("asker_person_id", HEX, nullable=False, info=PSEUDONYM),
    Column("request_right", String(30), nullable=False, info=OPERATIONAL),
    Column("evidence", JSON, nullable=False, info=OPERATIONAL),
    Column("received_on", Date, nullable=False, info=OPERATIONAL),
    Column("recorded_at", UTC, nullable=False, info=OPERATIONAL),
    Column("recorded_by", ForeignKey("staff.id"), nullable=False, info=PSEUDONYM),
)
"""Somebody asked who looked at a person's record. What became of it is in `access_request_step`."""

access_request_step = Table(
    "access_request_step",
    metadata,
    Column("request_id", ForeignKey("access_request.id"), primary_key=True, info=OPERATIONAL),
    Column("ordinal", Integer, primary_key=True, autoincrement=False, info=OPERATIONAL),
    Column("step", String(20), nullable=False, info=OPERATIONAL),
    Column("findings", JSON, nullable=False, info=SPECIAL),
    Column("left_out", JSON, nullable=False, info=SPECIAL),
    Column("content_hash", String(64), info=OPERATIONAL),
    Column("log_size", Integer, info=OPERATIONAL),
    Column("recorded_at", UTC, nullable=False, info=OPERATIONAL),
    Column("recorded_by", ForeignKey("staff.id"), nullable=False, info=PSEUDONYM),
    CheckConstraint("(step = 'released') = (content_hash IS NOT NULL)", name="release_bound"),
    CheckConstraint("(content_hash IS NULL) = (log_size IS NULL)", name="release_sized"),
)
"""INSERT only, as the audit tables: which checks spoke, which organisations are left out, what was released."""

vault_envelope = Table(
    "vault_envelope",
    metadata,
    Column("role_id", HEX, primary_key=True, info=PSEUDONYM),
    Column("key_version", Integer, nullable=False, info=OPERATIONAL),
    Column("nonce", LargeBinary, nullable=False, info=OPERATIONAL),
    Column("ciphertext", LargeBinary, nullable=False, info=IDENTIFIER),
    Column("sealed_at", UTC, nullable=False, info=OPERATIONAL),
)
"""Clear identities as AEAD ciphertext under each role's own data key; the wrapped keys are in another file."""

quarantine = Table(
    "quarantine",
    metadata,
    Column("load_id", HEX, primary_key=True, info=OPERATIONAL),
    Column("row_number", Integer, primary_key=True, info=OPERATIONAL),
    Column("key_version", Integer, nullable=False, info=OPERATIONAL),
    Column("nonce", LargeBinary, nullable=False, info=OPERATIONAL),
    Column("ciphertext", LargeBinary, nullable=False, info=IDENTIFIER),
    Column("expires_at", UTC, nullable=False, index=True, info=OPERATIONAL),
)
