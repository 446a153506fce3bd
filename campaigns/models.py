"""The ledger: campaigns, their versions, the stock that permits units, and every play.

What is numbered is UNIQUE here, and what a number needs is a foreign key, so that nothing Redis may come to believe can
oversell a line, break a limit or use a number twice:

- a play's `unit` lies inside the stock lot it points at, and no two plays share a unit;
- a member's `ordinal` follows the play before it, and no two plays share one; the same within a day;
- every other number that a play takes (of a member's hour, of a line's day, of all wins) is a row of `play_tally`, not
  above the tally's last one, and no two plays share it.

Beside it stands whom operators let in and keep out: lists of members, and blocks.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, UtcDateTime, id_type

NUMBERS_LENGTH_MAX = 1000
SUB_CHARS_MAX = 128
NAME_CHARS_MAX = 200
REASON_CHARS_MAX = 500


def _unique_where_present(number: str, *columns: str) -> Index:
    """A unique index over the plays that have this number; most have none."""
    present = text(f"{number} IS NOT NULL")
    return Index(f"uq_play_{number}", *columns, unique=True, postgresql_where=present, sqlite_where=present)


class State(StrEnum):
    """What operators decided. Whether a published campaign is scheduled, live or over follows from the hour."""

    DRAFT = "draft"
    PUBLISHED = "published"
    PAUSED = "paused"


class Campaign(Base):
    """An instance of a template. The row is the authority on epoch, version and state; Redis follows it."""

    __tablename__ = "campaign"

    id: Mapped[str] = mapped_column(id_type(), primary_key=True)
    mall_id: Mapped[str] = mapped_column(id_type(), index=True)
    game: Mapped[str] = mapped_column(String(32))
    template: Mapped[str] = mapped_column(String(64))
    draft: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(16), default=State.DRAFT)
    starts_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=0)
    epoch: Mapped[int] = mapped_column(default=0)
    settled_epoch: Mapped[int] = mapped_column(default=0)
    """The last epoch whose counters were rebuilt and checked; below `epoch`, the campaign is recovering."""
    committed: Mapped[int] = mapped_column(BigInteger, default=0)
    """The watermark: every play number up to here is in the ledger or void."""
    seed_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    commitment: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (CheckConstraint("settled_epoch <= epoch", name="settled_follows_epoch"),)


class CampaignVersion(Base):
    """What was in force from one edit to the next; never changed once written."""

    __tablename__ = "campaign_version"

    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(String(16))
    epoch: Mapped[int]
    """The epoch in which the version came into force."""
    config: Mapped[dict[str, Any]] = mapped_column(JSON)
    config_hash: Mapped[str] = mapped_column(String(64))
    change: Mapped[str] = mapped_column(String(32))
    reason: Mapped[str] = mapped_column(String(500))
    author: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class StockLot(Base):
    """A range of units of one line, loaded at once. A play may name a unit only through the lot that holds it."""

    __tablename__ = "stock_lot"

    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    line: Mapped[str] = mapped_column(String(32), primary_key=True)
    first_unit: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    last_unit: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[int]

    __table_args__ = (
        UniqueConstraint("campaign_id", "line", "first_unit", "last_unit"),
        CheckConstraint("1 <= first_unit AND first_unit <= last_unit", name="is_a_range"),
    )


class Play(Base):
    """One consumed chance, committed before anyone is shown it."""

    __tablename__ = "play"

    id: Mapped[str] = mapped_column(id_type(), primary_key=True)
    campaign_id: Mapped[str] = mapped_column(id_type())
    lane: Mapped[int]
    epoch: Mapped[int]
    seq: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[int]
    member_id: Mapped[str] = mapped_column(id_type())
    request_key: Mapped[str] = mapped_column(String(22))
    """Digest of the member's Idempotency-Key."""
    fingerprint: Mapped[str] = mapped_column(String(22))
    """Digest of the request's body: the same key with another body is refused."""
    entry: Mapped[str] = mapped_column(String(1000))
    ordinal: Mapped[int]
    previous_ordinal: Mapped[int | None]
    previous_id: Mapped[str | None] = mapped_column(ForeignKey("play.id", name="fk_play_previous_id"))
    """The member's play before it, as the script saw it: what follows from it holds only after that very play."""
    plays_max: Mapped[int | None]
    day: Mapped[int]
    """Days since 1970 in the campaign's zone."""
    day_ordinal: Mapped[int]
    previous_day_ordinal: Mapped[int | None]
    day_plays_max: Mapped[int | None]
    word: Mapped[int] = mapped_column(BigInteger)
    drawn: Mapped[str] = mapped_column(String(32))
    awarded: Mapped[str] = mapped_column(String(32))
    unit: Mapped[int | None] = mapped_column(BigInteger)
    lot_first: Mapped[int | None] = mapped_column(BigInteger)
    lot_last: Mapped[int | None] = mapped_column(BigInteger)
    numbers: Mapped[str] = mapped_column(String(NUMBERS_LENGTH_MAX))
    """Every number the play took, as the script writes them; `play_tally` holds them one by one."""
    sources_left: Mapped[int | None]
    """How many chances the member had left after it, free and granted, where plays cost chances."""
    played_at_ms: Mapped[int] = mapped_column(BigInteger)
    """The script's own clock, in milliseconds since 1970."""
    covered_until_ms: Mapped[int | None] = mapped_column(BigInteger)
    """When its outcome is uncovered by itself, where a game lets members uncover it; see `PlayUncovering`."""
    review: Mapped[str | None] = mapped_column(String(32))
    """The key of the rule that put the play under review; what it won is held then."""

    __table_args__ = (
        UniqueConstraint("campaign_id", "lane", "seq"),
        UniqueConstraint("campaign_id", "member_id", "ordinal"),
        UniqueConstraint("campaign_id", "member_id", "day", "day_ordinal"),
        UniqueConstraint("campaign_id", "member_id", "request_key"),
        Index("ix_play_member", "member_id", "id"),
        _unique_where_present("unit", "campaign_id", "awarded", "unit"),
        ForeignKeyConstraint(["campaign_id", "version"], ["campaign_version.campaign_id", "campaign_version.version"]),
        ForeignKeyConstraint(
            ["campaign_id", "awarded", "lot_first", "lot_last"],
            ["stock_lot.campaign_id", "stock_lot.line", "stock_lot.first_unit", "stock_lot.last_unit"],
            name="fk_play_stock_lot",
        ),
        ForeignKeyConstraint(
            ["campaign_id", "member_id", "previous_ordinal"],
            ["play.campaign_id", "play.member_id", "play.ordinal"],
            name="fk_play_previous",
        ),
        ForeignKeyConstraint(
            ["campaign_id", "member_id", "day", "previous_day_ordinal"],
            ["play.campaign_id", "play.member_id", "play.day", "play.day_ordinal"],
            name="fk_play_previous_of_day",
        ),
        CheckConstraint("unit BETWEEN lot_first AND lot_last", name="unit_in_lot"),
        CheckConstraint("(unit IS NULL) = (lot_first IS NULL)", name="unit_has_lot"),
        CheckConstraint("(lot_first IS NULL) = (lot_last IS NULL)", name="lot_is_whole"),
        CheckConstraint("ordinal >= 1 AND ordinal <= plays_max", name="plays_max"),
        CheckConstraint("day_ordinal >= 1 AND day_ordinal <= day_plays_max", name="day_plays_max"),
        CheckConstraint(
            "CASE WHEN ordinal = 1 THEN previous_ordinal IS NULL ELSE previous_ordinal = ordinal - 1 END",
            name="follows_previous",
        ),
        CheckConstraint("(previous_ordinal IS NULL) = (previous_id IS NULL)", name="names_previous"),
        CheckConstraint(
            "CASE WHEN day_ordinal = 1 THEN previous_day_ordinal IS NULL "
            "ELSE previous_day_ordinal = day_ordinal - 1 END",
            name="follows_previous_of_day",
        ),
    )


