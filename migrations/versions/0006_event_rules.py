"""event rules."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "event_rule",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("mall_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("name", sa.JSON(), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("chances_last", sa.String(length=16), nullable=False),
        sa.Column("chances_days", sa.Integer(), nullable=True),
        sa.Column("event_max", sa.Integer(), nullable=False),
        sa.Column("member_period", sa.String(length=8), nullable=True),
        sa.Column("member_period_max", sa.Integer(), nullable=True),
        sa.Column("member_max", sa.Integer(), nullable=True),
        sa.Column("all_max", sa.BigInteger(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(member_period IS NULL) = (member_period_max IS NULL)", name=op.f("ck_event_rule_period_is_whole")
        ),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_event_rule_campaign_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_rule")),
        sa.UniqueConstraint("mall_id", "key", name=op.f("uq_event_rule_mall_id_key")),
    )
    op.create_table(
        "mall_event",
        sa.Column("mall_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("event_id", sa.String(length=100), nullable=False),
        sa.Column("rule_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("rule_revision", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(length=32), nullable=False),
        sa.Column("asked", sa.BigInteger(), nullable=False),
        sa.Column("granted", sa.Integer(), nullable=False),
        sa.Column("cuts", sa.JSON(), nullable=False),
        sa.Column("grant_number", sa.Integer(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("granted >= 0 AND granted <= asked", name=op.f("ck_mall_event_never_more_than_asked")),
        sa.CheckConstraint("(granted = 0) = (grant_number IS NULL)", name=op.f("ck_mall_event_granted_is_given")),
        sa.ForeignKeyConstraint(["rule_id"], ["event_rule.id"], name=op.f("fk_mall_event_rule_id")),
        sa.PrimaryKeyConstraint("mall_id", "event_id", name=op.f("pk_mall_event")),
    )
    op.create_index("ix_mall_event_received", "mall_event", ["mall_id", "received_at", "event_id"])
    op.create_index("ix_mall_event_rule_member", "mall_event", ["rule_id", "member_id", "received_at"])
    op.create_table(
        "rule_spent",
        sa.Column("rule_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("member", sa.String(length=36), nullable=False),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("most", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount >= 0 AND amount <= most", name=op.f("ck_rule_spent_within_most")),
        sa.ForeignKeyConstraint(["rule_id"], ["event_rule.id"], name=op.f("fk_rule_spent_rule_id")),
        sa.PrimaryKeyConstraint("rule_id", "member", "period", name=op.f("pk_rule_spent")),
    )


def downgrade() -> None:
    op.drop_table("rule_spent")
    op.drop_index("ix_mall_event_rule_member", table_name="mall_event")
    op.drop_index("ix_mall_event_received", table_name="mall_event")
    op.drop_table("mall_event")
    op.drop_table("event_rule")
