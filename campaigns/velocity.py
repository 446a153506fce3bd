"""Velocity: how often one member, device or network may play, win or bring accounts in a while, and what follows beyond."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from campaigns.game import Text
from campaigns.limits import Key

RULES_MAX = 10
MOST_MAX = 1_000
SECONDS_MAX = 7 * 86_400
BLOCK_SECONDS_MAX = 365 * 86_400

Of = Literal["member", "device", "network"]
Counts = Literal["plays", "wins", "members"]
Action = Literal["slow_down", "challenge", "review", "block"]

_OF = {
    "member": Text(zh="该账号", en="This account"),
    "device": Text(zh="该设备", en="This device"),
    "network": Text(zh="该网络", en="This network"),
}
_COUNTED = {
    "plays": (Text(zh="参加 {most} 次", en="{most} play"), Text(zh="参加 {most} 次", en="{most} plays")),
    "wins": (Text(zh="中奖 {most} 次", en="{most} win"), Text(zh="中奖 {most} 次", en="{most} wins")),
    "members": (
        Text(zh="有 {most} 个账号参加", en="{most} account"),
        Text(zh="有 {most} 个账号参加", en="{most} accounts"),
    ),
}
_UNITS = (
    (86_400, Text(zh="{count} 天", en="{count} day")),
    (3_600, Text(zh="{count} 小时", en="{count} hour")),
    (60, Text(zh="{count} 分钟", en="{count} minute")),
    (1, Text(zh="{count} 秒", en="{count} second")),
)


class VelocityRule(BaseModel):
    """What follows when one member, device or network has reached `most` within the last `seconds` and asks again.

    A device is what the mall signs as one; a network is a range of addresses (/24, or /56 of IPv6). `plays` are asks to play, each
    once however often it is repeated; `wins` are plays that won a prize; `members` are accounts that asked to play.

    `slow_down` refuses until the window has moved on. `challenge` refuses until the mall says that the member has passed
    its check, which is good for `most` more asks. `review` lets the play through and holds what it wins until somebody has
    looked. `block` keeps the member from every campaign of the mall for `block_seconds`.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {"key": "fast", "of": "member", "counts": "plays", "most": 20, "seconds": 60, "action": "slow_down"},
                {"key": "farm", "of": "device", "counts": "members", "most": 3, "seconds": 86400, "action": "review"},
            ]
        },
    )

    key: Key
    of: Of
    counts: Counts = "plays"
    most: Annotated[int, Field(ge=1, le=MOST_MAX)]
    seconds: Annotated[int, Field(ge=1, le=SECONDS_MAX)]
    action: Action
    block_seconds: Annotated[int, Field(ge=60, le=BLOCK_SECONDS_MAX)] | None = None

    @model_validator(mode="after")
    def _a_block_says_how_long(self) -> VelocityRule:
        if (self.action == "block") != (self.block_seconds is not None):
            raise ValueError("block_seconds says how long, and only when the action is block")
        return self

    @model_validator(mode="after")
    def _an_account_is_one(self) -> VelocityRule:
        if self.of == "member" and self.counts == "members":
            raise ValueError("accounts are counted of a device or a network")
        return self

    @property
    def stops(self) -> bool:
        """Whether an ask beyond it is refused."""
        return self.action != "review"

    @property
    def counted_as(self) -> str:
        """What its counts are kept by: a rule that counts or does something else begins anew."""
        return f"{self.key}:{self.of}:{self.counts}:{self.action}"

    @property
    def told(self) -> Text:
        """Why, in words that may be read to the member."""
        return Text(
            zh=f"{_OF[self.of].zh}在 {_span(self.seconds).zh}内已{self._counted.zh}。",
            en=f"{_OF[self.of].en} reached {self._counted.en} within {_span(self.seconds).en}.",
        )

    @property
    def _counted(self) -> Text:
        text = _COUNTED[self.counts][self.most > 1]
        return Text(zh=text.zh.format(most=self.most), en=text.en.format(most=self.most))


Velocity = Annotated[tuple[VelocityRule, ...], Field(max_length=RULES_MAX)]


def _span(seconds: int) -> Text:
    """In the largest unit that says it exactly."""
    size, text = next((size, text) for size, text in _UNITS if seconds % size == 0)
    count = seconds // size
    return Text(zh=text.zh.format(count=count), en=text.en.format(count=count) + ("s" if count > 1 else ""))
