"""Banks of questions and the like, from a terminal."""

from __future__ import annotations

from typing import Annotated

import typer

from api.cli.client import client
from api.cli.operating import File, Why
from api.cli.sentences import sentences
from api.cli.showing import AsJson, console, show_json, show_row, show_rows

BankKey = Annotated[str, typer.Argument(help="The bank's key.")]
COLUMNS = {"Key": "key", "Game": "game", "Name": "name.en", "Items": "items", "Changed": "changed_at"}
FAULT_COLUMNS = {"Row": "row", "Item": "key", "Column": "field", "Reason": "reason"}

banks = typer.Typer(no_args_is_help=True, help="Banks of questions that rounds take from.")


def add_commands(app: typer.Typer) -> None:
    app.add_typer(banks, name="banks")


@banks.command("list")
def list_banks(as_json: AsJson = False) -> None:
    """Every bank, and how many items it holds."""
    with sentences(), client() as service:
        show_rows(list(service.items("/banks")), COLUMNS, as_json=as_json)


@banks.command("create")
def create_bank(
    key: BankKey,
    *,
    zh: Annotated[str, typer.Option(help="What operators know it by, in Chinese.")],
    en: Annotated[str, typer.Option(help="The same in English.")],
    game: Annotated[str, typer.Option(help="The game whose rounds take from it.")] = "quiz",
    as_json: AsJson = False,
) -> None:
    """Create a bank, without items yet."""
    with sentences(), client() as service:
        row = service.post("/banks", {"key": key, "game": game, "name": {"zh": zh, "en": en}})
        show_row(row, COLUMNS, as_json=as_json)


@banks.command("show")
def show_bank(key: BankKey, as_json: AsJson = False) -> None:
    """How many items of each category a round may take."""
    with sentences(), client() as service:
        bank = service.get(f"/banks/{key}")
        if as_json:
            show_json(bank)
            return
        rows = [{"category": category, "items": count} for category, count in bank["categories"].items()]
        show_rows(rows, {"Category": "category", "Items": "items"}, as_json=False)


@banks.command("import")
def import_items(key: BankKey, file: File, as_json: AsJson = False) -> None:
    """Add what a CSV or an Excel workbook holds and the bank does not; refused rows are listed with the reason."""
    with sentences(), client() as service:
        report = service.post_sheet(f"/banks/{key}/items", file.read_bytes())
        if as_json:
            show_json(report)
            return
        console.print(
            f"{report['added']} added, {report['unchanged']} were there, {report['refused']} refused; "
            f"{key} holds {report['items']}."
        )
        if report["faults"]:
            show_rows(report["faults"], FAULT_COLUMNS, as_json=False)


@banks.command("withdraw")
def withdraw_item(key: BankKey, number: Annotated[int, typer.Argument(help="The item's number.")], why: Why) -> None:
    """Let no further round take an item, such as a question whose answer is wrong."""
    with sentences(), client() as service:
        service.post(f"/banks/{key}/items/{number}/withdraw", {"reason": why})
        console.print(f"Withdrew {number} of {key}.")
