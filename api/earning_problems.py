"""The problems of coming by chances, for the one table in `api.problems`."""

from __future__ import annotations

from api.problem_words import Problem, Words

EARNING: dict[str, Problem] = {
    "code-mistyped": Problem(
        422,
        Words("兑换码有误", "Code mistyped"),
        Words("兑换码里有输错的字符，请对照检查。", "A character of the code is wrong; please compare it again."),
    ),
    "unknown-code": Problem(
        404,
        Words("兑换码无效", "Unknown code"),
        Words("没有找到这个兑换码，请检查后再试。", "There is no such code; please check it and try again."),
    ),
    "code-not-open-yet": Problem(
        409,
        Words("还不能兑换", "Code not open yet"),
        Words("这个兑换码从 {opens_at} 起可以兑换。", "This code may be redeemed from {opens_at}."),
    ),
    "code-closed": Problem(
        410,
        Words("兑换码已过期", "Code closed"),
        Words("这个兑换码的有效期到 {closed_at} 为止。", "The time to redeem this code ended at {closed_at}."),
    ),
    "code-used-up": Problem(
        409,
        Words("兑换码已被用完", "Code used up"),
        Words("这个兑换码的次数已经用完。", "This code has been redeemed as often as it may be."),
    ),
    "enough-codes-redeemed": Problem(
        409,
        Words("兑换次数已满", "Enough codes redeemed"),
        Words("这类兑换码每人最多用 {codes_max} 个。", "A member may redeem {codes_max} of these codes at most."),
    ),
    "too-many-wrong-codes": Problem(
        429,
        Words("输错次数过多", "Too many wrong codes"),
        Words("请在 {locked_until} 以后再试。", "Please try again from {locked_until}."),
    ),
    "too-many-grants": Problem(
        409,
        Words("获得机会的次数已满", "Too many grants"),
        Words(
            "每人在一个活动里最多获得 {grants_max} 次赠送。",
            "A member may be given chances {grants_max} times at most.",
        ),
    ),
    "grant-differs": Problem(
        409,
        Words("编号已用于其他赠送", "Grant differs"),
        Words("编号 {reference} 已用于另一次赠送。", "The reference {reference} was used before for another grant."),
    ),
    "plays-cost-nothing": Problem(
        409,
        Words("活动不用机会", "Plays cost nothing"),
        Words(
            "这个活动抽奖不消耗机会，无需兑换码。",
            "Plays of this campaign cost no chances, so codes would give nothing.",
        ),
    ),
    "code-batch-stopped": Problem(
        409,
        Words("兑换码已停用", "Batch of codes stopped"),
        Words("这批兑换码已停用，不能再添加。", "This batch of codes was stopped; none are added to it."),
    ),
    "codes-clash": Problem(
        409,
        Words("兑换码冲突", "Codes clash"),
        Words(
            "有人同时添加了相同的兑换码，请重试。",
            "Somebody added one of these codes at the same moment; please try again.",
        ),
    ),
}
