"""A scratch card: what it came to is fixed when it is dealt, nobody can tell before it is scratched, and nothing is lost."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from api.house import House
from api.watching import audit_house
from campaigns.plays import Asked
from tests.journeys.people import Line, Member, Operator, pool_of, someone, works
from tests.journeys.test_reviews import broken_at_rest
from tests.journeys.test_velocity import rule
from tests.support.campaigns import WallClock
from tests.support.people import AMall

SURE: tuple[Line, ...] = (("points", "100%", None, None, "POINTS-5"), ("thanks", "0", None, None, None))
RARE: tuple[Line, ...] = (("points", "1/1000000", None, None, "POINTS-5"), ("thanks", "rest", None, None, None))
HIDDEN = ("drawn", "awarded", "line", "reveal", "award", "wins_within")


class MovableClock(WallClock):
    """The house's clock, which a test sets forward."""

    ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self.ahead


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def cards(operator: Operator) -> Callable[..., Awaitable[str]]:
    async def opens(lines: tuple[Line, ...] = SURE, **changes: Any) -> str:
        game = {"symbols": ["points"], "waits_days": 3}
        more = {"limits": {"plays_at_once_max": 5}, **pool_of(lines), "game": game, **changes}
        campaign = await operator.drafts("lucky", of="scratch", **more)
        await operator.publishes(campaign)
        return campaign

    return opens


async def uncovers(member: Member, play: str) -> httpx.Response:
    return await member.asks("POST", f"/plays/{play}/uncover")


async def test_a_card_tells_nothing_until_it_is_scratched_and_then_the_same_for_ever(
    cards: Any, member: Member, house: House
) -> None:
    campaign, key = await cards(), str(uuid4())
    dealt = await member.tries(campaign, key=key)
    card = dealt.json()
    assert dealt.status_code == 201
    assert [card[name] for name in HIDDEN] == [None] * len(HIDDEN)
    waits = datetime.fromisoformat(card["covered_until"]) - datetime.fromisoformat(card["played_at"])
    assert waits == timedelta(days=3)
    for _ in range(2):
        await works(house)
    assert (await member.gets("/awards"))["items"] == []
    assert (await member.gets("/plays"))["items"] == [card]
    assert (await member.gets("/plays?covered=true"))["items"] == [card]
    assert (await member.stands(campaign))["covered"] == 1
    for path in (f"/awards/{card['id']}", f"/awards/{card['id']}/claim"):
        method, more = ("POST", {"json": {"phone": "13800000000"}}) if path.endswith("claim") else ("GET", {})
        assert (await member.asks(method, path, **more)).status_code == 404
    shown = await uncovers(member, card["id"])
    told = shown.json()
    assert (shown.status_code, told["awarded"], told["reveal"]["alike"]) == (200, "points", "points")
    assert told["reveal"]["cells"].count("points") == 3
    assert (await uncovers(member, card["id"])).content == shown.content
    assert (await member.tries(campaign, key=key)).content == dealt.content
    assert (await member.gets("/plays"))["items"] == [told]
    assert (await member.gets("/plays?covered=true"))["items"] == []
    assert (await member.stands(campaign))["covered"] == 0
    assert (await member.sees(card["id"], "delivered", house))["result"]["points"] == 5
    assert await broken_at_rest(house) == set()


async def test_a_won_card_and_a_lost_one_look_the_same(cards: Any, member: Member) -> None:
    told = [await member.plays(await cards(lines)) for lines in (SURE, RARE)]
    for card in told:
        for name in ("id", "campaign_id", "played_at", "covered_until"):
            del card[name]
    assert told[0] == told[1]


async def test_another_members_card_is_as_good_as_none(
    cards: Any, member: Member, another_member: Member, house: House
) -> None:
    card = await member.plays(await cards())
    answers = [await uncovers(another_member, card["id"]), await uncovers(another_member, str(uuid4()))]
    assert [(each.status_code, each.json()["code"]) for each in answers] == [(404, "not-found")] * 2
    assert (await another_member.gets("/plays"))["items"] == []
    assert (await member.stands(card["campaign_id"]))["covered"] == 1
    assert (await uncovers(member, "no-id")).status_code == 422
    nobody = await member.client.post(f"/v1/plays/{card['id']}/uncover")
    assert nobody.status_code == 401
    assert await broken_at_rest(house) == set()


