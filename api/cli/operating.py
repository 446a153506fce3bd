"""What operators do, from a terminal: plain calls of the operator API."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.client import client
from api.cli.sentences import sentences
from api.cli.showing import AsJson, console, show_json, show_report, show_rows
from api.sentences import Failure

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="A CSV file in UTF-8.")]
CampaignId = Annotated[str, typer.Argument(help="The campaign's id.")]
Why = Annotated[str, typer.Option("--reason", help="Why; it stays in the version and the audit.")]
PRODUCT_COLUMNS = {"SKU": "sku", "Name": "name.en", "Form": "form", "Type": "type", "Value": "market_value.amount"}
CAMPAIGN_COLUMNS = {"Id": "id", "Game": "game", "Template": "template", "Phase": "phase", "Version": "version"}
AWARD_COLUMNS = {"Id": "id", "Won": "won_at", "Prize": "prize.name.en", "State": "state", "Reason": "reason"}

products = typer.Typer(no_args_is_help=True, help="The catalogue.")
codes = typer.Typer(no_args_is_help=True, help="Pools of coupon codes; `redeem`: codes that give chances.")
campaigns = typer.Typer(no_args_is_help=True, help="Campaigns, from template to end.")
parcels = typer.Typer(no_args_is_help=True, help="Parcels: out as CSV, back with tracking numbers.")
awards = typer.Typer(no_args_is_help=True, help="Awards, and what to do about stuck ones.")


def add_commands(app: typer.Typer) -> None:
    for name, group in (("products", products), ("codes", codes), ("campaigns", campaigns), ("parcels", parcels)):
        app.add_typer(group, name=name)
    app.add_typer(awards, name="awards")
    app.command()(templates)


@products.command("import")
def import_products(file: File, as_json: AsJson = False) -> None:
    """Create and update products from a CSV; refused rows are listed with the reason."""
    with sentences(), client() as service:
        show_report(service.post_sheet("/products", file.read_bytes()), as_json=as_json)


@products.command("list")
def list_products(as_json: AsJson = False) -> None:
    """Every product of the catalogue."""
    with sentences(), client() as service:
        show_rows(list(service.items("/products")), PRODUCT_COLUMNS, as_json=as_json)


@codes.command("upload")
def upload_codes(sku: str, file: File, as_json: AsJson = False) -> None:
    """Add codes, one a line, to a product's pool; duplicates are listed."""
    with sentences(), client() as service:
        show_report(service.post_sheet(f"/products/{sku}/codes", file.read_bytes()), as_json=as_json)


def templates(as_json: AsJson = False) -> None:
    """The templates of every game."""
    columns = {"Game": "game", "Template": "key", "Version": "version", "Title": "title.en", "Summary": "summary.en"}
    with sentences(), client() as service:
        show_rows(service.get("/templates")["items"], columns, as_json=as_json)


@campaigns.command("list")
def list_campaigns(as_json: AsJson = False) -> None:
    """Every campaign, newest first."""
    with sentences(), client() as service:
        show_rows(list(service.items("/campaigns")), CAMPAIGN_COLUMNS, as_json=as_json)


@campaigns.command("create")
def create_campaign(
    game: str,
    template: str,
    *,
    changes: Annotated[Path | None, typer.Option(help="A JSON file laid over the template.", exists=True)] = None,
    starts_at: Annotated[str | None, typer.Option(help="When it opens, such as 2026-12-01T00:00:00Z.")] = None,
    ends_at: Annotated[str | None, typer.Option(help="When it ends, such as 2026-12-31T16:00:00Z.")] = None,
    as_json: AsJson = False,
) -> None:
    """Create a draft from a template."""
    with sentences(), client() as service:
        wanted = {**(_json_of(changes) if changes else {}), **_given(starts_at=starts_at, ends_at=ends_at)}
        _show(service.post("/campaigns", {"game": game, "template": template, "changes": wanted}), as_json=as_json)


@campaigns.command("show")
def show_campaign(campaign: CampaignId) -> None:
    """A campaign with its whole config, as JSON."""
    with sentences(), client() as service:
        show_json(service.get(f"/campaigns/{campaign}"))


@campaigns.command("set")
def set_draft(campaign: CampaignId, config: Path, as_json: AsJson = False) -> None:
    """Replace a draft's config by a JSON file."""
    with sentences(), client() as service:
        _show(service.put(f"/campaigns/{campaign}/draft", {"config": _json_of(config)}), as_json=as_json)


