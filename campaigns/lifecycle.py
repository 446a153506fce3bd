"""A campaign's life: draft, published, paused and resumed; opening and closing follow from its hours.

Each step writes a version in SQL, in the caller's transaction. Redis follows after the commit (`Recovery.settle`), by
the caller at once or by the worker a moment later.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from campaigns import banks, registry
from campaigns.config import PINNED, BankNamed, Config, Frozen, ListNamed
from campaigns.fairness import SEED_BYTES, commitment, config_hash
from campaigns.favour import refused_changes
from campaigns.game import ConfigFault, GameLine, Text
from campaigns.invitations import check_rules
from campaigns.lists import held_lists
from campaigns.models import Campaign, CampaignVersion, State, StockLot
from campaigns.moments import Span, WindowsOverlap, spans_of
from campaigns.raffle_models import RaffleDraw
from core.clock import Clock
from core.errors import InvalidField, NotFound, Refusal
from core.ids import Entropy, Ids
from core.sealing import Sealer
from prizes.catalogue import find_all, snapshot

REASON_LENGTH_MAX = 500


class NotDraft(Refusal, code="not-draft"):
    """The campaign is published: it is amended, not rewritten."""


class NotPublished(Refusal, code="not-published"):
    """The campaign has not been published yet."""


class AlreadyInState(Refusal, code="already-in-state"):
    """The campaign is in that state already."""

    def __init__(self, *, state: str) -> None:
        super().__init__(state=state)


class CampaignEnded(Refusal, code="campaign-ended"):
    """The campaign has ended; nothing about it changes any more."""

    def __init__(self, *, ended_at: datetime) -> None:
        super().__init__(ended_at=ended_at)


class EditedMeanwhile(Refusal, code="edited-meanwhile"):
    """Somebody changed the campaign since the version that was looked at."""

    def __init__(self, *, seen_version: int, version: int) -> None:
        super().__init__(seen_version=seen_version, version=version)


class AgainstMembersFavour(Refusal, code="against-members-favour"):
    """A live campaign changes only in its members' favour."""

    def __init__(self, *, changes: list[dict[str, str]]) -> None:
        super().__init__(changes=changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who changes a campaign, when and why."""

    email: str
    at: datetime
    reason: str


class Lifecycle:
    """The verbs. Every one takes the caller's session and flushes; the caller commits."""

    def __init__(self, *, clock: Clock, ids: Ids, entropy: Entropy, sealer: Sealer) -> None:
        self._clock = clock
        self._ids = ids
        self._entropy = entropy
        self._sealer = sealer

    async def create(
        self, session: AsyncSession, *, mall: str, game: str, template: str, changes: Mapping[str, Any]
    ) -> Campaign:
        """A draft from a template, with the operator's changes laid over its top-level fields."""
        recipe = registry.template(game, template)
        campaign = Campaign(
            id=self._ids.new(),
            mall_id=mall,
            game=game,
            template=f"{recipe.key}@{recipe.version}",
            draft={**recipe.draft, **changes},
            state=State.DRAFT,
            created_at=self._clock.now(),
        )
        session.add(campaign)
        await session.flush()
        return campaign

    async def rewrite(self, session: AsyncSession, campaign: Campaign, draft: Mapping[str, Any]) -> None:
        """Keep a draft as it is, finished or not."""
        if campaign.state != State.DRAFT:
            raise NotDraft
        campaign.draft = dict(draft)
        await session.flush()

    async def publish(self, session: AsyncSession, campaign: Campaign, author: Author) -> CampaignVersion:
        """Freeze the draft as version 1. It opens and closes by itself at its hours from then on."""
        if campaign.state != State.DRAFT:
            raise NotDraft
        config = check(campaign.game, campaign.draft)
        if config.ends_at <= author.at:
            raise InvalidField(("ends_at", "is in the past"))
        await check_rules(session, config.invitations, mall=campaign.mall_id, campaign=campaign.id)
        frozen = await _freeze(session, campaign.mall_id, campaign.game, config)
        seed = self._entropy.bytes(SEED_BYTES)
        campaign.seed_sealed = self._sealer.seal(seed, bound_to=campaign.id)
        campaign.commitment = commitment(seed)
        campaign.state = State.PUBLISHED
        campaign.epoch = 1
        if frozen.raffle is not None:
            session.add(RaffleDraw(campaign_id=campaign.id))
        return await _write(session, campaign, frozen, author, change="publish")

    async def pause(self, session: AsyncSession, campaign: Campaign, author: Author) -> CampaignVersion:
        """Stop plays. A new epoch begins, so that what was in flight is committed or dropped, never shown late."""
        return await self._turn(session, campaign, author, State.PAUSED)

    async def resume(self, session: AsyncSession, campaign: Campaign, author: Author) -> CampaignVersion:
        return await self._turn(session, campaign, author, State.PUBLISHED)

    async def add_stock(
        self, session: AsyncSession, campaign: Campaign, author: Author, *, line: str, units: int
    ) -> CampaignVersion:
        config = await _in_force(session, campaign)
        told = config.model_dump(mode="json")
        for found in (found for pool in told["pools"] for found in pool["lines"] if found["key"] == line):
            if found["stock"] is None:
                raise InvalidField(("line", "has no stock to add to: it is unlimited"))
            found["stock"] += units
            break
        else:
            raise InvalidField(("line", f"is not a line of the campaign: {line[:40]}"))
        return await self._amend(session, campaign, author, told, change="add-stock")

    async def extend(
        self, session: AsyncSession, campaign: Campaign, author: Author, *, ends_at: datetime
    ) -> CampaignVersion:
        told = (await _in_force(session, campaign)).model_dump(mode="json")
        return await self._amend(session, campaign, author, {**told, "ends_at": ends_at}, change="extend")

    async def amend(
        self,
        session: AsyncSession,
        campaign: Campaign,
        author: Author,
        *,
        told: Mapping[str, Any],
        seen_version: int,
    ) -> CampaignVersion:
        """Put another config in force while published; refused unless every change is in the members' favour."""
        if seen_version != campaign.version:
            raise EditedMeanwhile(seen_version=seen_version, version=campaign.version)
        return await self._amend(session, campaign, author, told, change="amend")

    async def _amend(
        self, session: AsyncSession, campaign: Campaign, author: Author, told: Mapping[str, Any], *, change: str
    ) -> CampaignVersion:
        config = await _in_force(session, campaign)
        _still_open(campaign, author)
        wanted = check(campaign.game, _unpinned(told))
        refused = refused_changes(config, wanted)
        if refused:
            raise AgainstMembersFavour(changes=refused)
        if wanted.invitations != config.invitations:
            await check_rules(session, wanted.invitations, mall=campaign.mall_id, campaign=campaign.id)
        lists = await _pinned_lists(session, campaign.mall_id, wanted)
        pinned = {"prizes": config.prizes, "lists": lists, "spans": config.spans, "bank": config.bank}
        frozen = Frozen.model_validate({**wanted.model_dump(), **pinned})
        return await _write(session, campaign, frozen, author, change=change)

    async def _turn(self, session: AsyncSession, campaign: Campaign, author: Author, state: State) -> CampaignVersion:
        config = await _in_force(session, campaign)
        _still_open(campaign, author)
        if campaign.state == state:
            raise AlreadyInState(state=state)
        campaign.state = state
        campaign.epoch += 1
        return await _write(session, campaign, config, author, change="pause" if state is State.PAUSED else "resume")


async def campaign_of(session: AsyncSession, *, mall: str, campaign: str, to_change: bool = False) -> Campaign:
    """A mall's own campaign; another mall's is as good as none."""
    row = await session.get(Campaign, campaign, with_for_update=to_change)
    if row is None or row.mall_id != mall:
        raise NotFound(noun="campaign")
    return row


def check(game: str, told: Mapping[str, Any]) -> Config:
    """The config that these JSON values say. Raises InvalidField with every field at fault, or an odds refusal."""
    try:
        config = Config.model_validate(dict(told))
    except ValidationError as error:
        raise InvalidField(*_faults(error)) from error
    for pool in config.pools:
        pool.odds, pool.urn_counts  # noqa: B018 (raise the refusal that names the line and the sum)
    contract = registry.game(game)
    try:
        game_config = contract.config.model_validate(config.game)
        _check_tiers(config, contract.tiers(game_config))
        contract.check(game_config, [GameLine(line.key, line.product is not None) for line in config.lines])
    except ValidationError as error:
        raise InvalidField(*((f"game.{field}", reason) for field, reason in _faults(error))) from error
    except ConfigFault as fault:
        raise InvalidField((f"game.{fault.field}", fault.reason)) from fault
    return config


def _check_tiers(config: Config, wanted: Collection[str]) -> None:
    """Raises InvalidField where plays of the game would come to a tier that no pool is of."""
    if missing := sorted(set(wanted) - {pool.of_tier for pool in config.pools}):
        raise InvalidField(("pools", f"plays of this game draw from {missing[0]!r}, and no pool has that key or tier"))


def _faults(error: ValidationError) -> list[tuple[str, str]]:
    return [
        (".".join(map(str, fault["loc"])) or "config", fault["msg"].removeprefix("Value error, "))
        for fault in error.errors(include_url=False, include_input=False)
    ]


async def _freeze(session: AsyncSession, mall: str, game: str, config: Config) -> Frozen:
    """The config with every product and list of members pinned as it is now."""
    found = await find_all(session, mall_id=mall, skus=sorted(config.products))
    missing = [
        (f"pools.{place}.lines.{number}.product", f"no such product in the catalogue: {line.product}")
        for place, pool in enumerate(config.pools)
        for number, line in enumerate(pool.lines)
        if line.product is not None and line.product not in found
    ]
    missing += [
        (f"raffle.prizes.{place}.product", f"no such product in the catalogue: {prize.product}")
        for place, prize in enumerate(config.raffle.prizes if config.raffle else ())
        if prize.product not in found
    ]
    if missing:
        raise InvalidField(*missing)
    foreign = sorted(sku for sku, product in found.items() if product.currency != config.budget.currency)
    if foreign and not config.budget.is_none:
        raise InvalidField(("budget.currency", f"is not that of {', '.join(foreign)}"))
    prizes = {sku: snapshot(product) for sku, product in found.items()}
    lists = await _pinned_lists(session, mall, config)
    bank = await _pinned_bank(session, mall, game, config)
    pinned = {"prizes": prizes, "lists": lists, "spans": _spans(config), "bank": bank}
    return Frozen.model_validate({**config.model_dump(), **pinned})


async def _pinned_lists(session: AsyncSession, mall: str, config: Config) -> dict[str, ListNamed]:
    """The lists that audiences name, held so that nobody is taken off one before the campaign is in force."""
    named = list(config.named_lists)
    found = await held_lists(session, mall=mall, keys={key for _, key in named})
    missing = [(field, f"the mall has no list of that key: {key}") for field, key in named if key not in found]
    if missing:
        raise InvalidField(*missing)
    return {key: ListNamed(id=row.id, name=Text(zh=row.name_zh, en=row.name_en)) for key, row in found.items()}


async def _pinned_bank(session: AsyncSession, mall: str, game: str, config: Config) -> BankNamed | None:
    """What rounds of the game take their items from, with enough of them."""
    contract = registry.game(game)
    if contract.steps is None:
        return None
    wanted = contract.steps.wants(contract.config.model_validate(config.game))
    bank = await banks.find(session, mall=mall, key=wanted.bank)
    if bank is None or bank.game != game:
        raise InvalidField(("game.bank", f"the mall has no bank of that key for this game: {wanted.bank}"))
    pinned = BankNamed(id=bank.id, items=bank.items)
    there = await banks.count(session, pinned, categories=wanted.categories)
    if there < wanted.count:
        raise InvalidField(("game.bank", f"has {there} items of these categories, and a round takes {wanted.count}"))
    return pinned


def _spans(config: Config) -> dict[str, tuple[Span, ...]]:
    """When the moments of each pool may lie, as instants."""
    found = {}
    for place, pool in enumerate(config.pools):
        if pool.moments is None:
            continue
        field = f"pools.{place}.moments.windows"
        try:
            found[pool.key] = spans_of(
                pool.moments, zone=config.zone, starts_at=config.starts_at, ends_at=config.ends_at
            )
        except WindowsOverlap as error:
            raise InvalidField((field, "overlap, so that no one end of a window makes a moment void")) from error
        if not found[pool.key]:
            raise InvalidField((field, "none of them falls in the campaign's hours"))
    return found


def _unpinned(told: Mapping[str, Any]) -> dict[str, Any]:
    """A published config as its operator wrote it."""
    return {field: value for field, value in told.items() if field not in PINNED}


async def _in_force(session: AsyncSession, campaign: Campaign) -> Frozen:
    if campaign.state == State.DRAFT:
        raise NotPublished
    written = await session.get_one(CampaignVersion, (campaign.id, campaign.version))
    return Frozen.model_validate(written.config)


def _still_open(campaign: Campaign, author: Author) -> None:
    if campaign.ends_at is not None and campaign.ends_at <= author.at:
        raise CampaignEnded(ended_at=campaign.ends_at)


async def _write(
    session: AsyncSession, campaign: Campaign, config: Frozen, author: Author, *, change: str
) -> CampaignVersion:
    """The next version, and the lots that its stock adds."""
    told = config.model_dump(mode="json")
    before = await _in_force(session, campaign) if campaign.version else None
    campaign.version += 1
    campaign.starts_at, campaign.ends_at = config.starts_at, config.ends_at
    campaign.draft = _unpinned(told)
    version = CampaignVersion(
        campaign_id=campaign.id,
        version=campaign.version,
        state=campaign.state,
        epoch=campaign.epoch,
        config=told,
        config_hash=config_hash(told),
        change=change,
        reason=author.reason,
        author=author.email,
        created_at=author.at,
    )
    session.add(version)
    await session.flush()
    for line in config.lines:
        loaded = before.line(line.key).stock or 0 if before is not None else 0
        if line.stock is not None and line.stock > loaded:
            lot = StockLot(campaign_id=campaign.id, line=line.key, first_unit=loaded + 1, last_unit=line.stock)
            lot.version = campaign.version
            session.add(lot)
    await session.flush()
    return version