class PlayUncovering(Base):
    """A member uncovered what a play came to, before it was by itself."""

    __tablename__ = "play_uncovering"

    play_id: Mapped[str] = mapped_column(id_type(), ForeignKey("play.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class PlayTally(Base):
    """One number that a play took of one tally, in one period; the next play takes another."""

    __tablename__ = "play_tally"

    campaign_id: Mapped[str] = mapped_column(id_type(), primary_key=True)
    tally: Mapped[str] = mapped_column(String(48), primary_key=True)
    subject_id: Mapped[str] = mapped_column(id_type(), primary_key=True)
    """The member whose tally it is, or the campaign."""
    period: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    last: Mapped[int] = mapped_column(BigInteger)
    play_id: Mapped[str] = mapped_column(ForeignKey("play.id"))

    __table_args__ = (
        UniqueConstraint("play_id", "tally"),
        CheckConstraint("number >= 1 AND number <= last", name="within_last"),
    )


class Spent(Base):
    """What the prizes of a campaign have taken of one budget, in one period; never more than there is."""

    __tablename__ = "spent"

    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    tally: Mapped[str] = mapped_column(String(48), primary_key=True)
    period: Mapped[int] = mapped_column(primary_key=True)
    amount: Mapped[int] = mapped_column(BigInteger)
    most: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (CheckConstraint("amount >= 1 AND amount <= most", name="within_most"),)


class VoidPlay(Base):
    """A play number that was handed out, never committed and never shown; it will not be used again."""

    __tablename__ = "void_play"

    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    lane: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    epoch: Mapped[int]
    reason: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class MemberList(Base):
    """A named list of a mall's members. Its name is public; who is on it is not."""

    __tablename__ = "member_list"
    __table_args__ = (UniqueConstraint("mall_id", "key"),)

    id: Mapped[str] = mapped_column(id_type(), primary_key=True)
    mall_id: Mapped[str] = mapped_column(id_type())
    key: Mapped[str] = mapped_column(String(32))
    name_zh: Mapped[str] = mapped_column(String(NAME_CHARS_MAX))
    name_en: Mapped[str] = mapped_column(String(NAME_CHARS_MAX))
    size: Mapped[int] = mapped_column(default=0)
    """How many members are on it, counted with every change, which takes the row's lock."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ListedMember(Base):
    """A member on a list, by the mall's own id of them: they need not have come yet."""

    __tablename__ = "listed_member"

    list_id: Mapped[str] = mapped_column(ForeignKey("member_list.id"), primary_key=True)
    sub: Mapped[str] = mapped_column(String(SUB_CHARS_MAX), primary_key=True)


class BlockAct(Base):
    """An operator's act of blocking a member, or of lifting that; never changed and never deleted.

    A mall's acts are numbered one by one in the order in which they are committed, so that whoever has seen the acts up
    to a number misses none by reading on from it. The latest about a member is what holds.
    """

    __tablename__ = "block_act"
    __table_args__ = (
        UniqueConstraint("mall_id", "sub", "number"),
        CheckConstraint("kind IN ('block', 'lift')", name="kind_is_known"),
        CheckConstraint("kind = 'block' OR until IS NULL", name="only_blocks_end"),
    )

    mall_id: Mapped[str] = mapped_column(id_type(), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    sub: Mapped[str] = mapped_column(String(SUB_CHARS_MAX))
    kind: Mapped[str] = mapped_column(String(8))
    until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Until when a block holds; None for one that holds until it is lifted."""
    reason: Mapped[str] = mapped_column(String(REASON_CHARS_MAX))
    author: Mapped[str] = mapped_column(String(254))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
