"""The ways in which the wallet can be told to misbehave."""

from __future__ import annotations

import random
from enum import StrEnum
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr


class Mode(StrEnum):
    NONE = "none"
    TIMEOUT_AFTER_SUCCESS = "timeout_after_success"
    """Move the points, then say nothing until the caller has long gone."""
    LOST_BEFORE_SUCCESS = "lost_before_success"
    """Move nothing and say nothing."""
    ERROR_BEFORE = "error_before"
    """503, and nothing was moved."""
    ERROR_AFTER_SUCCESS = "error_after_success"
    """Move the points, then answer 500."""
    GARBAGE = "garbage"
    """Move the points, then answer with a page of HTML."""
    OVERSIZE = "oversize"
    """Move the points, then answer with more than anybody should read."""
    OTHER_TRANSFER = "other_transfer"
    """Move the points, then answer as if for another transfer, where the dialect has a place to say so."""
    REDIRECT = "redirect"
    """Move the points, then send the caller elsewhere."""
    RATE_LIMIT = "rate_limit"
    """429, and nothing was moved."""
    REFUSE = "refuse"


BEFORE: Final = frozenset({Mode.LOST_BEFORE_SUCCESS, Mode.ERROR_BEFORE, Mode.RATE_LIMIT})


class Faults(BaseModel):
    """One of `modes` meets `percent` of the calls that move points, drawn from `seed`.

    `times` counts the calls that are met, then it is over; null means until changed.
    """

    model_config = ConfigDict(extra="forbid")

    modes: Annotated[list[Mode], Field(min_length=1, max_length=20)] = [Mode.NONE]
    percent: Annotated[int, Field(ge=1, le=100)] = 100
    times: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    seed: int = 1
    _dice: random.Random | None = PrivateAttr(default=None)

    def next_mode(self) -> Mode:
        """The mode for one more call."""
        if self._dice is None:
            self._dice = random.Random(self.seed)  # noqa: S311 (a sandbox's whim)
        if self.times == 0 or self._dice.randrange(100) >= self.percent:
            return Mode.NONE
        if self.times is not None:
            self.times -= 1
        return self._dice.choice(self.modes)
