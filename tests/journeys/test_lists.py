"""A campaign for the members of a list: uploaded by an operator, told by its name, and never shrunk under a running campaign."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx

from api.house import House
from tests.journeys.people import ALWAYS_POINTS, Operator, someone
from tests.support.people import AMall

NAME = {"zh": "春季回访会员", "en": "Spring guests"}
LISTED = {"audience": {"lists": ["spring"]}}
ASKS = [{"kind": "list", "any_of": ["spring"], "names": [NAME]}]


async def a_list(operator: Operator, *subs: str, key: str = "spring", name: dict[str, str] = NAME) -> Any:
    await operator.posts("/lists", key=key, name=name)
    return await changes(operator, *subs, key=key)


async def changes(operator: Operator, *subs: str, how: str = "add", key: str = "spring") -> Any:
    return await operator.uploads(f"/lists/{key}/members?how={how}", "\n".join(("sub", *subs)))


async def is_not_let(operator: Operator, *subs: str, how: str) -> Any:
    """The problem that a change of the list meets."""
    headers = {**operator.headers, "content-type": "text/csv"}
    sheet = "\n".join(("sub", *subs)).encode()
    answer = await operator.client.post(f"/v1/admin/lists/spring/members?how={how}", content=sheet, headers=headers)
    assert answer.status_code >= 400, answer.text
    return answer.json()


async def test_only_who_is_on_the_list_may_play(
    client: httpx.AsyncClient, house: House, mall: AMall, operator: Operator
) -> None:
    await a_list(operator, "ann", "zoe-who-never-came")
    campaign = await operator.opens(**LISTED)
    ann = await someone(client, house, mall, sub="ann")
    ben = await someone(client, house, mall, sub="ben", attributes={"lists": ["spring"], "segments": ["spring"]})
    assert (await ann.stands(campaign))["state"] == "ready"
    assert (await ann.plays(campaign))["ordinal"] == 1

    standing = await ben.stands(campaign)
    assert (standing["state"], standing["asks"]) == ("not-eligible", [{**ASKS[0], "days": None}])
    problem = await ben.is_refused(campaign)
    assert (problem["status"], problem["code"], problem["asks"]) == (403, "not-eligible", ASKS)
    shown = (await client.get(f"/v1/campaigns/{campaign}")).json()
    assert shown["audience"]["lists"] == [{"key": "spring", "name": NAME}]

    await changes(operator, "ben")
    assert (await ben.stands(campaign))["state"] == "ready"
    assert (await ben.plays(campaign))["ordinal"] == 1


async def test_a_list_is_reported_on_row_by_row(operator: Operator) -> None:
    first = await a_list(operator, "ann", "ben", "ann", "x" * 129, '"one,two"', '"a\u200bb"', "too,many")
    counts = {"size": 3, "added": 3, "removed": 0, "unchanged": 0, "refused": 4}
    assert {name: first[name] for name in counts} == counts
    assert [(fault["row"], fault["field"], fault["reason"]) for fault in first["faults"]] == [
        (4, "sub", "the same as in row 2"),
        (5, "sub", "must have 1 to 128 characters, has 129"),
        (7, "sub", "holds characters that cannot be printed"),
        (8, "row", "2 cells where the header has 1"),
    ]
    for how, subs, counts in (
        ("add", ("ann", "cai"), {"size": 4, "added": 1, "removed": 0, "unchanged": 1}),
        ("remove", ("ben", "nobody"), {"size": 3, "added": 0, "removed": 1, "unchanged": 1}),
        ("replace", ("cai", "dan"), {"size": 2, "added": 1, "removed": 2, "unchanged": 1}),
    ):
        report = await changes(operator, *subs, how=how)
        assert {name: report[name] for name in counts} == counts, how
    assert (await operator.gets("/lists/spring"))["size"] == 2
    audited = [row for row in (await operator.gets("/audit"))["items"] if row["subject_type"] == "list"]
    assert [row["action"] for row in audited] == ["list.replace", "list.remove", "list.add", "list.add", "list.create"]
    assert (audited[0]["before"]["size"], audited[0]["after"]["size"]) == (3, 2)
    assert "dan" not in str(audited)


async def test_nobody_leaves_a_list_that_a_running_campaign_is_for(
    client: httpx.AsyncClient, house: House, mall: AMall, operator: Operator
) -> None:
    await a_list(operator, "ann", "ben")
    campaign = await operator.opens(**LISTED)
    for how, subs in (("remove", ("ben",)), ("replace", ("ann", "cai"))):
        refused = await is_not_let(operator, *subs, how=how)
        assert (refused["status"], refused["code"]) == (409, "list-in-use")
        assert (refused["campaigns"], refused["leaving"]) == ([campaign], 1)
    assert (await operator.asks("DELETE", "/lists/spring")).json()["code"] == "list-in-use"
    assert (await operator.gets("/lists/spring"))["size"] == 2
    ben = await someone(client, house, mall, sub="ben")
    assert (await ben.plays(campaign))["ordinal"] == 1
    # what takes nobody off is let
    assert (await changes(operator, "nobody", how="remove"))["unchanged"] == 1
    assert (await changes(operator, "ann", "ben", "cai", how="replace"))["added"] == 1

    await operator.changes(campaign, "pause")
    assert (await is_not_let(operator, "ben", how="remove"))["code"] == "list-in-use"


async def test_a_list_no_campaign_is_for_may_shrink_and_go(operator: Operator) -> None:
    await a_list(operator, "ann", "ben")
    await operator.drafts(**LISTED)
    await operator.opens(audience={"tiers": ["gold"]})
    assert (await changes(operator, "ben", how="remove"))["removed"] == 1
    assert (await operator.asks("DELETE", "/lists/spring")).status_code == 204
    assert (await operator.asks("GET", "/lists/spring")).status_code == 404
    assert (await operator.gets("/lists"))["items"] == []


async def test_a_list_that_is_not_there_cannot_be_published(operator: Operator) -> None:
    for named in ({"audience": {"lists": ["summer"]}}, {"audience": {"lists": ["spring", "summer"]}}):
        campaign = await operator.drafts(**named)
        if len(named["audience"]["lists"]) > 1:
            await a_list(operator)
        refused = await operator.asks("POST", f"/campaigns/{campaign}/publish", json={"reason": "go"})
        place = len(named["audience"]["lists"]) - 1
        reason = "the mall has no list of that key: summer"
        assert (refused.status_code, refused.json()["errors"]) == (
            422,
            [{"field": f"audience.lists.{place}", "reason": reason}],
        )
    exists = await operator.asks("POST", "/lists", json={"key": "spring", "name": NAME})
    assert (exists.status_code, exists.json()["code"]) == (409, "list-exists")


async def test_lists_may_be_added_while_live_and_never_taken_away(
    client: httpx.AsyncClient, house: House, mall: AMall, operator: Operator
) -> None:
    await a_list(operator, "ann")
    await a_list(operator, "ben", key="summer", name={"zh": "夏季会员", "en": "Summer guests"})
    campaign = await operator.opens(**LISTED)
    ben = await someone(client, house, mall, sub="ben")
    assert (await ben.is_refused(campaign))["code"] == "not-eligible"
    row = await operator.gets(f"/campaigns/{campaign}")
    config = {**row["config"], "audience": {"lists": ["spring", "summer"]}}
    await operator.changes(campaign, "amend", config=config, seen_version=row["version"])
    assert (await ben.plays(campaign))["version"] == 2
    narrower = {"config": {**config, "audience": {"lists": ["summer"]}}, "seen_version": 2, "reason": "fewer"}
    refused = await operator.asks("POST", f"/campaigns/{campaign}/amend", json=narrower)
    assert refused.json()["changes"][0]["field"] == "audience"
    assert [one["key"] for one in (await ben.gets(f"/campaigns/{campaign}"))["audience"]["lists"]] == [
        "spring",
        "summer",
    ]


async def test_members_of_a_list_draw_from_their_own_pool_and_that_is_said(
    client: httpx.AsyncClient, house: House, mall: AMall, operator: Operator
) -> None:
    await a_list(operator, "ann")
    pools = [
        {
            "key": "guests",
            "tier": "main",
            "audience": {"lists": ["spring"], "tiers": ["gold"]},
            "fallback": "nothing",
            "lines": [
                {"key": "topup", "odds": "99%", "product": "TOPUP-10"},
                {"key": "nothing", "odds": "rest"},
            ],
        },
        {
            "key": "main",
            "fallback": "thanks",
            "lines": [{"key": key, "odds": odds, "product": product} for key, odds, _, _, product in ALWAYS_POINTS],
        },
    ]
    sectors = ["topup", "nothing", "points", "thanks"]
    campaign = await operator.drafts(limits={}, pools=pools, game={"face": "wheel", "sectors": sectors})
    await operator.publishes(campaign)
    ann = await someone(client, house, mall, sub="ann", attributes={"tier": "gold"})
    ben = await someone(client, house, mall, sub="ben", attributes={"tier": "gold"})
    for member, pool, lines in ((ann, "guests", {"topup", "nothing"}), (ben, "main", {"points", "thanks"})):
        assert (await member.stands(campaign))["pools"] == [pool]
        assert {(await member.plays(campaign))["drawn"] for _ in range(8)} <= lines
    shown = (await client.get(f"/v1/campaigns/{campaign}")).json()["pools"]
    assert [(pool["key"], pool["tier"]) for pool in shown] == [("guests", "main"), ("main", "main")]
    assert shown[0]["audience"]["lists"] == [{"key": "spring", "name": NAME}]
    assert shown[0]["audience"]["tiers"] == ["gold"]
    assert (await is_not_let(operator, "ann", how="remove"))["code"] == "list-in-use"
    key = str(uuid4())
    first = await ann.tries(campaign, key=key)
    fallen = await someone(client, house, mall, sub="ann", attributes={"tier": "bronze"})
    assert (await fallen.stands(campaign))["pools"] == ["main"]
    assert (await fallen.tries(campaign, key=key)).content == first.content
