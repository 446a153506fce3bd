"""One row of the table of problems, and words in both languages."""

from __future__ import annotations

from typing import NamedTuple

from api.languages import Language


class Words(NamedTuple):
    zh: str
    en: str

    def in_language(self, language: Language) -> str:
        return self.zh if language == "zh" else self.en


class Problem(NamedTuple):
    """One row: the status, a title that never changes, and the template of the detail."""

    status: int
    title: Words
    detail: Words