@campaigns.command("check")
def check_draft(campaign: CampaignId, as_json: AsJson = False) -> None:
    """Check whether a draft could be published as it is."""
    with sentences(), client() as service:
        _show(service.post(f"/campaigns/{campaign}/check"), as_json=as_json)


@campaigns.command("publish")
def publish(campaign: CampaignId, reason: Why = "published", as_json: AsJson = False) -> None:
    """Freeze a draft; it opens and closes by itself at its hours."""
    _change(campaign, "publish", {"reason": reason}, as_json=as_json)


@campaigns.command("pause")
def pause(campaign: CampaignId, reason: Why, as_json: AsJson = False) -> None:
    """Stop plays for the moment."""
    _change(campaign, "pause", {"reason": reason}, as_json=as_json)


@campaigns.command("resume")
def resume(campaign: CampaignId, reason: Why, as_json: AsJson = False) -> None:
    """Let plays go on."""
    _change(campaign, "resume", {"reason": reason}, as_json=as_json)


@campaigns.command("add-stock")
def add_stock(campaign: CampaignId, line: str, units: int, reason: Why, as_json: AsJson = False) -> None:
    """Add units to a line while the campaign runs."""
    _change(campaign, "stock", {"line": line, "units": units, "reason": reason}, as_json=as_json)


@campaigns.command("extend")
def extend(campaign: CampaignId, ends_at: str, reason: Why, as_json: AsJson = False) -> None:
    """Let the campaign end later, for example at 2026-12-31T16:00:00Z."""
    _change(campaign, "extend", {"ends_at": ends_at, "reason": reason}, as_json=as_json)


@campaigns.command("versions")
def list_versions(campaign: CampaignId, as_json: AsJson = False) -> None:
    """Every version that was ever in force."""
    columns = {"Version": "version", "Change": "change", "State": "state", "By": "author", "At": "created_at"}
    with sentences(), client() as service:
        show_rows(service.get(f"/campaigns/{campaign}/versions")["items"], columns, as_json=as_json)


@parcels.command("export")
def export_parcels(
    file: Annotated[Path, typer.Argument(help="Where to write the packing list; it must not exist.")],
    again: Annotated[bool, typer.Option("--again", help="List those already packing once more.")] = False,
) -> None:
    """Take parcels off the queue, as CSV with names and addresses."""
    with sentences(), client() as service:
        if file.exists():
            raise Failure(f"{file} exists already.")
        query = "?again=true" if again else ""
        packing_list = service.post(f"/parcels/export{query}")
        file.touch(mode=0o600)
        file.write_text(packing_list, encoding="utf-8", newline="")
        console.print(f"Wrote {file}.")


@parcels.command("import-tracking")
def import_tracking(file: File, as_json: AsJson = False) -> None:
    """Note tracking numbers; the same file again changes nothing."""
    with sentences(), client() as service:
        show_report(service.post_sheet("/parcels/tracking", file.read_bytes()), as_json=as_json)


@awards.command("list")
def list_awards(
    state: Annotated[str | None, typer.Option(help="Only awards in this state.")] = None,
    product_type: Annotated[str | None, typer.Option("--type", help="Only prizes of this type.")] = None,
    as_json: AsJson = False,
) -> None:
    """Awards, newest first."""
    with sentences(), client() as service:
        show_rows(list(service.items("/awards", state=state, type=product_type)), AWARD_COLUMNS, as_json=as_json)


@awards.command("retry")
def retry_award(award: str, reason: Why, as_json: AsJson = False) -> None:
    """Try a stuck delivery again."""
    _intervene(award, "retry", reason, as_json=as_json)


@awards.command("void")
def void_award(award: str, reason: Why, as_json: AsJson = False) -> None:
    """End an award undelivered."""
    _intervene(award, "void", reason, as_json=as_json)


def _change(campaign: str, verb: str, body: dict[str, Any], *, as_json: bool) -> None:
    with sentences(), client() as service:
        _show(service.post(f"/campaigns/{campaign}/{verb}", body), as_json=as_json)


def _intervene(award: str, verb: str, reason: str, *, as_json: bool) -> None:
    with sentences(), client() as service:
        answer = service.post(f"/awards/{award}/{verb}", {"reason": reason})
        show_rows([answer], AWARD_COLUMNS, as_json=False) if not as_json else show_json(answer)


def _show(campaign: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        show_json(campaign)
    else:
        show_rows([campaign], CAMPAIGN_COLUMNS, as_json=False)


def _json_of(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Failure(f"{file} cannot be read as JSON: {error}.") from None
    if not isinstance(content, dict):
        raise Failure(f"{file} must hold one JSON object.")
    return content


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
