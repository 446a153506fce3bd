"""Invitations: a link is one's own and good for a while, a member comes once, and both are given what the rules leave."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from campaigns.favour import refused_changes
from campaigns.inviting import Asking
from campaigns.lifecycle import check
from campaigns.models import Campaign
from campaigns.room import CampaignsRoom
from core.db import Database
from core.errors import InvalidField
from earning import invitation_queries, invitations
from earning.event_models import MallEvent
from earning.guessing import WRONG_MAX, TooManyWrongCodes
from earning.invitation_models import Invitation
from earning.invitation_rewards import Side, _answered, reward
from earning.invitations import (
    AlreadyInvited,
    AlreadyPlayed,
    InvitationCodes,
    InvitationExpired,
    InvitationsClosed,
    OwnInvitation,
    TooManyInvitations,
    UnknownInvitation,
)
from inventory.connection import Connection
from tests.campaigns.conftest import Publish, open_room
from tests.campaigns.invitations import Circle, a_rule, inviting_in, publish_inviting, stop_rule
from tests.campaigns.test_plays import asked, play
from tests.support.arguments import HandClock
from tests.support.campaigns import MALL, Shape, WallClock, author

ANN = "0190a000-0000-7000-8000-0000000000a1"
INVITATIONS: dict[str, Any] = {"inviter": {"rule": "invite"}, "days": 30}


@pytest.fixture
async def circle(database: Database, room: CampaignsRoom) -> Circle:
    campaign = await publish_inviting(database, room, invitee={})
    return Circle(database=database, inviting=inviting_in(database, room), campaign=campaign)


@pytest.fixture
async def playing_circle(database: Database, room: CampaignsRoom) -> Circle:
    """Rewards once the friend has played."""
    campaign = await publish_inviting(database, room, reward_when="played", invitee={})
    return Circle(database=database, inviting=inviting_in(database, room), campaign=campaign)


async def test_both_are_given_when_a_friend_comes(circle: Circle) -> None:
    code = await circle.invites(ANN)
    assert await circle.invites(ANN) == code
    came = await circle.comes(code)
    assert (came.inviter_id, came.reward_when, came.played_at) == (ANN, "joined", None)
    assert came.rewarded_at is not None
    assert (await circle.has(ANN), await circle.has(came.member_id)) == (1, 1)
    again = await circle.comes(code, came.member_id)
    assert (again.id, again.accepted_at) == (came.id, came.accepted_at)
    assert (await circle.has(ANN), await circle.has(came.member_id)) == (1, 1)


async def test_a_friend_who_plays_is_found_in_the_ledger(playing_circle: Circle, room: CampaignsRoom) -> None:
    circle = playing_circle
    friend = (await circle.comes(await circle.invites(ANN))).member_id
    await circle.inviting.run_once()
    assert (await circle.path(friend)).due_at is None
    shown = await play(room, asked(circle.campaign, member=friend))
    await circle.inviting.run_once()
    path = await circle.path(friend)
    assert path.first_play_id == shown["id"]
    assert path.rewarded_at is not None
    assert (await circle.has(ANN), await circle.has(friend)) == (1, 1)
    await play(room, asked(circle.campaign, member=friend))
    await circle.inviting.run_once()
    assert (await circle.path(friend)).first_play_id == shown["id"]
    assert (await circle.has(ANN), await circle.has(friend)) == (1, 0)


async def test_who_may_not_come_by_a_link(circle: Circle, room: CampaignsRoom) -> None:
    code = await circle.invites(ANN)
    with pytest.raises(OwnInvitation):
        await circle.comes(code, ANN)
    player = str(uuid4())
    await play(room, asked(circle.campaign, member=player))
    with pytest.raises(AlreadyPlayed):
        await circle.comes(code, player)
    friend = (await circle.comes(code)).member_id
    with pytest.raises(AlreadyInvited):
        await circle.comes(await circle.invites(str(uuid4())), friend)
    with pytest.raises(OwnInvitation):
        await circle.comes(await circle.invites(friend), friend)
    assert await circle.has(ANN) == 1


async def test_two_may_invite_each_other_and_nobody_waits_for_ever(circle: Circle) -> None:
    members = [str(uuid4()) for _ in range(6)]
    codes = [await circle.invites(member) for member in members]
    pairs = [(codes[number], members[number ^ 1]) for number in range(6)]
    await asyncio.gather(*(circle.comes(code, member) for code, member in pairs))
    assert [await circle.has(member) for member in members] == [2] * 6


async def test_guessers_are_locked_out(circle: Circle) -> None:
    code, member = await circle.invites(ANN), str(uuid4())
    for number in range(WRONG_MAX):
        with pytest.raises(UnknownInvitation):
            await circle.comes(f"{number:022}", member)
    with pytest.raises(TooManyWrongCodes):
        await circle.comes(code, member)


async def test_a_link_is_of_one_campaign(database: Database, room: CampaignsRoom, circle: Circle) -> None:
    other = await publish_inviting(database, room, name="-other")
    code = await circle.invites(ANN)
    with pytest.raises(UnknownInvitation):
        await Circle(database=database, inviting=circle.inviting, campaign=other).comes(code)


async def test_a_link_is_good_for_so_long(database: Database, room: CampaignsRoom, circle: Circle) -> None:
    code = await circle.invites(ANN)
    clock = HandClock(WallClock().now() + timedelta(days=29))
    later = Circle(database=database, inviting=inviting_in(database, room, clock), campaign=circle.campaign)
    await _set_expiry(database, clock.now())
    with pytest.raises(InvitationExpired):
        await later.comes(code)
    new = await later.invites(ANN)
    assert new != code
    async with database.reading() as session:
        ends_at = (await session.get_one(Campaign, circle.campaign)).ends_at
        rows = (await session.scalars(select(Invitation).order_by(Invitation.number))).all()
    assert [row.number for row in rows] == [1, 2]
    assert rows[1].expires_at == ends_at


async def test_links_are_bounded(circle: Circle, monkeypatch: pytest.MonkeyPatch) -> None:
    await circle.invites(ANN)
    monkeypatch.setattr(invitations, "LINKS_MAX", 1)
    await _set_expiry(circle.database, WallClock().now() - timedelta(days=1))
    with pytest.raises(TooManyInvitations):
        await circle.invites(ANN)


async def test_asked_for_a_hundred_times_at_once_a_link_is_one(circle: Circle) -> None:
    assert len(set(await asyncio.gather(*(circle.invites(ANN) for _ in range(100))))) == 1


async def test_a_friend_with_two_links_at_once_comes_by_one(circle: Circle) -> None:
    codes = [await circle.invites(str(uuid4())) for _ in range(8)]
    friend = str(uuid4())
    told = await asyncio.gather(*(circle.comes(code, friend) for code in codes), return_exceptions=True)
    assert sum(isinstance(each, AlreadyInvited) for each in told) == 7
    assert await circle.has(friend) == 1
    async with circle.database.reading() as session:
        assert (await invitation_queries.count(session, campaign=circle.campaign)).accepted == 1


async def test_of_a_hundred_friends_at_once_the_rule_rewards_five(database: Database, room: CampaignsRoom) -> None:
    campaign = await publish_inviting(database, room, inviter={"member_max": 5})
    circle = Circle(database=database, inviting=inviting_in(database, room), campaign=campaign)
    code = await circle.invites(ANN)
    came = await asyncio.gather(*(circle.comes(code) for _ in range(100)))
    assert all(each.rewarded_at is not None for each in came)
    assert await circle.has(ANN) == 5
    async with database.reading() as session:
        counted = await invitation_queries.count(session, campaign=campaign)
        brought = await invitation_queries.brought_by(session, campaign=campaign, member=ANN)
        kept = (await session.scalars(select(MallEvent))).all()
    assert counted == (1, 100, 0, 5, 95)
    assert brought == (100, 5)
    assert sum(event.granted == 0 and event.cuts == [{"cap": "member", "most": 5, "left": 0}] for event in kept) == 95


async def test_many_workers_at_once_reward_once(playing_circle: Circle, room: CampaignsRoom) -> None:
    circle = playing_circle
    code = await circle.invites(ANN)
    friends = [(await circle.comes(code)).member_id for _ in range(6)]
    for friend in friends:
        await play(room, asked(circle.campaign, member=friend))
    await asyncio.gather(*(inviting_in(circle.database, room).run_once() for _ in range(5)))
    assert await circle.has(ANN) == 6
    assert [await circle.has(friend) for friend in friends] == [1] * 6


async def test_what_a_dead_process_left_is_given_by_the_next(
    circle: Circle, database: Database, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It dies after the acceptance, or between the two rewards."""
    died = []

    async def die(*_: object, **told: Any) -> None:
        died.append(told["invited"])
        raise ConnectionError

    monkeypatch.setattr("campaigns.inviting.reward", die)
    friend, code = str(uuid4()), await circle.invites(ANN)
    with pytest.raises(ConnectionError):
        await circle.comes(code, friend)
    assert await circle.has(ANN) == 0
    monkeypatch.setattr("campaigns.inviting.reward", reward)
    await inviting_in(database, open_room(database, connection)).run_once()
    assert (await circle.has(ANN), await circle.has(friend)) == (1, 1)

    async def die_before_the_second(database: Database, invited: str, side: Side, now: datetime) -> Any:
        return await _answered(database, invited, side, now) if side is Side.INVITER else await die(invited=invited)

    monkeypatch.setattr("earning.invitation_rewards._answered", die_before_the_second)
    other = str(uuid4())
    with pytest.raises(ConnectionError):
        await circle.comes(code, other)
    assert ((await circle.path(other)).rewarded_at, await circle.has(ANN)) == (None, 2)
    monkeypatch.undo()
    await circle.comes(code, other)
    assert (await circle.has(ANN), await circle.has(other)) == (2, 1)


