"""What is in force: a campaign's version with everything a play derives from it, read once and kept."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import func, select

from campaigns import registry
from campaigns.allocation import Candidate, falls_alike, schedules_of
from campaigns.config import Frozen, Phase, phase_of, zone_table
from campaigns.game import AnyGame, GameModel, Text
from campaigns.models import Campaign, CampaignVersion, Play, State, StockLot
from campaigns.moments import Schedule
from campaigns.pools import Line, Pool
from campaigns.release import released
from campaigns.tallies import takes_of, takes_of_guarantee, takes_of_line, takes_of_play, takes_when
from core.clock import to_ms
from core.db import Database
from core.errors import NotFound
from core.sealing import Sealer
from inventory.claims import UNLIMITED, Rules, Take, candidate, group, sent, unit_tally
from inventory.keys import LaneKeys

VERSIONS_KEPT = 512
ENTRIES_KEPT = 4096
THANKS = Text(zh="谢谢参与", en="Thanks for playing")
PUBLIC_PRIZE_FIELDS = ("name", "form", "type", "market_value")
"""What members may see of a product's snapshot: never what it costs, nor what it unlocks."""
BACKLOG_MAX = 20_000


@dataclass(frozen=True, slots=True)
class LineFacts:
    """A line with what every play on it needs, worked out once: its name, its prize whole, its prize as members see it.

    No two pools hold the same line, so it tells its pool.
    """

    line: Line
    pool: Pool
    name: Mapping[str, str]
    prize: Mapping[str, Any] | None
    public_prize: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One published version. Plays point at it for ever, so it never changes."""

    campaign: str
    mall: str
    number: int
    game: AnyGame
    game_config: Any
    config: Frozen
    config_hash: str
    seed: bytes
    commitment: str
    tiers: Mapping[str, Sequence[Pool]]
    """The pools of each tier of the game, in the order in which a member's is looked for; the last is for everybody."""
    lines: Mapping[str, LineFacts]
    takes: Mapping[str, Take]
    """Every take there is, by its tally; units are taken beside these. Of a run or a sum, one of those lines take."""
    takes_when: Mapping[str, Mapping[str, Take]]
    """What a play takes that is awarded a line, by tally."""
    zone: tuple[tuple[int, int], ...]
    schedules: Mapping[str, Schedule]
    """When the moments are due, of every pool that has some."""

    def entry_of(self, text: str) -> Any:
        """The game's entry in canonical JSON that was validated when it came in."""
        return _entry(self.game.key, text)

    @property
    def covers(self) -> timedelta | None:
        """How long an outcome may wait to be uncovered; None where it is shown at once."""
        return self.game.covers(self.game_config)

    def pools_of(self, entry: str) -> Sequence[Pool]:
        """The pools of this entry's tier; a play draws from the first whose audience the member is among."""
        return self.tiers[self.game.tier(self.game_config, self.entry_of(entry))]


