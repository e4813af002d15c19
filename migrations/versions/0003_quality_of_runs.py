"""What a run shows of its own quality, and how far the fields of a reviewed pair agreed."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

HEX = sa.String(length=32)


def upgrade() -> None:
    with op.batch_alter_table("review_pair") as table:
        table.add_column(sa.Column("fields", sa.JSON(), nullable=False, server_default="[]"))
    op.create_table(
        "link_quality",
        sa.Column("run_id", HEX, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_link_quality")),
    )


def downgrade() -> None:
    op.drop_table("link_quality")
    with op.batch_alter_table("review_pair") as table:
        table.drop_column("fields")
