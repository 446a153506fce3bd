"""Pictures of every page a member sees, taken from a house of its own: `make screenshots`.

All of them go to `var/screenshots`; two small ones become the README's pictures.
"""

from __future__ import annotations

import contextlib
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, Error, FrameLocator, Page, ViewportSize, expect, sync_playwright
from rich.progress import track

from tests.browser.wheels import LONG_NAME, WHEELS, Wheel
from tests.support.processes import RunningHouse, free_ports, wait_for, windfall

ROOT = Path(__file__).parents[2]
ALL = ROOT / "var" / "screenshots"
README = ROOT / "docs" / "pictures"
README_BYTES_MAX = 150_000
WAIT_MS = 15_000
CHROMIUM = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--force-color-profile=srgb",
)  # fmt: skip
SCREENS: Mapping[str, dict[str, Any]] = {
    "390": {"viewport": ViewportSize(width=390, height=844), "device_scale_factor": 2, "has_touch": True},
    "1280": {"viewport": ViewportSize(width=1280, height=900)},
}
LANGUAGES = ("zh", "en")


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


def home(visit: Visit) -> None:
    with visit.at("wheel") as shots:
        shots.is_ready()
        shots.takes("wheel")
        shots.page.evaluate("scrollTo(0, 0)")
        shots.takes("home", whole=True)
        shots.is_ready()
        shots.opens(0)
        shots.takes("rules")
        shots.game.locator(".sheet-body").evaluate("body => body.scrollTo(0, body.scrollHeight)")
        shots.takes("rules-fairness")
        shots.game.locator(".close").click()
        shots.page.wait_for_timeout(400)
        shots.opens(1)
        shots.takes("mine-empty")
        shots.game.locator("#tab-plays").click()
        shots.page.wait_for_timeout(400)
        shots.takes("plays-empty")


def topup(visit: Visit) -> None:
    with visit.at("topup") as shots:
        shots.is_ready()
        shots.game.locator(".play").click()
        shots.page.wait_for_timeout(700)
        shots.takes("spinning")
        shots.sees(".sheet-win")
        shots.takes("win")
        shots.game.locator(".sheet-win .primary").click()
        shots.sees(".sheet-claim")
        shots.takes("claim-phone")
        shots.game.locator("#claim-phone").fill("1380000")
        shots.game.locator(".sheet-claim .primary").click()
        shots.page.wait_for_timeout(200)
        shots.takes("claim-phone-wrong")
        shots.game.locator("#claim-phone").fill("13800000000")
        shots.takes("claim-phone-filled")
        shots.game.locator(".sheet-claim .primary").click()
        shots.sees(".sheet-claim .medal")
        shots.takes("claim-done")
        shots.game.locator(".sheet-claim .primary").click()
        shots.sees(".sheet-mine .award-state.done")
        shots.takes("mine-topup")


def parcel(visit: Visit) -> None:
    with visit.at("parcel") as shots:
        shots.spins("win")
        shots.takes("win-parcel")
        shots.game.locator(".sheet-win .secondary").click()
        shots.page.wait_for_timeout(400)
        shots.takes("wheel-landed")
        shots.opens(1)
        shots.sees(".award")
        shots.takes("mine-claim")
        shots.game.locator(".award .small").click()
        shots.sees("#claim-recipient")
        shots.takes("claim-address")
        zh = visit.language == "zh"
        shots.game.locator("#claim-recipient").fill("示例收件人" if zh else "Sample Recipient")
        shots.game.locator("#claim-phone").fill("13800000000")
        shots.game.locator("#claim-address").fill(
            "上海市浦东新区示例路 1 号 2 单元 301 室" if zh else "Room 301, 1 Sample Road, Pudong, Shanghai"
        )
        shots.game.locator(".sheet-claim .primary").click()
        shots.sees(".sheet-claim .medal")
        visit.stage.ships_parcels()
        shots.game.locator(".sheet-claim .primary").click()
        shots.sees(".award .code")
        shots.takes("mine-parcel")
        shots.game.locator("#tab-plays").click()
        shots.sees(".go")
        shots.takes("plays")


def loss(visit: Visit) -> None:
    with visit.at("twice") as shots:
        shots.spins("loss")
        shots.takes("loss-again")
    with visit.at("once") as shots:
        shots.spins("loss")
        shots.takes("loss")
        shots.game.locator(".sheet-loss .primary").click()
        shots.sees(".notice")
        shots.takes("state-no-chance-left")
    with visit.at("used-up") as shots:
        shots.spins("loss")
        shots.takes("loss-last")
        shots.game.locator(".sheet-loss .primary").click()
        shots.sees(".notice")
        shots.takes("state-used-up")


