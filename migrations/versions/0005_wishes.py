"""Consent forms, responsibility, leaflets given; a wish knows its form, its ground and its client's key."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

HEX = sa.String(length=32)
UTC = sa.DateTime(timezone=True)
APPEND_ONLY = ("signed_form", "signed_form_fault", "leaflet_given")


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
    # columns are added in place: rebuilding the table would lose the triggers that forbid changes
    op.add_column("wish", sa.Column("form_id", HEX))
    op.add_column("wish", sa.Column("ground", sa.String(length=40)))
    op.add_column("wish", sa.Column("client_key", sa.String(length=80)))
    op.create_index(op.f("ix_wish_form_id"), "wish", ["form_id"])
    op.create_index("uq_wish_client_key", "wish", ["person_id", "client_key"], unique=True)
    op.create_table(
        "signed_form",
        sa.Column("id", HEX, nullable=False),
        sa.Column("person_id", HEX, nullable=False),
        sa.Column("form", sa.String(length=60), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("text_hash", sa.String(length=64), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("signer_person_id", HEX, nullable=True),
        sa.Column("signer_basis", sa.String(length=30), nullable=False),
        sa.Column("competence_by", sa.String(length=80), nullable=True),
        sa.Column("competence_on", sa.Date(), nullable=True),
        sa.Column("competence_scope", sa.JSON(), nullable=True),
        sa.Column("evidence", sa.String(length=20), nullable=False),
        sa.Column("place", sa.String(length=20), nullable=True),
        sa.Column("signed_at", UTC, nullable=False),
        sa.Column("expires", sa.Date(), nullable=True),
        sa.Column("recorded_at", UTC, nullable=False),
        sa.Column("recorded_by", sa.String(length=80), nullable=False),
        sa.Column("client_key", sa.String(length=80), nullable=True),
        sa.CheckConstraint(
            "(competence_by IS NULL) = (competence_on IS NULL)", name=op.f("ck_signed_form_competence_paired")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signed_form")),
    )
    op.create_index("uq_signed_form_client_key", "signed_form", ["person_id", "client_key"], unique=True)
    op.create_table(
        "signed_form_fault",
        sa.Column("form_id", HEX, nullable=False),
        sa.Column("fault", sa.String(length=30), nullable=False),
        sa.Column("recorded_at", UTC, nullable=False),
        sa.Column("recorded_by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["form_id"], ["signed_form.id"], name=op.f("fk_signed_form_fault_form_id")),
        sa.PrimaryKeyConstraint("form_id", name=op.f("pk_signed_form_fault")),
    )
    op.create_table(
        "responsibility",
        sa.Column("id", HEX, nullable=False),
        sa.Column("person_id", HEX, nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("holder_person_id", HEX, nullable=True),
        sa.Column("holder_organisation", sa.String(length=120), nullable=True),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("evidence", sa.String(length=30), nullable=False),
        sa.Column("recorded_at", UTC, nullable=False),
        sa.Column("recorded_by", sa.String(length=80), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("ended_at", UTC, nullable=True),
        sa.Column("ended_by", sa.String(length=80), nullable=True),
        sa.CheckConstraint(
            "(ended_on IS NULL) = (ended_at IS NULL) AND (ended_at IS NULL) = (ended_by IS NULL)",
            name=op.f("ck_responsibility_ended_paired"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_responsibility")),
    )
    op.create_index(op.f("ix_responsibility_person_id"), "responsibility", ["person_id"])
    op.create_table(
        "leaflet_given",
        sa.Column("id", HEX, nullable=False),
        sa.Column("person_id", HEX, nullable=False),
        sa.Column("agreement_code", sa.String(length=60), nullable=False),
        sa.Column("agreement_version", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", UTC, nullable=False),
        sa.Column("recorded_by", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leaflet_given")),
        sa.UniqueConstraint(
            "person_id", "agreement_code", "agreement_version", "language", "given_on",
            name=op.f("uq_leaflet_given_person_id_agreement_code_agreement_version_language_given_on"),
        ),
    )  # fmt: skip
    op.create_index(op.f("ix_leaflet_given_person_id"), "leaflet_given", ["person_id"])
    for table in APPEND_ONLY:
        _forbid_changes(table)


def downgrade() -> None:
    for table in ("leaflet_given", "responsibility", "signed_form_fault", "signed_form"):
        op.drop_table(table)
    op.drop_index("uq_wish_client_key", table_name="wish")
    op.drop_index(op.f("ix_wish_form_id"), table_name="wish")
    for column in ("client_key", "ground", "form_id"):
        op.drop_column("wish", column)