async def test_a_rule_that_was_stopped_gives_nothing_and_says_so(playing_circle: Circle, room: CampaignsRoom) -> None:
    circle = playing_circle
    code = await circle.invites(ANN)
    friend = (await circle.comes(code)).member_id
    await stop_rule(circle.database, "invite")
    with pytest.raises(InvitationsClosed):
        await circle.invites(str(uuid4()))
    with pytest.raises(InvitationsClosed):
        await circle.comes(code)
    await play(room, asked(circle.campaign, member=friend))
    await circle.inviting.run_once()
    async with circle.database.reading() as session:
        (path,) = await invitation_queries.page(session, campaign=circle.campaign, before=None, limit=9)
    assert path.inviter is not None
    assert (path.inviter.granted, path.inviter.cuts) == (0, [{"cap": "stopped", "most": 0, "left": 0}])
    assert path.invitee is not None
    assert path.invitee.granted == 1
    await stop_rule(circle.database, "invite", is_active=True)
    await circle.inviting.run_once()
    assert await circle.has(ANN) == 0


async def test_without_invitations_there_are_no_links(
    database: Database, room: CampaignsRoom, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(more={"chances": {}})
    inviting = inviting_in(database, room)
    with pytest.raises(InvitationsClosed):
        await inviting.link(Asking(campaign=campaign, member=ANN))
    with pytest.raises(UnknownInvitation):
        await inviting.accept(Asking(campaign=campaign, member=ANN), "0" * 22)


async def test_a_rule_must_be_there_of_the_campaign_and_at_work(database: Database, room: CampaignsRoom) -> None:
    other = await publish_inviting(database, room)
    for key, reason in (("invite", "has no such rule"), ("nowhere", "has no such rule"), ("mine", "stopped")):
        more = {"chances": {}, "invitations": {**INVITATIONS, "inviter": {"rule": key}}}
        async with database.transaction() as session:
            draft = Shape(more=more).config(WallClock().now())
            row = await room.lifecycle.create(session, mall=MALL, game="wheel", template="reference", changes=draft)
        if key == "mine":
            await a_rule(database, row.id, key)
            await stop_rule(database, key)
        with pytest.raises(InvalidField, match=reason) as refused:
            async with database.transaction() as session:
                await room.lifecycle.publish(session, await session.get_one(Campaign, row.id), author())
        assert refused.value.facts["errors"][0]["field"] == "invitations.inviter.rule"
    await stop_rule(database, "invite")
    async with database.transaction() as session:  # a rule that is stopped later holds nothing else back
        row = await session.get_one(Campaign, other)
        await room.lifecycle.add_stock(session, row, author(), line="phone", units=1)


@pytest.mark.parametrize(
    "told",
    [
        {"inviter": {"rule": "Invite"}},
        {"inviter": {"rule": ""}},
        {"inviter": {}},
        {"inviter": {"rule": "invite", "chances": 9}},
        {"inviter": {"rule": "invite"}, "days": 0},
        {"inviter": {"rule": "invite"}, "days": 366},
        {"inviter": {"rule": "invite"}, "reward_when": "never"},
        {"inviter": {"rule": "invite"}, "more": 1},
        {"invitee": {"rule": "welcome"}},
    ],
)
def test_invitations_that_say_nothing_are_refused(told: dict[str, Any]) -> None:
    with pytest.raises(InvalidField, match="invitations"):
        check("wheel", Shape(more={"chances": {}, "invitations": told}).config(WallClock().now()))


def test_where_plays_cost_nothing_nothing_is_given() -> None:
    with pytest.raises(InvalidField, match="plays cost none"):
        check("wheel", Shape(more={"invitations": INVITATIONS}).config(WallClock().now()))


@pytest.mark.parametrize(
    ("before", "after", "fields"),
    [
        (None, INVITATIONS, []),
        (INVITATIONS, {**INVITATIONS, "days": 31}, []),
        (INVITATIONS, {**INVITATIONS, "days": 29}, ["invitations.days"]),
        (INVITATIONS, None, ["invitations"]),
        (INVITATIONS, {**INVITATIONS, "reward_when": "joined"}, ["invitations.reward_when"]),
        (INVITATIONS, {**INVITATIONS, "inviter": {"rule": "other"}}, ["invitations.inviter"]),
        (INVITATIONS, {**INVITATIONS, "invitee": {"rule": "other"}}, ["invitations.invitee"]),
    ],
)
def test_what_was_promised_stays(before: Any, after: Any, fields: list[str]) -> None:
    now = WallClock().now()
    old, new = (
        check("wheel", Shape(more={"chances": {}, "invitations": told}).config(now)) for told in (before, after)
    )
    assert [change["field"] for change in refused_changes(old, new)] == fields


async def test_the_ledger_itself_refuses_what_may_not_be(circle: Circle) -> None:
    code = await circle.invites(ANN)
    await circle.comes(code)
    await circle.comes(code)
    for broken in (
        "UPDATE invited SET inviter_event = (SELECT MIN(inviter_event) FROM invited)",
        "UPDATE invited SET member_id = (SELECT member_id FROM invited LIMIT 1)",
        "UPDATE invited SET member_id = inviter_id",
        "UPDATE invited SET due_at = NULL",
        "UPDATE invited SET inviter_event = NULL",
        "UPDATE invited SET inviter_event = 'nowhere'",
        "UPDATE invited SET played_at = accepted_at",
        "UPDATE invited SET inviter_id = member_id, member_id = inviter_id",
    ):
        with pytest.raises(IntegrityError):
            async with circle.database.transaction() as session:
                await session.execute(text(broken))


def test_codes_are_128_bits_and_not_what_is_kept() -> None:
    codes = InvitationCodes(bytes(32))
    assert codes.of(ANN) == codes.of(ANN)
    assert len({codes.of(str(number)) for number in range(1000)}) == 1000
    assert InvitationCodes(bytes([1]) * 32).of(ANN) != codes.of(ANN)
    assert len(codes.of(ANN)) == 22
    assert invitations.LINKS_MAX >= 800  # a link a day, for as long as a campaign may last


async def _set_expiry(database: Database, at: Any) -> None:
    async with database.transaction() as session:
        for row in await session.scalars(select(Invitation)):
            row.expires_at = at
