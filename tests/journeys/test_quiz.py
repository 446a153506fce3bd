"""A quiz over HTTP: begun, answered by the house's clock, played once for its score, and nothing told too early."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from api.house import House
from api.watching import audit_house
from tests.journeys.people import Line, Member, Operator, pool_of, someone, works
from tests.journeys.test_reviews import broken_at_rest
from tests.journeys.test_scratch import MovableClock
from tests.support.people import AMall

POINTS: tuple[Line, ...] = (("points", "100%", None, None, "POINTS-5"), ("thanks", "0", None, None, None))
NOTHING: tuple[Line, ...] = (("nothing", "rest", None, None, None),)
HEADER = "category,question,answer,option_1,option_2,option_3,explanation"
SHEET = "\n".join(
    [HEADER, *(f"sums,What is {n} and {n}?,{n + n},{n + n},{n + n + 1},{n},Twice {n}." for n in range(1, 31))]
)
Quiz = Callable[..., Awaitable[str]]


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
async def quiz(operator: Operator) -> Quiz:
    """Opens a quiz of sums, whose better pool is for those who know three of three."""
    await operator.posts("/banks", key="sums", game="quiz", name={"zh": "加法", "en": "Sums"})
    report = await operator.uploads("/banks/sums/items", SHEET)
    assert (report["added"], report["refused"]) == (30, 0)

    async def opens(*, game: dict[str, Any] | None = None, **changes: Any) -> str:
        bands = [{"points": 0, "tier": "start"}, {"points": 30, "tier": "good"}]
        told = {"bank": "sums", "questions": 3, "seconds_each": 10, "bands": bands, **(game or {})}
        pools = [{**pool_of(lines)["pools"][0], "key": key} for key, lines in (("start", NOTHING), ("good", POINTS))]
        campaign = await operator.drafts("daily", of="quiz", **{"limits": {}, "pools": pools, "game": told, **changes})
        await operator.publishes(campaign)
        return campaign

    return opens


async def begins(member: Member, campaign: str) -> Any:
    answer = await member.asks("POST", f"/campaigns/{campaign}/rounds")
    assert answer.status_code == 201, answer.text
    return answer.json()


async def moves(member: Member, game: Any, **move: Any) -> httpx.Response:
    return await member.asks("POST", f"/rounds/{game['id']}/moves", json={"move": move})


def sum_in(game: Any) -> int:
    """Where the right answer of the question stands, for one who can add."""
    question = game["state"]["question"]
    number = int(question["text"].split()[2])
    place: int = question["options"].index(str(number + number))
    return place


async def answers(member: Member, game: Any, *, rightly: bool = True) -> Any:
    place = sum_in(game)
    option = place if rightly else (place + 1) % 3
    answer = await moves(member, game, do="answer", number=game["state"]["number"], options=[option])
    assert answer.status_code == 200, answer.text
    return answer.json()


async def goes_through(member: Member, campaign: str, *, right: int = 3) -> Any:
    """A whole round, with so many of its three questions right."""
    game = await begins(member, campaign)
    for number in range(1, 4):
        game = await answers(member, game, rightly=number <= right)
        if number < 3:
            game = (await moves(member, game, do="next", number=number)).json()
    assert game["state"]["is_over"]
    return game


async def plays(member: Member, game: Any) -> httpx.Response:
    return await member.asks("POST", f"/rounds/{game['id']}/play")


async def test_a_round_is_played_once_for_what_it_came_to(quiz: Quiz, member: Member, house: House) -> None:
    campaign = await quiz()
    game = await begins(member, campaign)
    assert (await begins(member, campaign))["id"] == game["id"] == (await member.stands(campaign))["round_id"]
    early = await plays(member, game)
    assert (early.status_code, early.json()["code"], early.json()["reason"]) == (409, "move-refused", "not-over")
    game = await goes_through(member, campaign)
    assert (game["state"]["points"], game["state"]["right"]) == (30, 3)
    played = await plays(member, game)
    shown = played.json()
    assert (played.status_code, shown["awarded"]) == (201, "points")
    assert shown["reveal"] == {"points": 30, "right": 3, "of": 3, "tier": "good"}
    assert (await plays(member, game)).content == played.content
    assert (await member.gets(f"/rounds/{game['id']}"))["play_id"] == shown["id"]
    second = await goes_through(member, campaign, right=2)
    assert (second["number"], (await plays(member, second)).json()["awarded"]) == (2, "nothing")
    assert [play["ordinal"] for play in (await member.gets("/plays"))["items"]] == [2, 1]
    assert (await member.stands(campaign))["round_id"] is None
    await member.sees(shown["id"], "delivered", house)
    assert await broken_at_rest(house) == set()


async def test_nobody_plays_past_the_questions(quiz: Quiz, member: Member) -> None:
    campaign = await quiz(limits={"plays_at_once_max": 5})
    for path, body in (("plays", {"entry": {"points": 30, "right": 3, "of": 3}}), ("plays/several", {"times": 3})):
        headers = {**member.headers, "idempotency-key": str(uuid4()), "accept-language": "zh"}
        answer = await member.client.post(f"/v1/campaigns/{campaign}/{path}", headers=headers, json=body)
        assert (answer.status_code, answer.json()["code"]) == (409, "round-needed")
        assert "从一局开始" in answer.json()["detail"]


async def test_a_round_is_its_members_alone(quiz: Quiz, member: Member, another_member: Member) -> None:
    campaign = await quiz()
    game = await begins(member, campaign)
    asks = [
        another_member.asks("GET", f"/rounds/{game['id']}"),
        moves(another_member, game, do="answer", number=1, options=[0]),
        plays(another_member, game),
        member.asks("GET", f"/rounds/{uuid4()}"),
    ]
    for ask in asks:
        answer = await ask
        assert (answer.status_code, answer.json()["noun"]) == (404, "round")
    theirs = await begins(another_member, campaign)
    assert theirs["id"] != game["id"]


@pytest.mark.parametrize(
    ("move", "status", "told"),
    [
        ({"do": "answer", "number": 2, "options": [0]}, 409, "out-of-order"),
        ({"do": "next", "number": 1}, 409, "not-answered-yet"),
        ({"do": "answer", "number": 1, "options": [7]}, 409, "no-such-option"),
        ({"do": "answer", "number": 1, "options": [0, 1]}, 409, "one-option"),
        ({"do": "peek"}, 422, "move.do"),
        ({"do": "answer", "number": 1, "options": "a"}, 422, "move.options"),
        ({}, 422, "move.do"),
    ],
)
async def test_a_bad_move_is_told_and_changes_nothing(
    quiz: Quiz, member: Member, move: dict[str, Any], status: int, told: str
) -> None:
    game = await begins(member, await quiz())
    answer = await moves(member, game, **move)
    assert answer.status_code == status, answer.text
    facts = answer.json()
    assert told in (facts.get("reason"), *(error["field"] for error in facts.get("errors", [])))
    left = (await member.gets(f"/rounds/{game['id']}"))["state"]
    assert {**left, "left_ms": 0} == {**game["state"], "left_ms": 0}


async def test_an_answer_is_given_once_and_told_again(quiz: Quiz, member: Member) -> None:
    game = await begins(member, await quiz())
    first = await answers(member, game, rightly=False)
    again = await answers(member, game, rightly=False)
    assert again["state"] == first["state"]
    assert first["state"]["answered"]["outcome"] == "wrong"
    assert first["state"]["answered"]["explanation"].startswith("Twice")
    other = await moves(member, game, do="answer", number=1, options=[sum_in(game)])
    assert (other.status_code, other.json()["reason"]) == (409, "already-answered")


async def test_what_comes_late_counts_as_late(quiz: Quiz, member: Member, clock: MovableClock) -> None:
    game = await begins(member, await quiz())
    clock.ahead = timedelta(seconds=12)
    late = await member.gets(f"/rounds/{game['id']}")
    assert (late["state"]["answered"]["outcome"], late["state"]["points"]) == ("late", 0)
    answer = await moves(member, game, do="answer", number=1, options=[sum_in(game)])
    assert (answer.status_code, answer.json()["reason"]) == (409, "already-answered")


async def test_a_round_that_nobody_ends_is_ended_and_played(
    quiz: Quiz, member: Member, house: House, clock: MovableClock, mall: AMall
) -> None:
    campaign = await quiz()
    game = await answers(member, await begins(member, campaign))
    clock.ahead = timedelta(minutes=10)
    await works(house)
    later = await someone(member.client, house, mall)
    (play,) = (await later.gets("/plays"))["items"]
    assert (play["reveal"]["points"], play["reveal"]["right"], play["awarded"]) == (10, 1, "nothing")
    assert (await plays(later, game)).json() == play
    over = await moves(later, game, do="next", number=1)
    assert (over.status_code, over.json()["reason"]) == (409, "over")
    assert await broken_at_rest(house) == set()


async def test_a_member_has_as_many_rounds_as_plays(quiz: Quiz, member: Member) -> None:
    campaign = await quiz(limits={"member_plays_max": 1})
    game = await goes_through(member, campaign, right=0)
    assert (await begins(member, campaign))["id"] == game["id"]
    await plays(member, game)
    answer = await member.asks("POST", f"/campaigns/{campaign}/rounds")
    assert (answer.status_code, answer.json()["code"]) == (409, "no-chance-left")


async def test_rounds_ask_what_the_seed_says_and_members_are_asked_differently(
    quiz: Quiz, member: Member, another_member: Member
) -> None:
    campaign = await quiz(
        game={"questions": 20, "bands": [{"points": 0, "tier": "start"}, {"points": 30, "tier": "good"}]}
    )
    asked = []
    for each in (member, another_member):
        game = await begins(each, campaign)
        texts = [game["state"]["question"]["text"]]
        for number in range(1, 20):
            await answers(each, game)
            game = (await moves(each, game, do="next", number=number)).json()
            texts.append(game["state"]["question"]["text"])
        assert len(set(texts)) == 20
        asked.append(texts)
    assert asked[0] != asked[1]


async def test_nothing_before_an_answer_tells_which_is_right(quiz: Quiz, member: Member, house: House) -> None:
    """Of every question, all that was sent before its answer names each option as often as every other."""
    campaign = await quiz(
        game={"questions": 10, "bands": [{"points": 0, "tier": "start"}, {"points": 30, "tier": "good"}]}
    )
    for path in (f"/campaigns/{campaign}", f"/campaigns/{campaign}/me"):
        told = (await member.asks("GET", path)).text
        assert "What is" not in told
        assert "Twice" not in told
    answer = await member.asks("POST", f"/campaigns/{campaign}/rounds")
    for number in range(1, 11):
        game = answer.json()
        for sent in (answer.text, (await member.asks("GET", f"/rounds/{game['id']}")).text):
            assert "Twice" not in sent
            assert '"right":[' not in sent.replace(" ", "")
            assert sent.count("What is") == 1
        refused = await moves(member, game, do="next", number=number)
        assert "Twice" not in refused.text
        await answers(member, game, rightly=False)
        if number < 10:
            answer = await moves(member, game, do="next", number=number)


async def test_a_quiz_that_is_changed_goes_on_with_its_questions(
    operator: Operator, quiz: Quiz, member: Member, house: House
) -> None:
    campaign = await quiz()
    await operator.changes(campaign, "extend", ends_at="2027-06-01T00:00:00Z")
    await operator.changes(campaign, "pause")
    assert (await member.asks("POST", f"/campaigns/{campaign}/rounds")).json()["code"] == "paused"
    await operator.changes(campaign, "resume")
    game = await goes_through(member, campaign)
    assert (await plays(member, game)).json()["version"] == 4
    assert await broken_at_rest(house) == set()


async def test_a_bank_that_cannot_fill_a_round_is_not_published(operator: Operator, quiz: Quiz) -> None:
    for game, reason in (
        ({"bank": "nope"}, "no bank of that key"),
        ({"questions": 31}, "has 30 items"),
        ({"categories": ["x"]}, "has 0 items"),
    ):
        with pytest.raises(AssertionError, match=reason):
            await quiz(game=game)
    with pytest.raises(AssertionError, match="no pool has that key"):
        await quiz(game={"bands": [{"points": 0, "tier": "start"}, {"points": 10, "tier": "best"}]})


async def test_an_item_that_was_withdrawn_is_asked_no_more(operator: Operator, quiz: Quiz, member: Member) -> None:
    campaign = await quiz(
        game={"questions": 30, "bands": [{"points": 0, "tier": "start"}, {"points": 30, "tier": "good"}]}
    )
    row = await operator.posts("/banks/sums/items/7/withdraw", reason="a wrong answer")
    assert row["withdrawn_at"] is not None
    assert (await operator.gets("/banks/sums"))["categories"] == {"sums": 29}
    answer = await member.asks("POST", f"/campaigns/{campaign}/rounds")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    items = (await operator.gets("/banks/sums/items?limit=3&after=5"))["items"]
    assert [item["number"] for item in items] == [6, 7, 8]
    again = await operator.uploads("/banks/sums/items", SHEET)
    assert (again["added"], again["unchanged"]) == (0, 30)


async def test_the_leaderboard_counts_the_best_round_of_each(
    quiz: Quiz, member: Member, another_member: Member, clock: MovableClock
) -> None:
    campaign = await quiz()
    path = f"/campaigns/{campaign}/leaderboard"
    assert await member.gets(path) == {"places": [], "mine": None}
    for each, right in ((member, 1), (member, 3), (member, 2), (another_member, 2)):
        game = await goes_through(each, campaign, right=right)
        await plays(each, game)
    told = await another_member.gets(path)
    assert [(place["rank"], place["points"], place["is_mine"]) for place in told["places"]] == [
        (1, 30, False),
        (2, 20, True),
    ]
    assert told["mine"] == told["places"][1]
    assert [place["name"] for place in told["places"]] == ["me***1", "me***2"]
    clock.ahead = timedelta(seconds=5)
    game = await begins(another_member, campaign)
    clock.ahead += timedelta(seconds=4)
    for number in range(1, 4):
        game = await answers(another_member, game)
        if number < 3:
            game = (await moves(another_member, game, do="next", number=number)).json()
    slower = await another_member.gets(f"{path}?of=campaign")
    assert [(place["points"], place["is_mine"]) for place in slower["places"]] == [(30, False), (30, True)]
    assert slower["places"][0]["ms"] < slower["places"][1]["ms"]
    wheel = await member.asks("GET", f"/campaigns/{uuid4()}/leaderboard")
    assert wheel.status_code == 404
    assert (await member.asks("GET", f"{path}?of=year")).status_code == 422


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("UPDATE game_round SET points = points + 1", "has another score than it came to"),
        ("UPDATE game_round SET picked = '[1, 2, 3]'", "was begun with other items than the seed says"),
        ("UPDATE game_round SET number = number + 1", "was begun with other items than the seed says"),
        ("UPDATE game_round SET play_id = NULL, over_at = NULL, points = NULL, ms = NULL", "is the end of no round"),
        ("UPDATE bank_item SET withdrawn_at = added_at", "was begun with items that its bank does not have"),
    ],
)
async def test_a_round_that_was_changed_behind_our_back_is_noticed(
    quiz: Quiz, member: Member, house: House, change: str, fault: str
) -> None:
    await plays(member, await goes_through(member, await quiz(), right=2))
    async with house.database.transaction() as session:
        await session.execute(text(change))
    (found,) = [each for each in await audit_house(house) if each.id == "I20"]
    assert [broken for broken in found.broken if fault in broken], found.broken
