"""Warnings, signing keys, the evidence of assurance. Keys that signed before are registered, so that nothing lapses."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

HEX = sa.String(length=32)
UTC = sa.DateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table("agreement_status") as table:
        table.add_column(sa.Column("qa_group", sa.String(length=120), nullable=True))
        table.add_column(sa.Column("qa_date", sa.Date(), nullable=True))
        table.create_check_constraint(op.f("ck_agreement_status_qa_paired"), "(qa_group IS NULL) = (qa_date IS NULL)")
    op.create_table(
        "signing_key",
        sa.Column("id", HEX, nullable=False),
        sa.Column("organisation", sa.String(length=120), nullable=False),
        sa.Column("holder", sa.String(length=120), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("registered_at", UTC, nullable=False),
        sa.Column("registered_by", sa.String(length=80), nullable=False),
        sa.Column("revoked_at", UTC, nullable=True),
        sa.Column("revoked_by", sa.String(length=80), nullable=True),
        sa.CheckConstraint("(revoked_at IS NULL) = (revoked_by IS NULL)", name=op.f("ck_signing_key_revoked_paired")),
        sa.ForeignKeyConstraint(["organisation"], ["organisation.code"], name=op.f("fk_signing_key_organisation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signing_key")),
        sa.UniqueConstraint("organisation", "public_key", name=op.f("uq_signing_key_organisation_public_key")),
    )
    op.create_table(
        "agreement_warning",
        sa.Column("id", HEX, nullable=False),
        sa.Column("agreement_id", HEX, nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("organisation", sa.String(length=120), nullable=False),
        sa.Column("staff_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("relationships", sa.Integer(), nullable=False),
        sa.Column("involvements", sa.JSON(), nullable=False),
        sa.Column("recorded_at", UTC, nullable=False),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreement.id"], name=op.f("fk_agreement_warning_agreement_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement_warning")),
        sa.UniqueConstraint(
            "agreement_id", "stage", "organisation", "staff_id", "name",
            name=op.f("uq_agreement_warning_agreement_id_stage_organisation_staff_id_name"),
        ),
    )  # fmt: skip
    op.execute(
        "INSERT INTO signing_key (id, organisation, holder, public_key, registered_at, registered_by) "
        "SELECT min(id), organisation, min(signatory), public_key, min(signed_at), 'migration' "
        "FROM agreement_signature GROUP BY organisation, public_key"
    )


def downgrade() -> None:
    op.drop_table("agreement_warning")
    op.drop_table("signing_key")
    with op.batch_alter_table("agreement_status") as table:
        table.drop_constraint(op.f("ck_agreement_status_qa_paired"), type_="check")
        table.drop_column("qa_date")
        table.drop_column("qa_group")
