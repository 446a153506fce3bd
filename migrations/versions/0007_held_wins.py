"""held wins."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# SQLite adds a constraint only as a part of a column, and drops it with the column.
HELD_FOR = (
    "ALTER TABLE award ADD COLUMN held_for VARCHAR(32)"
    " CONSTRAINT ck_award_only_held_is_released CHECK (released_at IS NULL OR held_for IS NOT NULL)"
    " CONSTRAINT ck_award_held_until_released CHECK"
    " (CASE WHEN held_for IS NULL OR released_at IS NOT NULL THEN state <> 'held' ELSE state IN ('held', 'void') END)"
)


def upgrade() -> None:
    document = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
    op.add_column("play", sa.Column("review", sa.String(length=32), nullable=True))
    op.add_column("award", sa.Column("told", document, nullable=True))
    op.add_column("award", sa.Column("released_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(HELD_FOR)
    op.create_table(
        "award_rejection",
        sa.Column("award_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("proposed_by", sa.String(length=254), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("told", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("confirmed_by", sa.String(length=254), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dropped_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("proposed_by <> confirmed_by", name=op.f("ck_award_rejection_by_two_people")),
        sa.CheckConstraint(
            "(confirmed_by IS NULL) = (confirmed_at IS NULL)", name=op.f("ck_award_rejection_confirmed_whole")
        ),
        sa.CheckConstraint("confirmed_at IS NULL OR dropped_at IS NULL", name=op.f("ck_award_rejection_ends_once")),
        sa.ForeignKeyConstraint(["award_id"], ["award.id"], name=op.f("fk_award_rejection_award_id")),
        sa.PrimaryKeyConstraint("award_id", name=op.f("pk_award_rejection")),
    )


def downgrade() -> None:
    op.drop_table("award_rejection")
    for column in ("held_for", "released_at", "told"):
        op.drop_column("award", column)
    op.drop_column("play", "review")
