"""Whom operators let in and keep out, from a terminal: lists of members, blocks, and what velocity rules decided."""

from __future__ import annotations

from typing import Annotated

import typer

from api.cli.client import client
from api.cli.operating import File
from api.cli.sentences import sentences
from api.cli.showing import AsJson, console, show_json, show_row, show_rows

ListKey = Annotated[str, typer.Argument(help="The list's key.")]
Sub = Annotated[str, typer.Argument(help="The mall's own id of the member.")]
Why = Annotated[str, typer.Option("--reason", help="Why, in words that may be read to the member.")]
LIST_COLUMNS = {"Key": "key", "Name": "name.en", "Members": "size", "Changed": "changed_at"}
ACT_COLUMNS = {"Member": "sub", "Act": "kind", "Until": "until", "Reason": "reason", "By": "author", "At": "at"}

DECISION_COLUMNS = {
    "Member": "sub", "Action": "action", "Rule": "rule.key", "Why": "told.en", "At": "at", "Until": "until", "Passed": "passed_at",
}  # fmt: skip

lists = typer.Typer(no_args_is_help=True, help="Lists of members that a campaign may be for.")
blocks = typer.Typer(no_args_is_help=True, help="Members who are kept from playing.")


def add_commands(app: typer.Typer) -> None:
    app.add_typer(lists, name="lists")
    app.add_typer(blocks, name="blocks")
    app.command("decisions")(list_decisions)


@lists.command("list")
def list_lists(as_json: AsJson = False) -> None:
    """Every list, and how many members are on it."""
    with sentences(), client() as service:
        show_rows(list(service.items("/lists")), LIST_COLUMNS, as_json=as_json)


@lists.command("create")
def create_list(
    key: ListKey,
    *,
    zh: Annotated[str, typer.Option(help="What members know it by, in Chinese.")],
    en: Annotated[str, typer.Option(help="The same in English.")],
    as_json: AsJson = False,
) -> None:
    """Create a list, without members yet."""
    with sentences(), client() as service:
        show_row(service.post("/lists", {"key": key, "name": {"zh": zh, "en": en}}), LIST_COLUMNS, as_json=as_json)


@lists.command("show")
def show_list(key: ListKey, as_json: AsJson = False) -> None:
    """A list and its size."""
    with sentences(), client() as service:
        show_row(service.get(f"/lists/{key}"), LIST_COLUMNS, as_json=as_json)


@lists.command("add")
def add_members(key: ListKey, file: File, as_json: AsJson = False) -> None:
    """Put members on a list, from a CSV with the column sub; refused rows are listed with the reason."""
    _change(key, file, "add", as_json=as_json)


@lists.command("replace")
def replace_members(key: ListKey, file: File, as_json: AsJson = False) -> None:
    """Make a list hold the members of a CSV and no others."""
    _change(key, file, "replace", as_json=as_json)


@lists.command("remove")
def remove_members(key: ListKey, file: File, as_json: AsJson = False) -> None:
    """Take the members of a CSV off a list that no running campaign is for."""
    _change(key, file, "remove", as_json=as_json)


@lists.command("discard")
def discard_list(key: ListKey) -> None:
    """Forget a list that no running campaign is for, and who was on it."""
    with sentences(), client() as service:
        service.delete(f"/lists/{key}")
        console.print(f"Forgot {key}.")


@blocks.command("list")
def list_blocks(as_json: AsJson = False) -> None:
    """The blocks that hold now, newest first."""
    with sentences(), client() as service:
        show_rows(list(service.items("/blocks")), ACT_COLUMNS, as_json=as_json)


@blocks.command("history")
def list_acts(
    sub: Annotated[str | None, typer.Option(help="Only what was done about this member.")] = None,
    as_json: AsJson = False,
) -> None:
    """Every block there was and every lifting of one, newest first."""
    with sentences(), client() as service:
        show_rows(list(service.items("/blocks/history", sub=sub)), ACT_COLUMNS, as_json=as_json)


@blocks.command("add")
def block_member(
    sub: Sub,
    reason: Why,
    until: Annotated[
        str | None, typer.Option(help="Until when, such as 2027-01-01T00:00:00Z; for good when left out.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Keep a member from playing."""
    with sentences(), client() as service:
        show_row(service.post("/blocks", {"sub": sub, "reason": reason, "until": until}), ACT_COLUMNS, as_json=as_json)


@blocks.command("lift")
def lift_block(sub: Sub, reason: Why, as_json: AsJson = False) -> None:
    """Let a blocked member play again."""
    with sentences(), client() as service:
        show_row(service.post("/blocks/lift", {"sub": sub, "reason": reason}), ACT_COLUMNS, as_json=as_json)


def list_decisions(
    campaign: Annotated[str, typer.Argument(help="The campaign's id.")],
    sub: Annotated[str | None, typer.Option(help="Only what was decided about this member.")] = None,
    as_json: AsJson = False,
) -> None:
    """Who was slowed down, challenged, put under review or blocked by a velocity rule, and why; newest first."""
    with sentences(), client() as service:
        show_rows(list(service.items(f"/campaigns/{campaign}/decisions", sub=sub)), DECISION_COLUMNS, as_json=as_json)


def _change(key: str, file: File, how: str, *, as_json: bool) -> None:
    with sentences(), client() as service:
        report = service.post_sheet(f"/lists/{key}/members?how={how}", file.read_bytes())
        if as_json:
            show_json(report)
            return
        told = ", ".join(f"{report[name]} {name}" for name in ("added", "removed", "unchanged", "refused"))
        console.print(f"{told}; {report['size']} on the list")
        if report["faults"]:
            show_rows(report["faults"], {"Row": "row", "Key": "key", "Reason": "reason"}, as_json=False)
