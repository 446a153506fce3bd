"""The quiz (知识问答): an attempt is a round of questions, and its score says which pool its play draws from."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from pydantic import Field

from campaigns.game import Game, GameModel, Shown, Steps, Text, Wanted
from campaigns.quiz import attempt
from campaigns.quiz.attempt import READING_MS, Attempt, Move
from campaigns.quiz.config import QUESTIONS_MAX, REPEATS, QuizConfig, check
from campaigns.quiz.question import BANK, Question


class QuizEntry(GameModel):
    """How the attempt went that the play is the end of."""

    points: int = Field(ge=0, le=1_000_000)
    right: int = Field(ge=0, le=QUESTIONS_MAX * REPEATS)
    of: int = Field(ge=1, le=QUESTIONS_MAX * REPEATS)


def wants(config: QuizConfig) -> Wanted:
    return Wanted(bank=config.bank, count=config.questions, categories=config.categories)


def ms_max(config: QuizConfig) -> int:
    return config.askings_max * (config.seconds_each * 1000 + READING_MS)


def entry(state: Attempt) -> QuizEntry:
    return QuizEntry(points=state.points, right=state.right, of=len(state.askings))


def tiers(config: QuizConfig) -> Collection[str]:
    return {band.tier for band in config.bands}


def tier(config: QuizConfig, played: QuizEntry) -> str:
    """The tier of the highest band that the points reach."""
    return config.tier_of(played.points)


def reveal(config: QuizConfig, played: QuizEntry, _shown: Shown) -> Mapping[str, Any]:
    """The score, and the band it was good for."""
    return {**played.model_dump(), "tier": config.tier_of(played.points)}


def view(config: QuizConfig) -> Mapping[str, Any]:
    """How it is played; which bank the questions are from is nobody's business."""
    return {
        "questions": config.questions,
        "seconds_each": config.seconds_each,
        "mode": config.mode,
        "scoring": config.scoring,
        "points_each": config.points_each,
        "bands": [band.model_dump() for band in config.bands],
    }


STEPS: Steps[QuizConfig, QuizEntry, Question, Attempt, Move] = Steps(
    bank=BANK,
    state=Attempt,
    move=Move,
    wants=wants,
    ms_max=ms_max,
    begin=attempt.begin,
    step=attempt.step,
    at=attempt.at,
    end=attempt.end,
    show=attempt.show,
    is_over=lambda state: state.is_over,
    entry=entry,
    score=attempt.score,
    began_as=attempt.began_as,
)

GAME: Game[QuizConfig, QuizEntry] = Game(
    key="quiz",
    title=Text(zh="知识问答", en="Quiz"),
    config=QuizConfig,
    entry=QuizEntry,
    folder=Path(__file__).parent,
    check=check,
    tiers=tiers,
    tier=tier,
    reveal=reveal,
    view=view,
    steps=STEPS,
)
