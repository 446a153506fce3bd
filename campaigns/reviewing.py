"""What a member is told about a win that is checked before it is delivered."""

from __future__ import annotations

import re

from campaigns.config import Config
from campaigns.game import Text

GENERAL = Text(zh="这个奖品要核对后才发放。", en="This win is checked before it is delivered.")
_KEY = re.compile(r"[a-z][a-z0-9-]{0,31}")


def reason_of(config: Config, key: str) -> Text:
    """The words of the rule that put a play under review; general ones when the config does not have the rule."""
    rule = config.velocity_rule(key)
    return rule.told if rule is not None else GENERAL


def is_rule_key(text: str) -> bool:
    return _KEY.fullmatch(text) is not None
