"""What anybody may know of a campaign, and where a member stands in it."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth.dependencies import CurrentSession, TheHouse
from api.auth.sessions import MemberSession
from api.house import House
from api.routes.invitations import InvitationsView, invitations_view
from api.routes.plays import PrizeShown
from api.routes.raffle_views import MyRaffleView, RaffleView, my_raffle_view, raffle_view
from campaigns.allocation import effective_odds
from campaigns.answers import iso
from campaigns.audience import Audience
from campaigns.config import Frozen, Phase
from campaigns.fairness import ALGORITHM
from campaigns.game import Text
from campaigns.inviting import terms_now
from campaigns.limits import Chances, Limits
from campaigns.moments import Moments
from campaigns.odds import as_percent
from campaigns.pools import Guarantee, Line, Pool
from campaigns.release import Release
from campaigns.rounds import open_round
from campaigns.selling import offer_of
from campaigns.standing import StandingState, standing_of
from campaigns.velocity import Action
from campaigns.versions import Running, Version
from core.errors import NotFound
from earning.codes import may_redeem
from prizes.wallet.records import balance

router = APIRouter(prefix="/v1/campaigns", tags=["campaigns"])


class LineView(BaseModel):
    """One prize: its published odds, as written and as an integer weight over the pool's total."""

    key: str
    name: Text
    prize: PrizeShown | None
    odds: str
    is_by_moment: Annotated[bool, Field(description="Whether each unit is bound to a secret hour instead of odds.")]
    weight: int
    effective: Annotated[
        str | None,
        Field(
            description="The share of plays that come to it in the long run, with the guarantee.", examples=["12.5%"]
        ),
    ]
    stock: int | None
    release: Annotated[
        Release, Field(description="When its units may be won: at once, evenly, or so many from each hour on.")
    ]
    hour_cap: int | None
    day_cap: int | None
    member_wins_max: int | None


class ListView(BaseModel):
    """A list of the mall's members, as members know it."""

    key: str
    name: Text


class AudienceView(BaseModel):
    """Who is meant. Nothing said means everybody; of names, one is enough; all that is said must be met."""

    tiers: list[str]
    segments: list[str]
    registered_within_days: int | None
    lists: list[ListView]


class PoolView(BaseModel):
    """A play of a tier draws from the first of its pools whose audience the member is among."""

    key: str
    tier: str
    audience: AudienceView
    total: int
    fallback: str
    sold_out: Literal["fallback", "renormalise"]
    urn_plays: int | None
    guarantee: Guarantee | None
    moments: Moments | None
    lines: list[LineView]


class FairnessView(BaseModel):
    """The seed's commitment, published before the first play; the seed itself once the campaign is over.

    Where there is a raffle, once that is drawn.
    """

    algorithm: str
    commitment: str
    config_hash: str
    seed: str | None


class CampaignView(BaseModel):
    id: str
    game: str
    phase: Phase
    name: Text
    organiser: Text
    zone: str
    starts_at: datetime
    ends_at: datetime
    server_time: str
    version: int
    skin: str
    audience: AudienceView
    limits: Limits
    chances: Annotated[
        Chances | None, Field(description="What a play costs: free chances, and the price of more. None: no chance.")
    ]
    velocity: Annotated[
        list[Action],
        Field(description="What may follow where somebody plays suspiciously often; when it does is not published."),
    ]
    has_budget: Annotated[bool, Field(description="Whether what all prizes cost together is limited.")]
    claim_days: int
    redeems_codes: Annotated[
        bool, Field(description="Whether there are codes (兑换码) that give chances, now or later.")
    ]
    invitations: Annotated[
        InvitationsView | None,
        Field(description="What is given for inviting others; null where nothing is at present."),
    ]
    pools: list[PoolView]
    view: dict[str, Any]
    fairness: FairnessView
    raffle: Annotated[RaffleView | None, Field(description="What is drawn among all plays when the campaign is over.")]


