"""Redeem codes (兑换码), from a terminal: batches that are generated, chosen or uploaded, and their stop."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.client import client
from api.cli.operating import CampaignId, File, Why
from api.cli.sentences import sentences
from api.cli.showing import AsJson, console, show_json, show_rows
from api.sentences import Failure

BatchId = Annotated[str, typer.Argument(help="The batch's id.")]
Name = Annotated[str, typer.Option(help="What operators know the batch by.")]
Chances = Annotated[int, typer.Option(help="How many chances a code gives.")]
Uses = Annotated[int, typer.Option(help="How often a code may be redeemed, by as many members.")]
MemberUses = Annotated[int | None, typer.Option(help="How many codes of the batch one member may redeem.")]
OpensAt = Annotated[str | None, typer.Option(help="From when codes may be redeemed, such as 2026-12-01T00:00:00Z.")]
ClosesAt = Annotated[str | None, typer.Option(help="Until when codes may be redeemed, such as 2026-12-31T16:00:00Z.")]
Lasts = Annotated[str, typer.Option(help="How long its chances last: today, days or campaign.")]
Days = Annotated[int | None, typer.Option(help="For how many days, when they last for days.")]
COLUMNS = {
    "Id": "id",
    "Name": "name",
    "State": "state",
    "Chances": "chances",
    "Uses": "uses",
    "Codes": "made",
    "Redeemed": "redeemed",
    "Closes": "closes_at",
}

redeem = typer.Typer(no_args_is_help=True, help="Codes that members redeem for chances.")


def add_commands(app: typer.Typer) -> None:
    """`windfall codes redeem …`, beside the pools of coupon codes."""
    app.add_typer(redeem, name="redeem")


@redeem.command("generate")
def generate_codes(
    campaign: CampaignId,
    count: Annotated[int, typer.Argument(help="How many codes.")],
    file: Annotated[
        Path, typer.Argument(help="Where to write them; it must not exist. They are shown only this once.")
    ],
    *,
    name: Name,
    chances: Chances = 1,
    uses: Uses = 1,
    member_uses: MemberUses = None,
    opens_at: OpensAt = None,
    closes_at: ClosesAt = None,
    lasts: Lasts = "campaign",
    days: Days = None,
) -> None:
    """Generate a batch of random codes, as CSV."""
    terms = _terms(locals())
    with sentences(), client() as service:
        if file.exists():
            raise Failure(f"{file} exists already.")
        file.touch(mode=0o600)
        try:
            sheet = service.post(_path(campaign), {**terms, "generate": count})
        except Failure:
            file.unlink()
            raise
        file.write_text(sheet, encoding="utf-8", newline="")
        console.print(f"Wrote {file}.")


@redeem.command("choose")
def choose_code(
    campaign: CampaignId,
    code: Annotated[str, typer.Argument(help="At least six letters and digits, for example SPRING2026.")],
    *,
    name: Name,
    uses: Uses,
    chances: Chances = 1,
    member_uses: MemberUses = None,
    opens_at: OpensAt = None,
    closes_at: ClosesAt = None,
    lasts: Lasts = "campaign",
    days: Days = None,
    as_json: AsJson = False,
) -> None:
    """Make a batch of one code that many members redeem."""
    terms = _terms(locals())
    with sentences(), client() as service:
        _show(service.post(_path(campaign), {**terms, "code": code}), as_json=as_json)


@redeem.command("upload")
def upload_codes(
    campaign: CampaignId,
    file: File,
    *,
    name: Name,
    chances: Chances = 1,
    uses: Uses = 1,
    member_uses: MemberUses = None,
    opens_at: OpensAt = None,
    closes_at: ClosesAt = None,
    lasts: Lasts = "campaign",
    days: Days = None,
    as_json: AsJson = False,
) -> None:
    """Make a batch of the mall's own codes, from a CSV with the column code; refused rows are listed with the reason."""
    terms = _terms(locals())
    with sentences(), client() as service:
        batch = service.post(_path(campaign), terms)
        report = service.post_sheet(_path(campaign, batch["id"], "codes"), file.read_bytes())
        if as_json:
            show_json({"batch": batch["id"], **report})
            return
        console.print(f"{batch['id']}: {report['added']} added, {report['refused']} refused")
        if report["faults"]:
            show_rows(report["faults"], {"Row": "row", "Key": "key", "Reason": "reason"}, as_json=False)


@redeem.command("list")
def list_batches(campaign: CampaignId, as_json: AsJson = False) -> None:
    """The campaign's batches, newest first, and how often their codes were redeemed."""
    with sentences(), client() as service:
        show_rows(list(service.items(_path(campaign))), COLUMNS, as_json=as_json)


@redeem.command("show")
def show_batch(campaign: CampaignId, batch: BatchId, as_json: AsJson = False) -> None:
    """One batch."""
    with sentences(), client() as service:
        _show(service.get(_path(campaign, batch)), as_json=as_json)


@redeem.command("stop")
def stop_batch(campaign: CampaignId, batch: BatchId, reason: Why, as_json: AsJson = False) -> None:
    """Let nobody redeem a batch's codes any more."""
    with sentences(), client() as service:
        _show(service.post(_path(campaign, batch, "stop"), {"reason": reason}), as_json=as_json)


def _path(campaign: str, *more: str) -> str:
    return "/".join((f"/campaigns/{campaign}/code-batches", *more))


def _terms(given: Mapping[str, Any]) -> dict[str, Any]:
    names = ("name", "chances", "uses", "member_uses", "opens_at", "closes_at", "lasts", "days")
    return {name: given[name] for name in names}


def _show(batch: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        show_json(batch)
    else:
        show_rows([batch], COLUMNS, as_json=False)
