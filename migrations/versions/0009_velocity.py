"""velocity."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "velocity_decision",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("campaign_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("rule_key", sa.String(length=32), nullable=False),
        sa.Column("rule", sa.JSON(), nullable=False),
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("passed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "action IN ('slow_down', 'challenge', 'review', 'block')", name=op.f("ck_velocity_decision_action_is_known")
        ),
        sa.CheckConstraint(
            "passed_at IS NULL OR action = 'challenge'", name=op.f("ck_velocity_decision_only_challenges_are_passed")
        ),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_velocity_decision_campaign_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_velocity_decision")),
    )
    op.create_index("ix_velocity_decision_campaign", "velocity_decision", ["campaign_id", "at", "id"])
    op.create_index("ix_velocity_decision_member", "velocity_decision", ["campaign_id", "member_id", "rule_key", "at"])
    op.add_column("member_session", sa.Column("device", sa.String(length=22), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("member_session", "device")
    op.drop_index("ix_velocity_decision_member", table_name="velocity_decision")
    op.drop_index("ix_velocity_decision_campaign", table_name="velocity_decision")
    op.drop_table("velocity_decision")
