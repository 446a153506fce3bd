"""From the demo mall to the prize: spin, win, claim, follow."""

from __future__ import annotations

import csv
import io

import httpx
import pytest
from playwright.async_api import expect

from tests.browser.conftest import Visit
from tests.browser.shelf import COUPON, LAST_UMBRELLA, LIVELY, LIVELY_WHEEL, POINTS, TOPUP, UMBRELLA, limits
from tests.browser.visitor import DELIVER_MS_MAX, EN_DESK, ZH_PHONE, Device
from tests.journeys.people import Operator
from tests.support.processes import RunningHouse

everyone = pytest.mark.parametrize(
    "device", [ZH_PHONE, pytest.param(EN_DESK, marks=pytest.mark.long)], ids=["zh-phone", "en-desk"]
)
ADDRESS = "浙江省杭州市西湖区示例路1号1幢100室"


@everyone
async def test_ten_yuan_of_credit_goes_from_the_wheel_to_the_phone(
    device: Device, operator: Operator, visit: Visit, estate: RunningHouse
) -> None:
    visitor = await visit(device, await operator.opens(TOPUP, **limits(day=3)))
    await visitor.comes_to_play()
    await expect(visitor.play_button).to_contain_text("3")
    play = await visitor.spins()
    assert play["awarded"] == "topup"
    await visitor.presses(visitor.button(visitor.words("result.phone")))
    claim = visitor.sheet("claim")
    await expect(claim.locator("#claim-phone")).to_be_focused()
    await claim.locator("#claim-phone").fill("12345")
    await visitor.presses(claim.locator("button[type=submit]"))
    await expect(claim.locator("#claim-phone-error")).to_have_text(visitor.words("claim.wrong_phone"))
    await expect(claim.locator("#claim-phone")).to_have_value("12345")
    await claim.locator("#claim-phone").fill("138 0000 0000")
    await expect(claim.locator(".echo")).to_have_text(visitor.words("claim.phone_confirm", phone="138 0000 0000"))
    await visitor.presses(claim.locator("button[type=submit]"))
    delivered = visitor.words("award.delivered.phone_topup")
    await expect(claim.locator(".result-next")).to_have_text(delivered, timeout=DELIVER_MS_MAX)
    await visitor.presses(visitor.button(visitor.words("result.see_prizes")))
    prize = visitor.sheet("mine").locator(".award")
    await expect(prize.locator(".award-state")).to_have_text(delivered)
    await expect(prize).to_contain_text("138****0000")
    async with httpx.AsyncClient(trust_env=False) as anyone:
        book = (await anyone.get(f"http://127.0.0.1:{httpx.URL(estate.url).port + 2}/book")).json()["orders"]
    assert book[play["award"]["id"]]["top_ups"] == 1


@everyone
async def test_a_parcel_is_addressed_packed_and_shipped_with_a_number(
    device: Device, operator: Operator, visit: Visit
) -> None:
    visitor = await visit(device.at_rest(), await operator.opens(UMBRELLA))
    await visitor.comes_to_play()
    award = (await visitor.spins())["award"]["id"]
    await visitor.presses(visitor.button(visitor.words("result.address")))
    claim = visitor.sheet("claim")
    await claim.locator("#claim-recipient").fill("测试甲")
    await claim.locator("#claim-phone").fill("13800000000")
    await claim.locator("#claim-address").fill(ADDRESS)
    await visitor.presses(claim.locator("button[type=submit]"))
    await expect(claim.locator(".result-next")).to_have_text(visitor.words("award.ready.parcel"))

    exported = await operator.asks("POST", "/parcels/export")
    rows = list(csv.DictReader(io.StringIO(exported.content.decode("utf-8-sig"))))
    assert [row["address"] for row in rows if row["award_id"] == award] == [ADDRESS]
    await visitor.presses(visitor.button(visitor.words("result.see_prizes")))
    prize = visitor.sheet("mine").locator(".award")
    await expect(prize.locator(".award-state")).to_have_text(visitor.words("award.packing"))
    await visitor.closes_the_sheet()

    report = await operator.uploads("/parcels/tracking", f"award_id,carrier,tracking_number\n{award},SF,SF1234567890\n")
    assert report["imported"] == 1
    await visitor.opens_my("prizes")
    await expect(prize.locator(".award-state")).to_have_text(visitor.words("award.shipped"))
    await expect(prize.locator("code")).to_have_text("SF1234567890")
    await expect(prize.locator(".code")).to_contain_text("SF")


