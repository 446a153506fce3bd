"""The rows of `problems.py` about members who ask more often than a campaign lets them."""

from __future__ import annotations

from api.wording import Problem, Words

VELOCITY: dict[str, Problem] = {
    "slow-down": Problem(
        429,
        Words("请稍后再试", "Please slow down"),
        Words(
            "{told}请在 {retry_at} 以后再试，没有用掉机会。",
            "{told} Please try again from {retry_at}; no chance was used.",
        ),
    ),
    "challenge-needed": Problem(
        403,
        Words("需要验证", "A check is needed"),
        Words(
            "{told}请先完成商城的验证，没有用掉机会。", "{told} Please pass the mall's check first; no chance was used."
        ),
    ),
}
