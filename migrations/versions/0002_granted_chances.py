"""granted chances."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "chance_grant",
        sa.Column("campaign_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("member_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("reference", sa.String(length=100), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("number >= 1 AND amount >= 1", name=op.f("ck_chance_grant_is_something")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_chance_grant_campaign_id")),
        sa.PrimaryKeyConstraint("campaign_id", "member_id", "number", name=op.f("pk_chance_grant")),
        sa.UniqueConstraint(
            "campaign_id", "source", "reference", name=op.f("uq_chance_grant_campaign_id_source_reference")
        ),
        sa.UniqueConstraint("campaign_id", "member_id", "number", "amount", name="uq_chance_grant_amount"),
    )
    op.add_column("play", sa.Column("sources_left", sa.Integer(), nullable=True))
    op.create_table(
        "chance_use",
        sa.Column("campaign_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("member_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("grant_number", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("play_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.CheckConstraint("number >= 1 AND number <= amount", name=op.f("ck_chance_use_within_amount")),
        sa.ForeignKeyConstraint(
            ["campaign_id", "member_id", "grant_number", "amount"],
            ["chance_grant.campaign_id", "chance_grant.member_id", "chance_grant.number", "chance_grant.amount"],
            name="fk_chance_use_grant",
        ),
        sa.ForeignKeyConstraint(["play_id"], ["play.id"], name=op.f("fk_chance_use_play_id")),
        sa.PrimaryKeyConstraint("campaign_id", "member_id", "grant_number", "number", name=op.f("pk_chance_use")),
        sa.UniqueConstraint("play_id", name=op.f("uq_chance_use_play_id")),
    )


def downgrade() -> None:
    op.drop_table("chance_use")
    op.drop_column("play", "sources_left")
    op.drop_table("chance_grant")
