"""The demo: a mall, two operators, a catalogue, codes and live wheels, made once and kept up at every start."""

from __future__ import annotations

import hmac
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth.malls import add_secret, create_mall, mall_by_key, secrets_of
from api.auth.models import Mall, Operator
from api.auth.operators import Role, actor_of, create_operator, has_password, issue_token, set_password
from api.auth.tokens import new_token
from api.house import House, open_house
from api.settings import Settings
from campaigns import banks
from campaigns.game import Text
from campaigns.lifecycle import Author
from campaigns.models import Campaign, State
from core.errors import NotFound
from earning import rules
from prizes import codes
from prizes.catalogue import find, import_products

MALL_KEY = "demo"
MALL_NAME = {"zh": "示例积分商城", "en": "Sample Points Mall"}
ROLES = (Role.OWNER, Role.REVIEWER)
QUESTIONS = Path(__file__).parents[1] / "examples" / "demo_mall" / "questions.csv"
BANK, BANK_GAME = "demo", "quiz"
BANK_NAME = Text(zh="示例题库", en="Sample questions")
PRODUCTS = Path(__file__).parents[1] / "examples" / "demo_mall" / "products.csv"
TEMPLATES = {
    "wheel": ("wheel", "lively"),
    "wheel-grid": ("wheel", "grid"),
    "wheel-exact": ("wheel", "exact"),
    "wheel-assured": ("wheel", "assured"),
    "wheel-moments": ("wheel", "moments"),
    "wheel-tasks": ("wheel", "tasks"),
    "wheel-raffle": ("wheel", "raffle"),
    "scratch": ("scratch", "lucky"),
    "quiz": ("quiz", "daily"),
}
"""The demo's campaigns: the name each is told by, its game and its template."""
TASKS = "wheel-tasks"
RULES = (
    {
        "key": "check-in",
        "name": {"zh": "每日签到", "en": "Daily check-in"},
        "zone": "Asia/Shanghai",
        "caps": {"event_max": 1, "member_period": "day", "member_period_max": 1, "chances_last": "today"},
    },
    {
        "key": "order",
        "name": {"zh": "完成订单", "en": "An order"},
        "zone": "Asia/Shanghai",
        "caps": {
            "event_max": 2,
            "member_period": "day",
            "member_period_max": 5,
            "chances_last": "days",
            "chances_days": 7,
        },
    },
    {
        "key": "invite",
        "name": {"zh": "邀请朋友", "en": "Inviting a friend"},
        "zone": "Asia/Shanghai",
        "caps": {"event_max": 1, "member_period": "day", "member_period_max": 5, "member_max": 20},
    },
    {
        "key": "welcome",
        "name": {"zh": "受邀而来", "en": "Coming by an invitation"},
        "zone": "Asia/Shanghai",
        "caps": {"event_max": 1, "member_max": 1},
    },
)
"""What the demo mall's events, and its members' invitations, give in the campaign TASKS."""
INVITATIONS = {"inviter": {"rule": "invite"}, "invitee": {"rule": "welcome"}, "reward_when": "played", "days": 30}
LASTS = timedelta(days=30)
CODES_FREE_MIN = 200
CODES_ADDED = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOperator:
    email: str
    password: str
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """What a visitor needs to know; `campaigns` maps names to live campaigns."""

    mall_key: str
    mall_secret: str
    operators: Mapping[str, DemoOperator]
    campaigns: Mapping[str, str]


def supplier_secret(settings: Settings) -> str:
    """What the sandbox supplier and we sign with: the same at every start, and different on every machine."""
    return hmac.digest(settings.key(), b"sandbox supplier", "sha256").hex()


async def seed_demo(settings: Settings) -> Demo:
    """Make what is missing of the demo; what the last start told people stays true."""
    told = _told(settings)
    async with open_house(settings) as house:
        async with house.database.transaction() as session:
            mall, secret = await _mall(session, house, known_secret=_at(told, "mall", "secret"))
            operators = {
                role.value: await _operator(session, house, mall, role, told=_at(told, "operators", role.value) or {})
                for role in ROLES
            }
        async with house.database.transaction() as session:
            raw = PRODUCTS.read_bytes()
            await import_products(session, mall_id=mall.id, raw=raw, ids=house.ids, now=house.clock.now())
        await _fill_code_pools(house, mall)
        await _fill_bank(house, mall)
        campaigns = {name: await _live(house, mall, *made_of) for name, made_of in TEMPLATES.items()}
        for campaign in campaigns.values():
            await house.campaigns.mending.tend(campaign)  # a visitor may come before the worker does
    return Demo(mall_key=mall.key, mall_secret=secret, operators=operators, campaigns=campaigns)


def write_demo(settings: Settings, demo: Demo) -> None:
    """Tell programs, in `var/demo.json`, which only its owner may read."""
    content = {
        "base_url": settings.base_url,
        "demo_mall_url": settings.demo_mall_url,
        "console_url": f"{settings.base_url}/console",
        "mall": {"key": demo.mall_key, "secret": demo.mall_secret},
        "operators": {role: asdict(operator) for role, operator in demo.operators.items()},
        "campaigns": dict(demo.campaigns),
    }
    path = settings.demo_file
    unfinished = path.with_suffix(".json.new")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(json.dumps(content, ensure_ascii=False, indent=2) + "\n")
    unfinished.replace(path)


