"""The command line does what operators do, through the operator API alone."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from api.cli import app
from tests.support.processes import RunningHouse, windfall

PRODUCTS = (Path(__file__).parents[2] / "examples" / "demo_mall" / "products.csv").read_text(encoding="utf-8")


class Terminal:
    """A terminal whose owner looks after the demo."""

    def __init__(self, house: RunningHouse, work: Path, engines: dict[str, str]) -> None:
        self.house = house
        self.work = work
        self.engines = engines

    def run(self, *arguments: str, status: int = 0, **settings: str) -> str:
        done = CliRunner().invoke(app, arguments, env={"WINDFALL_VAR": str(self.house.var), **self.engines, **settings})
        assert done.exit_code == status, (arguments, done.output, done.exception)
        return done.output

    def answer(self, *arguments: str) -> Any:
        """What a process of its own says to programs, on standard output alone."""
        environment = {"WINDFALL_VAR": str(self.house.var), **self.engines}
        process = windfall(*arguments, "--json", environment=environment, stderr=subprocess.PIPE)
        printed, said = process.communicate(timeout=60)
        assert process.returncode == 0, said
        return json.loads(printed)

    def json(self, *arguments: str) -> Any:
        return json.loads(self.run(*arguments, "--json"))

    def file(self, name: str, content: str) -> str:
        path = self.work / name
        path.write_text(content, encoding="utf-8")
        return str(path)


@pytest.fixture
def terminal(lasting_house: tuple[RunningHouse, dict[str, str]], tmp_path: Path) -> Terminal:
    """A terminal beside a house that the tests of a process share: what one leaves there, another may see."""
    house, engines = lasting_house
    return Terminal(house, tmp_path, engines)


def test_an_operator_needs_nothing_but_a_terminal(terminal: Terminal) -> None:
    bad_row = "BAD-1,坏,Bad,virtual,teleport,nobody,1,1,0,\n"
    report = terminal.json("products", "import", terminal.file("products.csv", PRODUCTS + bad_row))
    assert (report["unchanged"], report["refused"]) == (PRODUCTS.count("\n") - 1, 1)
    assert [(fault["key"], fault["field"]) for fault in report["faults"]] == [("BAD-1", "type")]
    assert "TOPUP-10" in terminal.run("products", "list")

    uploaded = terminal.json("codes", "upload", "COUPON-5", terminal.file("codes.csv", "code\nA-1\nA-2\nA-1\n"))
    assert (uploaded["imported"], uploaded["refused"]) == (2, 1)

    assert {"lively", "reference"} <= {template["key"] for template in terminal.json("templates")}
    hours = ("--starts-at", "2031-01-01T00:00:00Z", "--ends-at", "2031-02-01T00:00:00Z")
    draft = terminal.json("campaigns", "create", "wheel", "reference", *hours)
    campaign = draft["id"]
    assert draft["phase"] == "draft"

    config = terminal.file("config.json", json.dumps({**draft["config"], "claim_days": 20}))
    assert terminal.json("campaigns", "set", campaign, config)["config"]["claim_days"] == 20
    terminal.run("campaigns", "check", campaign)
    assert terminal.json("campaigns", "publish", campaign)["phase"] == "scheduled"
    assert terminal.json("campaigns", "pause", campaign, "--reason", "too early")["phase"] == "paused"
    assert terminal.json("campaigns", "resume", campaign, "--reason", "in time")["phase"] == "scheduled"
    phone = next(line["key"] for line in draft["config"]["pools"][0]["lines"] if line["stock"])
    stocked = terminal.json("campaigns", "add-stock", campaign, phone, "3", "--reason", "generous")
    assert stocked["version"] == 4
    extended = terminal.json("campaigns", "extend", campaign, "2031-03-01T00:00:00Z", "--reason", "loved")
    assert extended["config"]["ends_at"] == "2031-03-01T00:00:00Z"
    changes = [version["change"] for version in terminal.json("campaigns", "versions", campaign)]
    assert sorted(changes) == ["add-stock", "extend", "pause", "publish", "resume"]
    assert campaign in terminal.run("campaigns", "list")

    refused = terminal.run("campaigns", "extend", campaign, "2031-01-15T00:00:00Z", "--reason", "no", status=2)
    assert "ends_at: a campaign may only end later" in refused
    assert refused.count("\n") == 1
    assert terminal.json("awards", "list") == []
    audit = terminal.answer("audit")
    assert audit["holds"] is True
    assert audit["invariants"]["I18"]["checked"] == 9
    assert terminal.answer("reconcile")[0]["epoch"] >= 2
    statement = terminal.answer("reconcile", "wallet", "--day", "2026-11-21")
    assert (statement["agrees"], statement["differences"]) == (True, [])


def test_members_are_let_in_and_kept_out_from_a_terminal(terminal: Terminal) -> None:
    made = terminal.json("lists", "create", "spring", "--zh", "春季会员", "--en", "Spring guests")
    assert (made["key"], made["size"]) == ("spring", 0)
    sheet = terminal.file("members.csv", "sub\nann\nben\nann\n")
    report = terminal.json("lists", "add", "spring", sheet)
    assert (report["size"], report["added"], report["refused"]) == (2, 2, 1)
    assert "the same as in row 2" in terminal.run("lists", "add", "spring", sheet)
    assert terminal.json("lists", "replace", "spring", terminal.file("one.csv", "sub\ncai\n"))["removed"] == 2
    assert terminal.json("lists", "remove", "spring", terminal.file("one.csv", "sub\ncai\n"))["size"] == 0
    assert "Spring guests" in terminal.run("lists", "list")
    terminal.run("lists", "discard", "spring")
    assert terminal.json("lists", "list") == []

    until = "2099-01-01T00:00:00Z"
    assert terminal.json("blocks", "add", "ann", "--reason", "a program", "--until", until)["until"] == until
    assert [act["sub"] for act in terminal.json("blocks", "list")] == ["ann"]
    terminal.run("blocks", "lift", "ann", "--reason", "a family")
    assert terminal.json("blocks", "list") == []
    assert [act["kind"] for act in terminal.json("blocks", "history", "--sub", "ann")] == ["lift", "block"]
    refused = terminal.run("blocks", "lift", "ann", "--reason", "again", status=2)
    assert refused == "That member is not blocked.\n"


def test_a_raffle_is_looked_at_from_a_terminal(terminal: Terminal) -> None:
    campaign = terminal.house.demo["campaigns"]["wheel-raffle"]
    assert terminal.json("raffle", "show", campaign)["state"] == "open"
    assert terminal.json("raffle", "places", campaign) == []
    refused = terminal.run("raffle", "beacon", campaign, "3412.77", "--source", "the exchange", status=2)
    assert refused == "The public value is entered after the campaign has ended and its tickets are sealed.\n"
    told = terminal.run("raffle", "verify", campaign, status=2)
    assert told == "There is no raffle of that campaign, or it is not drawn yet.\n"


def test_what_cannot_be_done_is_one_sentence(terminal: Terminal) -> None:
    owner = terminal.house.demo["operators"]["owner"]["token"]
    sentences = {
        terminal.run("campaigns", "show", "nothing", status=2): "campaign_id",
        terminal.run("codes", "upload", "NOPE", terminal.file("codes.csv", "A\n"), status=2): "no such product",
        terminal.run("campaigns", "create", "dice", "lively", status=2): "no game called dice",
        terminal.run(
            "products", "list", status=2, WINDFALL_URL=terminal.house.demo["base_url"], WINDFALL_TOKEN="nobody"
        ): "token is missing, unknown or expired",
        terminal.run(
            "products", "list", status=2, WINDFALL_URL="http://127.0.0.1:1", WINDFALL_TOKEN=owner
        ): "cannot be reached",
    }
    reviewer = terminal.house.demo["operators"]["reviewer"]["token"]
    sheet = terminal.file("products.csv", PRODUCTS)
    url = terminal.house.demo["base_url"]
    printed = terminal.run("products", "import", sheet, status=2, WINDFALL_URL=url, WINDFALL_TOKEN=reviewer)
    sentences[printed] = "Your role, reviewer, does not include this."
    for printed, expected in sentences.items():
        assert expected in printed
        assert printed.count("\n") == 1, printed


def test_without_a_house_it_says_what_to_do(tmp_path: Path) -> None:
    process = windfall("products", "list", environment={"WINDFALL_VAR": str(tmp_path)})
    printed, _ = process.communicate(timeout=30)
    assert process.returncode == 2
    assert printed.startswith("Set WINDFALL_URL and WINDFALL_TOKEN, or start the demo")
