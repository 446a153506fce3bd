"""The raffles of campaigns that are over, step by step: sealed, drawn, given, and drawn again where nobody claimed.

Each step is one transaction that finds out for itself whether it is still to be done, so a worker may die between any two
and any number of workers may come at once; what must not happen twice is a constraint (raffle_models.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Select, insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from campaigns.mending import Mending
from campaigns.models import Campaign, Play
from campaigns.raffle import Placed, RafflePrize, Seal
from campaigns.raffle_models import RaffleBeacon, RaffleDraw, RafflePlace, RaffleWin
from campaigns.raffle_tickets import places_of, raffle_of, tickets_of
from campaigns.release import CLOCKS_APART_MS
from campaigns.reviewing import reason_of
from campaigns.versions import Running, Version, Versions
from core.clock import Clock
from core.db import Database
from core.errors import NotFound, Refusal
from core.ids import Ids
from inventory import counters as lane
from inventory.connection import Connection
from prizes.awards import ENDS, LAPSED, VOID, Won
from prizes.models import Award
from prizes.winning import award_by_raffle

DUE_MAX = 200
GIVEN_AT_ONCE_MAX = 500
SETTLES_AFTER = timedelta(milliseconds=CLOCKS_APART_MS)
"""How long after its end a campaign is let be: by then it is over by every clock."""


class RaffleWithoutBeacon(Refusal, code="raffle-without-beacon"):
    """No public value was announced for this raffle, so none is mixed in."""


class RaffleNotSealed(Refusal, code="raffle-not-sealed"):
    """The tickets are not sealed yet: a value that is known before could be chosen with them."""


class BeaconEntered(Refusal, code="beacon-entered"):
    """The public value of this raffle was entered before; it is entered once."""

    def __init__(self, *, value: str) -> None:
        super().__init__(value=value)


class RaffleDraws:
    """What the worker does about raffles. `tend` takes one step; nothing is drawn before all tickets are sealed."""

    def __init__(
        self,
        *,
        database: Database,
        versions: Versions,
        mending: Mending,
        connection: Connection,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._database = database
        self._versions = versions
        self._mending = mending
        self._connection = connection
        self._clock = clock
        self._ids = ids

    async def due(self) -> Sequence[str]:
        """Campaigns that are over and whose raffle is not: the longest over first."""
        over = self._clock.now() - SETTLES_AFTER
        query = (
            select(RaffleDraw.campaign_id)
            .join(Campaign, Campaign.id == RaffleDraw.campaign_id)
            .where(RaffleDraw.closed_at.is_(None), Campaign.ends_at <= over)
            .order_by(Campaign.ends_at, Campaign.id)
            .limit(DUE_MAX)
        )
        async with self._database.reading() as session:
            return (await session.scalars(query)).all()

    async def tend(self, campaign: str) -> bool:
        """One step; whether it was one, after which there may be another."""
        async with self._database.reading() as session:
            draw = await session.get_one(RaffleDraw, campaign)
            beacon = await session.get(RaffleBeacon, campaign)
        if draw.version is None:
            return await self.seal(campaign)
        version = await self._versions.at(campaign, draw.version)
        if draw.drawn_at is None:
            awaits_beacon = raffle_of(version).beacon is not None and beacon is None
            return False if awaits_beacon else await self.draw(version, draw, beacon.value if beacon else "")
        has_bare, has_lost, has_open = await self._look(version)
        if has_bare:
            return await self.give(version)
        if has_lost:
            return await self.give_again(version)
        return False if has_open else await self.close(campaign)

    async def _look(self, version: Version) -> Sequence[bool]:
        """Whether there are winners without an award, units to pass on, and awards under way: looking locks nothing."""
        campaign, units = version.campaign, raffle_of(version).units
        bare = _without_win(campaign)
        async with self._database.reading() as session:
            has_bare, has_runner_up, has_lost, has_open = (
                await session.execute(
                    select(
                        bare.where(RafflePlace.rank <= units).exists(),
                        bare.where(RafflePlace.rank > units).exists(),
                        _lost(campaign).exists(),
                        _under_way(campaign).exists(),
                    )
                )
            ).one()
        return has_bare, has_lost and has_runner_up, has_open

    async def seal(self, campaign: str) -> bool:
        """Seal the tickets, if every play there was is in the ledger or void and no more can come.

        A new epoch begins with the seal: a play that the counters forgot and a process still holds is dropped, never a ticket too
        late. What a stream may still have of it, the drain leaves out.
        """
        await self._mending.tend(campaign)
        running = await self._versions.look_again(campaign)
        last = await self._last_play(running)
        if last is None or running.version.config.ends_at > self._clock.now() - SETTLES_AFTER:
            return False
        sealed = Seal()
        async with self._database.reading() as session:
            async for ticket in tickets_of(session, campaign, last=last):
                sealed.add(ticket)
        async with self._database.transaction() as session:
            row = await session.get_one(Campaign, campaign, with_for_update=True)
            draw = await _held(session, campaign)
            stands = (row.version, row.epoch, row.committed) == (running.version.number, running.epoch, last)
            if draw.sealed_at is not None or not stands:
                return False
            draw.version, draw.last_seq, draw.tickets = row.version, last, sealed.tickets
            draw.digest, draw.sealed_at = sealed.digest(), self._clock.now()
            row.epoch += 1
        await self._mending.tend(campaign)
        return True

    async def _last_play(self, running: Running) -> int | None:
        """The number of the last play there was; None while some of them may not be in the ledger."""
        seen = await self._versions.glance(running.campaign)
        found = await lane.look(self._connection, running.keys)
        is_settled = seen.settled_epoch == seen.epoch == running.epoch and found.get("epoch") == str(seen.epoch)
        is_drained = seen.highest <= seen.committed == int(found.get("seq", -1))
        return seen.committed if is_settled and is_drained else None

    async def draw(self, version: Version, sealed: RaffleDraw, beacon: str) -> bool:
        """Rank the sealed tickets and keep those that came to a place."""
        if sealed.digest is None or sealed.last_seq is None:
            raise AssertionError(f"the raffle of {version.campaign} is not sealed")
        async with self._database.reading() as session:
            last, digest = sealed.last_seq, sealed.digest
            placed, owners = await places_of(session, version, last=last, digest=digest, beacon=beacon)
        async with self._database.transaction() as session:
            draw = await _held(session, version.campaign)
            if draw.drawn_at is not None:
                return False
            rows = [_place(version, rank, each, owners[each.ticket.play]) for rank, each in enumerate(placed, start=1)]
            if rows:
                await session.execute(insert(RafflePlace), rows)
            draw.drawn_at = self._clock.now()
        return True

    async def give(self, version: Version) -> bool:
        """Award winners who have no award yet, a bounded number of them."""
        raffle = raffle_of(version)
        bare = _without_win(version.campaign).where(RafflePlace.rank <= raffle.units)
        async with self._database.transaction() as session:
            await _held(session, version.campaign)
            places = (await session.scalars(bare.limit(GIVEN_AT_ONCE_MAX))).all()
            turns = []
            for place in places:
                prize = raffle.prize_of(place.rank)
                if prize is None:
                    raise AssertionError(f"rank {place.rank} has no prize")
                turns.append(_Turn(place, *prize, 1))
            return await self._award(session, version, turns)

    async def give_again(self, version: Version) -> bool:
        """Award what was not claimed, or was voided, to the next runners-up."""
        raffle = raffle_of(version)
        prizes = {prize.key: prize for prize in raffle.prizes}
        async with self._database.transaction() as session:
            await _held(session, version.campaign)
            next_ones = _without_win(version.campaign).where(RafflePlace.rank > raffle.units)
            runners_up = (await session.scalars(next_ones.limit(GIVEN_AT_ONCE_MAX))).all()
            lost = (await session.scalars(_lost(version.campaign).limit(len(runners_up)))).all() if runners_up else []
            turns = [
                _Turn(place, prizes[win.prize], win.unit, win.turn + 1)
                for place, win in zip(runners_up, lost, strict=False)
            ]
            return await self._award(session, version, turns)

    async def close(self, campaign: str) -> bool:
        """Note that every award came to its end, when all have: nothing will have to be drawn again."""
        async with self._database.transaction() as session:
            draw = await _held(session, campaign)
            if await session.scalar(_under_way(campaign).limit(1)):
                return False
            # After them: an award that ended meanwhile is one that must be passed on.
            is_lost = await session.scalar(_lost(campaign).limit(1))
            if not is_lost or not await session.scalar(_without_win(campaign).limit(1)):
                draw.closed_at = self._clock.now()
        return False

    async def enter_beacon(
        self, session: AsyncSession, *, campaign: str, value: str, source: str, author: str, now: datetime
    ) -> RaffleBeacon:
        """Enter the announced public value. Refusals: NotFound, RaffleWithoutBeacon, RaffleNotSealed, BeaconEntered."""
        draw = await _held(session, campaign)
        if draw.version is None or draw.digest is None:
            raise RaffleNotSealed
        if raffle_of(await self._versions.at(campaign, draw.version)).beacon is None:
            raise RaffleWithoutBeacon
        entered = await session.get(RaffleBeacon, campaign)
        if entered is not None:
            raise BeaconEntered(value=entered.value)
        beacon = RaffleBeacon(
            campaign_id=campaign, digest=draw.digest, value=value, source=source, entered_by=author, entered_at=now
        )
        session.add(beacon)
        await session.flush()
        return beacon

    async def _award(self, session: AsyncSession, version: Version, turns: Sequence[_Turn]) -> bool:
        now, won, rows = self._clock.now(), [], []
        tickets = [each.place.play_id for each in turns]
        under_review = select(Play.id, Play.review).where(Play.id.in_(tickets), Play.review.is_not(None))
        reviews = {row.id: row.review for row in await session.execute(under_review)}
        for each in turns:
            award = self._ids.new()
            won.append(each.won(version, award, now, review=reviews.get(each.place.play_id)))
            rows.append(each.row(award, now))
        await award_by_raffle(session, won)
        if rows:
            await session.execute(insert(RaffleWin), rows)
        return bool(rows)


class _Turn(NamedTuple):
    """A unit that comes to a ticket."""

    place: RafflePlace
    prize: RafflePrize
    unit: int
    turn: int

    def won(self, version: Version, award: str, now: datetime, *, review: str | None) -> Won:
        days = raffle_of(version).claim_days or version.config.claim_days
        return Won(
            award_id=award,
            mall_id=version.mall,
            campaign_id=version.campaign,
            member_id=self.place.member_id,
            play_id=self.place.play_id,
            line=self.prize.key,
            unit=self.unit,
            prize=version.config.prizes[self.prize.product].model_dump(mode="json"),
            won_at=now,
            claim_before=now + timedelta(days=days),
            held_for=review,
            told=reason_of(version.config, review).model_dump() if review else None,
        )

    def row(self, award: str, now: datetime) -> dict[str, object]:
        return {
            "campaign_id": self.place.campaign_id,
            "prize": self.prize.key,
            "unit": self.unit,
            "turn": self.turn,
            "previous_turn": self.turn - 1 or None,
            "units": self.prize.units,
            "rank": self.place.rank,
            "award_id": award,
            "given_at": now,
        }


def _place(version: Version, rank: int, placed: Placed, owner: str) -> dict[str, object]:
    return {
        "campaign_id": version.campaign,
        "rank": rank,
        "play_id": placed.ticket.play,
        "ticket": placed.ticket.number,
        "member_id": owner,
        "of_member": placed.of_member,
        "member_wins_max": raffle_of(version).member_wins_max,
    }


async def _held(session: AsyncSession, campaign: str) -> RaffleDraw:
    """The raffle's row, read anew and kept from others until the transaction ends."""
    draw = await session.get(RaffleDraw, campaign, with_for_update=True, populate_existing=True)
    if draw is None:
        raise NotFound(noun="raffle")
    return draw