class AskView(BaseModel):
    """One thing asked: a tier, a segment or a list by name, or having registered less than so many days ago.

    Of a list, `any_of` holds keys and `names` what members know them by.
    """

    kind: Literal["tier", "segment", "new-member", "list"]
    any_of: list[str] = []
    names: list[Text] = []
    days: int | None = None


class GivenView(BaseModel):
    """Chances that were given and are left; none expires as long as the campaign lasts."""

    left: int
    expires_at: datetime | None


class OfferView(BaseModel):
    """Chances for points: what one costs, how many at once, how many more this member may buy now, and their points.

    `left` is null without a limit; `balance` is null where the mall keeps the points itself.
    """

    points: int
    at_once_max: int
    left: int | None
    balance: int | None


class StandingView(BaseModel):
    """What a member may do now. No chance left and no next hour means that they are used up for good.

    Chances left and a next hour means that the member cools down until then.
    """

    state: StandingState
    chances_left: int | None
    next_chance_at: datetime | None
    wins_within: Annotated[
        int | None,
        Field(description="In how many plays at the latest the guaranteed line is won, while it is to be had."),
    ]
    plays: int
    grants: Annotated[list[GivenView], Field(description="Chances that were given, soonest to expire first.")]
    offer: Annotated[OfferView | None, Field(description="What may be bought; null where chances are not sold.")]
    asks: Annotated[
        list[AskView], Field(description="What the campaign asks of its members and this one does not meet.")
    ]
    pools: Annotated[list[str], Field(description="The pools that this member draws from, one of each tier.")]
    blocked_until: Annotated[
        datetime | None, Field(description="Until when a blocked member is; none means until it is lifted.")
    ]
    raffle: MyRaffleView | None
    covered: Annotated[int, Field(description="How many of my plays wait to be uncovered.")]
    round_id: Annotated[str | None, Field(description="The round that I am in.")]
    server_time: str


@router.get("/{campaign_id}")
async def get_campaign(campaign_id: UUID, house: TheHouse, response: Response) -> CampaignView:
    """The public definition: prizes, odds, quantities, rules and hours. Needs no session."""
    response.headers["cache-control"] = "no-store"
    running = await house.campaigns.versions.look_again(str(campaign_id))
    now = house.clock.now()
    redeems_codes = False
    async with house.database.reading() as session:
        if running.version.config.chances is not None:
            redeems_codes = await may_redeem(session, campaign=running.campaign, now=now)
        raffle = await raffle_view(session, running.campaign, running.version.config)
        invitations = invitations_view(await terms_now(session, running))
    return _campaign_view(running, now, raffle=raffle, redeems_codes=redeems_codes, invitations=invitations)


@router.get("/{campaign_id}/me")
async def get_standing(campaign_id: UUID, member: CurrentSession, house: TheHouse, response: Response) -> StandingView:
    """My chances: how many are left, when the next one comes, or why there is none."""
    response.headers["cache-control"] = "no-store"
    running = await house.campaigns.versions.look_again(str(campaign_id))
    if running.version.mall != member.mall_id or member.campaign_id not in (None, running.campaign):
        raise NotFound(noun="campaign")
    now = house.clock.now()
    async with house.database.reading() as session:
        standing = await standing_of(
            session, running, member=member.member_id, sub=member.sub, attributes=member.attributes, now=now
        )
        config = running.version.config
        raffle = await my_raffle_view(session, running.campaign, config.raffle, member=member.member_id)
        offer = await _offer(session, house, running, member, now)
        in_round = await open_round(session, campaign=running.campaign, member=member.member_id)
        round_id = in_round.id if in_round is not None else None
    return StandingView(
        state=standing.state,
        chances_left=standing.chances_left,
        next_chance_at=standing.next_chance_at,
        wins_within=standing.wins_within,
        plays=standing.plays,
        grants=[GivenView(left=grant.left, expires_at=grant.expires_at) for grant in standing.grants],
        offer=offer,
        asks=[AskView.model_validate(each) for each in standing.asks],
        pools=list(standing.pools),
        blocked_until=standing.blocked_until,
        raffle=raffle,
        covered=standing.covered,
        round_id=round_id,
        server_time=iso(now),
    )


