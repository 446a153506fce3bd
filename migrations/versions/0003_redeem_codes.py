"""redeem codes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "code_batch",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("campaign_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("chances", sa.Integer(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("member_uses", sa.Integer(), nullable=False),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lasts", sa.String(length=16), nullable=False),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "chances >= 1 AND uses >= 1 AND member_uses >= 1", name=op.f("ck_code_batch_gives_something")
        ),
        sa.CheckConstraint("(lasts = 'days') = (days IS NOT NULL)", name=op.f("ck_code_batch_days_are_counted")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_code_batch_campaign_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_code_batch")),
        sa.UniqueConstraint("id", "campaign_id", "uses", "member_uses", name="uq_code_batch_terms"),
    )
    op.create_index(op.f("ix_code_batch_campaign_id"), "code_batch", ["campaign_id"])
    op.create_table(
        "redeem_code",
        sa.Column("batch_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.CheckConstraint("number >= 1 AND number <= 100000", name=op.f("ck_redeem_code_within_batch")),
        sa.ForeignKeyConstraint(["batch_id"], ["code_batch.id"], name=op.f("fk_redeem_code_batch_id")),
        sa.PrimaryKeyConstraint("batch_id", "number", name=op.f("pk_redeem_code")),
        sa.UniqueConstraint("campaign_id", "digest", name=op.f("uq_redeem_code_campaign_id_digest")),
    )
    op.create_table(
        "code_redemption",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("batch_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("code_number", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("member_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("member_number", sa.Integer(), nullable=False),
        sa.Column("member_uses", sa.Integer(), nullable=False),
        sa.Column("grant_number", sa.Integer(), nullable=False),
        sa.Column("redeemed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("number >= 1 AND number <= uses", name=op.f("ck_code_redemption_within_uses")),
        sa.CheckConstraint(
            "member_number >= 1 AND member_number <= member_uses", name=op.f("ck_code_redemption_within_member_uses")
        ),
        sa.ForeignKeyConstraint(
            ["batch_id", "code_number"], ["redeem_code.batch_id", "redeem_code.number"], name="fk_code_redemption_code"
        ),
        sa.ForeignKeyConstraint(
            ["batch_id", "campaign_id", "uses", "member_uses"],
            ["code_batch.id", "code_batch.campaign_id", "code_batch.uses", "code_batch.member_uses"],
            name="fk_code_redemption_terms",
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id", "member_id", "grant_number"],
            ["chance_grant.campaign_id", "chance_grant.member_id", "chance_grant.number"],
            name="fk_code_redemption_grant",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_code_redemption")),
        sa.UniqueConstraint("batch_id", "code_number", "number", name="uq_code_redemption_use"),
        sa.UniqueConstraint("batch_id", "code_number", "member_id", name="uq_code_redemption_member"),
        sa.UniqueConstraint("batch_id", "member_id", "member_number", name="uq_code_redemption_member_use"),
        sa.UniqueConstraint("campaign_id", "member_id", "grant_number", name="uq_code_redemption_grant"),
    )
    op.create_table(
        "wrong_code",
        sa.Column("member_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lockouts", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("member_id", "number", name=op.f("pk_wrong_code")),
    )


def downgrade() -> None:
    op.drop_table("wrong_code")
    op.drop_table("code_redemption")
    op.drop_table("redeem_code")
    op.drop_index(op.f("ix_code_batch_campaign_id"), table_name="code_batch")
    op.drop_table("code_batch")
