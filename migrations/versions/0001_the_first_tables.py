"""The first tables.

The audit tables take INSERT only: triggers refuse UPDATE and DELETE on both databases (and TRUNCATE on PostgreSQL).
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


APPEND_ONLY = ("audit_entry", "audit_subject", "audit_sequence", "audit_checkpoint", "wish", "agreement_status")


def _forbid_changes(table: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} takes INSERT only'); END"
            )
        return
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def upgrade() -> None:

    op.create_table(
        "agreement",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("title_en", sa.String(length=300), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("document_hash", sa.String(length=64), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("review_due", sa.Date(), nullable=False),
        sa.Column("expires", sa.Date(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement")),
        sa.UniqueConstraint("code", "version", name=op.f("uq_agreement_code_version")),
    )
    op.create_table(
        "audit_checkpoint",
        sa.Column("size", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("root", sa.String(length=64), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_audit_checkpoint")),
    )
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("staff_id", sa.String(length=32), nullable=True),
        sa.Column("organisation", sa.String(length=120), nullable=True),
        sa.Column("purpose", sa.String(length=30), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("leaf_hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    op.create_index(op.f("ix_audit_entry_recorded_at"), "audit_entry", ["recorded_at"], unique=False)
    op.create_index(op.f("ix_audit_entry_staff_id"), "audit_entry", ["staff_id"], unique=False)
    op.create_table(
        "erasure",
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_erasure")),
    )
    op.create_table(
        "hard_block",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("against_person_id", sa.String(length=32), nullable=True),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hard_block")),
    )
    op.create_index(op.f("ix_hard_block_person_id"), "hard_block", ["person_id"], unique=False)
    op.create_table(
        "organisation",
        sa.Column("code", sa.String(length=120), nullable=False),
        sa.Column("name_en", sa.String(length=200), nullable=False),
        sa.Column("name_cy", sa.String(length=200), nullable=True),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("nation", sa.String(length=10), nullable=True),
        sa.Column("duty_desk", sa.String(length=200), nullable=True),
        sa.Column("telephone", sa.String(length=30), nullable=True),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_organisation")),
    )
    op.create_table(
        "project",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("agreement_code", sa.String(length=60), nullable=False),
        sa.Column("starts", sa.Date(), nullable=False),
        sa.Column("ends", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project")),
        sa.UniqueConstraint("code", name=op.f("uq_project_code")),
    )
    op.create_table(
        "quarantine",
        sa.Column("load_id", sa.String(length=32), nullable=False),
        sa.Column("row_number", sa.Integer(), nullable=False),
        sa.Column("key_version", sa.Integer(), nullable=False),
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("load_id", "row_number", name=op.f("pk_quarantine")),
    )
    op.create_index(op.f("ix_quarantine_expires_at"), "quarantine", ["expires_at"], unique=False)
    op.create_table(
        "vault_envelope",
        sa.Column("role_id", sa.String(length=32), nullable=False),
        sa.Column("key_version", sa.Integer(), nullable=False),
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("role_id", name=op.f("pk_vault_envelope")),
    )
    op.create_table(
        "wish",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("answer", sa.String(length=20), nullable=False),
        sa.Column("scope", sa.JSON(), nullable=False),
        sa.Column("signer", sa.String(length=20), nullable=True),
        sa.Column("signer_person_id", sa.String(length=32), nullable=True),
        sa.Column("signer_basis", sa.String(length=30), nullable=True),
        sa.Column("language", sa.String(length=5), nullable=True),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires", sa.Date(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=80), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wish")),
    )
    op.create_index(op.f("ix_wish_person_id"), "wish", ["person_id"], unique=False)
    op.create_table(
        "agreement_signature",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("agreement_id", sa.String(length=32), nullable=False),
        sa.Column("organisation", sa.String(length=120), nullable=False),
        sa.Column("signatory", sa.String(length=120), nullable=False),
        sa.Column("job_title", sa.String(length=120), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreement.id"], name=op.f("fk_agreement_signature_agreement_id")),
        sa.ForeignKeyConstraint(
            ["organisation"], ["organisation.code"], name=op.f("fk_agreement_signature_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement_signature")),
        sa.UniqueConstraint(
            "agreement_id", "organisation", name=op.f("uq_agreement_signature_agreement_id_organisation")
        ),
    )
    op.create_table(
        "agreement_status",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("agreement_id", sa.String(length=32), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=80), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreement.id"], name=op.f("fk_agreement_status_agreement_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement_status")),
        sa.UniqueConstraint("agreement_id", "ordinal", name=op.f("uq_agreement_status_agreement_id_ordinal")),
    )
    op.create_index(op.f("ix_agreement_status_agreement_id"), "agreement_status", ["agreement_id"], unique=False)
    op.create_table(
        "audit_sequence",
        sa.Column("idx", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("entry_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["audit_entry.id"], name=op.f("fk_audit_sequence_entry_id")),
        sa.PrimaryKeyConstraint("idx", name=op.f("pk_audit_sequence")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_audit_sequence_entry_id")),
    )
    op.create_table(
        "audit_subject",
        sa.Column("entry_id", sa.String(length=32), nullable=False),
        sa.Column("pseudonym", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["audit_entry.id"], name=op.f("fk_audit_subject_entry_id")),
        sa.PrimaryKeyConstraint("entry_id", "pseudonym", name=op.f("pk_audit_subject")),
    )
    op.create_index(op.f("ix_audit_subject_pseudonym"), "audit_subject", ["pseudonym"], unique=False)
    op.create_table(
        "staff",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("username", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("organisation", sa.String(length=120), nullable=False),
        sa.Column("telephone", sa.String(length=30), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["organisation"], ["organisation.code"], name=op.f("fk_staff_organisation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("username", name=op.f("uq_staff_username")),
    )
    op.create_table(
        "declaration",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("staff_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_declaration_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_declaration")),
    )
    op.create_index(op.f("ix_declaration_person_id"), "declaration", ["person_id"], unique=False)
    op.create_index(op.f("ix_declaration_staff_id"), "declaration", ["staff_id"], unique=False)
    op.create_table(
        "project_analyst",
        sa.Column("project_id", sa.String(length=32), nullable=False),
        sa.Column("staff_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_project_analyst_project_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_project_analyst_staff_id")),
        sa.PrimaryKeyConstraint("project_id", "staff_id", name=op.f("pk_project_analyst")),
    )
    op.create_table(
        "relationship",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("staff_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(length=32), nullable=True),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name=op.f("ck_relationship_ended_paired")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_relationship_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_relationship")),
    )
    op.create_index("ix_relationship_person", "relationship", ["person_id"], unique=False)
    op.create_index("ix_relationship_staff_person", "relationship", ["staff_id", "person_id"], unique=False)
    op.create_table(
        "session",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("staff_id", sa.String(length=32), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("csrf_token", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_session_staff_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_session")),
    )
    op.create_table(
        "staff_role",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("staff_id", sa.String(length=32), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("team", sa.String(length=120), nullable=True),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("training_until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_role_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_role")),
    )
    op.create_index(op.f("ix_staff_role_staff_id"), "staff_role", ["staff_id"], unique=False)
    op.create_table(
        "stated_purpose",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("session_hash", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("purpose", sa.String(length=30), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["session_hash"], ["session.token_hash"], name=op.f("fk_stated_purpose_session_hash")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stated_purpose")),
    )
    op.create_index("ix_stated_purpose_session_person", "stated_purpose", ["session_hash", "person_id"], unique=False)
    op.create_table(
        "area",
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name_en", sa.String(length=120), nullable=False),
        sa.Column("name_cy", sa.String(length=120), nullable=True),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_area")),
    )
    op.create_table(
        "dataset",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("provider", sa.String(length=120), nullable=False),
        sa.Column("spec_hash", sa.String(length=64), nullable=False),
        sa.Column("spec", sa.JSON(), nullable=False),
        sa.Column("one_row_per_person", sa.Boolean(), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_dataset")),
    )
    op.create_table(
        "link_run",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("engine", sa.String(length=10), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("threshold", sa.Float(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_run")),
        sa.UniqueConstraint("ordinal", name=op.f("uq_link_run_ordinal")),
    )
    op.create_table(
        "milestone",
        sa.Column("schedule", sa.String(length=40), nullable=False),
        sa.Column("version", sa.String(length=20), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("nation", sa.String(length=10), nullable=False),
        sa.Column("title_en", sa.String(length=160), nullable=False),
        sa.Column("title_cy", sa.String(length=160), nullable=True),
        sa.Column("from_days", sa.Integer(), nullable=False),
        sa.Column("to_days", sa.Integer(), nullable=False),
        sa.Column("event_types", sa.JSON(), nullable=False),
        sa.Column("service", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("schedule", "version", "code", name=op.f("pk_milestone")),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("unborn", sa.Boolean(), nullable=False),
        sa.Column("birth_month", sa.String(length=7), nullable=True),
        sa.Column("sex", sa.String(length=15), nullable=True),
        sa.Column("merged_into", sa.String(length=32), nullable=True),
        sa.Column("created_run", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
    )
    op.create_index(op.f("ix_person_merged_into"), "person", ["merged_into"], unique=False)
    op.create_table(
        "person_history",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("run_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("other_id", sa.String(length=32), nullable=True),
        sa.Column("role_ids", sa.JSON(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_history")),
    )
    op.create_index(op.f("ix_person_history_person_id"), "person_history", ["person_id"], unique=False)
    op.create_index(op.f("ix_person_history_run_id"), "person_history", ["run_id"], unique=False)
    op.create_table(
        "postcode_area",
        sa.Column("postcode", sa.String(length=8), nullable=False),
        sa.Column("ward", sa.String(length=12), nullable=False),
        sa.Column("lsoa", sa.String(length=12), nullable=True),
        sa.Column("locality", sa.String(length=40), nullable=True),
        sa.Column("nation", sa.String(length=10), nullable=False),
        sa.Column("imd_decile", sa.Integer(), nullable=True),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("postcode", name=op.f("pk_postcode_area")),
    )
    op.create_table(
        "load",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("dataset", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("file_digest", sa.String(length=64), nullable=False),
        sa.Column("scope_digest", sa.String(length=64), nullable=False),
        sa.Column("physical", sa.Integer(), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column("duplicates", sa.Integer(), nullable=False),
        sa.Column("ended", sa.Integer(), nullable=False),
        sa.Column("not_covered", sa.JSON(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["dataset"], ["dataset.name"], name=op.f("fk_load_dataset")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_load")),
        sa.UniqueConstraint("ordinal", name=op.f("uq_load_ordinal")),
    )
    op.create_index("ix_load_dataset_digest", "load", ["dataset", "file_digest"], unique=False)
    op.create_table(
        "possible_duplicate",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("person_a", sa.String(length=32), nullable=False),
        sa.Column("person_b", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=30), nullable=False),
        sa.Column("match_weight", sa.Float(), nullable=True),
        sa.Column("run_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["person_a"], ["person.id"], name=op.f("fk_possible_duplicate_person_a")),
        sa.ForeignKeyConstraint(["person_b"], ["person.id"], name=op.f("fk_possible_duplicate_person_b")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_possible_duplicate")),
    )
    op.create_table(
        "tie",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("person_a", sa.String(length=32), nullable=False),
        sa.Column("relation", sa.String(length=30), nullable=False),
        sa.Column("person_b", sa.String(length=32), nullable=False),
        sa.Column("provider", sa.String(length=120), nullable=False),
        sa.Column("dataset", sa.String(length=80), nullable=False),
        sa.Column("standing", sa.String(length=12), nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("run_id", sa.String(length=32), nullable=False),
        sa.Column("ended_run", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["person_a"], ["person.id"], name=op.f("fk_tie_person_a")),
        sa.ForeignKeyConstraint(["person_b"], ["person.id"], name=op.f("fk_tie_person_b")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tie")),
        sa.UniqueConstraint(
            "person_a",
            "relation",
            "person_b",
            "provider",
            "dataset",
            "since",
            "run_id",
            name=op.f("uq_tie_person_a_relation_person_b_provider_dataset_since_run_id"),
        ),
    )
    op.create_index(op.f("ix_tie_person_a"), "tie", ["person_a"], unique=False)
    op.create_index(op.f("ix_tie_person_b"), "tie", ["person_b"], unique=False)
    op.create_table(
        "coverage",
        sa.Column("load_id", sa.String(length=32), nullable=False),
        sa.Column("service", sa.String(length=40), nullable=False),
        sa.Column("dataset", sa.String(length=80), nullable=False),
        sa.Column("provider", sa.String(length=120), nullable=False),
        sa.Column("covers_from", sa.Date(), nullable=True),
        sa.Column("covers_to", sa.Date(), nullable=True),
        sa.Column("areas", sa.JSON(), nullable=False),
        sa.Column("population", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(["load_id"], ["load.id"], name=op.f("fk_coverage_load_id")),
        sa.PrimaryKeyConstraint("load_id", "service", name=op.f("pk_coverage")),
    )
    op.create_table(
        "load_problem",
        sa.Column("load_id", sa.String(length=32), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("row_number", sa.Integer(), nullable=False),
        sa.Column("column", sa.String(length=200), nullable=True),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("severity", sa.String(length=10), nullable=False),
        sa.ForeignKeyConstraint(["load_id"], ["load.id"], name=op.f("fk_load_problem_load_id")),
        sa.PrimaryKeyConstraint("load_id", "ordinal", name=op.f("pk_load_problem")),
    )
    op.create_table(
        "source_record",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("dataset", sa.String(length=80), nullable=False),
        sa.Column("load_id", sa.String(length=32), nullable=False),
        sa.Column("row_number", sa.Integer(), nullable=False),
        sa.Column("ended_by_load", sa.String(length=32), nullable=True),
        sa.Column("supersedes", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["dataset"], ["dataset.name"], name=op.f("fk_source_record_dataset")),
        sa.ForeignKeyConstraint(["load_id"], ["load.id"], name=op.f("fk_source_record_load_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source_record")),
    )
    op.create_index("ix_source_record_dataset", "source_record", ["dataset"], unique=False)
    op.create_index(op.f("ix_source_record_load_id"), "source_record", ["load_id"], unique=False)
    op.create_index(op.f("ix_source_record_supersedes"), "source_record", ["supersedes"], unique=False)
    op.create_table(
        "record_role",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("record_id", sa.String(length=32), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("provider", sa.String(length=120), nullable=False),
        sa.Column("unborn", sa.Boolean(), nullable=False),
        sa.Column("birth_month", sa.String(length=7), nullable=True),
        sa.Column("sex", sa.String(length=15), nullable=True),
        sa.Column("ward", sa.String(length=12), nullable=True),
        sa.Column("locality", sa.String(length=40), nullable=True),
        sa.Column("nation", sa.String(length=10), nullable=True),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("supersedes", sa.String(length=32), nullable=True),
        sa.Column("person_id", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_record_role_person_id")),
        sa.ForeignKeyConstraint(["record_id"], ["source_record.id"], name=op.f("fk_record_role_record_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_role")),
    )
    op.create_index(op.f("ix_record_role_person_id"), "record_role", ["person_id"], unique=False)
    op.create_index(op.f("ix_record_role_record_id"), "record_role", ["record_id"], unique=False)
    op.create_table(
        "event",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("role_id", sa.String(length=32), nullable=False),
        sa.Column("about_role_id", sa.String(length=32), nullable=True),
        sa.Column("load_id", sa.String(length=32), nullable=False),
        sa.Column("category", sa.String(length=30), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("service", sa.String(length=40), nullable=False),
        sa.Column("organisation", sa.String(length=120), nullable=False),
        sa.Column("provider", sa.String(length=120), nullable=False),
        sa.Column("occurred_on", sa.Date(), nullable=False),
        sa.Column("precision", sa.String(length=5), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("status", sa.String(length=15), nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["load_id"], ["load.id"], name=op.f("fk_event_load_id")),
        sa.ForeignKeyConstraint(["role_id"], ["record_role.id"], name=op.f("fk_event_role_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
    )
    op.create_index(op.f("ix_event_load_id"), "event", ["load_id"], unique=False)
    op.create_index(op.f("ix_event_role_id"), "event", ["role_id"], unique=False)
    op.create_table(
        "involvement",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("role_id", sa.String(length=32), nullable=False),
        sa.Column("load_id", sa.String(length=32), nullable=False),
        sa.Column("category", sa.String(length=30), nullable=False),
        sa.Column("service", sa.String(length=40), nullable=False),
        sa.Column("organisation", sa.String(length=120), nullable=False),
        sa.Column("provider", sa.String(length=120), nullable=False),
        sa.Column("team", sa.String(length=160), nullable=True),
        sa.Column("professional", sa.String(length=160), nullable=True),
        sa.Column("professional_role", sa.String(length=160), nullable=True),
        sa.Column("accountable", sa.String(length=160), nullable=True),
        sa.Column("telephone", sa.String(length=30), nullable=True),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["load_id"], ["load.id"], name=op.f("fk_involvement_load_id")),
        sa.ForeignKeyConstraint(["role_id"], ["record_role.id"], name=op.f("fk_involvement_role_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_involvement")),
    )
    op.create_index(op.f("ix_involvement_load_id"), "involvement", ["load_id"], unique=False)
    op.create_index(op.f("ix_involvement_role_id"), "involvement", ["role_id"], unique=False)
    op.create_table(
        "tie_claim",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("record_id", sa.String(length=32), nullable=False),
        sa.Column("load_id", sa.String(length=32), nullable=False),
        sa.Column("from_role_id", sa.String(length=32), nullable=False),
        sa.Column("relation", sa.String(length=30), nullable=False),
        sa.Column("to_role_id", sa.String(length=32), nullable=False),
        sa.Column("provider", sa.String(length=120), nullable=False),
        sa.Column("standing", sa.String(length=12), nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["from_role_id"], ["record_role.id"], name=op.f("fk_tie_claim_from_role_id")),
        sa.ForeignKeyConstraint(["load_id"], ["load.id"], name=op.f("fk_tie_claim_load_id")),
        sa.ForeignKeyConstraint(["record_id"], ["source_record.id"], name=op.f("fk_tie_claim_record_id")),
        sa.ForeignKeyConstraint(["to_role_id"], ["record_role.id"], name=op.f("fk_tie_claim_to_role_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tie_claim")),
    )
    op.create_index(op.f("ix_tie_claim_load_id"), "tie_claim", ["load_id"], unique=False)
    op.create_index(op.f("ix_tie_claim_record_id"), "tie_claim", ["record_id"], unique=False)

    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '% takes INSERT only', TG_TABLE_NAME; END $$"
        )
    for table in APPEND_ONLY:
        _forbid_changes(table)


def downgrade() -> None:

    op.drop_index(op.f("ix_tie_claim_record_id"), table_name="tie_claim")
    op.drop_index(op.f("ix_tie_claim_load_id"), table_name="tie_claim")
    op.drop_table("tie_claim")
    op.drop_index(op.f("ix_involvement_role_id"), table_name="involvement")
    op.drop_index(op.f("ix_involvement_load_id"), table_name="involvement")
    op.drop_table("involvement")
    op.drop_index(op.f("ix_event_role_id"), table_name="event")
    op.drop_index(op.f("ix_event_load_id"), table_name="event")
    op.drop_table("event")
    op.drop_index(op.f("ix_record_role_record_id"), table_name="record_role")
    op.drop_index(op.f("ix_record_role_person_id"), table_name="record_role")
    op.drop_table("record_role")
    op.drop_index(op.f("ix_source_record_supersedes"), table_name="source_record")
    op.drop_index(op.f("ix_source_record_load_id"), table_name="source_record")
    op.drop_index("ix_source_record_dataset", table_name="source_record")
    op.drop_table("source_record")
    op.drop_table("load_problem")
    op.drop_table("coverage")
    op.drop_index(op.f("ix_tie_person_b"), table_name="tie")
    op.drop_index(op.f("ix_tie_person_a"), table_name="tie")
    op.drop_table("tie")
    op.drop_table("possible_duplicate")
    op.drop_index("ix_load_dataset_digest", table_name="load")
    op.drop_table("load")
    op.drop_table("postcode_area")
    op.drop_index(op.f("ix_person_history_run_id"), table_name="person_history")
    op.drop_index(op.f("ix_person_history_person_id"), table_name="person_history")
    op.drop_table("person_history")
    op.drop_index(op.f("ix_person_merged_into"), table_name="person")
    op.drop_table("person")
    op.drop_table("milestone")
    op.drop_table("link_run")
    op.drop_table("dataset")
    op.drop_table("area")
    op.drop_index("ix_stated_purpose_session_person", table_name="stated_purpose")
    op.drop_table("stated_purpose")
    op.drop_index(op.f("ix_staff_role_staff_id"), table_name="staff_role")
    op.drop_table("staff_role")
    op.drop_table("session")
    op.drop_index("ix_relationship_staff_person", table_name="relationship")
    op.drop_index("ix_relationship_person", table_name="relationship")
    op.drop_table("relationship")
    op.drop_table("project_analyst")
    op.drop_index(op.f("ix_declaration_staff_id"), table_name="declaration")
    op.drop_index(op.f("ix_declaration_person_id"), table_name="declaration")
    op.drop_table("declaration")
    op.drop_table("staff")
    op.drop_index(op.f("ix_audit_subject_pseudonym"), table_name="audit_subject")
    op.drop_table("audit_subject")
    op.drop_table("audit_sequence")
    op.drop_index(op.f("ix_agreement_status_agreement_id"), table_name="agreement_status")
    op.drop_table("agreement_status")
    op.drop_table("agreement_signature")
    op.drop_index(op.f("ix_wish_person_id"), table_name="wish")
    op.drop_table("wish")
    op.drop_table("vault_envelope")
    op.drop_index(op.f("ix_quarantine_expires_at"), table_name="quarantine")
    op.drop_table("quarantine")
    op.drop_table("project")
    op.drop_table("organisation")
    op.drop_index(op.f("ix_hard_block_person_id"), table_name="hard_block")
    op.drop_table("hard_block")
    op.drop_table("erasure")
    op.drop_index(op.f("ix_audit_entry_staff_id"), table_name="audit_entry")
    op.drop_index(op.f("ix_audit_entry_recorded_at"), table_name="audit_entry")
    op.drop_table("audit_entry")
    op.drop_table("audit_checkpoint")
    op.drop_table("agreement")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_change()")
