"""rounds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

OPEN = sa.text("play_id IS NULL AND closed_for IS NULL")


def upgrade() -> None:
    op.create_table(
        "bank",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("mall_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("game", sa.String(length=32), nullable=False),
        sa.Column("name_zh", sa.String(length=200), nullable=False),
        sa.Column("name_en", sa.String(length=200), nullable=False),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["mall_id"], ["mall.id"], name=op.f("fk_bank_mall_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank")),
        sa.UniqueConstraint("mall_id", "key", name=op.f("uq_bank_mall_id_key")),
    )
    op.create_table(
        "bank_item",
        sa.Column("bank_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("category", sa.String(length=64), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("mark", sa.LargeBinary(length=32), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("number >= 1", name=op.f("ck_bank_item_numbered_from_one")),
        sa.ForeignKeyConstraint(["bank_id"], ["bank.id"], name=op.f("fk_bank_item_bank_id")),
        sa.PrimaryKeyConstraint("bank_id", "number", name=op.f("pk_bank_item")),
        sa.UniqueConstraint("bank_id", "mark", name=op.f("uq_bank_item_bank_id_mark")),
    )
    op.create_index("ix_bank_item_category", "bank_item", ["bank_id", "category", "number"])
    op.create_table(
        "game_round",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("campaign_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("sub", sa.String(length=128), nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("attributes", sa.JSON(), nullable=False),
        sa.Column("picked", sa.JSON(), nullable=False),
        sa.Column("state", sa.JSON(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("over_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("points", sa.Integer(), nullable=True),
        sa.Column("ms", sa.BigInteger(), nullable=True),
        sa.Column("play_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("closed_for", sa.String(length=32), nullable=True),
        sa.CheckConstraint(
            "(over_at IS NULL) = (points IS NULL) AND (over_at IS NULL) = (ms IS NULL)",
            name=op.f("ck_game_round_scored_when_over"),
        ),
        sa.CheckConstraint("number >= 1", name=op.f("ck_game_round_numbered_from_one")),
        sa.CheckConstraint("play_id IS NULL OR closed_for IS NULL", name=op.f("ck_game_round_ends_once")),
        sa.CheckConstraint("play_id IS NULL OR over_at IS NOT NULL", name=op.f("ck_game_round_played_when_over")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_game_round_campaign_id")),
        sa.ForeignKeyConstraint(["play_id"], ["play.id"], name=op.f("fk_game_round_play_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_game_round")),
        sa.UniqueConstraint(
            "campaign_id", "member_id", "number", name=op.f("uq_game_round_campaign_id_member_id_number")
        ),
        sa.UniqueConstraint("play_id", name=op.f("uq_game_round_play_id")),
    )
    op.create_index("ix_game_round_ends_by", "game_round", ["ends_by"], postgresql_where=OPEN, sqlite_where=OPEN)
    op.create_index("ix_game_round_scores", "game_round", ["campaign_id", "day", "points", "ms"])
    op.create_index(
        "uq_game_round_open",
        "game_round",
        ["campaign_id", "member_id"],
        unique=True,
        postgresql_where=OPEN,
        sqlite_where=OPEN,
    )


def downgrade() -> None:
    op.drop_index("uq_game_round_open", table_name="game_round")
    op.drop_index("ix_game_round_scores", table_name="game_round")
    op.drop_index("ix_game_round_ends_by", table_name="game_round")
    op.drop_table("game_round")
    op.drop_index("ix_bank_item_category", table_name="bank_item")
    op.drop_table("bank_item")
    op.drop_table("bank")
