"""How members come by chances, from a terminal: given by hand, or by the events that rules let in."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from api.cli.client import client
from api.cli.sentences import sentences
from api.cli.showing import AsJson, show_row, show_rows

CampaignId = Annotated[str, typer.Argument(help="The campaign's id.")]
Sub = Annotated[str, typer.Argument(help="The mall's own id of the member.")]
RuleKey = Annotated[str, typer.Argument(help="The rule's key.")]
Why = Annotated[str, typer.Option("--reason", help="Why; it stays in the audit.")]
GRANT_COLUMNS = {
    "Grant": "number",
    "Chances": "chances",
    "Used": "used",
    "Until": "expires_at",
    "From": "source",
    "Reference": "reference",
    "Given": "given_at",
}
RULE_COLUMNS = {
    "Key": "key",
    "Revision": "revision",
    "Active": "is_active",
    "An event": "caps.event_max",
    "Every": "caps.member_period",
    "A member then": "caps.member_period_max",
    "A member": "caps.member_max",
    "In all": "caps.all_max",
    "Last": "caps.chances_last",
}
EVENT_COLUMNS = {
    "Event": "event_id",
    "Rule": "rule",
    "Member": "sub",
    "Asked": "asked",
    "Granted": "granted",
    "Cut by": "cut_by",
    "Received": "received_at",
}
EventMax = Annotated[int, typer.Option("--event-max", help="The most chances that one event gives.")]
Every = Annotated[str | None, typer.Option("--every", help="day, week or month: the period of --period-max.")]
PeriodMax = Annotated[int | None, typer.Option("--period-max", help="The most for a member in each period.")]
MemberMax = Annotated[int | None, typer.Option("--member-max", help="The most for a member in all.")]
AllMax = Annotated[int | None, typer.Option("--all-max", help="The most for everybody together.")]
Lasting = Annotated[
    str, typer.Option("--last", help="How long the chances last: today, campaign, or a number of days.")
]

chances = typer.Typer(no_args_is_help=True, help="Chances given by hand.")
rules = typer.Typer(no_args_is_help=True, help="What the mall's events give, and the most they give.")


def add_commands(app: typer.Typer) -> None:
    app.add_typer(chances, name="chances")
    app.add_typer(rules, name="rules")
    app.command("events")(list_events)


@chances.command("give")
def give_chances(
    campaign: CampaignId,
    sub: Sub,
    amount: Annotated[int, typer.Argument(min=1, help="How many chances.")],
    *,
    reference: Annotated[str, typer.Option(help="What this grant is known by; the same once more gives nothing.")],
    reason: Why,
    until: Annotated[
        str | None,
        typer.Option(help="Until when, such as 2027-01-01T00:00:00Z; as long as the campaign when left out."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Give a member chances."""
    body = {"sub": sub, "chances": amount, "reference": reference, "reason": reason, "expires_at": until}
    with sentences(), client() as service:
        show_row(service.post(f"/campaigns/{campaign}/grants", body), GRANT_COLUMNS, as_json=as_json)


@chances.command("list")
def list_chances(campaign: CampaignId, sub: Sub, as_json: AsJson = False) -> None:
    """The latest chances a member was given, and how many of them were used."""
    with sentences(), client() as service:
        answer = service.get(f"/campaigns/{campaign}/grants", sub=sub, limit=100)
        show_rows(answer["items"], GRANT_COLUMNS, as_json=as_json)


@rules.command("list")
def list_rules(as_json: AsJson = False) -> None:
    """Every rule and its caps."""
    with sentences(), client() as service:
        show_rows(list(service.items("/event-rules")), RULE_COLUMNS, as_json=as_json)


@rules.command("create")
def create_rule(
    campaign: CampaignId,
    key: RuleKey,
    *,
    zh: Annotated[str, typer.Option(help="Its name in Chinese.")],
    en: Annotated[str, typer.Option(help="The same in English.")],
    event_max: EventMax,
    every: Every = None,
    period_max: PeriodMax = None,
    member_max: MemberMax = None,
    all_max: AllMax = None,
    last: Lasting = "campaign",
    zone: Annotated[str, typer.Option(help="The time zone whose days, weeks and months count.")] = "Asia/Shanghai",
    as_json: AsJson = False,
) -> None:
    """Let a kind of event give chances in a campaign."""
    body = {
        "key": key,
        "name": {"zh": zh, "en": en},
        "campaign": campaign,
        "zone": zone,
        "caps": _caps(event_max, every, period_max, member_max, all_max, last),
    }
    with sentences(), client() as service:
        show_row(service.post("/event-rules", body), RULE_COLUMNS, as_json=as_json)


@rules.command("set")
def set_rule(
    key: RuleKey,
    *,
    event_max: EventMax,
    reason: Why,
    every: Every = None,
    period_max: PeriodMax = None,
    member_max: MemberMax = None,
    all_max: AllMax = None,
    last: Lasting = "campaign",
    as_json: AsJson = False,
) -> None:
    """Set all caps of a rule anew, and let it give again if it was stopped."""
    body = {"caps": _caps(event_max, every, period_max, member_max, all_max, last), "reason": reason}
    with sentences(), client() as service:
        show_row(service.put(f"/event-rules/{key}", body), RULE_COLUMNS, as_json=as_json)


@rules.command("stop")
def stop_rule(key: RuleKey, reason: Why, as_json: AsJson = False) -> None:
    """Let a rule give nothing any more; its events are refused until it is set again."""
    with sentences(), client() as service:
        caps = service.get(f"/event-rules/{key}")["caps"]
        body = {"caps": caps, "is_active": False, "reason": reason}
        show_row(service.put(f"/event-rules/{key}", body), RULE_COLUMNS, as_json=as_json)


def list_events(
    rule: Annotated[str | None, typer.Option(help="Only of this rule.")] = None,
    sub: Annotated[str | None, typer.Option(help="Only of this member.")] = None,
    cut: Annotated[bool, typer.Option("--cut", help="Only those that were granted less than was asked.")] = False,
    as_json: AsJson = False,
) -> None:
    """What the mall reported, what was granted of it, and which caps cut the rest; newest first."""
    with sentences(), client() as service:
        found = service.items("/events", rule=rule, sub=sub, cut=cut or None)
        rows = [{**row, "cut_by": ", ".join(f"{each['cap']} {each['most']}" for each in row["cuts"])} for row in found]
        show_rows(rows, EVENT_COLUMNS, as_json=as_json)


def _caps(  # noqa: PLR0917 - the caps, in the order in which people read them
    event_max: int, every: str | None, period_max: int | None, member_max: int | None, all_max: int | None, last: str
) -> dict[str, Any]:
    days = int(last) if last.isascii() and last.isdigit() else None
    return {
        "event_max": event_max,
        "member_period": every,
        "member_period_max": period_max,
        "member_max": member_max,
        "all_max": all_max,
        "chances_last": last if days is None else "days",
        "chances_days": days,
    }
