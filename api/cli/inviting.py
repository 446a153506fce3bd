"""Invitations from a terminal: how many there were, and the path of each."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from api.cli.client import client
from api.cli.operating import CampaignId
from api.cli.sentences import sentences
from api.cli.showing import AsJson, show_row, show_rows

COUNT_COLUMNS = {"Links": "made", "Came": "accepted", "Played": "played", "Rewarded": "rewarded", "Cut": "cut"}
COLUMNS = {
    "Inviter": "inviter",
    "Friend": "sub",
    "Came": "accepted_at",
    "Played": "played_at",
    "Inviter was given": "inviter_reward.granted",
    "Friend was given": "invitee_reward.granted",
    "Cut by": "cut_by",
}

invitations = typer.Typer(no_args_is_help=True, help="Members who came by another's link.")


def add_commands(app: typer.Typer) -> None:
    app.add_typer(invitations, name="invitations")


@invitations.command("count")
def count_invitations(campaign: CampaignId, as_json: AsJson = False) -> None:
    """Links made, members who came, who played, for whom the inviter was given chances, and who met a cap."""
    with sentences(), client() as service:
        show_row(service.get(_path(campaign), limit=1)["counts"], COUNT_COLUMNS, as_json=as_json)


@invitations.command("list")
def list_invitations(
    campaign: CampaignId,
    sub: Annotated[str | None, typer.Option(help="Only whom this member invited, and who invited them.")] = None,
    as_json: AsJson = False,
) -> None:
    """Who came by whose link, newest first, and what both were given."""
    with sentences(), client() as service:
        rows = [{**row, "cut_by": _cut_by(row)} for row in service.items(_path(campaign), sub=sub)]
        show_rows(rows, COLUMNS, as_json=as_json)


def _path(campaign: str) -> str:
    return f"/campaigns/{campaign}/invitations"


def _cut_by(row: dict[str, Any]) -> str:
    rewards = [row["inviter_reward"], row["invitee_reward"]]
    cuts = [cut for reward in rewards if reward is not None for cut in reward["cuts"]]
    return ", ".join(f"{cut['cap']} {cut['most']}" for cut in cuts)
