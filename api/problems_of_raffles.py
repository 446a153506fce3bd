"""The rows of `problems.py` about raffles and their draw."""

from __future__ import annotations

from api.wording import Problem, Words

RAFFLES: dict[str, Problem] = {
    "raffle-without-beacon": Problem(
        409,
        Words("没有公布外部随机值", "No beacon announced"),
        Words("这次开奖没有公布要用的外部随机值。", "No public value was announced for this raffle."),
    ),
    "raffle-not-sealed": Problem(
        409,
        Words("奖券尚未封存", "Not sealed yet"),
        Words(
            "活动结束、奖券封存之后才能录入外部随机值。",
            "The public value is entered after the campaign has ended and its tickets are sealed.",
        ),
    ),
    "beacon-entered": Problem(
        409,
        Words("外部随机值已录入", "Beacon entered"),
        Words("已录入 {value}，只能录入一次。", "It has been entered as {value}; that is done only once."),
    ),
    "raffle-tickets-differ": Problem(
        409,
        Words("奖券与封存时不符", "Tickets differ"),
        Words(
            "现有的奖券与封存时不符，不能开奖。",
            "The tickets are not the ones that were sealed, so there is no draw.",
        ),
    ),
}