def redeem(visit: Visit) -> None:
    with visit.at("codes") as shots:
        shots.spins("loss")
        shots.game.locator(".sheet-loss .primary").click()
        shots.sees(".notice .small")
        shots.takes("state-redeem")
        shots.game.locator(".notice .small").click()
        shots.sees("#redeem-code")
        shots.takes("redeem")
        for code, name in (("SPRNG-2026", "redeem-wrong"), ("SPRING-2026", "redeem-done")):
            shots.game.locator("#redeem-code").fill(code)
            shots.game.locator(".sheet-redeem .primary").click()
            shots.sees({"redeem-wrong": "#redeem-code-error", "redeem-done": "#redeem-result"}[name])
            shots.takes(name)
        shots.game.locator(".close").click()
        shots.page.wait_for_timeout(400)
        shots.takes("wheel-redeemed")


def waits(visit: Visit) -> None:
    with visit.at("cooling") as shots:
        shots.spins("loss")
        shots.takes("loss-cooling")
        shots.game.locator(".sheet-loss .primary").click()
        shots.sees(".notice")
        shots.takes("state-cooling-down")


def every_limit(visit: Visit) -> None:
    with visit.at("limits", suffix="-limits") as shots:
        shots.is_ready()
        shots.opens(0)
        shots.game.locator(".sheet-body").evaluate("body => body.scrollTo(0, 420)")
        shots.takes("rules-limits")


def rules_of(visit: Visit, *, campaign: str) -> None:
    with visit.at(campaign, suffix=f"-{campaign}") as shots:
        shots.is_ready()
        shots.opens(0)
        shots.takes(f"rules-{campaign}")
        shots.game.locator(".sheet-body").evaluate("body => body.scrollTo(0, 420)")
        shots.takes(f"rules-{campaign}-words")


def taken(visit: Visit) -> None:
    """The first member to come takes the only go; everybody after finds it taken."""
    with visit.at("all-plays-taken") as shots:
        shots.page.wait_for_timeout(1500)
        if shots.game.locator(".play:not([aria-disabled=true])").is_visible():
            shots.spins("loss")
            shots.page.reload()
        shots.sees(".notice")
        shots.takes("state-all-plays-taken")


def closed(visit: Visit, campaign: str) -> None:
    with visit.at(campaign) as shots:
        expect(shots.game.locator(".notice")).to_be_visible(timeout=6 * WAIT_MS)
        shots.page.locator("windfall-campaign").evaluate("one => one.scrollIntoView()")
        shots.page.wait_for_timeout(500)
        shots.takes(f"state-{campaign}")


def no_network(visit: Visit) -> None:
    with visit.at("twice", suffix="-offline") as shots:
        shots.is_ready()
        shots.page.context.route("**/plays", lambda route: route.abort())
        shots.game.locator(".play").click()
        expect(shots.game.locator(".notice")).to_be_visible(timeout=4 * WAIT_MS)
        shots.page.wait_for_timeout(500)
        shots.takes("state-unanswered")


def looks(visit: Visit, campaign: str) -> None:
    with visit.at(campaign, suffix="-look") as shots:
        shots.is_ready()
        shots.takes(f"look-{campaign}")


def gift(visit: Visit, campaign: str) -> None:
    with visit.at(campaign, suffix="-gift") as shots:
        shots.spins("win")
        shots.takes(f"win-{campaign}")


def grid(visit: Visit) -> None:
    with visit.at("wheel-grid") as shots:
        shots.is_ready()
        shots.takes("grid")
        shots.game.locator(".play").click()
        shots.page.wait_for_timeout(500)
        shots.takes("grid-running")
        shots.sees("dialog[open]")
        shots.game.locator("dialog[open] .close").click()
        shots.page.wait_for_timeout(400)
        shots.takes("grid-landed")


def scratch(visit: Visit) -> None:
    with visit.at("scratch") as shots:
        shots.is_ready()
        shots.takes("scratch")
        shots.game.locator(".many").click()
        shots.sees(".card-coat.live")
        shots.takes("scratch-cards")
        shots.scratches(rows=3)
        shots.takes("scratch-half")
        shots.game.locator(".play").click()
        shots.sees("dialog[open]")
        shots.takes("scratch-result")
        shots.game.locator("dialog[open] .close").click()
        shots.page.wait_for_timeout(400)
        shots.opens(1)
        shots.game.locator("#tab-plays").click()
        shots.sees(".go")
        shots.takes("scratch-mine")


