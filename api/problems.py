"""The one table of HTTP statuses: what each refusal is called outside, and its words in both languages.

A template may name the refusal's facts; a fact that is itself a word of `REASONS` is put in words first.
"""

from __future__ import annotations

from api.problems_of_earning import EARNING
from api.problems_of_raffles import RAFFLES
from api.problems_of_rounds import MOVES, ROUNDS
from api.problems_of_velocity import VELOCITY
from api.wording import Problem, Words

PROBLEMS: dict[str, Problem] = {
    **EARNING,
    **VELOCITY,
    **RAFFLES,
    **ROUNDS,
    # anything asked of the service
    "not-found": Problem(404, Words("找不到", "Not found"), Words("找不到您要的内容。", "There is no such {noun}.")),
    "method-not-allowed": Problem(
        405,
        Words("不支持的请求方法", "Method not allowed"),
        Words("此地址不支持该方法。", "This address does not take that method."),
    ),
    "invalid-field": Problem(
        422,
        Words("填写有误", "Invalid field"),
        Words("有内容需要修改，请看 errors。", "Something has to be corrected; see errors."),
    ),
    "malformed-request": Problem(
        400, Words("无法理解的请求", "Malformed request"), Words("请求无法读取。", "The request cannot be read.")
    ),
    "body-too-large": Problem(
        413, Words("内容过大", "Body too large"), Words("请求内容超过上限。", "The request's body is over the limit.")
    ),
    "unavailable": Problem(
        503,
        Words("暂时无法服务", "Temporarily unavailable"),
        Words(
            "请稍后用同一个请求重试，不会重复。",
            "Please ask again in a moment with the same key; nothing is done twice.",
        ),
    ),
    "internal-error": Problem(
        500,
        Words("出错了", "Internal error"),
        Words("我们出错了，已记录。编号 {request_id}。", "We made a mistake and have logged it as {request_id}."),
    ),
    # coming in
    "not-signed-in": Problem(
        401,
        Words("请先登录", "Not signed in"),
        Words("会话不存在或已过期。", "The bearer token is missing, unknown or expired."),
    ),
    "not-allowed": Problem(
        403,
        Words("没有权限", "Not allowed"),
        Words("您的角色（{role}）不能做这件事。", "Your role, {role}, does not include this."),
    ),
    "wrong-password": Problem(
        401,
        Words("登录失败", "Wrong password"),
        Words("邮箱或密码不对。", "The e-mail address or the password is wrong."),
    ),
    "too-many-attempts": Problem(
        429,
        Words("尝试次数过多", "Too many attempts"),
        Words("请在 {retry_after_seconds} 秒后再试。", "Try again in {retry_after_seconds} seconds."),
    ),
    "launch-token-invalid": Problem(
        401,
        Words("启动令牌无效", "Launch token invalid"),
        Words("启动令牌无效：{reason}。", "The launch token is not accepted: {reason}."),
    ),
    "launch-token-used": Problem(
        401,
        Words("启动令牌已使用", "Launch token used"),
        Words("每个启动令牌只能用一次。", "A launch token is good for one session only."),
    ),
    # prizes on their way
    "claim-not-needed": Problem(
        409,
        Words("无需领取", "No claim needed"),
        Words("这个奖品会自动发放，无需填写信息。", "This prize is delivered without any details of yours."),
    ),
    "claim-closed": Problem(
        410,
        Words("领取已截止", "Claim closed"),
        Words("领取时间已过。", "The time to claim this prize is over."),
    ),
    "already-claimed": Problem(
        409,
        Words("已经领取", "Already claimed"),
        Words("您已填写过其他信息，奖品正在发放。", "You gave other details before, and the prize is on its way."),
    ),
    "award-not-stuck": Problem(
        409,
        Words("不能处理", "Award not stuck"),
        Words("该奖品的状态是 {state}，不能这样处理。", "The award is {state}; this cannot be done to it."),
    ),
    "award-held": Problem(
        409,
        Words("奖品核对中", "Prize is being checked"),
        Words(
            "这个奖品核对后才发放，现在不用填写信息。",
            "This prize is checked before it is delivered; nothing is needed now.",
        ),
    ),
    "award-not-held": Problem(
        409,
        Words("不在核对中", "Award not held"),
        Words("该奖品的状态是 {state}，不在核对中。", "The award is {state}, so it is not held for review."),
    ),
    "another-operator-needed": Problem(
        409,
        Words("需要另一位同事确认", "Another operator needed"),
        Words(
            "您已在 {proposed_at} 提议不予发放，要由另一位同事确认。",
            "You proposed this rejection at {proposed_at}; somebody else must confirm it.",
        ),
    ),
    "no-code-pool": Problem(
        409,
        Words("没有码池", "No code pool"),
        Words("{sku} 不是券码类商品。", "{sku} is not delivered from a pool of codes."),
    ),
    "points-kept-by-mall": Problem(
        404,
        Words("积分在商城", "Points are kept by the mall"),
        Words("您的积分由商城保管，请在商城查看。", "The mall keeps your points itself; please look there."),
    ),
    "signature-invalid": Problem(
        401,
        Words("签名无效", "Signature invalid"),
        Words("签名缺失、不符或已过时。", "The signature is missing, wrong or out of date."),
    ),
    # playing
    "idempotency-key-missing": Problem(
        400,
        Words("缺少幂等键", "Idempotency key missing"),
        Words("请在 Idempotency-Key 中提供 8 到 64 个字符。", "Send an Idempotency-Key of 8 to 64 visible characters."),
    ),
    "not-json": Problem(
        415,
        Words("内容须为 JSON", "Not JSON"),
        Words(
            "请以 Content-Type: application/json 发送。", "Send the body as JSON, with Content-Type: application/json."
        ),
    ),
    "idempotency-key-reused": Problem(
        422,
        Words("幂等键已用于其他请求", "Idempotency key reused"),
        Words("同一个键不能用于不同的内容。", "This key was used before with another body."),
    ),
    "not-open-yet": Problem(
        409,
        Words("活动未开始", "Not open yet"),
        Words("活动将于 {starts_at} 开始。", "The campaign opens at {starts_at}."),
    ),
    "over": Problem(
        409, Words("活动已结束", "Over"), Words("活动已于 {ended_at} 结束。", "The campaign ended at {ended_at}.")
    ),
    "paused": Problem(
        409,
        Words("活动暂停中", "Paused"),
        Words("活动暂停中，您的机会会保留。", "The campaign is paused; your chances are kept."),
    ),
    "no-chance-left": Problem(
        409, Words("没有机会了", "No chance left"), Words("您现在没有抽奖机会。", "You have no chance left for now.")
    ),
    "cooling-down": Problem(
        409,
        Words("请稍等一会儿", "Wait a moment"),
        Words("两次抽奖之间要间隔一会儿。", "There is a short wait between goes."),
    ),
    "all-plays-taken": Problem(
        409,
        Words("名额已满", "All goes are used"),
        Words("本活动的总次数已经用完。", "This campaign's goes have all been used."),
    ),
    "not-eligible": Problem(
        403,
        Words("不符合参与条件", "Not eligible"),
        Words("您不在本活动的参与范围内。", "You are not among those this campaign is for."),
    ),
    "blocked": Problem(
        403,
        Words("暂时不能参加", "Not open to you at present"),
        Words(
            "您现在不能参加活动，详情请咨询商城客服。",
            "You cannot take part at present; the mall's customer service can tell you more.",
        ),
    ),
    "inventory-away": Problem(
        503,
        Words("暂时无法服务", "Temporarily unavailable"),
        Words(
            "请稍后用同一个请求重试，不会重复。",
            "Please ask again in a moment with the same key; nothing is done twice.",
        ),
    ),
    "ledger-away": Problem(
        503,
        Words("暂时无法服务", "Temporarily unavailable"),
        Words(
            "请稍后用同一个请求重试，不会重复。",
            "Please ask again in a moment with the same key; nothing is done twice.",
        ),
    ),
    "recovery-failed": Problem(
        503,
        Words("活动恢复中", "Recovering"),
        Words("活动正在恢复，请稍后重试。", "The campaign is recovering; please ask again in a moment."),
    ),
    "server-unfit": Problem(
        503,
        Words("服务器设置不合要求", "Server unfit"),
        Words(
            "服务器的 {setting} 为 {value}，需要 {wanted}。",
            "The Redis-compatible server's {setting} is {value}; it must be {wanted}.",
        ),
    ),
    # running campaigns
    "unknown-game": Problem(
        422, Words("没有这个游戏", "Unknown game"), Words("没有名为 {game} 的游戏。", "There is no game called {game}.")
    ),
    "unknown-template": Problem(
        422,
        Words("没有这个模板", "Unknown template"),
        Words("{game} 没有名为 {template} 的模板。", "{game} has no template called {template}."),
    ),
    "odds-unreadable": Problem(
        422,
        Words("概率无法识别", "Odds unreadable"),
        Words(
            "第 {line} 行的概率“{text}”应写作 1/100000、0.5% 或 rest。",
            "Line {line}: odds are written like 1/100000, 0.5% or rest, not {text!r}.",
        ),
    ),
    "odds-out-of-range": Problem(
        422,
        Words("概率超出范围", "Odds out of range"),
        Words(
            "第 {line} 行的概率 {text} 必须大于 0 且不超过 1。",
            "Line {line}: odds of {text} must be above 0 and at most 1.",
        ),
    ),
    "odds-too-fine": Problem(
        422,
        Words("概率过细", "Odds too fine"),
        Words(
            "加入第 {line} 行的 {text} 后，公分母 {total} 超过上限。",
            "Line {line}: with odds of {text} the pool's common denominator becomes {total}, which is over the limit.",
        ),
    ),
    "two-rests": Problem(
        422,
        Words("只能有一行取剩余概率", "Two rests"),
        Words("第 {lines} 行都写了 rest，只能有一行。", "Lines {lines} take the rest; only one line of a pool may."),
    ),
    "odds-do-not-add-up": Problem(
        422,
        Words("概率之和不为一", "Odds do not add up"),
        Words(
            "到第 {line} 行为止，概率之和是 {sum}，应为 1。",
            "Up to line {line} the odds add up to {sum}; they must make exactly 1.",
        ),
    ),
    "urn-does-not-divide": Problem(
        422,
        Words("概率分不成整份", "Urn does not divide"),
        Words(
            "第 {line} 行的概率 {text} 在每 {plays} 次里不是整数。",
            "Line {line}: odds of {text} do not come to a whole number in {plays} plays.",
        ),
    ),
    "list-exists": Problem(
        409, Words("名单已存在", "List exists"), Words("已有名单 {key}。", "There is already a list {key}.")
    ),
    "list-in-use": Problem(
        409,
        Words("名单正在使用", "List in use"),
        Words(
            "进行中的活动在用名单 {key}（{campaigns}），不能从中移除会员（{leaving} 人）；要禁止某人参加，请用封禁。",
            "Running campaigns ({campaigns}) are for those on {key}, so {leaving} members cannot be taken off it; "
            "block a member to keep them from playing.",
        ),
    ),
    "not-blocked": Problem(
        409, Words("没有封禁", "Not blocked"), Words("该会员没有生效的封禁。", "That member is not blocked.")
    ),
    "not-draft": Problem(
        409,
        Words("活动已发布", "Not a draft"),
        Words("已发布的活动不能重写，只能按规则调整。", "A published campaign can be amended, but not rewritten."),
    ),
    "not-published": Problem(
        409, Words("活动未发布", "Not published"), Words("请先发布活动。", "The campaign must be published first.")
    ),
    "already-in-state": Problem(
        409, Words("状态未变", "Already so"), Words("活动已处于 {state} 状态。", "The campaign is already {state}.")
    ),
    "campaign-ended": Problem(
        409,
        Words("活动已结束", "Campaign ended"),
        Words(
            "活动已于 {ended_at} 结束，不能再改。",
            "The campaign ended at {ended_at}; nothing about it changes any more.",
        ),
    ),
    "edited-meanwhile": Problem(
        409,
        Words("活动已被他人修改", "Edited meanwhile"),
        Words(
            "您看到的是第 {seen_version} 版，现在是第 {version} 版。",
            "You looked at version {seen_version}; it is {version} now.",
        ),
    ),
    "against-members-favour": Problem(
        409,
        Words("不利于会员的修改", "Against members' favour"),
        Words(
            "进行中的活动只接受对会员有利的修改，请看 changes。",
            "A published campaign may only change in its members' favour; see changes.",
        ),
    ),
}