def _without_win(campaign: str) -> Select[RafflePlace]:
    """The places without a prize yet, the best first."""
    taken = select(RaffleWin.rank).where(RaffleWin.campaign_id == campaign, RaffleWin.rank == RafflePlace.rank)
    return select(RafflePlace).where(RafflePlace.campaign_id == campaign, ~taken.exists()).order_by(RafflePlace.rank)


def _lost(campaign: str) -> Select[RaffleWin]:
    """The units whose last holder did not get them, in the order of the places they were won with."""
    later = aliased(RaffleWin)
    of_unit = (later.campaign_id == campaign) & (later.prize == RaffleWin.prize) & (later.unit == RaffleWin.unit)
    passed_on = select(later.turn).where(of_unit, later.turn == RaffleWin.turn + 1)
    return (
        select(RaffleWin)
        .join(Award, Award.id == RaffleWin.award_id)
        .where(RaffleWin.campaign_id == campaign, Award.state.in_((LAPSED, VOID)), ~passed_on.exists())
        .order_by(RaffleWin.rank)
    )


def _under_way(campaign: str) -> Select[str]:
    """The awards that have not come to their end."""
    return (
        select(Award.id)
        .join(RaffleWin, RaffleWin.award_id == Award.id)
        .where(RaffleWin.campaign_id == campaign, Award.state.not_in(ENDS))
    )
