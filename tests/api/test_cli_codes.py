"""Redeem codes from a terminal."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from tests.api.test_cli import Terminal, terminal

__all__ = ["terminal"]

HOURS = ("--starts-at", "2031-01-01T00:00:00Z", "--ends-at", "2031-02-01T00:00:00Z")


def test_codes_are_made_counted_and_stopped_from_a_terminal(terminal: Terminal, tmp_path: Path) -> None:
    changes = terminal.file("changes.json", json.dumps({"chances": {}}))
    campaign = terminal.json("campaigns", "create", "wheel", "reference", *HOURS, "--changes", changes)["id"]
    made = tmp_path / "made.csv"
    told = ("--name", "cards", "--lasts", "days", "--days", "7")
    terminal.run("codes", "redeem", "generate", campaign, "20", str(made), *told)
    codes = [row["code"] for row in csv.DictReader(made.read_text(encoding="utf-8-sig").splitlines())]
    assert len(set(codes)) == 20
    assert made.stat().st_mode & 0o077 == 0
    refused = terminal.run("codes", "redeem", "generate", campaign, "5", str(made), "--name", "cards", status=2)
    assert "exists already" in refused.replace("\n", " ")

    chosen = ("codes", "redeem", "choose", campaign, "SPRING2026", "--name", "spring", "--uses", "1000")
    batch = terminal.json(*chosen)
    assert (batch["made"], batch["uses"], batch["redeemed"]) == (1, 1000, 0)
    assert "the campaign has this code already" in terminal.run(*chosen, status=2)
    sheet = terminal.file("codes.csv", "code\nPARTNER-1\nPARTNER-1\n")
    report = terminal.json("codes", "redeem", "upload", campaign, sheet, "--name", "partner")
    assert (report["added"], report["refused"]) == (1, 1)

    stopped = terminal.json("codes", "redeem", "stop", campaign, batch["id"], "--reason", "over")
    assert stopped["state"] == "stopped"
    assert terminal.json("codes", "redeem", "show", campaign, batch["id"])["state"] == "stopped"
    rows = terminal.json("codes", "redeem", "list", campaign)
    assert [(row["name"], row["made"], row["state"]) for row in rows] == [
        ("partner", 1, "active"),
        ("spring", 1, "stopped"),
        ("cards", 20, "active"),
    ]
    assert "spring" in terminal.run("codes", "redeem", "list", campaign)
