"""Signing in through an identity provider: links, attempts, and what a session knows of its sign-in."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

UTC = sa.DateTime(timezone=True)
OPEN = sa.text("ended_at IS NULL")


def upgrade() -> None:
    with op.batch_alter_table("session") as table:
        table.add_column(sa.Column("ended_why", sa.String(20)))
        table.add_column(sa.Column("assurance", sa.Integer(), nullable=False, server_default="0"))
        table.add_column(sa.Column("authenticated_at", UTC))
        table.add_column(sa.Column("provider", sa.String(40)))
        table.add_column(sa.Column("subject", sa.String(255)))
        table.add_column(sa.Column("provider_session", sa.String(255)))
    op.create_table(
        "identity_link",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("issuer", sa.String(255), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("staff_id", sa.String(32), nullable=False),
        sa.Column("recorded_at", UTC, nullable=False),
        sa.Column("recorded_by", sa.String(80), nullable=False),
        sa.Column("ended_at", UTC),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_identity_link_staff_id"),
        sa.PrimaryKeyConstraint("id", name="pk_identity_link"),
    )
    op.create_index(
        "uq_identity_link_issuer_staff_id", "identity_link", ["issuer", "staff_id"], unique=True,
        sqlite_where=OPEN, postgresql_where=OPEN,
    )  # fmt: skip
    op.create_index("ix_identity_link_issuer_subject", "identity_link", ["issuer", "subject"])
    op.create_table(
        "sign_in_attempt",
        sa.Column("state_hash", sa.String(64), nullable=False),
        sa.Column("browser_hash", sa.String(64), nullable=False),
        sa.Column("provider", sa.String(40), nullable=False),
        sa.Column("return_to", sa.String(400), nullable=False),
        sa.Column("step_up_of", sa.String(64)),
        sa.Column("started_at", UTC, nullable=False),
        sa.Column("used_at", UTC),
        sa.Column("proven", sa.JSON(none_as_null=True)),
        sa.Column("chosen_at", UTC),
        sa.PrimaryKeyConstraint("state_hash", name="pk_sign_in_attempt"),
    )
    op.create_index("ix_sign_in_attempt_browser_hash", "sign_in_attempt", ["browser_hash"])
    op.create_index("ix_sign_in_attempt_started_at", "sign_in_attempt", ["started_at"])


def downgrade() -> None:
    op.drop_table("sign_in_attempt")
    op.drop_table("identity_link")
    with op.batch_alter_table("session") as table:
        for name in ("provider_session", "subject", "provider", "authenticated_at", "assurance", "ended_why"):
            table.drop_column(name)