async def _mall(session: AsyncSession, house: House, *, known_secret: str | None) -> tuple[Mall, str]:
    mall = await mall_by_key(session, MALL_KEY)
    if mall is None:
        mall, secret = await create_mall(
            session,
            key=MALL_KEY,
            name=MALL_NAME,
            allowed_origins=[],
            ids=house.ids,
            entropy=house.entropy,
            sealer=house.sealer,
            now=house.clock.now(),
        )
    elif known_secret is not None and known_secret in secrets_of(mall, house.sealer).values():
        secret = known_secret
    else:
        secret = add_secret(mall, entropy=house.entropy, sealer=house.sealer)
    mall.allowed_origins = _origins(house.settings)
    return mall, secret


def _origins(settings: Settings) -> list[str]:
    """Where the demo mall stands: the address we print, and the same by its other name on this machine."""
    here = settings.demo_mall_url
    return sorted({here, here.replace("127.0.0.1", "localhost")})


async def _operator(
    session: AsyncSession, house: House, mall: Mall, role: Role, *, told: Mapping[str, str]
) -> DemoOperator:
    email, now = f"{role.value}@demo.example", house.clock.now()
    password = told.get("password") or new_token(house.entropy)[:20]
    operator = await session.scalar(select(Operator).where(Operator.email == email))
    if operator is None:
        operator = await create_operator(
            session, mall_id=mall.id, email=email, password=password, role=role, ids=house.ids, now=now
        )
    elif not await has_password(operator, password):
        await set_password(operator, password)
    token = told.get("token", "")
    if await actor_of(session, token, now) is None:
        token = await issue_token(session, operator, entropy=house.entropy, now=now, lifetime=None)
    return DemoOperator(email=email, password=password, token=token)


async def _fill_code_pools(house: House, mall: Mall) -> None:
    now, vault = house.clock.now(), house.fulfilment.vault
    async with house.database.transaction() as session:
        for pool in await codes.levels(session, mall_id=mall.id, free_below=CODES_FREE_MIN):
            product = await find(session, mall_id=mall.id, sku=pool.sku)
            made = [f"DEMO-{house.entropy.bytes(6).hex().upper()}" for _ in range(CODES_ADDED)]
            await codes.upload(session, product=product, raw="\n".join(made).encode(), vault=vault, now=now)


async def _fill_bank(house: House, mall: Mall) -> None:
    """The demo's questions; what is there already stays."""
    now = house.clock.now()
    sheet = banks.read_sheet(BANK_GAME, QUESTIONS.read_bytes())
    async with house.database.transaction() as session:
        bank = await banks.find(session, mall=mall.id, key=BANK)
        bank = bank or await banks.create(
            session, mall=mall.id, key=BANK, game=BANK_GAME, name=BANK_NAME, ids=house.ids, now=now
        )
        await banks.add(session, bank, sheet, now=now)


async def _live(house: House, mall: Mall, game: str, template: str) -> str:
    """The demo's campaign of a template: the one that runs, else a new one."""
    now, lifecycle = house.clock.now(), house.campaigns.lifecycle
    async with house.database.transaction() as session:
        running = await session.scalar(
            select(Campaign.id)
            .where(Campaign.mall_id == mall.id, Campaign.game == game, Campaign.template.startswith(f"{template}@"))
            .where(Campaign.state != State.DRAFT, Campaign.ends_at > now)
            .order_by(Campaign.created_at)
            .limit(1)
        )
        if running is not None:
            return running
        told: dict[str, Any] = {"starts_at": now.isoformat(), "ends_at": (now + LASTS).isoformat()}
        if (game, template) == TEMPLATES[TASKS]:
            told["invitations"] = INVITATIONS
        campaign = await lifecycle.create(session, mall=mall.id, game=game, template=template, changes=told)
        if (game, template) == TEMPLATES[TASKS]:
            await _let_events_give(session, house, mall, campaign.id)
        author = Author(email=f"{Role.OWNER.value}@demo.example", at=now, reason="the demo's own campaign")
        await lifecycle.publish(session, campaign, author)
        return campaign.id


async def _let_events_give(session: AsyncSession, house: House, mall: Mall, campaign: str) -> None:
    """The demo's rules; a later campaign of theirs takes them over."""
    now = house.clock.now()
    for told in RULES:
        rule = rules.Rule.model_validate(told)
        try:
            row = await rules.find(session, mall=mall.id, key=rule.key, to_change=True)
        except NotFound:
            await rules.create(session, mall=mall.id, campaign=campaign, rule=rule, ids=house.ids, now=now)
        else:
            row.campaign_id = campaign
    await session.flush()


def _told(settings: Settings) -> Any:
    try:
        return json.loads(settings.demo_file.read_text())
    except (FileNotFoundError, ValueError):
        return {}


def _at(content: Any, *path: str) -> Any:
    for name in path:
        content = content.get(name) if isinstance(content, dict) else None
    return content
