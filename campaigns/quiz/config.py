"""What an operator decides about a quiz."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final, Literal

from pydantic import ConfigDict, Field, StringConstraints

from campaigns.game import ConfigFault, GameLine, GameModel

QUESTIONS_MAX: Final = 50
BANDS_MAX: Final = 10
CATEGORIES_MAX: Final = 50
REPEATS: Final = 2
"""How often a question is asked at the most, where the wrong ones are repeated."""

Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,31}$")]


class Band(GameModel):
    """From so many points on, a play draws from this tier."""

    points: int = Field(ge=0, le=1_000_000)
    tier: Key


class QuizConfig(GameModel):
    """Which questions, how they are asked and scored, and what the score is good for."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "bank": "general",
                    "questions": 5,
                    "seconds_each": 20,
                    "bands": [{"points": 0, "tier": "main"}, {"points": 40, "tier": "good"}],
                }
            ]
        }
    )

    bank: Key
    categories: tuple[Annotated[str, StringConstraints(min_length=1, max_length=64)], ...] = Field(
        default=(), max_length=CATEGORIES_MAX
    )
    questions: int = Field(ge=1, le=QUESTIONS_MAX)
    seconds_each: int = Field(default=20, ge=5, le=300)
    mode: Literal["standard", "sudden_death", "repeat_wrong"] = "standard"
    scoring: Literal["fixed", "by_time"] = "fixed"
    points_each: int = Field(default=10, ge=1, le=10_000)
    bands: tuple[Band, ...] = Field(min_length=1, max_length=BANDS_MAX)

    @property
    def askings_max(self) -> int:
        return self.questions * (REPEATS if self.mode == "repeat_wrong" else 1)

    def points_for(self, took_ms: int) -> int:
        """A right answer's points; by time, from all of them at once down to half of them at the last moment."""
        if self.scoring == "fixed":
            return self.points_each
        limit_ms = self.seconds_each * 1000
        return self.points_each - self.points_each * took_ms // (2 * limit_ms)

    def tier_of(self, points: int) -> str:
        return [band.tier for band in self.bands if band.points <= points][-1]


def check(config: QuizConfig, _lines: Sequence[GameLine]) -> None:
    """Raise ConfigFault unless the bands begin at no points, rise, and can be reached."""
    if config.bands[0].points != 0:
        raise ConfigFault("bands.0.points", "is 0: every score is good for some pool")
    most = config.questions * config.points_each
    for place, (band, following) in enumerate(zip(config.bands, config.bands[1:], strict=False), 1):
        if following.points <= band.points:
            raise ConfigFault(f"bands.{place}.points", f"is more than {band.points}, the band's before it")
        if following.points > most:
            raise ConfigFault(f"bands.{place}.points", f"is {most} at most: no attempt comes to more")
