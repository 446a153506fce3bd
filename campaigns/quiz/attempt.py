"""An attempt: one question at a time by the house's clock, what is answered late is late, and nothing tells what is right before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

from pydantic import Field

from campaigns.game import GameModel, MoveFault, Score
from campaigns.quiz.config import QuizConfig
from campaigns.quiz.question import Question, order_of

GRACE_MS: Final = 1_500
"""How much later than its time an answer may come: it was on its way."""
READING_MS: Final = 60_000
"""How long an explanation may be read, before an attempt ends by itself."""

Outcome = Literal["right", "wrong", "late"]


class Asking(GameModel):
    """One question of an attempt: in which order its options are shown, when it was asked, and what came of it."""

    question: Question
    order: tuple[int, ...]
    asked_ms: int | None = None
    took_ms: int = 0
    chosen: tuple[int, ...] = ()
    """Places as they are shown."""
    outcome: Outcome | None = None
    points: int = 0


class Answer(NamedTuple):
    outcome: Outcome
    chosen: tuple[int, ...]
    took_ms: int


class Attempt(GameModel):
    """`place` is that of the question that lies open or was answered last."""

    askings: tuple[Asking, ...]
    place: int = 0
    is_over: bool = False

    @property
    def current(self) -> Asking:
        return self.askings[self.place]

    @property
    def points(self) -> int:
        return sum(asking.points for asking in self.askings)

    @property
    def right(self) -> int:
        return sum(asking.outcome == "right" for asking in self.askings)


class Move(GameModel):
    """An answer to the question with this number, or the wish for the next one after it."""

    do: Literal["answer", "next"]
    number: int = Field(ge=1, le=1_000)
    options: tuple[int, ...] = Field(default=(), max_length=6)


def begin(_config: QuizConfig, questions: Sequence[Question], dice: Iterator[int], now_ms: int) -> Attempt:
    askings = [Asking(question=question, order=_order(question, dice)) for question in questions]
    askings[0] = askings[0].model_copy(update={"asked_ms": now_ms})
    return Attempt(askings=tuple(askings))


def step(config: QuizConfig, attempt: Attempt, move: Move, now_ms: int) -> Attempt:
    """Raises MoveFault: `over`, `out-of-order`, `already-answered`, `not-answered-yet`, `no-such-option`, `one-option`."""
    place = move.number - 1
    if move.do == "next":
        return _turn(attempt, place, now_ms)
    if place < attempt.place or (place == attempt.place and attempt.current.outcome is not None):
        if attempt.askings[place].chosen == tuple(sorted(move.options)) != ():
            return attempt  # the same answer again
        raise MoveFault("already-answered")
    if attempt.is_over:
        raise MoveFault("over")
    if place != attempt.place:
        raise MoveFault("out-of-order")
    return _answered(config, attempt, tuple(sorted(move.options)), now_ms)


def at(config: QuizConfig, attempt: Attempt, now_ms: int) -> Attempt:
    """A question whose time is long over is late, answered or not."""
    asking = attempt.current
    if attempt.is_over or asking.outcome is not None or _used(asking, now_ms) <= config.seconds_each * 1000 + GRACE_MS:
        return attempt
    return _settled(config, attempt, Answer("late", (), config.seconds_each * 1000))


def end(_config: QuizConfig, attempt: Attempt) -> Attempt:
    """It ends as it stands: what was not answered earns nothing."""
    return attempt.model_copy(update={"is_over": True})


def show(config: QuizConfig, attempt: Attempt, now_ms: int) -> Mapping[str, Any]:
    """The question that lies open, or what came of it; nothing of those to come, and of none what is right before it is answered."""
    asking = attempt.current
    told: dict[str, Any] = {
        "number": attempt.place + 1,
        "of": len(attempt.askings),
        "points": attempt.points,
        "right": attempt.right,
        "is_over": attempt.is_over,
        "ms": sum(each.took_ms for each in attempt.askings),
        "question": _face(asking),
        "answered": None,
        "left_ms": None,
    }
    if asking.outcome is not None:
        return told | {"answered": _told(asking)}
    if attempt.is_over:
        return told
    return told | {"left_ms": max(config.seconds_each * 1000 - _used(asking, now_ms), 0)}


def began_as(attempt: Attempt, first: Attempt) -> bool:
    """The same questions in the same order, their options too, asked from the same instant on."""
    told = [(asking.question, asking.order) for asking in attempt.askings[: len(first.askings)]]
    same = told == [(asking.question, asking.order) for asking in first.askings]
    return same and attempt.askings[0].asked_ms == first.askings[0].asked_ms


def score(attempt: Attempt) -> Score:
    return Score(points=attempt.points, ms=sum(asking.took_ms for asking in attempt.askings))


def _face(asking: Asking) -> Mapping[str, Any]:
    question = asking.question
    return {
        "text": question.text,
        "category": question.category,
        "picture": question.picture,
        "has_several": question.has_several,
        "options": [question.options[place] for place in asking.order],
    }


def _told(asking: Asking) -> Mapping[str, Any]:
    return {
        "outcome": asking.outcome,
        "points": asking.points,
        "chosen": list(asking.chosen),
        "right": _right(asking),
        "explanation": asking.question.explanation,
    }


def _right(asking: Asking) -> list[int]:
    return [shown for shown, place in enumerate(asking.order) if place in asking.question.right]


def _turn(attempt: Attempt, place: int, now_ms: int) -> Attempt:
    if place == attempt.place - 1:
        return attempt  # the same wish again
    if attempt.is_over:
        raise MoveFault("over")
    if place != attempt.place:
        raise MoveFault("out-of-order")
    if attempt.current.outcome is None:
        raise MoveFault("not-answered-yet")
    askings = list(attempt.askings)
    askings[place + 1] = askings[place + 1].model_copy(update={"asked_ms": now_ms})
    return attempt.model_copy(update={"askings": tuple(askings), "place": place + 1})


def _answered(config: QuizConfig, attempt: Attempt, chosen: tuple[int, ...], now_ms: int) -> Attempt:
    asking = attempt.current
    if not chosen or chosen[0] < 0 or chosen[-1] >= len(asking.order) or len(set(chosen)) < len(chosen):
        raise MoveFault("no-such-option")
    if len(chosen) > 1 and not asking.question.has_several:
        raise MoveFault("one-option")
    used_ms, limit_ms = _used(asking, now_ms), config.seconds_each * 1000
    if used_ms > limit_ms + GRACE_MS:
        return _settled(config, attempt, Answer("late", chosen, limit_ms))
    outcome: Outcome = "right" if list(chosen) == _right(asking) else "wrong"
    return _settled(config, attempt, Answer(outcome, chosen, min(used_ms, limit_ms)))


def _settled(config: QuizConfig, attempt: Attempt, answer: Answer) -> Attempt:
    points = config.points_for(answer.took_ms) if answer.outcome == "right" else 0
    askings, asking = list(attempt.askings), attempt.current
    askings[attempt.place] = asking.model_copy(update={**answer._asdict(), "points": points})
    if config.mode == "repeat_wrong" and answer.outcome != "right" and len(askings) < config.askings_max:
        askings.append(Asking(question=asking.question, order=asking.order))
    is_last = attempt.place + 1 == len(askings) or (config.mode == "sudden_death" and answer.outcome != "right")
    return attempt.model_copy(update={"askings": tuple(askings), "is_over": is_last})


def _used(asking: Asking, now_ms: int) -> int:
    if asking.asked_ms is None:
        raise AssertionError("a question lies open that was not asked")
    return max(now_ms - asking.asked_ms, 0)


def _order(question: Question, dice: Iterator[int]) -> tuple[int, ...]:
    places = list(range(len(question.options)))
    for last in range(len(places) - 1, 0, -1):
        chosen = next(dice) % (last + 1)
        places[last], places[chosen] = places[chosen], places[last]
    return order_of(question.options, places)
