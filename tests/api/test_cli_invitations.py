"""Invitations from a terminal."""

from __future__ import annotations

import json

from tests.api.test_cli import Terminal, terminal
from tests.api.test_cli_codes import HOURS

__all__ = ["terminal"]


def test_invitations_are_counted_and_listed_from_a_terminal(terminal: Terminal) -> None:
    changes = terminal.file("changes.json", json.dumps({"chances": {}}))
    campaign = terminal.json("campaigns", "create", "wheel", "reference", *HOURS, "--changes", changes)["id"]
    counts = terminal.json("invitations", "count", campaign)
    assert counts == {"made": 0, "accepted": 0, "played": 0, "rewarded": 0, "cut": 0}
    assert terminal.json("invitations", "list", campaign, "--sub", "nobody") == []
    assert "Inviter" in terminal.run("invitations", "list", campaign)
