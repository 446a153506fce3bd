"""What must work once a game's folder is there; `tests/test_game_folder.py` runs this in a copy that has one more game."""

from __future__ import annotations

from campaigns import registry
from tests.journeys.people import Member, Operator, hours


def test_the_registry_finds_the_game_and_its_template() -> None:
    assert set(registry.games()) >= {"toy", "wheel"}
    assert [template.key for template in registry.templates("toy")] == ["one"]


async def test_it_is_drafted_checked_published_and_played(operator: Operator, member: Member) -> None:
    assert "toy" in {row["game"] for row in (await operator.gets("/templates"))["items"]}
    campaign = (await operator.posts("/campaigns", game="toy", template="one", changes=hours()))["id"]
    assert (await operator.asks("POST", f"/campaigns/{campaign}/check")).status_code == 200
    assert (await operator.publishes(campaign))["phase"] == "live"
    told = await member.gets(f"/campaigns/{campaign}")
    assert (told["game"], told["view"]) == ("toy", {"colours": ["red", "green", "blue"]})
    refused = await member.tries(campaign, body={"entry": {"box": 7}})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "entry.box")
    shown = await member.plays(campaign, body={"entry": {"box": 2}})
    assert shown["reveal"] == {"box": 2, "colour": "blue", "holds": shown["awarded"]}
    assert (await member.gets("/plays"))["items"][0] == shown


async def test_its_own_check_names_the_field_at_fault(operator: Operator) -> None:
    changes = {**hours(), "game": {"colours": ["red", "red", "blue"]}}
    campaign = (await operator.posts("/campaigns", game="toy", template="one", changes=changes))["id"]
    answer = await operator.asks("POST", f"/campaigns/{campaign}/check")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "game.colours")
