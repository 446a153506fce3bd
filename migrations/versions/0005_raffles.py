"""raffles."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BEFORE = "CONSTRAINT uq_award_play_id UNIQUE (play_id)"
AFTER = (
    "CONSTRAINT uq_award_play_id_won_by UNIQUE (play_id, won_by),"
    " CONSTRAINT ck_award_way_is_known CHECK (won_by IN ('play', 'raffle'))"
)


def upgrade() -> None:
    op.add_column("award", sa.Column("won_by", sa.String(length=8), server_default="play", nullable=False))
    if op.get_bind().dialect.name == "sqlite":
        _rewrite_award(BEFORE, AFTER)
    else:
        op.drop_constraint(op.f("uq_award_play_id"), "award", type_="unique")
        op.create_unique_constraint(op.f("uq_award_play_id_won_by"), "award", ["play_id", "won_by"])
        op.create_check_constraint(op.f("ck_award_way_is_known"), "award", "won_by IN ('play', 'raffle')")
    op.create_table(
        "raffle_draw",
        sa.Column("campaign_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("last_seq", sa.BigInteger(), nullable=True),
        sa.Column("tickets", sa.BigInteger(), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(sealed_at IS NULL) = (digest IS NULL) AND (sealed_at IS NULL) = (tickets IS NULL)"
            " AND (sealed_at IS NULL) = (last_seq IS NULL) AND (sealed_at IS NULL) = (version IS NULL)",
            name=op.f("ck_raffle_draw_is_sealed_whole"),
        ),
        sa.CheckConstraint("drawn_at IS NULL OR sealed_at IS NOT NULL", name=op.f("ck_raffle_draw_is_sealed_first")),
        sa.CheckConstraint("closed_at IS NULL OR drawn_at IS NOT NULL", name=op.f("ck_raffle_draw_is_drawn_first")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_raffle_draw_campaign_id")),
        sa.ForeignKeyConstraint(
            ["campaign_id", "version"],
            ["campaign_version.campaign_id", "campaign_version.version"],
            name="fk_raffle_draw_version",
        ),
        sa.PrimaryKeyConstraint("campaign_id", name=op.f("pk_raffle_draw")),
        sa.UniqueConstraint("campaign_id", "digest", name=op.f("uq_raffle_draw_campaign_id_digest")),
    )
    op.create_table(
        "raffle_beacon",
        sa.Column("campaign_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("value", sa.String(length=200), nullable=False),
        sa.Column("source", sa.String(length=500), nullable=False),
        sa.Column("entered_by", sa.String(length=254), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id", "digest"],
            ["raffle_draw.campaign_id", "raffle_draw.digest"],
            name="fk_raffle_beacon_digest",
        ),
        sa.PrimaryKeyConstraint("campaign_id", name=op.f("pk_raffle_beacon")),
    )
    op.create_table(
        "raffle_place",
        sa.Column("campaign_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("rank", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("play_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("ticket", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("of_member", sa.Integer(), nullable=False),
        sa.Column("member_wins_max", sa.Integer(), nullable=False),
        sa.CheckConstraint("rank >= 1", name=op.f("ck_raffle_place_rank_counts_from_1")),
        sa.CheckConstraint(
            "of_member >= 1 AND of_member <= member_wins_max", name=op.f("ck_raffle_place_within_wins_max")
        ),
        sa.ForeignKeyConstraint(["campaign_id"], ["raffle_draw.campaign_id"], name=op.f("fk_raffle_place_campaign_id")),
        sa.ForeignKeyConstraint(["play_id"], ["play.id"], name=op.f("fk_raffle_place_play_id")),
        sa.PrimaryKeyConstraint("campaign_id", "rank", name=op.f("pk_raffle_place")),
        sa.UniqueConstraint("play_id", name=op.f("uq_raffle_place_play_id")),
        sa.UniqueConstraint(
            "campaign_id", "member_id", "of_member", name=op.f("uq_raffle_place_campaign_id_member_id_of_member")
        ),
    )
    op.create_table(
        "raffle_win",
        sa.Column("campaign_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("prize", sa.String(length=32), nullable=False),
        sa.Column("unit", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("turn", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("previous_turn", sa.Integer(), nullable=True),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("award_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("unit >= 1 AND unit <= units", name=op.f("ck_raffle_win_within_units")),
        sa.CheckConstraint(
            "CASE WHEN turn = 1 THEN previous_turn IS NULL ELSE turn > 1 AND previous_turn = turn - 1 END",
            name=op.f("ck_raffle_win_follows_previous"),
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id", "rank"], ["raffle_place.campaign_id", "raffle_place.rank"], name="fk_raffle_win_place"
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id", "prize", "unit", "previous_turn"],
            ["raffle_win.campaign_id", "raffle_win.prize", "raffle_win.unit", "raffle_win.turn"],
            name="fk_raffle_win_previous",
        ),
        sa.ForeignKeyConstraint(["award_id"], ["award.id"], name=op.f("fk_raffle_win_award_id")),
        sa.PrimaryKeyConstraint("campaign_id", "prize", "unit", "turn", name=op.f("pk_raffle_win")),
        sa.UniqueConstraint("award_id", name=op.f("uq_raffle_win_award_id")),
        sa.UniqueConstraint("campaign_id", "rank", name=op.f("uq_raffle_win_campaign_id_rank")),
    )


def downgrade() -> None:
    for table in ("raffle_win", "raffle_place", "raffle_beacon", "raffle_draw"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "sqlite":
        _rewrite_award(AFTER, BEFORE)
    else:
        op.drop_constraint(op.f("ck_award_way_is_known"), "award", type_="check")
        op.drop_constraint(op.f("uq_award_play_id_won_by"), "award", type_="unique")
        op.create_unique_constraint(op.f("uq_award_play_id"), "award", ["play_id"])
    op.drop_column("award", "won_by")


def _rewrite_award(before: str, after: str) -> None:
    """SQLite drops no constraint: the table is made anew from its own text, and its rows are put back.

    Deferred, the foreign keys that point at it count what the drop orphans and what comes back.
    """
    connection = op.get_bind()
    told = connection.exec_driver_sql(
        "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'award'"
    ).scalar_one()
    if before not in told:
        raise AssertionError(f"award does not say {before}")
    indexes = connection.exec_driver_sql(
        "SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'award' AND sql IS NOT NULL"
    ).scalars()
    statements = [
        "PRAGMA defer_foreign_keys = ON",
        "CREATE TEMPORARY TABLE award_kept AS SELECT * FROM award",
        "DROP TABLE award",
        told.replace(before, after),
        "INSERT INTO award SELECT * FROM award_kept",
        "DROP TABLE award_kept",
        *indexes,
    ]
    for statement in statements:
        connection.exec_driver_sql(statement)