class Sendable(NamedTuple):
    """What a play takes that is given a line, its unit first; as the script reads it, with all of its stock out."""

    takes: tuple[Take, ...]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A campaign as it runs now: the version in force and where its counters stand."""

    version: Version
    state: State
    epoch: int
    is_settled: bool
    candidates: Mapping[tuple[str, bool], Sendable]
    """Per line, and whether it is guaranteed."""
    groups: Mapping[str, str]
    """What any play may be given that draws a line, ready to send; not for lines that may be drawn again for, nor for those
    whose stock is let out over time."""
    rules: tuple[str, ...]

    def group(self, drawn: str, candidates: Iterable[Candidate], *, now_ms: int) -> str:
        """What a play may be given that draws this line, ready to send."""
        return group(drawn, (self._sent(each, now_ms) for each in candidates))

    def _sent(self, told: Candidate, now_ms: int) -> str:
        line, config = told.line, self.version.config
        sendable = self.candidates[line.key, told.is_guaranteed]
        if line.release == "at_once":
            return sendable.text
        unit, *others = sendable.takes
        out = released(unit.last, line.release, starts_at=config.starts_at, ends_at=config.ends_at, now_ms=now_ms)
        return candidate(line.key, (unit._replace(last=out), *others))

    @property
    def campaign(self) -> str:
        return self.version.campaign

    @property
    def keys(self) -> LaneKeys:
        return LaneKeys(self.campaign)

    def is_as(self, seen: Glance) -> bool:
        """Whether nothing has changed since this was read."""
        is_settled = seen.settled_epoch == seen.epoch
        now = (seen.epoch, is_settled, seen.version, State(seen.state))
        return now == (self.epoch, self.is_settled, self.version.number, self.state)

    def phase(self, now: datetime) -> Phase:
        config = self.version.config
        return phase_of(
            state=self.state,
            starts_at=config.starts_at,
            ends_at=config.ends_at,
            is_settled=self.is_settled,
            now=now,
        )


class Glance(NamedTuple):
    """Where a campaign and its ledger stand, in one look: the watermark, and the highest play number there is."""

    epoch: int
    settled_epoch: int
    version: int
    state: str
    committed: int
    highest: int


class Versions:
    """Reads campaigns and keeps them: the running one until told to look again, every version for ever."""

    def __init__(self, *, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer
        self._running: OrderedDict[str, Running] = OrderedDict()
        self._kept: OrderedDict[tuple[str, int], Version] = OrderedDict()

    async def running(self, campaign: str) -> Running:
        """As last seen. Whoever acts on it is told by the script or the ledger when it is out of date."""
        return self._running.get(campaign) or await self.look_again(campaign)

    async def glance(self, campaign: str) -> Glance:
        """What changes of a campaign, read now. Raises NotFound for one that was never published."""
        highest = select(func.coalesce(func.max(Play.seq), 0)).where(Play.campaign_id == Campaign.id).scalar_subquery()
        columns = (Campaign.epoch, Campaign.settled_epoch, Campaign.version, Campaign.state, Campaign.committed)
        async with self._database.reading() as session:
            found = (await session.execute(select(*columns, highest).where(Campaign.id == campaign))).one_or_none()
        if found is None or found.state == State.DRAFT:
            raise NotFound(noun="campaign")
        return Glance(*found)

    async def as_of(self, campaign: str, seen: Glance) -> Running:
        """What is in force, read again only when what is kept is not what was seen."""
        kept = self._running.get(campaign)
        return kept if kept is not None and kept.is_as(seen) else await self.look_again(campaign)

    async def look_again(self, campaign: str) -> Running:
        """Read what is in force. Raises NotFound for a campaign that was never published."""
        async with self._database.reading() as session:
            row = await session.get(Campaign, campaign)
            if row is None or row.state == State.DRAFT:
                raise NotFound(noun="campaign")
            written = await session.get_one(CampaignVersion, (campaign, row.version))
            lots = await session.execute(select(StockLot.line, StockLot.last_unit).where(_of(campaign)))
            last_units: dict[str, int] = {}
            for line, last_unit in lots:
                last_units[line] = max(last_unit, last_units.get(line, 0))
        version = self._keep(row, written)
        candidates = _candidates(version.config, last_units)
        running = Running(
            version=version,
            state=State(row.state),
            epoch=row.epoch,
            is_settled=row.settled_epoch == row.epoch,
            candidates=candidates,
            groups=_groups(version.config, candidates),
            rules=_rules(version, row.epoch),
        )
        _remember(self._running, campaign, running)
        return running

    async def at(self, campaign: str, number: int) -> Version:
        """The version with this number."""
        if (campaign, number) in self._kept:
            return self._kept[campaign, number]
        async with self._database.reading() as session:
            row = await session.get(Campaign, campaign)
            written = await session.get(CampaignVersion, (campaign, number))
        if row is None or written is None:
            raise NotFound(noun="campaign version")
        return self._keep(row, written)

    def _keep(self, row: Campaign, written: CampaignVersion) -> Version:
        known = self._kept.get((row.id, written.version))
        if known is None:
            known = self._version(row, written)
            _remember(self._kept, (row.id, written.version), known)
        return known

    def _version(self, row: Campaign, written: CampaignVersion) -> Version:
        if row.seed_sealed is None or row.commitment is None:
            raise AssertionError(f"campaign {row.id} was published without a seed")
        game = registry.game(row.game)
        config = Frozen.model_validate(written.config)
        seed = self._sealer.open(row.seed_sealed, bound_to=row.id)
        return Version(
            campaign=row.id,
            mall=row.mall_id,
            number=written.version,
            game=game,
            game_config=game.config.model_validate(config.game),
            config=config,
            config_hash=written.config_hash,
            seed=seed,
            commitment=row.commitment,
            tiers=_tiers(config),
            lines={line.key: _facts(line, pool, config) for pool in config.pools for line in pool.lines},
            takes=takes_of(config),
            takes_when={line.key: takes_when(config, pool, line) for pool in config.pools for line in pool.lines},
            zone=zone_table(config.zone, config.starts_at, config.ends_at),
            schedules=schedules_of(config, seed=seed, campaign=row.id),
        )


@lru_cache(maxsize=ENTRIES_KEPT)
def _entry(game: str, text: str) -> GameModel:
    entry: GameModel = registry.game(game).entry.model_validate_json(text)
    return entry


def _tiers(config: Frozen) -> dict[str, Sequence[Pool]]:
    tiers: dict[str, list[Pool]] = {}
    for pool in config.pools:
        tiers.setdefault(pool.of_tier, []).append(pool)
    return {tier: tuple(pools) for tier, pools in tiers.items()}


def _facts(line: Line, pool: Pool, config: Frozen) -> LineFacts:
    prize = config.prize_of(line)
    name = line.name or (prize.name if prize is not None else THANKS)
    whole = prize.model_dump(mode="json") if prize is not None else None
    shown = {field: whole[field] for field in PUBLIC_PRIZE_FIELDS if field in whole} if whole is not None else None
    return LineFacts(line, pool, name.model_dump(), whole, shown)


def _of(campaign: str) -> Any:
    return StockLot.campaign_id == campaign


def _remember(kept: OrderedDict[Any, Any], key: object, value: object) -> None:
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > VERSIONS_KEPT:
        kept.popitem(last=False)


def _candidates(config: Frozen, last_units: Mapping[str, int]) -> dict[tuple[str, bool], Sendable]:
    units = {
        line.key: (Take(unit_tally(line.key), "campaign", "all", last_units.get(line.key, 0)),)
        for line in config.lines
        if line.stock is not None
    }
    drawn = {(line.key, False): (*units.get(line.key, ()), *takes_of_line(config, line)) for line in config.lines}
    guaranteed = {
        (pool.guarantee.line, True): (*units.get(pool.guarantee.line, ()), *takes_of_guarantee(config, pool))
        for pool in config.pools
        if pool.guarantee is not None
    }
    return {key: Sendable(takes, candidate(key[0], takes)) for key, takes in (drawn | guaranteed).items()}


def _groups(config: Frozen, candidates: Mapping[tuple[str, bool], Sendable]) -> dict[str, str]:
    alike = {
        line.key: falls_alike(pool, config, place) for pool in config.pools for place, line in enumerate(pool.lines)
    }
    return {
        key: group(key, (candidates[each.line.key, each.is_guaranteed].text for each in found))
        for key, found in alike.items()
        if found is not None and all(each.line.release == "at_once" for each in found)
    }


def _rules(version: Version, epoch: int) -> tuple[str, ...]:
    limits = version.config.limits
    return Rules(
        epoch=epoch,
        version=version.number,
        opens_ms=to_ms(version.config.starts_at),
        closes_ms=to_ms(version.config.ends_at),
        zone=";".join(f"{start}:{offset}" for start, offset in version.zone),
        plays_max=limits.member_plays_max or UNLIMITED,
        day_plays_max=limits.member_day_plays_max or UNLIMITED,
        cooldown_ms=(limits.cooldown_seconds or 0) * 1000,
        backlog_max=BACKLOG_MAX,
        takes=sent(takes_of_play(version.config)),
    ).arguments()
