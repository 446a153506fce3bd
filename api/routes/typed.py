"""What operators and malls write into a form or a query: one line, bounded, without control characters."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from campaigns.models import REASON_CHARS_MAX, SUB_CHARS_MAX

PLAIN = r"^[^\x00-\x1f]+$"

Sub = Annotated[
    str, Field(min_length=1, max_length=SUB_CHARS_MAX, pattern=PLAIN, description="The mall's own id of the member.")
]
Reason = Annotated[str, Field(min_length=1, max_length=REASON_CHARS_MAX, pattern=PLAIN)]
