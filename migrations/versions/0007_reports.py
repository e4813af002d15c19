"""Requests to know who looked at a record, and what became of them; the steps take INSERT only."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

HEX = sa.String(length=32)
UTC = sa.DateTime(timezone=True)
STEPS = "access_request_step"


def upgrade() -> None:
    op.create_table(
        "access_request",
        sa.Column("id", HEX, nullable=False),
        sa.Column("person_id", HEX, nullable=False),
        sa.Column("asker_person_id", HEX, nullable=False),
        sa.Column("request_right", sa.String(length=30), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", UTC, nullable=False),
        sa.Column("recorded_by", HEX, nullable=False),
        sa.ForeignKeyConstraint(["recorded_by"], ["staff.id"], name=op.f("fk_access_request_recorded_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_request")),
    )
    op.create_index("ix_access_request_person_id", "access_request", ["person_id"])
    op.create_table(
        STEPS,
        sa.Column("request_id", HEX, nullable=False),
        sa.Column("ordinal", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("step", sa.String(length=20), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("left_out", sa.JSON(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=True),
        sa.Column("log_size", sa.Integer(), nullable=True),
        sa.Column("recorded_at", UTC, nullable=False),
        sa.Column("recorded_by", HEX, nullable=False),
        sa.CheckConstraint(
            "(step = 'released') = (content_hash IS NOT NULL)", name=op.f("ck_access_request_step_release_bound")
        ),
        sa.CheckConstraint(
            "(content_hash IS NULL) = (log_size IS NULL)", name=op.f("ck_access_request_step_release_sized")
        ),
        sa.ForeignKeyConstraint(["request_id"], ["access_request.id"], name=op.f("fk_access_request_step_request_id")),
        sa.ForeignKeyConstraint(["recorded_by"], ["staff.id"], name=op.f("fk_access_request_step_recorded_by")),
        sa.PrimaryKeyConstraint("request_id", "ordinal", name=op.f("pk_access_request_step")),
    )
    _forbid_changes()


def _forbid_changes() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {STEPS}_no_{act.lower()} BEFORE {act} ON {STEPS} "
                f"BEGIN SELECT RAISE(ABORT, '{STEPS} takes INSERT only'); END"
            )
        return
    op.execute(
        f"CREATE TRIGGER {STEPS}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {STEPS} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    op.drop_table(STEPS)
    op.drop_index("ix_access_request_person_id", "access_request")
    op.drop_table("access_request")
