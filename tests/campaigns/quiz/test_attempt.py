"""An attempt by the clock: one question at a time, late is late, and nothing tells what is right before it is answered."""

from __future__ import annotations

import json
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from campaigns.game import ConfigFault, MoveFault, Score
from campaigns.quiz import attempt as quiz
from campaigns.quiz.attempt import GRACE_MS, Attempt, Move
from campaigns.quiz.config import QuizConfig
from campaigns.quiz.game import GAME, STEPS
from campaigns.quiz.question import Question

BEGUN_MS = 1_000_000
QUESTIONS = [
    Question(
        category="c", text=f"Question {n}?", options=("one", "two", "three", "four"), right=(n % 4,), explanation="E"
    )
    for n in range(6)
]
TWO = Question(category="c", text="Which two?", options=("a", "b", "c"), right=(0, 2), has_several=True)


def a_quiz(**told: Any) -> QuizConfig:
    bands = [{"points": 0, "tier": "start"}, {"points": 20, "tier": "good"}]
    return QuizConfig.model_validate({"bank": "b", "questions": 3, "seconds_each": 10, "bands": bands, **told})


def begun(config: QuizConfig, questions: list[Question] | None = None) -> Attempt:
    return quiz.begin(config, questions or QUESTIONS[: config.questions], iter(count(7)), BEGUN_MS)


def right_of(attempt: Attempt) -> tuple[int, ...]:
    asking = attempt.current
    return tuple(shown for shown, place in enumerate(asking.order) if place in asking.question.right)


def wrong_of(attempt: Attempt) -> tuple[int, ...]:
    return (next(place for place in range(4) if place not in right_of(attempt)),)


def answers(config: QuizConfig, attempt: Attempt, options: tuple[int, ...], now_ms: int = BEGUN_MS + 1000) -> Attempt:
    return quiz.step(config, attempt, Move(do="answer", number=attempt.place + 1, options=options), now_ms)


def turns(config: QuizConfig, attempt: Attempt, now_ms: int = BEGUN_MS + 2000) -> Attempt:
    return quiz.step(config, attempt, Move(do="next", number=attempt.place + 1), now_ms)


def outcomes(config: QuizConfig, *said: str) -> Attempt:
    """Answers so, one question after another, for as long as there are some."""
    attempt, now_ms = begun(config), BEGUN_MS
    for word in said:
        late_ms = config.seconds_each * 1000 + GRACE_MS + 1
        options = wrong_of(attempt) if word == "wrong" else right_of(attempt)
        attempt = answers(config, attempt, options, now_ms + (late_ms if word == "late" else 1000))
        assert attempt.current.outcome == word
        now_ms += 30_000
        if not attempt.is_over:
            attempt = turns(config, attempt, now_ms)
    return attempt


def test_an_attempt_goes_from_question_to_question() -> None:
    config = a_quiz()
    attempt = outcomes(config, "right", "wrong", "right")
    assert (attempt.is_over, attempt.points, attempt.right, quiz.score(attempt)) == (True, 20, 2, Score(20, 3000))
    entry = STEPS.entry(attempt)
    assert (entry.points, entry.right, entry.of, GAME.tier(config, entry)) == (20, 2, 3, "good")
    with pytest.raises(MoveFault, match="over"):
        turns(config, attempt)


@given(st.integers(min_value=0, max_value=11_500))
def test_points_by_time_fall_from_all_to_half(took_ms: int) -> None:
    config = a_quiz(scoring="by_time", points_each=10)
    attempt = answers(config, begun(config), right_of(begun(config)), BEGUN_MS + took_ms)
    assert attempt.points == 10 - 10 * min(took_ms, 10_000) // 20_000
    assert 5 <= attempt.points <= 10


def test_an_answer_that_was_on_its_way_counts_and_a_later_one_does_not() -> None:
    config = a_quiz()
    last_ms = BEGUN_MS + 10_000 + GRACE_MS
    assert answers(config, begun(config), right_of(begun(config)), last_ms).current.outcome == "right"
    late = answers(config, begun(config), right_of(begun(config)), last_ms + 1)
    assert (late.current.outcome, late.points, late.current.took_ms) == ("late", 0, 10_000)
    assert quiz.at(config, begun(config), last_ms).current.outcome is None
    unanswered = quiz.at(config, begun(config), last_ms + 1)
    assert (unanswered.current.outcome, unanswered.current.chosen) == ("late", ())
    assert quiz.at(config, unanswered, last_ms + 99) == unanswered


def test_sudden_death_ends_with_the_first_that_is_not_right() -> None:
    config = a_quiz(mode="sudden_death")
    for word in ("wrong", "late"):
        attempt = outcomes(config, "right", word)
        assert (attempt.is_over, attempt.points, attempt.place) == (True, 10, 1)
    assert outcomes(config, "right", "right", "right").points == 30


