"""A win under review, from the play to the winner's hands, as everybody sees it."""

from __future__ import annotations

import asyncio
import json

from api.house import House
from api.watching import audit_house
from campaigns.plays import Asked
from campaigns.reviewing import GENERAL
from tests.journeys.people import Line, Member, Operator, works

ROUNDS_MAX = 60
SURE: tuple[Line, ...] = (("points", "100%", None, None, "POINTS-5"), ("thanks", "0", None, None, None))


async def test_a_win_is_held_told_of_and_delivered_once_it_is_released(
    operator: Operator, member: Member, house: House
) -> None:
    campaign = await operator.opens(SURE)
    asked = Asked(campaign=campaign, member=member.id, key="under-review", entry="{}", review="many-a-minute")
    shown = json.loads(await house.campaigns.plays.play(asked))
    award = shown["award"]
    assert award["held"] == GENERAL.model_dump()
    assert await member.plays(campaign, key="under-review") == shown
    assert (await member.gets("/plays"))["items"] == [shown]
    for _ in range(3):
        await works(house)
    seen = await member.gets(f"/awards/{award['id']}")
    assert (seen["state"], seen["told"], seen["delivered_at"]) == ("held", GENERAL.model_dump(), None)
    levels = (await operator.gets("/awards/queues"))["items"]
    assert [(level["state"], level["count"]) for level in levels] == [("held", 1)]
    await operator.posts(f"/awards/{award['id']}/release", reason="a family of four")
    seen = await member.sees(award["id"], "delivered", house)
    assert (seen["told"], seen["result"]["points"]) == (None, 5)
    assert await member.plays(campaign, key="under-review") == shown
    assert await broken_at_rest(house) == set()


async def broken_at_rest(house: House) -> set[str]:
    """What the audit finds once the worker has come to rest, which looks at the stream's youngest plays only a little later."""
    for _ in range(ROUNDS_MAX):
        await works(house)
        broken = {finding.id for finding in await audit_house(house, is_at_rest=True) if not finding.holds}
        if broken != {"I10"}:
            break
        await asyncio.sleep(0.25)
    return broken
