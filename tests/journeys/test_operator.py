"""An operator makes a campaign, it runs by itself, and what may change while it runs changes."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from api.house import House
from tests.journeys.people import ALWAYS_POINTS, Line, Member, Operator, hours, pool_of, works

LIMITED: list[Line] = [("phone", "90%", 1, None, "PHONE-256"), ("thanks", "rest", None, None, None)]


async def test_a_campaign_from_a_template_opens_and_closes_by_itself(
    operator: Operator, member: Member, house: House
) -> None:
    titles = {
        row["key"]: row["title"] for row in (await operator.gets("/templates"))["items"] if row["game"] == "wheel"
    }
    assert titles["reference"]["zh"]
    campaign = await operator.drafts("reference")
    row = await operator.gets(f"/campaigns/{campaign}")
    config = {
        **row["config"],
        **pool_of([("phone", "1/1000", 2, 1, "PHONE-256"), ("topup", "20%", 50, 5, "TOPUP-10"), LIMITED[-1]]),
        **hours(opens_in=1.0, lasts=1.5),
        "limits": {"member_day_plays_max": 5, "member_plays_max": 20},
    }
    assert (await operator.asks("PUT", f"/campaigns/{campaign}/draft", json={"config": config})).status_code == 200
    assert (await operator.publishes(campaign))["phase"] == "scheduled"

    assert (await member.is_refused(campaign))["code"] == "not-open-yet"
    await _becomes(member, campaign, "live")
    assert (await member.plays(campaign))["ordinal"] == 1
    await works(house)
    await _becomes(member, campaign, "ended")
    assert (await member.is_refused(campaign))["code"] == "over"
    told = await member.gets(f"/campaigns/{campaign}")
    assert len(bytes.fromhex(told["fairness"]["seed"])) == 32  # shown once nothing can be won with it


async def _becomes(member: Member, campaign: str, phase: str) -> None:
    for _ in range(100):
        if (await member.gets(f"/campaigns/{campaign}"))["phase"] == phase:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"the campaign did not become {phase}")


async def test_a_sheet_of_products_is_reported_on_row_by_row(operator: Operator) -> None:
    sheet = (
        "sku,name_zh,name_en,form,type,merchant,market_value_fen,cost_fen,points,detail\n"
        "POINTS-9,9积分,9 points,virtual,points,mall,90,90,9,\n"
        "ODD-1,怪,Odd,virtual,teleport,mall,1,1,0,\n"
        "BAD-2,坏,Bad,virtual,points,mall,minus,1,1,\n"
    )
    report = await operator.uploads("/products", sheet)
    assert (report["imported"], report["refused"]) == (1, 2)
    assert [(fault["row"], fault["field"]) for fault in report["faults"]] == [(3, "type"), (4, "market_value_fen")]
    again = await operator.uploads("/products", sheet)
    assert (again["imported"], again["unchanged"]) == (0, 1)


async def test_pausing_keeps_chances_and_every_change_is_a_version(operator: Operator, member: Member) -> None:
    campaign = await operator.opens(LIMITED, limits={"member_plays_max": 60})
    await member.plays(campaign)
    assert (await operator.changes(campaign, "pause"))["phase"] == "paused"
    assert (await member.is_refused(campaign))["code"] == "paused"
    standing = await member.stands(campaign)
    assert (standing["state"], standing["chances_left"], standing["plays"]) == ("paused", 59, 1)
    assert (await operator.changes(campaign, "resume"))["phase"] == "live"
    sold = [await member.plays(campaign) for _ in range(19)]
    assert sum(shown["awarded"] == "phone" for shown in sold) <= 1
    assert (await operator.changes(campaign, "stock", line="phone", units=2))["phase"] == "live"
    more = [await member.plays(campaign) for _ in range(20)]
    assert sum(shown["awarded"] == "phone" for shown in more) == 2
    later = "2027-12-31T16:00:00Z"
    assert (await operator.changes(campaign, "extend", ends_at=later))["config"]["ends_at"] == later
    versions = (await operator.gets(f"/campaigns/{campaign}/versions"))["items"]
    assert sorted((row["version"], row["change"]) for row in versions) == [
        (1, "publish"), (2, "pause"), (3, "resume"), (4, "add-stock"), (5, "extend"),
    ]  # fmt: skip
    assert {row["reason"] for row in versions} == {"it is time", "as agreed"}
    assert {shown["version"] for shown in more} == {4}


def _ends_a_day_early(config: Any) -> Any:
    return {"ends_at": (datetime.fromisoformat(config["ends_at"]) - timedelta(days=1)).isoformat()}


def _has_worse_odds(config: Any) -> Any:
    phone, thanks = config["pools"][0]["lines"]
    return {"pools": [{**config["pools"][0], "lines": [{**phone, "odds": "89%"}, thanks]}]}


def _has_less_stock(config: Any) -> Any:
    phone, thanks = config["pools"][0]["lines"]
    return {"pools": [{**config["pools"][0], "lines": [{**phone, "stock": 1}, thanks]}]}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (_ends_a_day_early, "ends_at"),
        (_has_worse_odds, "lines.phone.odds"),
        (_has_less_stock, "lines.phone.stock"),
        (lambda _: {"limits": {"member_day_plays_max": 2}}, "limits.member_day_plays_max"),
        (lambda _: {"claim_days": 14}, "claim_days"),
        (lambda _: {"zone": "Europe/Berlin"}, "zone"),
    ],
)
async def test_nothing_changes_against_members_favour(operator: Operator, change: Any, field: str) -> None:
    lines: list[Line] = [("phone", "90%", 2, None, "PHONE-256"), LIMITED[-1]]
    campaign = await operator.opens(lines, limits={"member_day_plays_max": 3})
    config = (await operator.gets(f"/campaigns/{campaign}"))["config"]
    body = {"config": {**config, **change(config)}, "seen_version": 1, "reason": "we would like to"}
    answer = await operator.asks("POST", f"/campaigns/{campaign}/amend", json=body)
    assert answer.status_code == 409, answer.text
    assert answer.json()["code"] == "against-members-favour"
    assert [one["field"] for one in answer.json()["changes"]] == [field]
    assert all(one["reason"] for one in answer.json()["changes"])
    assert (await operator.gets(f"/campaigns/{campaign}"))["version"] == 1


@pytest.mark.parametrize(
    ("odds", "code", "told"),
    [
        (["10%", "20%", "30%"], "odds-do-not-add-up", ["line 3", "3/5"]),
        (["60%", "50%", "rest"], "odds-do-not-add-up", ["line 3", "11/10"]),
        (["1/3", "rest", "rest"], "two-rests", ["2", "3"]),
        (["0", "50%", "rest"], "odds-unreadable", ["line 1", "0"]),
        (["0%", "50%", "rest"], "odds-out-of-range", ["line 1", "0%"]),
        (["50%", "-1/5", "rest"], "odds-out-of-range", ["line 2", "-1/5"]),
        (["1/999999937", "1/7", "rest"], "odds-too-fine", ["line 2", "1/7"]),
        (["half", "rest", "10%"], "odds-unreadable", ["line 1", "half"]),
    ],
)
async def test_odds_that_cannot_be_are_refused_with_the_line_and_the_sum(
    operator: Operator, odds: list[str], code: str, told: list[str]
) -> None:
    lines: list[Line] = [
        (key, share, None, None, product)
        for key, share, product in zip(("a", "b", "c"), odds, ("PHONE-256", "TOPUP-10", None), strict=True)
    ]
    campaign = await operator.drafts(**pool_of(lines))
    for step in ("check", "publish"):
        answer = await operator.asks("POST", f"/campaigns/{campaign}/{step}", json={"reason": "try"})
        assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
        sentence = answer.json()["detail"].lower()
        assert all(words in sentence for words in told), sentence
        assert "…" not in sentence
    assert (await operator.gets(f"/campaigns/{campaign}"))["phase"] == "draft"


async def test_every_change_is_in_the_audit_with_who_and_why(operator: Operator) -> None:
    campaign = await operator.opens(ALWAYS_POINTS)
    await operator.changes(campaign, "pause")
    entries = [row for row in (await operator.gets("/audit"))["items"] if row["subject_id"] == campaign]
    assert [row["action"] for row in entries] == ["campaign.pause", "campaign.publish", "campaign.create"]
    assert entries[0]["reason"] == "as agreed"
