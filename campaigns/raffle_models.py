"""The tables of raffles: what was sealed, what was mixed in, which tickets came to a place, and who holds which prize.

Structure says what must not happen: tickets are sealed once, and a beacon is entered once and only after that, for it names
the digest; a rank is one ticket and a ticket one rank; no member has more places than the raffle gives; a unit has one
holder at a time, each after the one before, and a rank holds one unit at most.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, ForeignKeyConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, UtcDateTime, id_type

BEACON_CHARS_MAX = 200
SOURCE_CHARS_MAX = 500


class RaffleDraw(Base):
    """A published campaign's raffle, and how far it has come. Plays after `last_seq` are no tickets."""

    __tablename__ = "raffle_draw"

    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    version: Mapped[int | None]
    """The version in force when the tickets were sealed: its prizes are the raffle's."""
    last_seq: Mapped[int | None] = mapped_column(BigInteger)
    tickets: Mapped[int | None] = mapped_column(BigInteger)
    digest: Mapped[str | None] = mapped_column(String(64))
    sealed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    drawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Since when no prize is left to be given, nor any that may have to be drawn again."""

    __table_args__ = (
        UniqueConstraint("campaign_id", "digest"),
        ForeignKeyConstraint(
            ["campaign_id", "version"],
            ["campaign_version.campaign_id", "campaign_version.version"],
            name="fk_raffle_draw_version",
        ),
        CheckConstraint(
            "(sealed_at IS NULL) = (digest IS NULL) AND (sealed_at IS NULL) = (tickets IS NULL)"
            " AND (sealed_at IS NULL) = (last_seq IS NULL) AND (sealed_at IS NULL) = (version IS NULL)",
            name="is_sealed_whole",
        ),
        CheckConstraint("drawn_at IS NULL OR sealed_at IS NOT NULL", name="is_sealed_first"),
        CheckConstraint("closed_at IS NULL OR drawn_at IS NOT NULL", name="is_drawn_first"),
    )


class RaffleBeacon(Base):
    """The public value that was mixed into a draw, entered once, after the digest it names was published."""

    __tablename__ = "raffle_beacon"

    campaign_id: Mapped[str] = mapped_column(id_type(), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    value: Mapped[str] = mapped_column(String(BEACON_CHARS_MAX))
    source: Mapped[str] = mapped_column(String(SOURCE_CHARS_MAX))
    entered_by: Mapped[str] = mapped_column(String(254))
    entered_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        ForeignKeyConstraint(
            ["campaign_id", "digest"],
            ["raffle_draw.campaign_id", "raffle_draw.digest"],
            name="fk_raffle_beacon_digest",
        ),
    )


class RafflePlace(Base):
    """A ticket that came to a place: its rank counts from 1, and the runners-up follow the winners."""

    __tablename__ = "raffle_place"

    campaign_id: Mapped[str] = mapped_column(ForeignKey("raffle_draw.campaign_id"), primary_key=True)
    rank: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    play_id: Mapped[str] = mapped_column(ForeignKey("play.id"), unique=True)
    ticket: Mapped[int] = mapped_column(BigInteger)
    member_id: Mapped[str] = mapped_column(id_type())
    of_member: Mapped[int]
    """The how-manieth place of its member it is, counted from 1."""
    member_wins_max: Mapped[int]

    __table_args__ = (
        UniqueConstraint("campaign_id", "member_id", "of_member"),
        CheckConstraint("rank >= 1", name="rank_counts_from_1"),
        CheckConstraint("of_member >= 1 AND of_member <= member_wins_max", name="within_wins_max"),
    )


class RaffleWin(Base):
    """A unit in a ticket's hands, with its award. Turn 1 is its winner's; each later one is the next runner-up's."""

    __tablename__ = "raffle_win"

    campaign_id: Mapped[str] = mapped_column(id_type(), primary_key=True)
    prize: Mapped[str] = mapped_column(String(32), primary_key=True)
    unit: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    turn: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    previous_turn: Mapped[int | None]
    units: Mapped[int]
    rank: Mapped[int]
    award_id: Mapped[str] = mapped_column(ForeignKey("award.id"), unique=True)
    given_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("campaign_id", "rank"),
        ForeignKeyConstraint(
            ["campaign_id", "rank"], ["raffle_place.campaign_id", "raffle_place.rank"], name="fk_raffle_win_place"
        ),
        ForeignKeyConstraint(
            ["campaign_id", "prize", "unit", "previous_turn"],
            ["raffle_win.campaign_id", "raffle_win.prize", "raffle_win.unit", "raffle_win.turn"],
            name="fk_raffle_win_previous",
        ),
        CheckConstraint("unit >= 1 AND unit <= units", name="within_units"),
        CheckConstraint(
            "CASE WHEN turn = 1 THEN previous_turn IS NULL ELSE turn > 1 AND previous_turn = turn - 1 END",
            name="follows_previous",
        ),
    )
