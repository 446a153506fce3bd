"""The 兑吧 dialect on the wire: what is sent, how it is signed, and how answers that malls really give are read."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from core.clock import to_ms
from prizes.wallet.contract import INSUFFICIENT, NOT_OFFERED, Done, Refused, Unknown, wait_before
from prizes.wallet.duiba import DuibaWallet, is_signed, signature
from tests.prizes.sandbox import APP_KEY, SECRET, SandboxWallet
from tests.prizes.wallets import a_duiba_wallet, a_transfer, name_at_mall
from tests.support.arguments import NOON, HandClock


class Mall:
    """A server that answers every request with the same bytes, and remembers what it was asked."""

    def __init__(self) -> None:
        self.status = "200 OK"
        self.answer = b""
        self.asked: list[str] = []
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.asked.append(head.decode().split(" ")[1])
        length = f"content-length: {len(self.answer)}\r\nconnection: close\r\n\r\n"
        writer.write(f"HTTP/1.1 {self.status}\r\n{length}".encode() + self.answer)
        await writer.drain()
        writer.close()

    @property
    def said(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.asked[-1]).query, keep_blank_values=True))


@asynccontextmanager
async def a_mall() -> AsyncIterator[Mall]:
    mall = Mall()
    server = await asyncio.start_server(mall.serve, "127.0.0.1", 0)
    mall.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield mall


@pytest.fixture
async def mall() -> AsyncIterator[Mall]:
    async with a_mall() as mall:
        yield mall


@pytest.fixture
def wallet(mall: Mall, http: httpx.AsyncClient, clock: HandClock) -> DuibaWallet:
    return a_duiba_wallet(mall.url, http, clock)


def test_the_signature_is_of_the_values_in_the_order_of_their_names() -> None:
    parameters = {"uid": "7", "credits": "30", "appKey": "K", "timestamp": "9", "description": "抽奖", "sign": "not-me"}
    in_order = "K" + "S" + "30" + "抽奖" + "9" + "7"  # appKey appSecret credits description timestamp uid
    assert signature(parameters, app_secret="S") == hashlib.md5(in_order.encode()).hexdigest()
    assert not is_signed(parameters, app_secret="S")
    signed = {**parameters, "sign": signature(parameters, app_secret="S")}
    assert is_signed(signed, app_secret="S")
    assert not is_signed({**signed, "credits": "31"}, app_secret="S")
    assert signature({**parameters, "ip": ""}, app_secret="S") == signed["sign"]


async def test_a_debit_is_a_get_with_everything_the_dialect_wants(wallet: DuibaWallet, mall: Mall) -> None:
    mall.answer = b'{"status":"ok","errorMessage":"","bizId":"mall-1","credits":"70"}'
    debit = a_transfer(30)
    assert await wallet.debit(debit) == Done(reference="mall-1", balance=70)
    said = mall.said
    assert urlsplit(mall.asked[0]).path == "/duiba/debit"
    sign = said.pop("sign")
    assert said == {
        "uid": await name_at_mall(debit.member_id),
        "credits": "30",
        "appKey": APP_KEY,
        "timestamp": str(to_ms(NOON)),
        "description": "chances",
        "orderNum": debit.id,
        "type": "hdtool",
        "actualPrice": "0",
    }
    assert sign == signature(said, app_secret=SECRET)
    assert SECRET not in mall.asked[0]


async def test_parameters_of_the_malls_own_address_are_kept_and_signed(
    mall: Mall, http: httpx.AsyncClient, clock: HandClock
) -> None:
    wallet = a_duiba_wallet(mall.url, http, clock, debit_url=f"{mall.url}/index.php?r=duiba/debit")
    mall.answer = b'{"status":"ok","bizId":"1","credits":"0"}'
    assert isinstance(await wallet.debit(a_transfer()), Done)
    assert mall.said["r"] == "duiba/debit"
    assert is_signed(mall.said, app_secret=SECRET)


ANSWERS: dict[bytes, Any] = {
    b'{"status":"ok","bizId":"b","credits":"70"}': Done(reference="b", balance=70),
    b'{"status":"ok","bizId":12,"credits":70}': Done(reference="12", balance=70),
    b'{"status":"ok","errorMessage":" ","bizId":"","credits":""}': Done(),
    b'{"status":"ok","bizId":"b","credits":"-3"}': Done(reference="b"),
    '{"status":"fail","errorMessage":"积分不足","credits":"29"}'.encode(): Refused(reason=INSUFFICIENT),
    '{"status":"fail","errorMessage":"用户已冻结","credits":"30"}'.encode(): Refused(reason="declined"),
    b'{"status":"fail"}': Refused(reason="declined"),
    b'{"status":0}': Unknown(reason="garbage"),
    b'{"credits":"70"}': Unknown(reason="garbage"),
    b'["ok"]': Unknown(reason="garbage"),
    b"ok": Unknown(reason="garbage"),
    b"": Unknown(reason="garbage"),
    b"\xff\xfe": Unknown(reason="garbage"),
    b"[" * 9000: Unknown(reason="garbage"),
}


@pytest.mark.parametrize("answer", ANSWERS)
async def test_answers_of_a_debit_are_read_with_suspicion(wallet: DuibaWallet, mall: Mall, answer: bytes) -> None:
    mall.answer = answer
    assert await wallet.debit(a_transfer(30)) == ANSWERS[answer]


@pytest.mark.parametrize("status", ["302 Found", "401 Unauthorized", "404 Not Found", "429 Too Many", "500 Error"])
async def test_any_other_status_proves_nothing(wallet: DuibaWallet, mall: Mall, status: str) -> None:
    mall.status, mall.answer = status, b'{"status":"fail"}'
    outcome = await wallet.debit(a_transfer())
    assert outcome == Unknown(reason=f"http-{status[:3]}")
    assert len(mall.asked) == 1


@pytest.mark.parametrize(
    ("answer", "is_taken"), [(b"ok", True), (b"OK", True), (b"", False), (b"fail", False), (b"okay", False)]
)
async def test_a_notice_is_taken_when_the_mall_says_ok(
    wallet: DuibaWallet, mall: Mall, answer: bytes, *, is_taken: bool
) -> None:
    mall.answer = answer
    debit = a_transfer(30, reference="mall-1")
    assert isinstance(await wallet.confirm(debit), Done) is is_taken
    assert (mall.said["success"], mall.said["bizId"], "errorMessage" in mall.said) == ("true", "mall-1", False)
    assert isinstance(await wallet.refund(debit), Done) is is_taken
    assert (mall.said["success"], mall.said["orderNum"], mall.said["errorMessage"]) == ("false", debit.id, "chances")
    assert urlsplit(mall.asked[-1]).path == "/duiba/notice"
    assert is_signed(mall.said, app_secret=SECRET)


def test_a_notice_is_sent_eight_times_within_about_a_day(wallet: DuibaWallet) -> None:
    waits = [wait_before(wallet, tries=tries) for tries in range(1, 9)]
    minutes = [wait and wait / timedelta(minutes=1) for wait in waits]
    assert minutes == [2, 10, 10, 60, 120, 360, 900, None]


async def test_a_mall_without_a_credit_address_gives_no_points(
    mall: Mall, http: httpx.AsyncClient, clock: HandClock
) -> None:
    wallet = a_duiba_wallet(mall.url, http, clock, credit_url=None)
    assert await wallet.credit(a_transfer()) == Refused(reason=NOT_OFFERED)
    assert mall.asked == []


async def test_a_notice_of_failure_after_success_gives_nothing_back(
    sandbox_wallet: SandboxWallet, http: httpx.AsyncClient, clock: HandClock
) -> None:
    """The sandbox as a mall that keeps its book: an order ends once."""
    wallet = a_duiba_wallet(sandbox_wallet.url, http, clock)
    debit = a_transfer(30)
    member = str(await name_at_mall(debit.member_id))
    await sandbox_wallet.give(member, 100)
    await wallet.debit(debit)
    await wallet.confirm(debit)
    await wallet.refund(debit)
    assert await sandbox_wallet.points(member) == 70
