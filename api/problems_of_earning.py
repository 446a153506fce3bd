"""The rows of `problems.py` about how members come by chances."""

from __future__ import annotations

from api.wording import Problem, Words

EARNING: dict[str, Problem] = {
    "too-many-grants": Problem(
        409,
        Words("获赠次数过多", "Too many grants"),
        Words(
            "每位会员在一个活动中最多获赠 {grants_max} 次。", "A member is given chances {grants_max} times at most."
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
        Words("该活动参加不需要机会，无法赠送。", "Plays of this campaign cost no chance, so none can be given."),
    ),
    "too-few-chances": Problem(
        409,
        Words("机会不够", "Too few chances"),
        Words("剩下的机会不够连抽 {times} 次，一次也没有用掉。", "There are not {times} goes left; none was used."),
    ),
    "partly-played": Problem(
        409,
        Words("只完成了一部分", "Partly played"),
        Words(
            "{times} 次里完成了 {played} 次，结果都在记录里；其余的没有用掉机会，现在的机会不够了。",
            "{played} of {times} were played and are on record; the others used nothing, and there are too few goes left.",
        ),
    ),
    "rule-exists": Problem(
        409, Words("规则已存在", "Rule exists"), Words("已有规则 {key}。", "There is a rule {key} already.")
    ),
    "too-many-rules": Problem(
        409,
        Words("规则过多", "Too many rules"),
        Words("一个商城最多 {rules_max} 条规则。", "A mall has {rules_max} rules at most."),
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
}