async def _offer(
    session: AsyncSession, house: House, running: Running, member: MemberSession, now: datetime
) -> OfferView | None:
    offer = await offer_of(session, running, member=member.member_id, now=now)
    if offer is None:
        return None
    points = None
    if house.wallet.traits.is_ours:
        points = await balance(session, mall_id=member.mall_id, member_id=member.member_id, now=now)
    return OfferView(points=offer.points, at_once_max=offer.at_once_max, left=offer.left, balance=points)


def _campaign_view(
    running: Running,
    now: datetime,
    *,
    raffle: RaffleView | None,
    redeems_codes: bool,
    invitations: InvitationsView | None,
) -> CampaignView:
    version, config = running.version, running.version.config
    return CampaignView(
        id=running.campaign,
        game=version.game.key,
        phase=running.phase(now),
        name=config.name,
        organiser=config.organiser,
        zone=config.zone,
        starts_at=config.starts_at,
        ends_at=config.ends_at,
        server_time=iso(now),
        version=version.number,
        skin=config.skin,
        audience=_audience_view(config.audience, config),
        limits=config.limits,
        chances=config.chances,
        velocity=sorted({rule.action for rule in config.velocity}),
        has_budget=not config.budget.is_none,
        claim_days=config.claim_days,
        redeems_codes=redeems_codes,
        invitations=invitations,
        pools=[_pool_view(pool, version) for pool in config.pools],
        view=dict(version.game.view(version.game_config)),
        fairness=_fairness_view(running, raffle, now),
        raffle=raffle,
    )


def _audience_view(audience: Audience, config: Frozen) -> AudienceView:
    return AudienceView(
        tiers=list(audience.tiers),
        segments=list(audience.segments),
        registered_within_days=audience.registered_within_days,
        lists=[ListView(key=key, name=config.lists[key].name) for key in audience.lists],
    )


def _pool_view(pool: Pool, version: Version) -> PoolView:
    shares = effective_odds(pool)
    each = zip(pool.lines, pool.odds.weights, shares, strict=True)
    return PoolView(
        key=pool.key,
        tier=pool.of_tier,
        audience=_audience_view(pool.audience, version.config),
        total=pool.odds.total,
        fallback=pool.fallback,
        sold_out=pool.sold_out,
        urn_plays=pool.urn_plays,
        guarantee=pool.guarantee,
        moments=pool.moments,
        lines=[_line_view(line, weight, share, version, total=pool.odds.total) for line, weight, share in each],
    )


def _line_view(line: Line, weight: int, share: Fraction, version: Version, *, total: int) -> LineView:
    facts = version.lines[line.key]
    return LineView(
        key=line.key,
        name=Text.model_validate(facts.name),
        prize=PrizeShown.model_validate(facts.public_prize) if facts.public_prize is not None else None,
        odds=line.odds,
        is_by_moment=line.is_by_moment,
        weight=weight,
        effective=as_percent(share) if share != Fraction(weight, total) else None,
        stock=line.stock,
        release=line.release,
        hour_cap=line.hour_cap,
        day_cap=line.day_cap,
        member_wins_max=line.member_wins_max,
    )


def _fairness_view(running: Running, raffle: RaffleView | None, now: datetime) -> FairnessView:
    version = running.version
    # Before the draw the seed would say which public value draws whom.
    is_told = running.phase(now) == "ended" and (raffle is None or raffle.state == "drawn")
    return FairnessView(
        algorithm=ALGORITHM,
        commitment=version.commitment,
        config_hash=version.config_hash,
        seed=version.seed.hex() if is_told else None,
    )
