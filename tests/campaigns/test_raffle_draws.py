"""A raffle on real engines: sealed when all plays are in, drawn once, given once, and given again when nobody claims."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from uuid import uuid4

import pytest
from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError

from campaigns.models import Play
from campaigns.raffle import Drum, Seal, Ticket, tag_of
from campaigns.raffle_draws import BeaconEntered, RaffleDraws, RaffleNotSealed, RaffleWithoutBeacon
from campaigns.raffle_models import RaffleBeacon, RaffleDraw, RafflePlace, RaffleWin
from campaigns.raffle_tickets import TicketsDiffer
from campaigns.room import CampaignsRoom
from core.db import Database
from core.errors import NotFound
from inventory.connection import Connection
from inventory.keys import LaneKeys
from prizes.awards import LAPSED
from prizes.models import Award, Outbox
from tests.campaigns.conftest import Publish
from tests.campaigns.raffles import AfterTheEnd, draw_of, enter, later_room, places, raffle, tend_all, wins
from tests.campaigns.test_invariants import tamper
from tests.campaigns.test_plays import asked
from tests.campaigns.test_races import RACERS, ask, assert_everything_holds, race, rooms
from tests.support.campaigns import change

__all__ = ["rooms"]

BEACON = {"zh": "某日收盘指数", "en": "the closing index of that day"}


@pytest.fixture
def clock() -> AfterTheEnd:
    return AfterTheEnd()


@pytest.fixture
def later(database: Database, connection: Connection, clock: AfterTheEnd) -> CampaignsRoom:
    return later_room(database, connection, clock)


async def enter_beacon(room: CampaignsRoom, database: Database, campaign: str, value: str = "3412.77") -> None:
    async with database.transaction() as session:
        await room.raffles.enter_beacon(
            session,
            campaign=campaign,
            value=value,
            source="the exchange's own page",
            author="reviewer@demo.example",
            now=AfterTheEnd().now(),
        )


async def lapse(database: Database, campaign: str, *ranks: int) -> None:
    """Let the awards of these ranks lapse, as the deliveries' own step does."""
    of_ranks = select(RaffleWin.award_id).where(RaffleWin.campaign_id == campaign, RaffleWin.rank.in_(ranks))
    async with database.transaction() as session:
        await session.execute(update(Award).where(Award.id.in_(of_ranks)).values(state=LAPSED, due_at=None))