def quiz(visit: Visit) -> None:
    with visit.at("quiz") as shots:
        shots.is_ready()
        shots.takes("quiz")
        shots.game.locator(".play").click()
        for number in range(5):
            shots.sees(".quiz-option:not([aria-disabled])")
            shots.takes(f"quiz-question-{number + 1}")
            shots.game.locator(".quiz-option").nth(number % 2).click()
            if shots.game.locator(".quiz-hint").count():
                shots.game.locator(".quiz-next").click()
            shots.sees(".quiz-verdict")
            shots.takes(f"quiz-answer-{number + 1}")
            shots.game.locator(".quiz-next").click()
        shots.sees("dialog[open]")
        shots.takes("quiz-result")
        shots.game.locator("dialog[open] .close").click()
        shots.page.wait_for_timeout(400)
        shots.opens(2)
        shots.sees(".leaders")
        shots.takes("quiz-leaders")


SCENES: Mapping[str, Callable[[Visit], None]] = {
    "home": home,
    "grid": grid,
    "scratch": scratch,
    "quiz": quiz,
    "topup": topup,
    "parcel": parcel,
    "loss": loss,
    "redeem": redeem,
    "waits": waits,
    "every-limit": every_limit,
    **{f"rules-{name}": partial(rules_of, campaign=name) for name in ("guarantee", "moments")},
    "taken": taken,
    **{f"closed-{name}": partial(closed, campaign=name) for name in ("scheduled", "paused", "not-eligible")},
    **{f"look-{name}": partial(looks, campaign=name) for name in ("cool", "night", "two", "many", "long")},
    **{f"gift-{name}": partial(gift, campaign=name) for name in ("points", "long")},
    "closed-over": partial(closed, campaign="over"),
    "no-network": no_network,
}


FULL = ("home", "topup")
HALF = (("390", "zh"), ("1280", "en"))


@contextlib.contextmanager
def a_house() -> Iterator[RunningHouse]:
    """`windfall run` with data that goes away with it."""
    with tempfile.TemporaryDirectory(prefix="windfall-pictures-") as folder:
        port, var = free_ports(), Path(folder)
        process = windfall("run", environment={"WINDFALL_VAR": str(var), "WINDFALL_PORT": str(port)})
        house = RunningHouse(process, var, f"http://127.0.0.1:{port}")
        try:
            house.wait_ready()
            yield house
        finally:
            house.stop(signal.SIGTERM)
            wait_for(lambda: not house.processes(), WAIT_MS / 1000)


def readme_pictures(browser: Browser) -> None:
    """The README's two: the game alone, at half its size and small in bytes."""
    for taken, kept in (("wheel-390-zh", "wheel-zh"), ("win-390-en", "win-en")):
        page = browser.new_page(viewport=ViewportSize(width=390, height=676))
        page.goto((ALL / f"{taken}.png").as_uri())
        page.locator("img").evaluate(
            "image => { image.style.cssText = 'position: fixed; top: 0; left: 0; width: 390px; height: auto'; }"
        )
        picture = page.screenshot(path=README / f"{kept}.png")
        page.close()
        if len(picture) > README_BYTES_MAX:
            raise SystemExit(f"{kept}.png has {len(picture)} bytes, over {README_BYTES_MAX}.")


def main() -> None:
    """Take them all, in a few minutes; scenes named on the command line are taken alone."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Stopped."))  # whoever ends us ends the house too
    ALL.mkdir(parents=True, exist_ok=True)
    chosen = sys.argv[1:] or list(SCENES)
    failed = []
    with a_house() as house, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM)
        stage = Stage(house)
        visits = [
            (scene, *view) for scene in chosen for view in product(SCREENS, LANGUAGES) if scene in FULL or view in HALF
        ]
        for scene, screen, language in track(visits, description="Taking pictures"):
            try:
                SCENES[scene](Visit(stage=stage, browser=browser, screen=screen, language=language))
            except (AssertionError, Error) as error:
                failed.append(f"{scene} at {screen} px in {language}: {error}")
        if not failed and set(chosen) >= set(FULL):
            readme_pictures(browser)
        browser.close()
    if failed:
        raise SystemExit("\n\n".join(failed))


if __name__ == "__main__":
    main()
