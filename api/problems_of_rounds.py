"""The rows of `problems.py` about rounds, and the banks that they take from."""

from __future__ import annotations

from api.wording import Problem, Words

ROUNDS: dict[str, Problem] = {
    "round-needed": Problem(
        409,
        Words("要先开始一局", "Begin a round first"),
        Words("这个游戏要从一局开始，不能直接抽奖。", "A play of this game is the end of a round; begin one."),
    ),
    "move-refused": Problem(
        409,
        Words("这一步不行", "Not now"),
        Words("{reason}。", "The round does not take this: {reason}."),
    ),
    "bank-exists": Problem(
        409,
        Words("题库已存在", "Bank exists"),
        Words("已有代号为 {key} 的题库。", "There is a bank with the key {key} already."),
    ),
}
MOVES: dict[str, Words] = {
    "already-answered": Words("这道题已经答过了", "this question was answered"),
    "out-of-order": Words("现在不是这道题", "it is another question's turn"),
    "not-answered-yet": Words("这道题还没答", "this question was not answered yet"),
    "no-such-option": Words("没有这个选项", "there is no such option"),
    "one-option": Words("这道题只选一个", "this question has one answer"),
    "over": Words("这一局已经结束", "the round is over"),
    "not-over": Words("这一局还没结束", "the round is not over"),
}