async def test_the_wheel_lands_where_the_server_said(operator: Operator, visit: Visit) -> None:
    visitor = await visit(EN_DESK, await operator.opens(LIVELY, game=LIVELY_WHEEL))
    await visitor.comes_to_play()
    for _ in range(2):
        play = await visitor.spins()
        sector = play["reveal"]["sector"]
        assert LIVELY_WHEEL["sectors"][sector] == play["awarded"]
        await expect(visitor.wheel).to_have_attribute("data-sector", str(sector))
        assert await visitor.sector_under_the_pointer() == sector
        await visitor.closes_the_sheet()


@everyone
async def test_points_and_coupons_arrive_by_themselves_and_are_listed(
    device: Device, operator: Operator, visit: Visit
) -> None:
    points = await visit(device.at_rest(), await operator.opens(POINTS))
    await points.comes_to_play()
    await points.spins()
    added = points.words("award.delivered.points")
    await expect(points.sheet("win").locator(".result-next")).to_have_text(added, timeout=DELIVER_MS_MAX)
    await points.closes_the_sheet()

    coupon = await visit(device.at_rest(), await operator.opens(COUPON))
    await coupon.comes_to_play()
    award = (await coupon.spins())["award"]["id"]
    issued = coupon.words("award.delivered.coupon_code")
    await expect(coupon.sheet("win").locator(".result-next")).to_have_text(issued, timeout=DELIVER_MS_MAX)
    await coupon.presses(coupon.button(coupon.words("result.see_prizes")))
    code = (await (await coupon.member()).gets(f"/awards/{award}"))["result"]["code"]
    await expect(coupon.sheet("mine").locator("code")).to_have_text(code)


@everyone
async def test_a_drawn_prize_that_is_gone_falls_to_thanks(device: Device, operator: Operator, visit: Visit) -> None:
    campaign = await operator.opens(LAST_UMBRELLA)
    lucky, late = [await visit(device.at_rest(), campaign) for _ in range(2)]
    for visitor in (lucky, late):
        await visitor.comes_to_play()
    assert (await lucky.spins())["awarded"] == "umbrella"
    play = await late.spins()
    assert (play["drawn"], play["awarded"], play["award"]) == ("umbrella", "thanks", None)
    await expect(late.sheet("loss")).to_contain_text(late.words("result.lost"))
    assert await late.sector_under_the_pointer() == play["reveal"]["sector"] == 1


@everyone
async def test_my_plays_and_my_prizes_tell_what_happened(device: Device, operator: Operator, visit: Visit) -> None:
    visitor = await visit(device.at_rest(), await operator.opens(LAST_UMBRELLA, **limits(day=5)))
    await visitor.comes_to_play()
    mine = await visitor.opens_my("prizes")
    await expect(mine).to_contain_text(visitor.words("mine.no_prizes"))
    await visitor.closes_the_sheet()
    for _ in range(2):
        await visitor.spins()
        await visitor.closes_the_sheet()
    await expect(visitor.see(".badge")).to_have_text("1")
    mine = await visitor.opens_my("prizes")
    await expect(mine.locator(".award")).to_have_count(1)
    await expect(mine.get_by_role("button", name=visitor.words("award.fill.address"))).to_be_visible()
    await visitor.presses(mine.locator("#tab-plays"))
    rows = mine.locator(".go")
    await expect(rows).to_have_count(2)
    for row, nth in ((rows.nth(0), 2), (rows.nth(1), 1)):
        await expect(row).to_contain_text(visitor.words("mine.play_nth").replace("{n}", str(nth)))
    await expect(rows.nth(1)).to_have_class("go won")
