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
from functools import partial
from itertools import product
from pathlib import Path

from playwright.sync_api import Browser, Error, ViewportSize, expect, sync_playwright
from rich.progress import track

from tests.browser.camera import ALL, SCREENS, WAIT_MS, Stage, Visit
from tests.support.processes import RunningHouse, free_ports, wait_for, windfall

ROOT = Path(__file__).parents[2]
README = ROOT / "docs" / "pictures"
README_BYTES_MAX = 150_000
CHROMIUM = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--force-color-profile=srgb",
)  # fmt: skip
LANGUAGES = ("zh", "en")


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
