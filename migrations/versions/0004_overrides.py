"""Overrides and their reviews, alarms, delegations, meetings, decisions to share, whom to ring out of hours.

Decisions to share take INSERT only, as the first migration says of the audit tables.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

UTC = sa.DateTime(timezone=True)
HEX = sa.String(length=32)
CODE = sa.String(length=120)
DECISIONS = "share_decision"


def upgrade() -> None:
    op.add_column("organisation", sa.Column("out_of_hours_desk", sa.String(length=200), nullable=True))
    op.add_column("organisation", sa.Column("out_of_hours_telephone", sa.String(length=30), nullable=True))
    op.add_column("relationship", sa.Column("expires_at", UTC, nullable=True))
    op.drop_index("ix_audit_entry_staff_id", "audit_entry")
    op.create_index("ix_audit_entry_staff_recorded", "audit_entry", ["staff_id", "recorded_at"])
    _overrides()
    _alarms_and_delegations()
    _meetings()
    _decisions()


def _overrides() -> None:
    op.create_table(
        "access_override",
        sa.Column("id", HEX, nullable=False),
        sa.Column("staff_id", HEX, nullable=False),
        sa.Column("organisation", CODE, nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("person_id", HEX, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("categories", sa.JSON(), nullable=False),
        sa.Column("told_family", sa.String(length=20), nullable=False),
        sa.Column("document", sa.Boolean(), nullable=False),
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        sa.Column("justification", sa.LargeBinary(), nullable=False),
        sa.Column("granted_at", UTC, nullable=False),
        sa.Column("expires_at", UTC, nullable=False),
        sa.Column("ended_at", UTC, nullable=True),
        sa.Column("ended_by", HEX, nullable=True),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name=op.f("ck_access_override_ended_paired")),
        sa.CheckConstraint("expires_at > granted_at", name=op.f("ck_access_override_lasts")),
        sa.CheckConstraint("kind <> 'court_order' OR document", name=op.f("ck_access_override_order_seen")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_access_override_staff_id")),
        sa.ForeignKeyConstraint(["organisation"], ["organisation.code"], name=op.f("fk_access_override_organisation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_override")),
    )
    op.create_index("ix_access_override_person_id", "access_override", ["person_id"])
    op.create_index("ix_access_override_staff_person", "access_override", ["staff_id", "person_id"])
    op.create_table(
        "override_review",
        sa.Column("override_id", HEX, nullable=False),
        sa.Column("due_at", UTC, nullable=False),
        sa.Column("escalated_at", UTC, nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("nonce", sa.LargeBinary(), nullable=True),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("reviewed_at", UTC, nullable=True),
        sa.Column("reviewed_by", HEX, nullable=True),
        sa.CheckConstraint(
            "(outcome IS NULL) = (reviewed_at IS NULL) AND (outcome IS NULL) = (reviewed_by IS NULL)",
            name=op.f("ck_override_review_reviewed_paired"),
        ),
        sa.ForeignKeyConstraint(["override_id"], ["access_override.id"], name=op.f("fk_override_review_override_id")),
        sa.ForeignKeyConstraint(["reviewed_by"], ["staff.id"], name=op.f("fk_override_review_reviewed_by")),
        sa.PrimaryKeyConstraint("override_id", name=op.f("pk_override_review")),
    )
    op.create_index("ix_override_review_due_at", "override_review", ["due_at"])


def _alarms_and_delegations() -> None:
    op.create_table(
        "alarm",
        sa.Column("id", HEX, nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("organisation", CODE, nullable=False),
        sa.Column("about", HEX, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("raised_at", UTC, nullable=False),
        sa.Column("seen_at", UTC, nullable=True),
        sa.Column("seen_by", HEX, nullable=True),
        sa.CheckConstraint("(seen_at IS NULL) = (seen_by IS NULL)", name=op.f("ck_alarm_seen_paired")),
        sa.ForeignKeyConstraint(["organisation"], ["organisation.code"], name=op.f("fk_alarm_organisation")),
        sa.ForeignKeyConstraint(["seen_by"], ["staff.id"], name=op.f("fk_alarm_seen_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarm")),
        sa.UniqueConstraint("kind", "about", "day", name=op.f("uq_alarm_kind_about_day")),
    )
    op.create_index("ix_alarm_raised_at", "alarm", ["raised_at"])
    op.create_table(
        "delegation",
        sa.Column("relationship_id", HEX, nullable=False),
        sa.Column("delegator_id", HEX, nullable=False),
        sa.Column("delegator_role", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["relationship_id"], ["relationship.id"], name=op.f("fk_delegation_relationship_id")),
        sa.ForeignKeyConstraint(["delegator_id"], ["staff.id"], name=op.f("fk_delegation_delegator_id")),
        sa.PrimaryKeyConstraint("relationship_id", name=op.f("pk_delegation")),
    )


def _meetings() -> None:
    op.create_table(
        "meeting",
        sa.Column("id", HEX, nullable=False),
        sa.Column("staff_id", HEX, nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("purpose", sa.String(length=30), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("stated_at", UTC, nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_meeting_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting")),
    )
    op.create_index("ix_meeting_staff_day", "meeting", ["staff_id", "day"])
    op.create_table(
        "meeting_family",
        sa.Column("meeting_id", HEX, nullable=False),
        sa.Column("person_id", HEX, nullable=False),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_meeting_family_meeting_id")),
        sa.PrimaryKeyConstraint("meeting_id", "person_id", name=op.f("pk_meeting_family")),
    )


def _decisions() -> None:
    op.create_table(
        DECISIONS,
        sa.Column("id", HEX, nullable=False),
        sa.Column("person_id", HEX, nullable=False),
        sa.Column("staff_id", HEX, nullable=False),
        sa.Column("organisation", CODE, nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("duty", sa.String(length=30), nullable=False),
        sa.Column("in_force", sa.Boolean(), nullable=False),
        sa.Column("answer", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=30), nullable=False),
        sa.Column("recipients", sa.JSON(), nullable=False),
        sa.Column("categories", sa.JSON(), nullable=False),
        sa.Column("decided_at", UTC, nullable=False),
        sa.CheckConstraint(
            "(answer = 'disclosed') = (reason = 'facilitates')", name=op.f("ck_share_decision_answer_fits_reason")
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_share_decision_staff_id")),
        sa.ForeignKeyConstraint(["organisation"], ["organisation.code"], name=op.f("fk_share_decision_organisation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_share_decision")),
    )
    op.create_index("ix_share_decision_person_id", DECISIONS, ["person_id"])
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {DECISIONS}_no_{act.lower()} BEFORE {act} ON {DECISIONS} "
                f"BEGIN SELECT RAISE(ABORT, '{DECISIONS} takes INSERT only'); END"
            )
        return
    op.execute(
        f"CREATE TRIGGER {DECISIONS}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {DECISIONS} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"DROP TRIGGER {DECISIONS}_append_only ON {DECISIONS}")
    for name in (DECISIONS, "meeting_family", "meeting", "delegation", "alarm", "override_review", "access_override"):
        op.drop_table(name)
    op.drop_index("ix_audit_entry_staff_recorded", "audit_entry")
    op.create_index("ix_audit_entry_staff_id", "audit_entry", ["staff_id"])
    with op.batch_alter_table("relationship") as table:
        table.drop_column("expires_at")
    with op.batch_alter_table("organisation") as table:
        table.drop_column("out_of_hours_telephone")
        table.drop_column("out_of_hours_desk")
