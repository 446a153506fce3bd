"""Redeem codes: each gives its chances as often as it may and once to a member, and guessing leads nowhere."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from campaigns.refusals import NoChanceLeft
from campaigns.room import CampaignsRoom
from core.db import Database
from core.ids import TimeOrderedIds
from earning import codes
from earning.code_models import CodeBatch, CodeRedemption, WrongCode
from earning.code_words import CodeHashes, generate, grouped
from earning.guessing import WRONG_MAX, TooManyWrongCodes
from earning.models import ChanceGrant
from earning.redeeming import (
    CodeClosed,
    CodeMistyped,
    CodeNotOpenYet,
    CodeUsedUp,
    EnoughRedeemed,
    Redeemed,
    Redeeming,
    UnknownCode,
)
from inventory.connection import Connection
from tests.campaigns.conftest import Publish
from tests.campaigns.test_chances import GRANTED_ONLY
from tests.campaigns.test_plays import asked, play
from tests.campaigns.test_races import RACERS, assert_everything_holds
from tests.support.arguments import CountingEntropy

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
DAY_ENDS_AT = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)
HASHES = CodeHashes(bytes(range(32)))
SPRING = "SPRING2026"


@dataclass(frozen=True, kw_only=True)
class Counter:
    """Where members hand in codes; `others` are processes of their own beside it."""

    database: Database
    campaign: str
    others: Sequence[Redeeming]

    async def opens(self, *typed: str, campaign: str = "", **terms: Any) -> str:
        """A batch of these codes; its id."""
        told = codes.Terms(**{"name": "spring", "chances": 2, "uses": 5, **terms})
        async with self.database.transaction() as session:
            batch = await codes.open_batch(
                session,
                campaign=campaign or self.campaign,
                costs_chances=True,
                terms=told,
                ids=TimeOrderedIds(),
                now=NOW,
            )
            for each in typed:
                await codes.add_chosen(session, batch, each, hashes=HASHES)
            return batch.id

    async def takes(
        self, typed: str, *, member: str = "", now: datetime = NOW, turn: int = 0, campaign: str = ""
    ) -> Redeemed:
        return await self.others[turn % len(self.others)].redeem(
            campaign=campaign or self.campaign,
            member=member or str(uuid4()),
            typed=typed,
            day_ends_at=DAY_ENDS_AT,
            now=now,
        )

    async def crowd(self, asked: Sequence[tuple[str, str]]) -> list[Redeemed | BaseException]:
        """Every (code, member) at once, turn by turn on either process."""
        tries = (self.takes(typed, member=member, turn=turn) for turn, (typed, member) in enumerate(asked))
        return await asyncio.gather(*tries, return_exceptions=True)

    async def count(self, table: Any, **of: Any) -> int:
        async with self.database.reading() as session:
            return await session.scalar(select(func.count()).select_from(table).filter_by(**of)) or 0


@pytest.fixture
async def counter(database: Database, publish_wheel: Publish) -> Counter:
    processes = [Redeeming(database=database, hashes=HASHES, ids=TimeOrderedIds()) for _ in range(2)]
    return Counter(database=database, campaign=await publish_wheel(**GRANTED_ONLY), others=processes)


async def test_a_code_gives_its_chances_and_they_are_played(
    counter: Counter, room: CampaignsRoom, database: Database, connection: Connection
) -> None:
    await counter.opens(SPRING)
    member = str(uuid4())
    with pytest.raises(NoChanceLeft):
        await play(room, asked(counter.campaign, member=member))
    given = await counter.takes(" spring-2026 ", member=member)
    assert given == Redeemed(chances=2, expires_at=None, redeemed_at=NOW)
    assert [(await play(room, asked(counter.campaign, member=member)))["chances_left"] for _ in range(2)] == [1, 0]
    with pytest.raises(NoChanceLeft):
        await play(room, asked(counter.campaign, member=member))
    await assert_everything_holds(database, connection, room, counter.campaign)


async def test_the_same_again_is_the_same_answer_and_no_second_grant(counter: Counter) -> None:
    batch = await counter.opens(SPRING, lasts="days", days=3, closes_at=NOW + timedelta(hours=1))
    member = str(uuid4())
    first = await counter.takes(SPRING, member=member)
    assert first.expires_at == NOW + timedelta(days=3)
    async with counter.database.transaction() as session:
        await codes.stop(session, await session.get_one(CodeBatch, batch), now=NOW)
    again = await counter.takes(SPRING, member=member, now=NOW + timedelta(days=2))
    assert again == first
    assert await counter.count(ChanceGrant) == await counter.count(CodeRedemption) == 1
    assert await counter.count(WrongCode) == 0


@pytest.mark.parametrize(
    ("terms", "expires_at"),
    [
        ({"lasts": "today"}, DAY_ENDS_AT),
        ({"lasts": "days", "days": 7}, NOW + timedelta(days=7)),
        ({"lasts": "campaign"}, None),
    ],
)
async def test_how_long_chances_last(counter: Counter, terms: dict[str, Any], expires_at: datetime | None) -> None:
    await counter.opens(SPRING, **terms)
    assert (await counter.takes(SPRING)).expires_at == expires_at


async def test_of_250_members_exactly_five_redeem_a_code_with_five_uses(
    counter: Counter, room: CampaignsRoom, database: Database, connection: Connection
) -> None:
    await counter.opens(SPRING, uses=5)
    told = await counter.crowd([(SPRING, str(uuid4())) for _ in range(RACERS)])
    assert sum(isinstance(each, Redeemed) for each in told) == 5
    assert sum(isinstance(each, CodeUsedUp) for each in told) == RACERS - 5
    assert await counter.count(ChanceGrant, source="code") == await counter.count(CodeRedemption) == 5
    assert await counter.count(WrongCode) == 0
    await assert_everything_holds(database, connection, room, counter.campaign)


async def test_one_member_60_times_at_once_is_given_once(counter: Counter) -> None:
    await counter.opens(SPRING, uses=5)
    member = str(uuid4())
    told = await counter.crowd([(SPRING, member)] * 60)
    assert set(told) == {Redeemed(2, None, NOW)}
    assert await counter.count(ChanceGrant) == 1


async def test_a_member_redeems_as_many_of_a_batch_as_one_may(counter: Counter) -> None:
    words = [f"BATCH-{letter * 4}" for letter in "ABCDEF"]
    await counter.opens(*words, uses=1, member_uses=2)
    member = str(uuid4())
    told = await counter.crowd([(each, member) for each in words])
    assert sum(isinstance(each, Redeemed) for each in told) == 2
    assert sum(isinstance(each, EnoughRedeemed) for each in told) == 4
    left = next(each for each, answer in zip(words, told, strict=True) if isinstance(answer, EnoughRedeemed))
    assert (await counter.takes(left)).chances == 2  # for somebody else it is as good as new


async def test_a_code_outside_its_hours_says_so_and_counts_as_no_guess(counter: Counter) -> None:
    await counter.opens(SPRING, opens_at=NOW + timedelta(hours=1), closes_at=NOW + timedelta(hours=2))
    member = str(uuid4())
    with pytest.raises(CodeNotOpenYet) as early:
        await counter.takes(SPRING, member=member)
    assert early.value.facts == {"opens_at": NOW + timedelta(hours=1)}
    with pytest.raises(CodeClosed):
        await counter.takes(SPRING, member=member, now=NOW + timedelta(hours=2))
    assert (await counter.takes(SPRING, member=member, now=NOW + timedelta(hours=1))).chances == 2
    assert await counter.count(WrongCode) == 0


async def test_unknown_stopped_and_of_another_campaign_are_the_same(counter: Counter, publish_wheel: Publish) -> None:
    other = await publish_wheel(**GRANTED_ONLY)
    await counter.opens("ELSEWHERE", campaign=other)
    stopped = await counter.opens("STOPPED-1")
    async with counter.database.transaction() as session:
        await codes.stop(session, await session.get_one(CodeBatch, stopped), now=NOW)
    told = []
    for typed in ("NO-SUCH-CODE", "ELSEWHERE", "STOPPED-1"):
        member = str(uuid4())
        with pytest.raises(UnknownCode) as refused:
            await counter.takes(typed, member=member)
        told.append((str(refused.value), await counter.count(WrongCode, member_id=member)))
    assert told == [("unknown-code", 1)] * 3
    assert (await counter.takes("ELSEWHERE", campaign=other)).chances == 2


async def test_a_slip_of_the_finger_is_no_guess(counter: Counter) -> None:
    right, member = generate(1, CountingEntropy())[0], str(uuid4())
    await counter.opens(right)
    slip = right[:-1] + ("A" if right[-1] != "A" else "B")
    for _ in range(WRONG_MAX + 1):
        with pytest.raises(CodeMistyped):
            await counter.takes(grouped(slip), member=member)
    assert (await counter.takes(grouped(right), member=member)).chances == 2


async def test_five_wrong_codes_lock_out_for_longer_and_longer(counter: Counter) -> None:
    await counter.opens(SPRING)
    member, now = str(uuid4()), NOW
    for minutes in (15, 60, 24 * 60, 24 * 60):
        for _ in range(WRONG_MAX):
            with pytest.raises(UnknownCode):
                await counter.takes("WRONG-CODE", member=member, now=now)
        until = now + timedelta(minutes=minutes)
        for typed in ("WRONG-CODE", SPRING):  # a right one is not looked at either
            with pytest.raises(TooManyWrongCodes) as locked:
                await counter.takes(typed, member=member, now=until - timedelta(milliseconds=1))
            assert locked.value.facts == {"locked_until": until, "retry_after_seconds": 1}
        now = until
    assert (await counter.takes(SPRING, member=str(uuid4()))).chances == 2  # nobody else is locked out
    assert (await counter.takes(SPRING, member=member, now=now)).chances == 2


async def test_wrong_codes_are_forgotten_in_time(counter: Counter) -> None:
    member, now = str(uuid4()), NOW
    for _ in range(3 * WRONG_MAX):  # one every four minutes: never five within fifteen
        with pytest.raises(UnknownCode):
            await counter.takes("WRONG-CODE", member=member, now=now)
        now += timedelta(minutes=4)
    for _ in range(WRONG_MAX):
        with pytest.raises((UnknownCode, TooManyWrongCodes)):
            await counter.takes("WRONG-CODE", member=member, now=now)
    week_later = now + timedelta(days=7)
    for _ in range(WRONG_MAX):
        with pytest.raises(UnknownCode):
            await counter.takes("WRONG-CODE", member=member, now=week_later)
    with pytest.raises(TooManyWrongCodes) as locked:
        await counter.takes("WRONG-CODE", member=member, now=week_later)
    assert locked.value.facts["retry_after_seconds"] == 15 * 60


async def test_of_many_guesses_at_once_five_are_looked_at(counter: Counter) -> None:
    await counter.opens(SPRING)
    member = str(uuid4())
    told = await counter.crowd([(f"GUESS-{number:04}", member) for number in range(60)])
    assert sum(isinstance(each, UnknownCode) for each in told) == WRONG_MAX
    assert sum(isinstance(each, TooManyWrongCodes) for each in told) == 60 - WRONG_MAX
    assert await counter.count(WrongCode) == WRONG_MAX
    with pytest.raises(TooManyWrongCodes):
        await counter.takes(SPRING, member=member)
