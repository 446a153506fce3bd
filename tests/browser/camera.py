"""The stage of the pictures, a member in front of one screen, and the shutter."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, FrameLocator, Page, ViewportSize, expect

from tests.browser.wheels import LONG_NAME, WHEELS, Wheel
from tests.support.processes import RunningHouse

ALL = Path(__file__).parents[2] / "var" / "screenshots"
WAIT_MS = 15_000
SCREENS: Mapping[str, dict[str, Any]] = {
    "390": {"viewport": ViewportSize(width=390, height=844), "device_scale_factor": 2, "has_touch": True},
    "1280": {"viewport": ViewportSize(width=1280, height=900)},
}


class Stage:
    """A running house with every campaign of the pictures, and the operator's hands."""

    def __init__(self, house: RunningHouse) -> None:
        self.mall = house.demo["demo_mall_url"]
        headers = {"authorization": f"Bearer {house.demo['operators']['owner']['token']}"}
        self.admin = httpx.Client(base_url=f"{house.url}/v1/admin", headers=headers, timeout=WAIT_MS / 1000)
        self.uploads("/products", LONG_NAME)
        self.campaigns = {name: house.demo["campaigns"][name] for name in ("wheel", "wheel-grid", "scratch", "quiz")}
        self.campaigns |= {name: self.opens(wheel) for name, wheel in WHEELS.items()}
        self.posts(f"/campaigns/{self.campaigns['paused']}/pause", reason="a picture")
        batches = f"/campaigns/{self.campaigns['codes']}/code-batches"
        self.posts(batches, name="spring", chances=2, uses=100, code="SPRING2026", lasts="today")

    def opens(self, wheel: Wheel) -> str:
        draft = self.posts("/campaigns", game="wheel", template="lively", changes=wheel.changes())
        return str(self.posts(f"/campaigns/{draft['id']}/publish", reason="a picture")["id"])

    def posts(self, path: str, **body: Any) -> Any:
        return self.admin.post(path, json=body).raise_for_status().json()

    def uploads(self, path: str, sheet: str) -> None:
        self.admin.post(path, content=sheet.encode(), headers={"content-type": "text/csv"}).raise_for_status()

    def ships_parcels(self) -> None:
        """Everything that waits is packed and gets a tracking number."""
        rows = self.admin.post("/parcels/export").raise_for_status().text.splitlines()[1:]
        sheet = [f"{row.split(',')[0]},SF,SF{number:013d}" for number, row in enumerate(rows, 1)]
        self.uploads("/parcels/tracking", "\n".join(["award_id,carrier,tracking_number", *sheet]))


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One member in front of one screen, in one language."""

    stage: Stage
    browser: Browser
    screen: str
    language: str

    @contextlib.contextmanager
    def at(self, campaign: str, *, suffix: str = "") -> Iterator[Shots]:
        """The demo mall with this campaign on it, opened by a member of its own."""
        locale = {"zh": "zh-CN", "en": "en-GB"}[self.language]
        context = self.browser.new_context(locale=locale, timezone_id="Asia/Shanghai", **SCREENS[self.screen])
        context.set_default_timeout(WAIT_MS)
        member = f"picture-{self.screen}-{self.language}{suffix}"
        page = context.new_page()
        identity = self.stage.campaigns[campaign]
        page.goto(f"{self.stage.mall}/?lang={self.language}&member={member}&campaign={identity}")
        try:
            yield Shots(page=page, mark=f"{self.screen}-{self.language}")
        finally:
            context.close()


@dataclass(frozen=True, kw_only=True)
class Shots:
    """What the member does, and the shutter."""

    page: Page
    mark: str

    @property
    def game(self) -> FrameLocator:
        return self.page.frame_locator("windfall-campaign iframe")

    def takes(self, name: str, *, whole: bool = False) -> None:
        self.page.screenshot(path=ALL / f"{name}-{self.mark}.png", full_page=whole)

    def is_ready(self) -> None:
        expect(self.game.locator(".play:not([aria-disabled=true])")).to_be_visible(timeout=WAIT_MS)
        self.page.locator("windfall-campaign").evaluate("one => one.scrollIntoView()")
        self.page.wait_for_timeout(300)

    def spins(self, sheet: str) -> None:
        self.is_ready()
        self.game.locator(".play").click()
        self.sees(f".sheet-{sheet}")

    def sees(self, what: str) -> None:
        expect(self.game.locator(what).first).to_be_visible(timeout=WAIT_MS)
        self.page.wait_for_timeout(450)

    def scratches(self, *, rows: int) -> None:
        """So many of ten rows of a card, with the hand still down."""
        self.game.locator(".card-coat").hover()
        box = self.game.locator(".card-coat").bounding_box()
        if box is None:
            raise SystemExit("The card is not to be seen.")
        left, right = box["x"] + 6, box["x"] + box["width"] - 6
        self.page.mouse.move(left, box["y"] + 8)
        self.page.mouse.down()
        for row in range(rows):
            self.page.mouse.move((right, left)[row % 2], box["y"] + box["height"] * (row + 0.5) / 10, steps=10)
        self.page.mouse.up()
        self.page.wait_for_timeout(500)

    def opens(self, link: int) -> None:
        """The sheet behind the first or second link under the button."""
        self.game.locator(".links .link").nth(link).click()
        self.page.wait_for_timeout(700)
