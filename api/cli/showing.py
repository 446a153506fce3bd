"""How answers are shown: tables for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

console = Console()
AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]


def show_json(answer: Any) -> None:
    typer.echo(json.dumps(answer, ensure_ascii=False, indent=2))


def show_rows(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], *, as_json: bool) -> None:
    """A table with these columns: heading -> dotted path into a row."""
    if as_json:
        show_json(list(rows))
        return
    table = Table(*columns, box=None, header_style="bold", pad_edge=False)
    for row in rows:
        table.add_row(*(cell(row, path) for path in columns.values()))
    console.print(table)


def show_row(row: Mapping[str, Any], columns: Mapping[str, str], *, as_json: bool) -> None:
    """A table of one row."""
    if as_json:
        show_json(row)
    else:
        show_rows([row], columns, as_json=False)


def show_report(report: Mapping[str, Any], *, as_json: bool) -> None:
    """What became of a spreadsheet's rows; refused ones one by one."""
    if as_json:
        show_json(report)
        return
    console.print(", ".join(f"{report[name]} {name}" for name in ("imported", "updated", "unchanged", "refused")))
    if report["faults"]:
        show_rows(report["faults"], {"Row": "row", "Key": "key", "Field": "field", "Reason": "reason"}, as_json=False)


def cell(row: Mapping[str, Any], path: str) -> str:
    value: Any = row
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return "" if value is None else str(value)
