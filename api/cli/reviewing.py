"""Held wins, from a terminal: which there are, and what two reviewers make of them."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from api.cli.client import client
from api.cli.operating import AWARD_COLUMNS, Why
from api.cli.sentences import sentences
from api.cli.showing import AsJson, show_row, show_rows
from api.sentences import Failure

AwardId = Annotated[str, typer.Argument(help="The award's id.")]
Zh = Annotated[str | None, typer.Option(help="What the winner is told, in Chinese.")]
En = Annotated[str | None, typer.Option(help="What the winner is told, in English.")]
DECIDED_COLUMNS = {
    "State": "state",
    "Held for": "review.held_for",
    "Proposed by": "review.rejection.proposed_by",
    "Confirmed by": "review.rejection.confirmed_by",
}


def add_commands(awards: typer.Typer) -> None:
    """`windfall awards …`, beside what is done about stuck ones."""
    awards.command("held")(list_held)
    awards.command("release")(release_award)
    awards.command("reject")(reject_award)


def list_held(as_json: AsJson = False) -> None:
    """Wins that are checked before they are delivered, newest first."""
    with sentences(), client() as service:
        show_rows(list(service.items("/awards", state="held")), AWARD_COLUMNS, as_json=as_json)


def release_award(award: AwardId, reason: Why, as_json: AsJson = False) -> None:
    """Set a held win on its way."""
    _decide(award, "release", {"reason": reason}, as_json=as_json)


def reject_award(award: AwardId, reason: Why, *, zh: Zh = None, en: En = None, as_json: AsJson = False) -> None:
    """Propose that a held win is void, with words for its winner; or, without words, confirm what somebody else proposed."""
    with sentences():
        if (zh is None) != (en is None):
            raise Failure("The winner is told in both languages: give --zh and --en, or neither to confirm.")
    told = {} if zh is None else {"told": {"zh": zh, "en": en}}
    _decide(award, "reject", {"reason": reason, **told}, as_json=as_json)


def _decide(award: str, verb: str, body: dict[str, Any], *, as_json: bool) -> None:
    with sentences(), client() as service:
        show_row(service.post(f"/awards/{award}/{verb}", body), DECIDED_COLUMNS, as_json=as_json)
