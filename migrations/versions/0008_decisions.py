"""The facts each decision was made from."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "decision_fact",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_decision_fact")),
    )
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER decision_fact_no_{act.lower()} BEFORE {act} ON decision_fact "
                "BEGIN SELECT RAISE(ABORT, 'decision_fact takes INSERT only'); END"
            )
        return
    op.execute(
        "CREATE TRIGGER decision_fact_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON decision_fact "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    op.drop_table("decision_fact")
