"""What is won reaches its winner, and nobody has to touch it unless it is a parcel."""

from __future__ import annotations

import csv
import io

import httpx

from api.house import House
from tests.journeys.people import Line, Member, Operator

SURE = "99%"


def only(key: str, product: str) -> list[Line]:
    return [(key, SURE, None, None, product), ("thanks", "rest", None, None, None)]


async def test_phone_credit_is_claimed_with_a_number_and_delivered_by_the_supplier(
    operator: Operator, member: Member, house: House, supplier_url: str
) -> None:
    campaign = await operator.opens(only("topup", "TOPUP-10"))
    award = await member.wins(campaign, "topup")
    assert award["claim"] == "phone"
    wrong = await member.asks("POST", f"/awards/{award['id']}/claim", json={"phone": "12345"})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "phone")
    claimed = await member.claims(award["id"], phone="138 0000 0000")
    assert (claimed["claim"]["given"], claimed["claim"]["summary"]) == (True, "138****0000")
    delivered = await member.sees(award["id"], "delivered", house)
    assert delivered["result"] == {"kind": "topup", "phone": "138****0000"}
    assert delivered["delivered_at"] is not None
    async with httpx.AsyncClient(trust_env=False) as http:
        book = (await http.get(f"{supplier_url}/book")).json()["orders"]
    assert book[award["id"]]["top_ups"] == 1
    again = await member.asks("POST", f"/awards/{award['id']}/claim", json={"phone": "13911112222"})
    assert (again.status_code, again.json()["code"]) == (409, "already-claimed")


async def test_a_coupon_gives_each_winner_a_code_of_their_own(
    operator: Operator, member: Member, another_member: Member, house: House
) -> None:
    report = await operator.uploads("/products/COUPON-5/codes", "code\nSPRING-0001\nSPRING-0002\nSPRING-0001\n")
    assert (report["imported"], report["refused"]) == (2, 1)
    campaign = await operator.opens(only("coupon", "COUPON-5"))
    codes = []
    for winner in (member, another_member):
        award = await winner.wins(campaign, "coupon")
        shown = await winner.sees(award["id"], "delivered", house)
        assert shown["result"]["kind"] == "code"
        codes.append(shown["result"]["code"])
        assert (await winner.sees(award["id"], "delivered", house))["result"] == shown["result"]
    assert sorted(codes) == ["SPRING-0001", "SPRING-0002"]
    pool = await operator.gets("/products/COUPON-5/codes")
    assert (pool["free"], pool["given"]) == (0, 2)


async def test_points_arrive_in_the_wallet(operator: Operator, member: Member, house: House) -> None:
    campaign = await operator.opens(only("points", "POINTS-5"))
    awards = [await member.wins(campaign, "points") for _ in range(3)]
    assert {award["claim"] for award in awards} == {"none"}
    shown = [await member.sees(award["id"], "delivered", house) for award in awards]
    assert {one["result"]["points"] for one in shown} == {5}
    assert (await member.gets(f"/awards/{awards[0]['id']}"))["result"]["balance"] == 15


async def test_a_parcel_is_packed_from_a_list_and_shipped_with_a_number(
    operator: Operator, member: Member, house: House
) -> None:
    campaign = await operator.opens([("phone", SURE, 3, None, "PHONE-256"), ("thanks", "rest", None, None, None)])
    award = await member.wins(campaign, "phone")
    assert award["claim"] == "address"
    address = "浙江省杭州市西湖区示例路1号1幢100室"
    await member.claims(award["id"], recipient="测试甲", phone="13800000000", address=address)
    await member.sees(award["id"], "ready", house)
    exported = await operator.asks("POST", "/parcels/export")
    assert exported.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(exported.content.decode("utf-8-sig"))))
    assert [(row["award_id"], row["recipient"], row["address"]) for row in rows] == [(award["id"], "测试甲", address)]
    await member.sees(award["id"], "packing", house)
    sheet = f"award_id,carrier,tracking_number\n{award['id']},SF,SF1234567890\nnot-an-id,SF,SF1\n"
    report = await operator.uploads("/parcels/tracking", sheet)
    assert (report["imported"], report["refused"]) == (1, 1)
    shipped = await member.sees(award["id"], "shipped", house)
    assert shipped["result"] == {"kind": "tracking", "carrier": "SF", "number": "SF1234567890"}
    arrived = f"award_id,carrier,tracking_number,delivered_on\n{award['id']},SF,SF1234567890,2026-11-22\n"
    await operator.uploads("/parcels/tracking", arrived)
    await member.sees(award["id"], "delivered", house)


async def test_my_prizes_lists_what_i_won_and_no_one_elses(
    operator: Operator, member: Member, another_member: Member
) -> None:
    campaign = await operator.opens(only("points", "POINTS-5"))
    mine = [(await member.wins(campaign, "points"))["id"] for _ in range(3)]
    await another_member.wins(campaign, "points")
    page = await member.gets("/awards?limit=2")
    rest = await member.gets(f"/awards?limit=2&cursor={page['next']}")
    assert sorted(row["id"] for row in (*page["items"], *rest["items"])) == sorted(mine)
