"""What makes proofs cheap: the roots of full subtrees. Append-only, as the rest of the ledger."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_subtree",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("root", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("level", "position", name=op.f("pk_audit_subtree")),
    )
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_subtree_no_{act.lower()} BEFORE {act} ON audit_subtree "
                "BEGIN SELECT RAISE(ABORT, 'audit_subtree takes INSERT only'); END"
            )
        return
    op.execute(
        "CREATE TRIGGER audit_subtree_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_subtree "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    op.drop_table("audit_subtree")
