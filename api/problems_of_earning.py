"""The rows of `problems.py` about how members come by chances."""

from __future__ import annotations

from api.wording import Problem, Words

EARNING: dict[str, Problem] = {
    "too-many-grants": Problem(
        409,
        Words("获赠次数过多", "Too many grants"),
        Words(
            "每位会员在一个活动中最多获赠 {grants_max} 次。",
            "A member may be given chances at most {grants_max} times in a campaign.",
        ),
    ),
    "grant-differs": Problem(
        409,
        Words("编号已用于其他赠送", "Grant differs"),
        Words("{reference} 已用于另一次赠送。", "{reference} was used before, for another grant."),
    ),
    "plays-cost-nothing": Problem(
        409,
        Words("活动不消耗机会", "Plays cost nothing"),
        Words("该活动不消耗机会，不能赠送。", "Plays of this campaign cost no chance, so none can be given."),
    ),
    "too-few-chances": Problem(
        409,
        Words("机会不够", "Too few chances"),
        Words(
            "剩下的机会不够连抽 {times} 次，一次也没有用掉。", "There are fewer than {times} goes left; none was used."
        ),
    ),
    "partly-played": Problem(
        409,
        Words("只完成了一部分", "Partly played"),
        Words(
            "{times} 次里完成了 {played} 次，结果都在记录里；其余的没有用掉机会，现在的机会不够了。",
            "{played} of {times} were played and are on record; the others used no go, and there are now too few left.",
        ),
    ),
    "rule-exists": Problem(
        409, Words("规则已存在", "Rule exists"), Words("已有规则 {key}。", "There is already a rule {key}.")
    ),
    "too-many-rules": Problem(
        409,
        Words("规则过多", "Too many rules"),
        Words("一个商城最多 {rules_max} 条规则。", "A mall has at most {rules_max} rules."),
    ),
    "rule-stopped": Problem(
        409,
        Words("规则已停用", "Rule stopped"),
        Words("规则 {key} 已停用，该事件未记录。", "Rule {key} is stopped; the event is not recorded."),
    ),
    "event-differs": Problem(
        409,
        Words("事件编号已使用", "Event differs"),
        Words("{event_id} 已用于另一个事件。", "{event_id} was used before, for another event."),
    ),
    "code-mistyped": Problem(
        422,
        Words("兑换码有误", "Code mistyped"),
        Words("兑换码里有输错的字符，请对照检查。", "A character is wrong; please compare the code once more."),
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
        Words("这个兑换码的有效期到 {closed_at} 为止。", "This code could be redeemed until {closed_at}."),
    ),
    "code-used-up": Problem(
        409,
        Words("兑换码已被用完", "Code used up"),
        Words("这个兑换码的次数已经用完。", "This code has been used up."),
    ),
    "enough-codes-redeemed": Problem(
        409,
        Words("兑换次数已满", "Enough codes redeemed"),
        Words("这类兑换码每人最多用 {codes_max} 个。", "Each member may redeem at most {codes_max} of these codes."),
    ),
    "too-many-wrong-codes": Problem(
        429,
        Words("输错次数过多", "Too many wrong codes"),
        Words("请在 {locked_until} 以后再试。", "Please try again from {locked_until}."),
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
    "invitations-closed": Problem(
        409,
        Words("现在不能邀请", "Invitations are closed"),
        Words("本活动目前没有邀请奖励。", "This campaign rewards no invitations at present."),
    ),
    "too-many-invitations": Problem(
        409,
        Words("邀请链接过多", "Too many invitation links"),
        Words(
            "每位会员在一个活动里最多生成 {links_max} 个链接。",
            "A member makes {links_max} links in a campaign at most.",
        ),
    ),
    "unknown-invitation": Problem(
        404,
        Words("邀请无效", "Unknown invitation"),
        Words("没有找到这个邀请。", "There is no such invitation."),
    ),
    "invitation-expired": Problem(
        410,
        Words("邀请已过期", "Invitation expired"),
        Words("这个邀请的有效期到 {expired_at} 为止。", "This invitation was good until {expired_at}."),
    ),
    "own-invitation": Problem(
        409,
        Words("不能邀请自己", "Your own invitation"),
        Words("这是您自己的邀请链接，请发给朋友。", "This link is your own; it is for your friends."),
    ),
    "already-invited": Problem(
        409,
        Words("已经受邀过", "Already invited"),
        Words("您已经通过另一个邀请来过，只算一次。", "You came by another invitation before; one counts."),
    ),
    "already-played": Problem(
        409,
        Words("已经参加过", "Already taking part"),
        Words("您在受邀之前已经参加过本活动。", "You had played in this campaign before you were invited."),
    ),
    "chances-not-sold": Problem(
        409,
        Words("本活动不出售机会", "Chances are not sold"),
        Words("本活动的抽奖机会不能用积分兑换。", "Chances cannot be bought in this campaign."),
    ),
    "purchase-limit": Problem(
        409,
        Words("超出可兑换次数", "More than you may buy"),
        Words("您现在还能兑换 {left} 次机会。", "You may buy at most {left} more for now."),
    ),
    "insufficient-points": Problem(
        409,
        Words("积分不够", "Too few points"),
        Words("这次兑换需要 {points} 积分，您的积分不够。", "This costs {points} points, and you do not have as many."),
    ),
    "purchase-refused": Problem(
        409,
        Words("兑换没有成功", "Nothing was bought"),
        Words("兑换没有成功，您的积分不会减少。", "Nothing was bought, and you keep your points."),
    ),
    "purchase-not-stuck": Problem(
        409,
        Words("不需要处理", "Purchase not stuck"),
        Words("这笔兑换的状态是 {state}，不能重新退还。", "The purchase is {state}; only a stuck one is tried again."),
    ),
    "too-many-purchases": Problem(
        409,
        Words("兑换次数过多", "Too many purchases"),
        Words(
            "每位会员在一个活动里最多兑换 {purchases_max} 次。",
            "A member buys at most {purchases_max} times in a campaign.",
        ),
    ),
}
