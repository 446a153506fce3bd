"""Commands that look whether everything holds, and bring the counters back when they do not."""
# ruff: noqa: PLC0415 (what only these commands need is imported when they run)

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.preparing import prepared
from api.cli.sentences import sentences
from api.cli.showing import AsJson, console, show_json, show_rows
from api.settings import Settings

if TYPE_CHECKING:
    from campaigns.invariants import Finding
    from earning.statement import Statement

BROKEN = 1
OnlyCampaign = Annotated[str | None, typer.Option("--campaign", help="Only this campaign.")]


def add_commands(app: typer.Typer) -> None:
    app.command()(audit)
    group = typer.Typer()
    group.callback(invoke_without_command=True)(reconcile)
    group.command()(wallet)
    app.add_typer(group, name="reconcile")


def audit(
    campaign: OnlyCampaign = None,
    at_rest: Annotated[
        bool, typer.Option("--at-rest", help="Nobody is playing: what is not in the ledger yet is missing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check every invariant over the ledger and the counters; exit status 1 when one is broken."""
    with sentences():
        found = asyncio.run(_audit(prepared(), campaign=campaign, at_rest=at_rest))
    if as_json:
        show_json(_as_json(found))
    else:
        _show(found)
    if not all(finding.holds for finding in found):
        raise typer.Exit(BROKEN)


def reconcile(context: typer.Context, campaign: OnlyCampaign = None, as_json: AsJson = False) -> None:
    """Rebuild the counters from the ledger, under a new epoch; plays go on as soon as they agree. `wallet` matches transfers instead."""
    if context.invoked_subcommand is not None:
        return
    with sentences():
        done = asyncio.run(_reconcile(prepared(), campaign))
    show_rows(done, {"Campaign": "campaign", "Epoch": "epoch", "Version": "version"}, as_json=as_json)


def wallet(
    day: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="A day of UTC, such as 2026-11-21.")],
    as_json: AsJson = False,
) -> None:
    """Match our transfers of a day with what the wallet says of them; exit status 1 when they differ."""
    with sentences():
        statement = asyncio.run(_match(prepared(), day.date()))
    told = {"day": statement.day.isoformat(), "agrees": statement.agrees}
    counts = {name: getattr(statement, name) for name in ("checked", "in_flight", "unasked", "differences_total")}
    differences = [asdict(difference) for difference in statement.differences]
    if as_json:
        show_json({**told, **counts, "differences": differences})
    else:
        columns = {"Day": "day", "Checked": "checked", "In flight": "in_flight", "Not to be asked": "unasked"}
        show_rows([{**told, **counts}], {**columns, "Differences": "differences_total"}, as_json=False)
        if differences:
            columns = {"Transfer": "transfer", "Kind": "kind", "Ours": "ours", "The wallet's": "theirs"}
            show_rows(differences, columns, as_json=False)
    if not statement.agrees:
        raise typer.Exit(BROKEN)


async def _match(settings: Settings, day: date) -> Statement:
    from api.engines import need_engines
    from api.house import open_house
    from earning.statement import match_day

    await need_engines(settings)
    async with open_house(settings) as house:
        return await match_day(house.database, house.wallet, day=day)


async def _audit(settings: Settings, *, campaign: str | None, at_rest: bool) -> list[Finding]:
    from api.engines import need_engines
    from api.house import open_house
    from api.watching import audit_house

    await need_engines(settings)
    async with open_house(settings) as house:
        return await audit_house(house, campaign=campaign, is_at_rest=at_rest)


async def _reconcile(settings: Settings, campaign: str | None) -> list[dict[str, Any]]:
    from api.engines import need_engines
    from api.house import open_house
    from api.watching import reconcile_house

    await need_engines(settings)
    async with open_house(settings) as house:
        settled = await reconcile_house(house, campaign=campaign)
    return [{"campaign": one.campaign, "epoch": one.epoch, "version": one.version.number} for one in settled]


def _as_json(found: Sequence[Finding]) -> dict[str, Any]:
    """What programs read; `broken` names the first of `broken_total`."""
    invariants = {
        finding.id: {
            "holds": finding.holds,
            "title": finding.title,
            "checked": finding.checked,
            "broken": list(finding.broken),
            "broken_total": finding.broken_total,
        }
        for finding in found
    }
    return {"holds": all(finding.holds for finding in found), "invariants": invariants}


def _show(found: Sequence[Finding]) -> None:
    rows = [
        {
            "id": finding.id,
            "title": finding.title,
            "checked": finding.checked,
            "holds": "holds" if finding.holds else f"BROKEN {finding.broken_total} times",
        }
        for finding in found
    ]
    show_rows(rows, {"": "id", "Invariant": "title", "Checked": "checked", "Result": "holds"}, as_json=False)
    for finding in found:
        for sentence in finding.broken:
            console.print(f"{finding.id}: {sentence}", markup=False, highlight=False, soft_wrap=True)