async def test_a_card_that_nobody_scratches_opens_by_itself(
    cards: Any, member: Member, house: House, clock: MovableClock, mall: AMall
) -> None:
    campaign = await cards()
    card = await member.plays(campaign)
    await works(house)
    clock.ahead = timedelta(days=3, minutes=1)
    later = await someone(member.client, house, mall)
    assert later.id == member.id
    (told,) = (await later.gets("/plays"))["items"]
    assert (told["awarded"], told["covered_until"]) == ("points", None)
    await works(house)
    seen = await later.sees(card["id"], "delivered", house)
    assert seen["result"]["points"] == 5
    assert (await uncovers(later, card["id"])).json() == told
    assert await broken_at_rest(house) == set()


async def test_several_cards_are_dealt_together_and_scratched_one_by_one(cards: Any, member: Member) -> None:
    campaign = await cards()
    headers = {**member.headers, "idempotency-key": str(uuid4())}
    path = f"/v1/campaigns/{campaign}/plays/several"
    dealt = (await member.client.post(path, headers=headers, json={"times": 3})).json()["plays"]
    assert [card["awarded"] for card in dealt] == [None] * 3
    assert (await uncovers(member, dealt[1]["id"])).json()["awarded"] == "points"
    left = (await member.gets("/plays?covered=true"))["items"]
    assert [card["id"] for card in left] == [dealt[2]["id"], dealt[0]["id"]]
    assert (await member.gets("/awards"))["items"][0]["play_id"] == dealt[1]["id"]


async def test_what_is_held_stays_covered_and_what_is_covered_stays_held(
    cards: Any, operator: Operator, member: Member, house: House
) -> None:
    campaign = await cards()
    ids = []
    for key in ("released-first", "scratched-first"):
        asked = Asked(campaign=campaign, member=member.id, key=key, entry="{}", review="many-a-minute")
        ids.append(json.loads(await house.campaigns.plays.play(asked))["id"])
    await works(house)
    await operator.posts(f"/awards/{ids[0]}/release", reason="a family of four")
    assert (await operator.gets(f"/awards/{ids[0]}"))["state"] == "covered"
    assert (await member.gets("/awards"))["items"] == []
    await uncovers(member, ids[0])
    await member.sees(ids[0], "delivered", house)
    await uncovers(member, ids[1])
    assert (await member.gets(f"/awards/{ids[1]}"))["state"] == "held"
    await operator.posts(f"/awards/{ids[1]}/release", reason="a family of four")
    await member.sees(ids[1], "delivered", house)
    assert await broken_at_rest(house) == set()


async def test_a_rule_about_wins_does_not_tell_what_lies_under_the_coat(cards: Any, member: Member) -> None:
    campaign = await cards(velocity=[rule(counts="wins", most=2)])
    dealt = [await member.plays(campaign) for _ in range(4)]
    for card in dealt[:2]:
        for _ in range(2):
            assert (await uncovers(member, card["id"])).json()["awarded"] == "points"
        assert (await member.tries(campaign)).status_code == (201 if card is dealt[0] else 429)


async def test_a_guarantee_does_not_tell_what_lies_under_the_coat(cards: Any, member: Member) -> None:
    (pool,) = pool_of(RARE)["pools"]
    campaign = await cards(RARE, pools=[{**pool, "guarantee": {"line": "points", "after": 3}}])
    assert (await member.stands(campaign))["wins_within"] == 4
    card = await member.plays(campaign)
    assert (card["wins_within"], (await member.stands(campaign))["wins_within"]) == (None, None)
    assert (await uncovers(member, card["id"])).json()["wins_within"] == 3
    assert (await member.stands(campaign))["wins_within"] == 3


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("DELETE FROM play_uncovering", "was uncovered too early, by nobody"),
        ("UPDATE play SET covered_until_ms = covered_until_ms + 1", "waits otherwise than its version says"),
        ("UPDATE play SET covered_until_ms = NULL", "waits otherwise than its version says"),
        ("UPDATE award SET covered_until = NULL, uncovered_at = NULL", "is covered and its award is not"),
    ],
)
async def test_a_card_that_was_changed_behind_our_back_is_noticed(
    cards: Any, member: Member, house: House, change: str, fault: str
) -> None:
    await uncovers(member, (await member.plays(await cards()))["id"])
    async with house.database.transaction() as session:
        await session.execute(text(change))
    (found,) = [each for each in await audit_house(house) if each.id == "I15"]
    assert [broken for broken in found.broken if fault in broken], found.broken
