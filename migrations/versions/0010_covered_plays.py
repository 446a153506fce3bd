"""covered plays."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# SQLite adds a constraint only as a part of a column, and drops it with the column.
COVERED_UNTIL = (
    "ALTER TABLE award ADD COLUMN covered_until {instant}"
    " CONSTRAINT ck_award_only_covered_is_uncovered CHECK (uncovered_at IS NULL OR covered_until IS NOT NULL)"
    " CONSTRAINT ck_award_covered_until_uncovered CHECK"
    " (CASE WHEN covered_until IS NULL OR uncovered_at IS NOT NULL THEN state <> 'covered'"
    " ELSE state IN ('covered', 'held', 'void') END)"
)
WAITING = sa.text("covered_until IS NOT NULL AND uncovered_at IS NULL")


def upgrade() -> None:
    op.add_column("play", sa.Column("covered_until_ms", sa.BigInteger(), nullable=True))
    op.create_table(
        "play_uncovering",
        sa.Column("play_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["play_id"], ["play.id"], name=op.f("fk_play_uncovering_play_id")),
        sa.PrimaryKeyConstraint("play_id", name=op.f("pk_play_uncovering")),
    )
    op.add_column("award", sa.Column("uncovered_at", sa.DateTime(timezone=True), nullable=True))
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    op.execute(COVERED_UNTIL.format(instant="DATETIME" if is_sqlite else "TIMESTAMP WITH TIME ZONE"))
    op.create_index("ix_award_covered", "award", ["covered_until"], postgresql_where=WAITING, sqlite_where=WAITING)


def downgrade() -> None:
    op.drop_index("ix_award_covered", table_name="award")
    for column in ("covered_until", "uncovered_at"):
        op.drop_column("award", column)
    op.drop_table("play_uncovering")
    op.drop_column("play", "covered_until_ms")
