"""Versioned models, stewards' decisions, the review queue and incidents of split persons."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

UTC = sa.DateTime(timezone=True)
HEX = sa.String(length=32)


def upgrade() -> None:
    with op.batch_alter_table("link_run") as table:
        table.add_column(sa.Column("mode", sa.String(length=12), nullable=False, server_default="full"))
        table.add_column(sa.Column("model_version", sa.Integer(), nullable=True))
    with op.batch_alter_table("person_history") as table:
        table.add_column(sa.Column("undoes", HEX, nullable=True))
    op.create_table(
        "link_model",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("trained_at", UTC, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_link_model")),
    )
    op.create_table(
        "link_decision",
        sa.Column("id", HEX, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("role_a", HEX, nullable=False),
        sa.Column("role_b", HEX, nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("origin", sa.String(length=12), nullable=False),
        sa.Column("match_weight", sa.Float(), nullable=True),
        sa.Column("decided_by", sa.String(length=120), nullable=False),
        sa.Column("decided_at", UTC, nullable=False),
        sa.Column("withdrawn_by", sa.String(length=120), nullable=True),
        sa.Column("withdrawn_at", UTC, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_decision")),
    )
    op.create_index("ix_link_decision_role_a", "link_decision", ["role_a"])
    op.create_index("ix_link_decision_role_b", "link_decision", ["role_b"])
    op.create_table(
        "review_pair",
        sa.Column("id", HEX, nullable=False),
        sa.Column("run_id", HEX, nullable=False),
        sa.Column("role_a", HEX, nullable=False),
        sa.Column("role_b", HEX, nullable=False),
        sa.Column("stratum", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=30), nullable=False),
        sa.Column("match_weight", sa.Float(), nullable=True),
        sa.Column("linked", sa.Boolean(), nullable=False),
        sa.Column("chance", sa.Float(), nullable=True),
        sa.Column("priority", sa.Float(), nullable=False),
        sa.Column("answer", sa.String(length=10), nullable=True),
        sa.Column("answered_by", sa.String(length=120), nullable=True),
        sa.Column("answered_at", UTC, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_pair")),
    )
    op.create_index("ix_review_pair_run_id", "review_pair", ["run_id"])
    op.create_table(
        "link_incident",
        sa.Column("id", HEX, nullable=False),
        sa.Column("run_id", HEX, nullable=False),
        sa.Column("history_id", HEX, nullable=False),
        sa.Column("person_id", HEX, nullable=False),
        sa.Column("other_id", HEX, nullable=False),
        sa.Column("opened_at", UTC, nullable=False),
        sa.Column("uses", sa.JSON(), nullable=False),
        sa.Column("closed_by", sa.String(length=120), nullable=True),
        sa.Column("closed_at", UTC, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_incident")),
    )
    op.create_index("ix_link_incident_run_id", "link_incident", ["run_id"])


def downgrade() -> None:
    for name in ("link_incident", "review_pair", "link_decision", "link_model"):
        op.drop_table(name)
    with op.batch_alter_table("person_history") as table:
        table.drop_column("undoes")
    with op.batch_alter_table("link_run") as table:
        table.drop_column("model_version")
        table.drop_column("mode")