async def test_nothing_is_sealed_while_the_campaign_runs(
    room: CampaignsRoom, database: Database, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(**raffle())
    await enter(room, campaign, members=2)
    assert campaign not in await room.raffles.due()
    assert await tend_all(room, campaign) == 0
    assert (await draw_of(database, campaign)).sealed_at is None


async def test_a_raffle_is_sealed_drawn_and_given_and_anyone_finds_the_same(
    room: CampaignsRoom, later: CampaignsRoom, database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(**raffle())
    await enter(room, campaign, members=4, each=3)
    assert campaign in await later.raffles.due()
    assert await tend_all(later, campaign) == 3
    draw = await draw_of(database, campaign)
    seed = (await later.versions.running(campaign)).version.seed
    async with database.reading() as session:
        plays = (await session.scalars(select(Play).where(Play.campaign_id == campaign).order_by(Play.seq))).all()
    seal, tickets = Seal(), [Ticket(play.seq, play.id, tag_of(campaign, play.member_id)) for play in plays]
    for ticket in tickets:
        seal.add(ticket)
    assert (draw.tickets, draw.last_seq, draw.digest) == (12, 12, seal.digest())
    drum = Drum(seed=seed, campaign=campaign, digest=seal.digest(), beacon="", member_wins_max=1)
    for ticket in reversed(tickets):
        drum.add(ticket)
    found = await places(database, campaign)
    assert [place.ticket for place in found] == [each.ticket.number for each in drum.places(5)]
    assert max(Counter(place.member_id for place in found).values()) == 1
    assert len(found) == 4
    assert [(prize, unit, turn, rank) for prize, unit, turn, rank, _ in await wins(database, campaign)] == [
        ("grand", 1, 1, 1),
        ("small", 1, 1, 2),
        ("small", 2, 1, 3),
    ]
    async with database.reading() as session:
        awards = (await session.scalars(select(Award).order_by(Award.id))).all()
        assert await session.scalar(select(func.count()).select_from(Outbox)) == 3
    assert [(each.play_id, each.won_by, each.line) for each in awards] == [
        (place.play_id, "raffle", line) for place, line in zip(found, ("grand", "small", "small"), strict=False)
    ]
    assert all((each.claim_before - each.won_at).days == 7 for each in awards)
    await assert_everything_holds(database, connection, later, campaign)


async def test_a_ticket_may_win_by_itself_and_by_the_raffle(
    room: CampaignsRoom, later: CampaignsRoom, database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    shape = raffle(member_wins_max=9)
    campaign = await publish_wheel(
        **shape | {"lines": [("topup", "99%", None, None, "TOPUP-10"), ("no", "rest", None, None, None)]}
    )
    await enter(room, campaign, members=1, each=4)
    await tend_all(later, campaign)
    async with database.reading() as session:
        ways = Counter(await session.scalars(select(Award.won_by)))
    assert ways["raffle"] == 3
    assert ways["play"] >= 2
    assert [place.of_member for place in await places(database, campaign)] == [1, 2, 3, 4]
    await assert_everything_holds(database, connection, later, campaign)


async def test_a_raffle_nobody_entered_ends_too(
    later: CampaignsRoom, database: Database, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(**raffle())
    assert await tend_all(later, campaign) == 2
    draw = await draw_of(database, campaign)
    assert (draw.tickets, draw.drawn_at is not None, draw.closed_at is not None) == (0, True, True)
    assert campaign not in await later.raffles.due()


async def test_what_is_not_claimed_goes_to_the_next_runner_up_once(
    room: CampaignsRoom, later: CampaignsRoom, database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(**raffle())
    await enter(room, campaign, members=9)
    await tend_all(later, campaign)
    await lapse(database, campaign, 1, 3)
    assert await tend_all(later, campaign) == 1
    await lapse(database, campaign, 2, 4)
    assert await tend_all(later, campaign) == 0  # no runner-up is left
    told = [(prize, unit, turn, rank) for prize, unit, turn, rank, _ in await wins(database, campaign)]
    assert told == [("grand", 1, 1, 1), ("grand", 1, 2, 4), ("small", 1, 1, 2), ("small", 2, 1, 3), ("small", 2, 2, 5)]
    await assert_everything_holds(database, connection, later, campaign)
    assert (await draw_of(database, campaign)).closed_at is None
    await lapse(database, campaign, 5)
    await tend_all(later, campaign)
    assert (await draw_of(database, campaign)).closed_at is not None


async def test_a_beacon_is_entered_once_between_the_seal_and_the_draw(
    room: CampaignsRoom, later: CampaignsRoom, database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(**raffle(beacon=BEACON))
    await enter(room, campaign, members=6)
    with pytest.raises(RaffleNotSealed):
        await enter_beacon(later, database, campaign)
    assert await tend_all(later, campaign) == 1
    assert (await draw_of(database, campaign)).drawn_at is None
    told = await asyncio.gather(
        *(enter_beacon(later, database, campaign, value=f"{number}") for number in range(8)), return_exceptions=True
    )
    assert sum(each is None for each in told) == 1
    assert sum(isinstance(each, BeaconEntered) for each in told) == 7
    assert await tend_all(later, campaign) == 2
    with pytest.raises(BeaconEntered):
        await enter_beacon(later, database, campaign)
    await assert_everything_holds(database, connection, later, campaign)


async def test_another_beacon_would_have_drawn_another_order(
    room: CampaignsRoom, later: CampaignsRoom, database: Database, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(**raffle(beacon=BEACON))
    await enter(room, campaign, members=12)
    await tend_all(later, campaign)
    await enter_beacon(later, database, campaign, value="one")
    await tend_all(later, campaign)
    found, draw = await places(database, campaign), await draw_of(database, campaign)
    seed = (await later.versions.running(campaign)).version.seed
    drum = Drum(seed=seed, campaign=campaign, digest=draw.digest or "", beacon="another", member_wins_max=1)
    assert [drum.rank(place.ticket) for place in found] != sorted(drum.rank(place.ticket) for place in found)


async def test_no_beacon_where_none_was_announced_and_none_without_a_raffle(
    later: CampaignsRoom, database: Database, publish_wheel: Publish
) -> None:
    campaign, bare = await publish_wheel(**raffle()), await publish_wheel()
    await tend_all(later, campaign)
    with pytest.raises(RaffleWithoutBeacon):
        await enter_beacon(later, database, campaign)
    with pytest.raises(NotFound):
        await enter_beacon(later, database, bare)


async def test_250_enter_at_once_and_three_workers_draw_once(
    rooms: Sequence[CampaignsRoom], database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(**raffle(runners_up=9))
    answers = await race(rooms, [ask(campaign) for _ in range(RACERS)])
    assert all(isinstance(answer, bytes) for answer in answers)
    workers = [later_room(database, connection) for _ in range(3)]
    while not (await draw_of(database, campaign)).drawn_at or not await wins(database, campaign):
        await asyncio.gather(*(worker.raffles.tend(campaign) for worker in workers))
    await asyncio.gather(*(worker.raffles.tend(campaign) for worker in workers))
    await lapse(database, campaign, 1, 2, 3)
    await asyncio.gather(*(worker.raffles.tend(campaign) for worker in workers))
    assert (await draw_of(database, campaign)).tickets == RACERS
    assert sorted(place.rank for place in await places(database, campaign)) == list(range(1, 13))
    assert sorted(rank for _, _, _, rank, _ in await wins(database, campaign)) == list(range(1, 7))
    await assert_everything_holds(database, connection, workers[0], campaign)


@pytest.mark.parametrize("step", ["seal", "draw", "give", "give_again"])
async def test_a_worker_that_dies_before_any_step_is_resumed_by_another(
    *,
    room: CampaignsRoom,
    database: Database,
    connection: Connection,
    publish_wheel: Publish,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
) -> None:
    campaign = await publish_wheel(**raffle())
    await enter(room, campaign, members=7)

    async def die(*_: object, **__: object) -> bool:
        raise ConnectionResetError

    async def goes_through(worker: CampaignsRoom) -> None:
        await tend_all(worker, campaign)
        await lapse(database, campaign, 1)
        await tend_all(worker, campaign)

    with monkeypatch.context() as patch:
        patch.setattr(RaffleDraws, step, die)
        doomed = later_room(database, connection)
        with pytest.raises(ConnectionResetError):
            await goes_through(doomed)
    later = later_room(database, connection)
    await goes_through(later)
    assert [rank for _, _, _, rank, _ in await wins(database, campaign)] == [1, 4, 2, 3]
    await assert_everything_holds(database, connection, later, campaign)


@pytest.mark.parametrize("broken", [RafflePlace, Award, Outbox, RaffleWin])
async def test_a_step_that_fails_in_its_midst_leaves_nothing_behind(
    *,
    room: CampaignsRoom,
    later: CampaignsRoom,
    database: Database,
    connection: Connection,
    publish_wheel: Publish,
    monkeypatch: pytest.MonkeyPatch,
    broken: type,
) -> None:
    campaign = await publish_wheel(**raffle())
    await enter(room, campaign, members=5)

    def insert_or_fail(noun: type) -> object:
        if noun is broken:
            raise ConnectionResetError
        return insert(noun)

    with monkeypatch.context() as patch:
        patch.setattr("campaigns.raffle_draws.insert", insert_or_fail)
        patch.setattr("prizes.winning.insert", insert_or_fail)
        with pytest.raises(ConnectionResetError):
            await tend_all(later, campaign)
    async with database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Award)) == 0
    await tend_all(later, campaign)
    assert len(await wins(database, campaign)) == 3
    await assert_everything_holds(database, connection, later, campaign)


async def test_all_counters_lost_after_the_end_seal_the_same_tickets(
    room: CampaignsRoom, later: CampaignsRoom, database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(**raffle())
    await enter(room, campaign, members=5)
    keys = LaneKeys(campaign)
    await connection.calm.delete(keys.counters, keys.plays)
    await tend_all(later, campaign)
    assert (await draw_of(database, campaign)).tickets == 5
    assert len(await wins(database, campaign)) == 3


async def test_plays_changed_after_the_seal_are_not_drawn_from(
    room: CampaignsRoom, later: CampaignsRoom, database: Database, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(**raffle(beacon=BEACON))
    await enter(room, campaign, members=5)
    await tend_all(later, campaign)
    await enter_beacon(later, database, campaign)
    await tamper(database, ["DELETE FROM play WHERE seq = 3"])
    with pytest.raises(TicketsDiffer):
        await tend_all(later, campaign)
    assert await places(database, campaign) == []


async def test_the_units_of_the_version_in_force_at_the_end_are_drawn(
    room: CampaignsRoom, later: CampaignsRoom, database: Database, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(**raffle())
    await enter(room, campaign, members=8)
    config = (await room.versions.running(campaign)).version.config.model_dump(mode="json")
    told = {name: value for name, value in config.items() if name not in {"prizes", "lists", "spans"}}
    told["raffle"]["prizes"][0]["units"] = 4
    await change(database, room, campaign, "amend", told=told, seen_version=1)
    await tend_all(later, campaign)
    assert (await draw_of(database, campaign)).version == 2
    assert [each[0] for each in await wins(database, campaign)] == ["grand"] * 4 + ["small"] * 2


@pytest.mark.parametrize(
    "row",
    [
        RaffleBeacon(digest="0" * 64, value="1", source="s", entered_by="e"),
        RafflePlace(rank=9, of_member=2, member_wins_max=1, ticket=1),
        RafflePlace(rank=9, of_member=1, member_wins_max=1, ticket=1),
        RafflePlace(rank=1, of_member=1, member_wins_max=1, ticket=1),
        RaffleWin(prize="grand", unit=2, turn=1, units=1, rank=4),
        RaffleWin(prize="grand", unit=1, turn=1, units=1, rank=4),
        RaffleWin(prize="grand", unit=1, turn=3, previous_turn=2, units=1, rank=4),
        RaffleWin(prize="grand", unit=1, turn=2, units=1, rank=4),
        RaffleWin(prize="grand", unit=1, turn=2, previous_turn=1, units=1, rank=1),
        RaffleWin(prize="grand", unit=1, turn=2, previous_turn=1, units=1, rank=99),
    ],
)
async def test_what_must_not_happen_twice_breaks_a_constraint(
    *, room: CampaignsRoom, later: CampaignsRoom, database: Database, publish_wheel: Publish, row: object
) -> None:
    campaign = await publish_wheel(**raffle())
    await enter(room, campaign, members=6)
    await tend_all(later, campaign)
    place = (await places(database, campaign))[0]
    given = {column: value for column, value in vars(row).items() if not column.startswith("_")}
    now = AfterTheEnd().now()
    facts = {
        RaffleBeacon: {"entered_at": now},
        RafflePlace: {"play_id": place.play_id, "member_id": str(uuid4())},
        RaffleWin: {"award_id": str(uuid4()), "given_at": now},
    }[type(row)]
    with pytest.raises(IntegrityError):
        async with database.transaction() as session:
            await session.execute(insert(type(row)), [{"campaign_id": campaign, **facts, **given}])


async def test_a_draw_without_a_seal_breaks_a_constraint(
    later: CampaignsRoom, database: Database, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(**raffle())
    for values in ({"drawn_at": AfterTheEnd().now()}, {"digest": "0" * 64}, {"closed_at": AfterTheEnd().now()}):
        with pytest.raises(IntegrityError):
            async with database.transaction() as session:
                await session.execute(update(RaffleDraw).where(RaffleDraw.campaign_id == campaign).values(**values))


async def test_an_award_by_the_same_way_is_one_a_ticket(
    room: CampaignsRoom, later: CampaignsRoom, database: Database, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(**raffle())
    await enter(room, campaign, members=5)
    await tend_all(later, campaign)
    async with database.reading() as session:
        award = (await session.scalars(select(Award).limit(1))).one()
    again = {column.name: getattr(award, column.name) for column in Award.__table__.columns} | {"id": str(uuid4())}
    with pytest.raises(IntegrityError):
        async with database.transaction() as session:
            await session.execute(insert(Award), [again])


async def test_a_second_play_of_the_raffle_is_a_second_ticket(
    room: CampaignsRoom, later: CampaignsRoom, database: Database, publish_wheel: Publish
) -> None:
    campaign, member = await publish_wheel(**raffle(member_wins_max=2)), str(uuid4())
    for _ in range(3):
        await room.plays.play(asked(campaign, member=member))
    await tend_all(later, campaign)
    assert [place.of_member for place in await places(database, campaign)] == [1, 2]
