"""purchases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "chance_purchase",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("campaign_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("mall_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("member_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("request_key", sa.String(length=22), nullable=False),
        sa.Column("fingerprint", sa.String(length=22), nullable=False),
        sa.Column("chances", sa.Integer(), nullable=False),
        sa.Column("price", sa.Integer(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("is_ours", sa.Boolean(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("honour_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("came_from", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=True),
        sa.Column("reference", sa.String(length=255), nullable=True),
        sa.Column("balance", sa.BigInteger(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("debited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("grant_number", sa.Integer(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state IN ('granted', 'done')) = (grant_number IS NOT NULL)",
            name=op.f("ck_chance_purchase_granted_is_given"),
        ),
        sa.CheckConstraint(
            "chances >= 1 AND price >= 1 AND points = chances * price", name=op.f("ck_chance_purchase_is_paid_for")
        ),
        sa.CheckConstraint(
            "came_from || '>' || state IN ('new>sending', 'sending>ready', 'sending>unknown', "
            "'sending>refused', 'sending>granted', 'sending>refunding', 'ready>sending', "
            "'ready>refused', 'unknown>refused', 'unknown>granted', 'unknown>refunding', "
            "'granted>done', 'refunding>refunded', 'refunding>refused', 'refunding>stuck', "
            "'stuck>refunding')",
            name=op.f("ck_chance_purchase_legal_step"),
        ),
        sa.CheckConstraint(
            "(state IN ('done', 'refused', 'refunded', 'stuck')) = (due_at IS NULL)",
            name=op.f("ck_chance_purchase_open_is_due"),
        ),
        sa.CheckConstraint(
            "state <> 'refused' OR debited_at IS NULL", name=op.f("ck_chance_purchase_refused_is_untaken")
        ),
        sa.CheckConstraint(
            "NOT (state IN ('granted', 'done', 'refunded')) OR debited_at IS NOT NULL",
            name=op.f("ck_chance_purchase_settled_was_taken"),
        ),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_chance_purchase_campaign_id")),
        sa.ForeignKeyConstraint(
            ["campaign_id", "member_id", "grant_number", "chances"],
            ["chance_grant.campaign_id", "chance_grant.member_id", "chance_grant.number", "chance_grant.amount"],
            name="fk_chance_purchase_grant",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chance_purchase")),
        sa.UniqueConstraint(
            "campaign_id",
            "member_id",
            "request_key",
            name=op.f("uq_chance_purchase_campaign_id_member_id_request_key"),
        ),
        sa.UniqueConstraint(
            "campaign_id",
            "member_id",
            "grant_number",
            name=op.f("uq_chance_purchase_campaign_id_member_id_grant_number"),
        ),
    )
    op.create_index(
        "ix_chance_purchase_due",
        "chance_purchase",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
        sqlite_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index("ix_chance_purchase_mall", "chance_purchase", ["mall_id", "asked_at"], unique=False)
    op.create_table(
        "chance_purchase_number",
        sa.Column("campaign_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("member_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("tally", sa.String(length=8), nullable=False),
        sa.Column("period", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("most", sa.Integer(), nullable=False),
        sa.Column("purchase_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.CheckConstraint("number >= 1 AND number <= most", name=op.f("ck_chance_purchase_number_within_limit")),
        sa.ForeignKeyConstraint(
            ["purchase_id"], ["chance_purchase.id"], name=op.f("fk_chance_purchase_number_purchase_id")
        ),
        sa.PrimaryKeyConstraint(
            "campaign_id", "member_id", "tally", "period", "number", name=op.f("pk_chance_purchase_number")
        ),
    )
    op.create_index(
        op.f("ix_chance_purchase_number_purchase_id"), "chance_purchase_number", ["purchase_id"], unique=False
    )


def downgrade() -> None:
    op.drop_table("chance_purchase_number")
    op.drop_table("chance_purchase")