REASONS: dict[str, Words] = {
    **MOVES,
    "too-long": Words("太长", "it is too long"),
    "malformed": Words("格式不正确", "it is not a readable token"),
    "algorithm-not-allowed": Words("签名算法不被接受", "its algorithm is not HS256"),
    "unknown-issuer": Words("签发方未知", "its issuer is not known here"),
    "wrong-signature": Words("签名不正确", "its signature does not fit"),
    "wrong-audience": Words("不是签发给本服务的", "it is meant for another service"),
    "lives-too-long": Words("有效期超过 120 秒", "it must live from 1 to 120 seconds"),
    "not-yet-valid": Words("尚未生效", "its time has not come"),
    "expired": Words("已过期", "it has expired"),
    "missing": Words("请填写", "it is missing"),
    "too-short": Words("太短", "it is too short"),
    "not-asked-for": Words("无需填写", "this prize does not ask for it"),
    "unprintable": Words("含有无法显示的字符", "it has characters that cannot be printed"),
    "phone-unreadable": Words("不是电话号码", "it is not a phone number"),
    "phone-not-valid": Words("没有这样的号码", "there is no such phone number"),
    "phone-not-mobile": Words("请填写手机号", "it is not a mobile number"),
    "origin-not-allowed": Words("来源未登记", "its origin is not one of the mall's"),
}

# pydantic's own reasons, for those who read Chinese
FIELD_REASONS_ZH: dict[str, str] = {
    "missing": "必填",
    "extra_forbidden": "不认识的字段",
    "json_invalid": "不是有效的 JSON",
    "string_too_short": "至少 {min_length} 个字符",
    "string_too_long": "最多 {max_length} 个字符",
    "string_pattern_mismatch": "格式不正确",
    "too_short": "至少 {min_length} 项",
    "too_long": "最多 {max_length} 项",
    "greater_than_equal": "不能小于 {ge}",
    "greater_than": "必须大于 {gt}",
    "less_than_equal": "不能大于 {le}",
    "less_than": "必须小于 {lt}",
    "string_type": "必须是文字",
    "int_type": "必须是整数",
    "int_parsing": "必须是整数",
    "bool_type": "必须是 true 或 false",
    "dict_type": "必须是对象",
    "list_type": "必须是列表",
    "uuid_parsing": "不是有效的编号",
    "datetime_parsing": "不是有效的时间",
    "enum": "不在可选范围内",
    "literal_error": "不在可选范围内",
}
FIELD_REASON_ZH = "格式不正确"
