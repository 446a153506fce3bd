"""A visitor of the demo mall in a real browser: each verb is what a member does, or what they can see."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from playwright.async_api import Frame, FrameLocator, Locator, Page, Request, Route, expect

from tests.journeys.people import Member

ROOT = Path(__file__).parents[2]
LANGUAGES = ("zh", "en")
WORDS: dict[str, Any] = {
    tag: json.loads((ROOT / f"api/embed/frame/texts/{tag}.json").read_text(encoding="utf-8")) for tag in LANGUAGES
}
LAND_MS_MAX = 15_000
DELIVER_MS_MAX = 30_000
PLAYS = "**/v1/campaigns/*/plays"

Handler = Callable[[Route], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Device:
    """What a visitor holds in their hands, and the language it speaks."""

    language: str
    width: int
    height: int
    touch: bool
    still: bool = False
    zone: str = "Asia/Shanghai"

    @property
    def options(self) -> dict[str, Any]:
        return {
            "viewport": {"width": self.width, "height": self.height},
            "has_touch": self.touch,
            "is_mobile": self.touch,
            "locale": {"zh": "zh-CN", "en": "en-US"}[self.language],
            "timezone_id": self.zone,
            "reduced_motion": "reduce" if self.still else "no-preference",
        }

    def at_rest(self) -> Device:
        """The same device of somebody who asked for less motion."""
        return replace(self, still=True)


ZH_PHONE = Device(language="zh", width=390, height=844, touch=True)
EN_DESK = Device(language="en", width=1280, height=900, touch=False)


@dataclass(kw_only=True)
class Visitor:
    """One page of the demo mall with one campaign on it. `noise` is what no member should cause."""

    page: Page
    device: Device
    mall_url: str
    client: httpx.AsyncClient
    campaign: str
    name: str = field(default_factory=lambda: f"visitor-{uuid4().hex[:12]}")
    noise: list[str] = field(default_factory=list)
    forgiven: list[str] = field(default_factory=list)
    sent: list[Request] = field(default_factory=list)

    def listen(self) -> None:
        self.page.on("console", lambda said: self.noise.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.noise.append(str(error)))
        self.page.on(
            "response", lambda one: self.noise.append(f"{one.status} {one.url}") if one.status >= 400 else None
        )
        self.page.on("request", lambda one: self.sent.append(one) if one.method == "POST" else None)

    def forgive(self, *patterns: str) -> None:
        """Noise that belongs to the story, such as the 503 it arranges."""
        self.forgiven += patterns

    @property
    def complaints(self) -> list[str]:
        return [one for one in self.noise if not any(re.search(pattern, one) for pattern in self.forgiven)]

    @property
    def play_keys(self) -> list[str]:
        """The idempotency key of every play this page has sent."""
        return [one.headers["idempotency-key"] for one in self.sent if one.url.endswith("/plays")]

    # What there is to see

    @property
    def frame(self) -> FrameLocator:
        return self.page.frame_locator("windfall-campaign iframe")

    @property
    def inside(self) -> Frame:
        """The frame itself, for what a locator cannot ask."""
        return next(frame for frame in self.page.frames if f"/w/{self.campaign}" in frame.url)

    def see(self, selector: str) -> Locator:
        return self.frame.locator(selector)

    def button(self, name: str | re.Pattern[str]) -> Locator:
        return self.frame.get_by_role("button", name=name)

    @property
    def play_button(self) -> Locator:
        return self.see("button.play")

    @property
    def wheel(self) -> Locator:
        return self.see(".wheel")

    def sheet(self, name: str) -> Locator:
        return self.see(f"dialog.sheet-{name}[open]:not(.leaving)")

    def words(self, path: str, **facts: object) -> str:
        """The frame's own words at a path, in this visitor's language; counted forms by `n`."""
        found = WORDS[self.device.language]
        for step in path.split("."):
            found = found[step]
        text: str = found["one" if facts.get("n") == 1 else "other"] if isinstance(found, dict) else found
        return text.format(**facts) if facts else text

    def game_words(self, game: str) -> dict[str, Any]:
        """A game's own words, in this visitor's language."""
        told = json.loads((ROOT / f"campaigns/{game}/widget/texts.json").read_text(encoding="utf-8"))
        words: dict[str, Any] = told[self.device.language]
        return words

    # What a member does

    async def arrives(self) -> None:
        address = f"{self.mall_url}/?lang={self.device.language}&member={self.name}&campaign={self.campaign}"
        await self.page.goto(address)

    async def is_ready(self) -> None:
        await expect(self.play_button).to_have_attribute("aria-disabled", "false")

    async def comes_to_play(self) -> None:
        await self.arrives()
        await self.is_ready()

    async def presses(self, target: Locator) -> None:
        await (target.tap() if self.device.touch else target.click())

    async def spins(self) -> dict[str, Any]:
        """One press of the button, until the sheet says what came of it; the play as the ledger has it."""
        before = len((await self.plays())["items"])
        await self.presses(self.play_button)
        await self.is_shown_a_result()
        plays = (await self.plays())["items"]
        assert len(plays) == before + 1
        newest: dict[str, Any] = plays[0]
        return newest

    async def is_shown_a_result(self) -> str:
        """Which sheet it was: win or loss."""
        shown = self.see("dialog.sheet-win[open], dialog.sheet-loss[open]")
        await expect(shown).to_be_visible(timeout=LAND_MS_MAX)
        return "win" if "sheet-win" in (await shown.get_attribute("class") or "") else "loss"

    async def opens_my(self, tab: str = "prizes") -> Locator:
        """The sheet of my prizes, or of my plays."""
        await self.presses(self.see(".links .link").nth(1))
        await self.presses(self.sheet("mine").locator(f"#tab-{tab}"))
        return self.sheet("mine")

    async def closes_the_sheet(self) -> None:
        await self.presses(self.see("dialog[open] .close"))
        await expect(self.see("dialog")).to_have_count(0)

    # What the API says of the same member

    async def member(self) -> Member:
        """This very member over HTTP, with the session the frame holds."""
        name = f"windfall:session:{self.campaign}"
        kept = json.loads(await self.inside.evaluate("name => sessionStorage.getItem(name)", name))
        headers = {"authorization": f"Bearer {kept['token']}"}
        return Member(client=self.client, id=kept["member"]["id"], headers=headers)

    async def plays(self) -> Any:
        return await (await self.member()).gets(f"/plays?campaign_id={self.campaign}")

    async def awards(self) -> Any:
        return await (await self.member()).gets(f"/awards?campaign_id={self.campaign}")

    async def sector_under_the_pointer(self) -> int:
        """Counted from the angle the rotor stands at, as an eye would."""
        degrees, sectors = await self.inside.evaluate(
            """() => {
                const rotor = document.querySelector(".wheel-rotor");
                const { a, b } = new DOMMatrix(getComputedStyle(rotor).transform);
                return [(Math.atan2(b, a) * 180) / Math.PI, rotor.querySelectorAll(".sector").length];
            }"""
        )
        return round(-degrees / (360 / sectors)) % sectors
