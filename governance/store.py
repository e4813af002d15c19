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
    CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="ended_paired"),
    Index("ix_relationship_staff_person", "staff_id", "person_id"),
    Index("ix_relationship_person", "person_id"),
)

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
    UniqueConstraint("agreement_id", "ordinal"),
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
)
"""Append-only: a withdrawal is a later row, so the state at any instant can be told; `ordinal` keeps the order."""

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
)

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
    Column("staff_id", HEX, index=True, info=PSEUDONYM),
    Column("organisation", String(120), info=OPERATIONAL),
    Column("purpose", String(30), info=OPERATIONAL),
    Column("outcome", String(20), nullable=False, info=OPERATIONAL),
    Column("body", Text, nullable=False, info=PSEUDONYM),
    Column("leaf_hash", String(64), nullable=False, info=OPERATIONAL),
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

audit_checkpoint = Table(
    "audit_checkpoint",
    metadata,
    Column("size", Integer, primary_key=True, autoincrement=False, info=OPERATIONAL),
    Column("root", String(64), nullable=False, info=OPERATIONAL),
    Column("note", Text, nullable=False, info=OPERATIONAL),
    Column("made_at", UTC, nullable=False, info=OPERATIONAL),
)

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
