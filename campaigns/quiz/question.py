"""A question, as a row of an operator's spreadsheet says it."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Annotated, Final

from pydantic import Field, HttpUrl, TypeAdapter, ValidationError

from campaigns.game import Bank, ConfigFault, GameModel

COLUMNS: Final = ("category", "question", "answer", "option_1", "option_2")
OPTION_COLUMNS: Final = tuple(f"option_{n}" for n in range(1, 7))
OPTIONAL: Final = (*OPTION_COLUMNS[2:], "explanation", "picture")
ANSWERS_BETWEEN: Final = "|"
CATEGORY_CHARS_MAX: Final = 64
QUESTION_CHARS_MAX: Final = 600
OPTION_CHARS_MAX: Final = 255
EXPLANATION_CHARS_MAX: Final = 1_000
PICTURE_CHARS_MAX: Final = 500
LAST: Final = ("all of", "none of", "both ", "以上", "都是", "都不")
"""An option that begins so speaks of the others: it stands after them."""
PAIRS: Final = (("true", "false"), ("yes", "no"), ("对", "错"), ("正确", "错误"), ("是", "否"))
"""Options of a question of true or false, in the order in which people expect them."""

_HTTPS: Final = TypeAdapter(HttpUrl)


class Question(GameModel):
    """`right` are the places of the options that are right; one of them, unless a question has several answers."""

    category: Annotated[str, Field(max_length=CATEGORY_CHARS_MAX)]
    text: Annotated[str, Field(max_length=QUESTION_CHARS_MAX)]
    options: tuple[Annotated[str, Field(max_length=OPTION_CHARS_MAX)], ...]
    right: tuple[int, ...]
    has_several: bool = False
    explanation: Annotated[str | None, Field(max_length=EXPLANATION_CHARS_MAX)] = None
    picture: Annotated[str | None, Field(max_length=PICTURE_CHARS_MAX)] = None


def read(cells: Mapping[str, str]) -> Question:
    """Raises ConfigFault with the column and the reason, for what no member could be asked."""
    text = _text(cells, "question", QUESTION_CHARS_MAX)
    category = _text(cells, "category", CATEGORY_CHARS_MAX)
    options = _options(cells)
    answers = _answers(_text(cells, "answer", QUESTION_CHARS_MAX), options)
    explanation = cells.get("explanation", "")
    if len(explanation) > EXPLANATION_CHARS_MAX:
        raise ConfigFault("explanation", f"longer than {EXPLANATION_CHARS_MAX} characters")
    return Question(
        category=category,
        text=text,
        options=tuple(options),
        right=tuple(sorted(options.index(answer) for answer in answers)),
        has_several=len(answers) > 1,
        explanation=_clean("explanation", explanation) or None,
        picture=_picture(cells.get("picture", "")),
    )


def mark(question: Question) -> str:
    """The same words with the same options, in whatever order and spacing, are the same question."""
    return "\n".join([_folded(question.text), *sorted(map(_folded, question.options))])


def order_of(options: Sequence[str], shuffled: Sequence[int]) -> tuple[int, ...]:
    """The places of the options in the order to show them: as shuffled, but true before false and "all of these" last."""
    folded = [option.strip().casefold() for option in options]
    for pair in PAIRS:
        if sorted(folded) == sorted(pair):
            return tuple(folded.index(word) for word in pair)
    return tuple(sorted(shuffled, key=lambda place: folded[place].startswith(LAST)))


def _options(cells: Mapping[str, str]) -> list[str]:
    options: list[str] = []
    gap = ""
    for column in OPTION_COLUMNS:
        option = _clean(column, cells.get(column, ""))
        if not option:
            gap = gap or column
            continue
        if gap in COLUMNS:
            raise ConfigFault(gap, "is empty: a question has two options at least")
        if len(option) > OPTION_CHARS_MAX:
            raise ConfigFault(column, f"longer than {OPTION_CHARS_MAX} characters")
        same = next((other for other in options if _folded(other) == _folded(option)), None)
        if same is not None:
            raise ConfigFault(column, f"{option!r} is hardly to be told from {same!r}")
        options.append(option)
    if len(options) < len(COLUMNS) - 3:
        raise ConfigFault(gap, "is empty: a question has two options at least")
    return options


def _answers(told: str, options: Sequence[str]) -> list[str]:
    if told in options:
        return [told]
    answers = [part.strip() for part in told.split(ANSWERS_BETWEEN)]
    for answer in answers:
        if answer not in options:
            raise ConfigFault("answer", f"{answer!r} is none of the options, letter for letter")
    if len(set(answers)) < len(answers):
        raise ConfigFault("answer", "names an option twice")
    return answers


def _picture(told: str) -> str | None:
    if not told:
        return None
    try:
        url = _HTTPS.validate_python(told)
    except ValidationError:
        raise ConfigFault("picture", "is no address of a picture") from None
    if url.scheme != "https" or len(told) > PICTURE_CHARS_MAX:
        raise ConfigFault("picture", f"begins with https:// and has {PICTURE_CHARS_MAX} characters at most")
    return told


def _text(cells: Mapping[str, str], column: str, chars_max: int) -> str:
    text = _clean(column, cells[column])
    if not text:
        raise ConfigFault(column, "is empty")
    if len(text) > chars_max:
        raise ConfigFault(column, f"longer than {chars_max} characters")
    return text


def _clean(column: str, text: str) -> str:
    """Spaces as one reads them; anything else that cannot be seen is refused."""
    spaced = " ".join(text.split())
    if spaced.startswith("="):
        raise ConfigFault(column, "is a formula")
    if any(unicodedata.category(sign) in ("Cc", "Cs", "Co", "Cn") for sign in spaced):
        raise ConfigFault(column, "holds a control character")
    return spaced


def _folded(text: str) -> str:
    """What two texts have in common that a reader would not tell apart: width, case, spaces, and the mark they end with."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split()).rstrip(" .,;:!?。、")


BANK: Final[Bank[Question]] = Bank(
    item=Question,
    columns=COLUMNS,
    optional=OPTIONAL,
    read=read,
    category=lambda question: question.category,
    mark=mark,
)