def test_what_was_wrong_is_asked_again_until_it_is_right_or_was_asked_often_enough() -> None:
    config = a_quiz(mode="repeat_wrong")
    attempt = outcomes(config, "wrong", "right", "right", "right")
    assert (attempt.is_over, attempt.points, len(attempt.askings)) == (True, 30, 4)
    assert attempt.askings[3].question == attempt.askings[0].question
    stubborn = outcomes(config, *["wrong"] * 6)
    assert (stubborn.is_over, stubborn.points, len(stubborn.askings)) == (True, 0, 6)


def test_several_answers_must_be_all_and_no_others() -> None:
    config = a_quiz(questions=1, bands=[{"points": 0, "tier": "start"}])
    attempt = begun(config, [TWO])
    assert answers(config, attempt, right_of(attempt)).right == 1
    for options in (right_of(attempt)[:1], (0, 1, 2)):
        assert answers(config, attempt, options).current.outcome == "wrong"


@pytest.mark.parametrize(
    ("move", "word"),
    [
        ({"do": "answer", "number": 2, "options": [0]}, "out-of-order"),
        ({"do": "next", "number": 1}, "not-answered-yet"),
        ({"do": "next", "number": 2}, "out-of-order"),
        ({"do": "answer", "number": 1, "options": []}, "no-such-option"),
        ({"do": "answer", "number": 1, "options": [4]}, "no-such-option"),
        ({"do": "answer", "number": 1, "options": [-1]}, "no-such-option"),
        ({"do": "answer", "number": 1, "options": [0, 1]}, "one-option"),
        ({"do": "answer", "number": 1, "options": [0, 0]}, "no-such-option"),
    ],
)
def test_a_move_out_of_turn_is_refused(move: dict[str, Any], word: str) -> None:
    config = a_quiz()
    with pytest.raises(MoveFault, match=word):
        quiz.step(config, begun(config), Move.model_validate(move), BEGUN_MS)


def test_an_answer_stands_and_the_same_again_changes_nothing() -> None:
    config = a_quiz()
    answered = answers(config, begun(config), (1,))
    assert answers(config, answered, (1,), BEGUN_MS + 5000) == answered
    with pytest.raises(MoveFault, match="already-answered"):
        answers(config, answered, (2,))
    turned = turns(config, answered)
    assert quiz.step(config, turned, Move(do="next", number=1), BEGUN_MS + 9000) == turned
    assert quiz.step(config, turned, Move(do="answer", number=1, options=(1,)), BEGUN_MS + 9000) == turned


@given(st.permutations(range(6)), st.integers(min_value=0, max_value=3))
def test_nothing_shown_before_an_answer_tells_which_is_right(order: list[int], chosen: int) -> None:
    config = a_quiz(questions=2, bands=[{"points": 0, "tier": "start"}])
    one, other = QUESTIONS[order[0]], QUESTIONS[order[1]]
    swapped = one.model_copy(update={"right": ((one.right[0] + 1) % 4,)})
    shown = [quiz.show(config, begun(config, [each, other]), BEGUN_MS + 5) for each in (one, swapped)]
    assert shown[0] == shown[1]
    told = json.dumps(shown[0])
    assert other.text not in told
    assert 'right": [' not in told
    answered = answers(config, begun(config, [one, other]), (chosen,))
    after = quiz.show(config, answered, BEGUN_MS + 6)
    assert after["answered"]["right"] == list(right_of(answered))
    assert after["answered"]["explanation"] == "E"


@pytest.mark.parametrize(
    ("bands", "field"),
    [
        ([{"points": 1, "tier": "start"}], "bands.0.points"),
        ([{"points": 0, "tier": "a"}, {"points": 20, "tier": "b"}, {"points": 20, "tier": "c"}], "bands.2.points"),
        ([{"points": 0, "tier": "a"}, {"points": 31, "tier": "b"}], "bands.1.points"),
    ],
)
def test_bands_that_leave_a_score_without_a_pool_are_refused(bands: list[dict[str, Any]], field: str) -> None:
    with pytest.raises(ConfigFault) as fault:
        GAME.check(a_quiz(bands=bands), [])
    assert fault.value.field == field


def test_a_quiz_has_bounds() -> None:
    for told in ({"questions": 0}, {"questions": 51}, {"seconds_each": 4}, {"bands": []}, {"mode": "free"}):
        with pytest.raises(ValidationError):
            a_quiz(**told)
    assert GAME.tiers(a_quiz()) == {"start", "good"}
    assert STEPS.ms_max(a_quiz(mode="repeat_wrong")) == 6 * 70_000
