"""A row of a spreadsheet becomes a question that can be asked, or says in which column it cannot."""

from __future__ import annotations

import io
import os
from collections import Counter
from pathlib import Path

import pytest
import xlsxwriter

from campaigns.banks import Sheet, read_sheet
from campaigns.game import ConfigFault
from campaigns.quiz.question import EXPLANATION_CHARS_MAX, QUESTION_CHARS_MAX, Question, mark, order_of, read
from core.errors import InvalidField

BANKS = Path(os.environ.get("WINDFALL_SHARED_DATA", Path(__file__).parents[4] / "shared" / "data"))
HEADER = "category,question,answer,option_1,option_2,option_3,option_4,option_5,option_6,explanation,picture\n"
GOOD = {
    "category": "general",
    "question": "Two and two?",
    "answer": "4",
    "option_1": "3",
    "option_2": "4",
    "option_3": "5",
}


def test_a_row_is_a_question() -> None:
    question = read({**GOOD, "explanation": " It  always was. ", "picture": "https://mall.example/four.png"})
    assert question == Question(
        category="general",
        text="Two and two?",
        options=("3", "4", "5"),
        right=(1,),
        explanation="It always was.",
        picture="https://mall.example/four.png",
    )


def test_several_answers_stand_between_bars() -> None:
    question = read({**GOOD, "question": "Which are even?", "answer": "4 | 6", "option_4": "6"})
    assert (question.right, question.has_several) == ((1, 3), True)
    whole = read({**GOOD, "answer": "4|6", "option_4": "4|6"})
    assert (whole.right, whole.has_several) == ((3,), False)


@pytest.mark.parametrize(
    ("changes", "column", "reason"),
    [
        ({"question": "  "}, "question", "is empty"),
        ({"question": "x" * (QUESTION_CHARS_MAX + 1)}, "question", "longer than"),
        ({"category": ""}, "category", "is empty"),
        ({"answer": "four"}, "answer", "'four' is none of the options"),
        ({"answer": "4|4"}, "answer", "twice"),
        ({"option_2": "", "answer": "3"}, "option_2", "two options at least"),
        ({"option_3": "4."}, "option_3", "'4.' is hardly to be told from '4'"),
        ({"option_3": "４"}, "option_3", "hardly to be told"),
        ({"option_3": "Four", "option_4": "four."}, "option_4", "'four.' is hardly to be told from 'Four'"),
        ({"question": "=1+1"}, "question", "is a formula"),
        ({"question": "a\x07b"}, "question", "control character"),
        ({"explanation": "x" * (EXPLANATION_CHARS_MAX + 1)}, "explanation", "longer than"),
        ({"picture": "http://mall.example/four.png"}, "picture", "https://"),
        ({"picture": "javascript:alert(1)"}, "picture", "picture"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_its_column(changes: dict[str, str], column: str, reason: str) -> None:
    with pytest.raises(ConfigFault, match=reason) as fault:
        read({**GOOD, **changes})
    assert fault.value.field == column


def test_the_same_words_are_the_same_question_in_whatever_order() -> None:
    one = read(GOOD)
    assert mark(one) == mark(read({**GOOD, "question": "two  AND two", "option_1": "5", "option_3": "3"}))
    assert mark(one) != mark(read({**GOOD, "option_3": "6"}))


@pytest.mark.parametrize(
    ("options", "shuffled", "order"),
    [
        (("a", "b", "c"), (2, 0, 1), (2, 0, 1)),
        (("All of these", "b", "c"), (0, 2, 1), (2, 1, 0)),
        (("a", "以上都是", "c"), (1, 0, 2), (0, 2, 1)),
        (("False", "True"), (0, 1), (1, 0)),
        (("错", "对"), (0, 1), (1, 0)),
    ],
)
def test_options_are_shuffled_as_far_as_they_make_sense(
    options: tuple[str, ...], shuffled: tuple[int, ...], order: tuple[int, ...]
) -> None:
    assert order_of(options, shuffled) == order


def test_a_bad_row_stops_no_other_and_a_row_that_comes_again_is_told() -> None:
    rows = ["g,One?,a,a,b", "g,,a,a,b", "g,One,a,b,a", "g,Two?,c,a,b", "g,Three?,a,a,b,c,d,e,f,why,,too much"]
    sheet = read_sheet("quiz", (HEADER + "\n".join(rows)).encode())
    assert [item.body["text"] for item in sheet.items] == []
    full = [f"{row}{',' * (10 - row.count(','))}" for row in rows]
    sheet = read_sheet("quiz", (HEADER + "\n".join(full)).encode())
    assert [item.body["text"] for item in sheet.items] == ["One?"]
    told = [(fault.row, fault.field, fault.reason) for fault in sheet.refused]
    assert told == [
        (3, "question", "is empty"),
        (4, "", "the same as row 2"),
        (5, "answer", "'c' is none of the options, letter for letter"),
        (6, "", "12 cells where the header has 11"),
    ]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"question,answer\nOne?,a\n", "lacks category, option_1, option_2"),
        (b"category,question,answer,option_1,option_2,weight\n", "each once and no other"),
        (b"\xff\xfe", "not UTF-8"),
        (b"PK\x03\x04 and then nothing", "not readable as a workbook"),
        (b"x" * (8 * 1024 * 1024 + 1), "larger than"),
    ],
)
def test_a_file_that_is_no_bank_is_refused_whole(raw: bytes, reason: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        read_sheet("quiz", raw)
    assert reason in refusal.value.facts["errors"][0]["reason"]


def test_a_workbook_is_read_as_its_csv_is() -> None:
    rows = [
        HEADER.strip().split(","),
        ["math", "7 x 8?", 56, 54, 56, "6.5", "", "", "", "", ""],
        ["math", "=1+1", 2, 1, 2],
    ]
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    found = read_sheet("quiz", out.getvalue())
    assert [(item.body["text"], item.body["options"], item.body["right"]) for item in found.items] == [
        ("7 x 8?", ["54", "56", "6.5"], [1])
    ]
    assert [(fault.row, fault.field, fault.reason) for fault in found.refused] == [(3, "question", "is a formula")]


@pytest.mark.skipif(not BANKS.is_dir(), reason="the real banks are not on this machine")
@pytest.mark.parametrize(
    ("name", "rows", "refused_max"), [("questions_en.csv", 8232, 100), ("questions_zh.csv", 3000, 10)]
)
def test_the_real_banks_are_imported_but_for_what_cannot_be_asked(name: str, rows: int, refused_max: int) -> None:
    sheet: Sheet = read_sheet("quiz", (BANKS / name).read_bytes())
    assert len(sheet.items) + len(sheet.refused) == rows
    assert len(sheet.refused) < refused_max, Counter(fault.reason[:24] for fault in sheet.refused)
    assert all(len(item.body["options"]) >= 2 and item.body["right"] for item in sheet.items)
