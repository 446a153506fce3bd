"""The ways in which the supplier can be told to misbehave."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Mode(StrEnum):
    NONE = "none"
    TIMEOUT_AFTER_SUCCESS = "timeout_after_success"
    """Top up, then say nothing until the caller has long gone."""
    ERROR_BEFORE = "error_before"
    """503, and nothing was done."""
    ERROR_AFTER_SUCCESS = "error_after_success"
    """Top up, then answer 500."""
    GARBAGE = "garbage"
    """Top up, then answer with a page of HTML."""
    OVERSIZE = "oversize"
    """Top up, then answer with more than anybody should read."""
    OTHER_ORDER = "other_order"
    """Top up, then answer as if for another order."""
    REDIRECT = "redirect"
    """Top up, then send the caller elsewhere."""
    RATE_LIMIT = "rate_limit"
    """429, and nothing was done."""
    REFUSE = "refuse"
    ACCEPT = "accept"
    """Answer 202; topped up after `settle_ms`."""
    ACCEPT_THEN_REFUSE = "accept_then_refuse"
    DUPLICATE_CALLBACK = "duplicate_callback"
    """Every callback comes three times."""
    LATE_FAILURE = "late_failure"
    """Top up and say so; after `settle_ms` call back, and answer queries, that it failed."""


class Faults(BaseModel):
    """`times` counts the orders that the mode applies to, then it is over; null means until changed.

    `forgets` makes the supplier carry out every order it gets, repeated or not: with it, only the caller's care
    keeps an award from being topped up twice.
    """

    model_config = ConfigDict(extra="forbid")

    mode: Mode = Mode.NONE
    times: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    delay_ms: Annotated[int, Field(ge=0, le=60_000)] = 0
    settle_ms: Annotated[int, Field(ge=0, le=60_000)] = 200
    forgets: bool = False

    def next_mode(self) -> Mode:
        """The mode for one more order."""
        mode = self.mode
        if self.times is not None:
            self.times -= 1
            if self.times == 0:
                self.mode, self.times = Mode.NONE, None
        return mode
