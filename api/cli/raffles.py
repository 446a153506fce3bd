"""Raffles from a terminal: how far one has come, its public value, and the draw once more, by oneself."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from api.cli.client import client
from api.cli.sentences import sentences
from api.cli.showing import AsJson, console, show_json, show_rows
from api.sentences import Failure
from campaigns.raffle import Drum, Raffle, Seal, Ticket

CampaignId = Annotated[str, typer.Argument(help="The campaign's id.")]
PLACE_COLUMNS = {
    "Rank": "rank", "Ticket": "ticket", "Prize": "prize", "Unit": "unit", "Turn": "turn", "State": "state",
    "Award": "award_id", "Member": "member_id",
}  # fmt: skip
TICKETS_AT_ONCE = 1000

raffles = typer.Typer(no_args_is_help=True, help="Raffles: every play a ticket, one draw at the end.")


def add_commands(app: typer.Typer) -> None:
    app.add_typer(raffles, name="raffle")


@raffles.command("show")
def show_raffle(campaign: CampaignId, as_json: AsJson = False) -> None:
    """How far a campaign's raffle has come."""
    with sentences(), client() as service:
        _show(service.get(f"/campaigns/{campaign}/raffle"), as_json=as_json)


@raffles.command("places")
def list_places(campaign: CampaignId, as_json: AsJson = False) -> None:
    """Winners and runners-up, and who has held each prize."""
    with sentences(), client() as service:
        show_rows(list(service.items(f"/campaigns/{campaign}/raffle/places")), PLACE_COLUMNS, as_json=as_json)


@raffles.command("beacon")
def enter_beacon(
    campaign: CampaignId,
    value: Annotated[str, typer.Argument(help="The announced public value, exactly as published.")],
    source: Annotated[str, typer.Option(help="Where anybody can look it up.")],
    as_json: AsJson = False,
) -> None:
    """Enter the announced public value, once; the draw follows by itself."""
    with sentences(), client() as service:
        told = service.post(f"/campaigns/{campaign}/raffle/beacon", {"value": value, "source": source})
        _show(told, as_json=as_json)


@raffles.command("verify")
def verify_raffle(campaign: CampaignId, as_json: AsJson = False) -> None:
    """Draw again from what is published, with nothing but the seed and the tickets, and compare."""
    with sentences(), client() as service:
        definition = service.public(f"/campaigns/{campaign}")
        raffle, seed = definition["raffle"], definition["fairness"]["seed"]
        if raffle is None or raffle["state"] != "drawn" or seed is None:
            raise Failure("There is no raffle of that campaign, or it is not drawn yet.")
        tickets = [
            Ticket(each["number"], each["play"], each["member"])
            for each in service.public_items(f"/campaigns/{campaign}/raffle/tickets", limit=TICKETS_AT_ONCE)
        ]
        places = list(service.public_items(f"/campaigns/{campaign}/raffle/places", limit=TICKETS_AT_ONCE))
    faults = list(faults_of(definition, tickets, places))
    if as_json:
        show_json({"tickets": len(tickets), "places": len(places), "faults": faults})
    else:
        console.print(f"{len(tickets)} tickets, {len(places)} places, digest {raffle['sealed']['digest']}")
    if faults:
        raise Failure(" ".join(faults))


def faults_of(
    definition: Mapping[str, Any], tickets: Sequence[Ticket], places: Sequence[Mapping[str, Any]]
) -> Sequence[str]:
    """What of a drawn raffle is not as its commitment, its digest and its seed say; empty when all is."""
    raffle, fairness = definition["raffle"], definition["fairness"]
    seed, sealed, seal = bytes.fromhex(fairness["seed"]), raffle["sealed"], Seal()
    drum = Drum(
        seed=seed,
        campaign=definition["id"],
        digest=sealed["digest"],
        beacon=raffle["entered"]["value"] if raffle["entered"] else "",
        member_wins_max=raffle["member_wins_max"],
    )
    for ticket in tickets:
        seal.add(ticket)
        drum.add(ticket)
    rules = Raffle.model_validate(
        {
            "prizes": [{"key": each["key"], "product": "-", "units": each["units"]} for each in raffle["prizes"]],
            "runners_up": raffle["runners_up"],
        }
    )
    told = [(each["rank"], each["ticket"], each["member"]) for each in places]
    drawn = drum.places(rules.places)
    expected = [(rank, each.ticket.number, each.ticket.tag) for rank, each in enumerate(drawn, start=1)]
    found = {
        "The seed is not the one that was committed to.": hashlib.sha256(seed).hexdigest() == fairness["commitment"],
        "The tickets are not those that were sealed.": seal.digest() == sealed["digest"],
        "The places are not those that the seed gives.": told == expected,
    }
    return [fault for fault, holds in found.items() if not holds]


def _show(raffle: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        show_json(raffle)
        return
    sealed, entered = raffle["sealed"] or {}, raffle["entered"] or {}
    row = {
        "state": raffle["state"],
        "draws_at": raffle["draws_at"],
        "tickets": sealed.get("tickets"),
        "digest": sealed.get("digest"),
        "beacon": entered.get("value"),
        "drawn_at": raffle["drawn_at"],
    }
    columns = {"State": "state", "Draw at": "draws_at", "Tickets": "tickets", "Digest": "digest", "Beacon": "beacon"}
    show_rows([row], {**columns, "Drawn": "drawn_at"}, as_json=False)
