"""What must hold of a raffle: it is drawn from what was sealed, each unit is in one winner's hands, and every win is an award."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any, NamedTuple

from sqlalchemy import and_, func, select

from campaigns.looking import Checked, Looking
from campaigns.models import Play
from campaigns.raffle import Raffle
from campaigns.raffle_models import RaffleBeacon, RaffleDraw, RafflePlace, RaffleWin
from campaigns.raffle_tickets import TicketsDiffer, places_of, raffle_of
from campaigns.versions import Version
from prizes.awards import AWARD_WON, BY_RAFFLE, LAPSED, VOID
from prizes.models import Award, Outbox


class _Sealed(NamedTuple):
    draw: RaffleDraw
    version: Version
    raffle: Raffle


async def raffle_recomputes(at: Looking) -> Checked:
    """I11: the places are those that the seed gives to the sealed tickets and the beacon, and nothing came after the seal."""
    sealed = await _sealed(at)
    if sealed is None:
        return 0, []
    draw, version, raffle = sealed
    beacon = await at.session.get(RaffleBeacon, at.row.id)
    late = await at.count(and_(Play.campaign_id == at.row.id, Play.seq > (draw.last_seq or 0)))
    broken = [*([f"{late} plays came after the tickets were sealed"] if late else []), *_order_faults(sealed, beacon)]
    told = select(RafflePlace).where(RafflePlace.campaign_id == at.row.id).order_by(RafflePlace.rank)
    found = [
        (place.rank, place.ticket, place.play_id, place.member_id, place.of_member)
        for place in await at.session.scalars(told)
    ]
    try:
        placed, owners = await places_of(
            at.session,
            version,
            last=draw.last_seq or 0,
            digest=draw.digest or "",
            beacon=beacon.value if beacon else "",
        )
    except TicketsDiffer as differ:
        return (draw.tickets or 0), [*broken, f"the tickets are not those that were sealed: {differ}"]
    expected = [
        (rank, each.ticket.number, each.ticket.play, owners[each.ticket.play], each.of_member)
        for rank, each in enumerate(placed, start=1)
    ]
    pairs = zip_longest(found, expected if draw.drawn_at is not None else [])
    broken += [f"a place is {one}, and the seed says {other}" for one, other in pairs if one != other]
    if draw.tickets != (counted := await at.count(_tickets(at, draw))):
        broken.append(f"{draw.tickets} tickets were sealed, and {counted} are there")
    if any(place > raffle.places for place, *_ in found):
        broken.append(f"there are more places than {raffle.places}")
    return (draw.tickets or 0), broken


async def raffle_units(at: Looking) -> Checked:
    """I1: no prize of a raffle has more units than was published, and none of them two holders at once."""
    sealed = await _sealed(at)
    if sealed is None:
        return 0, []
    units = {prize.key: prize.units for prize in sealed.raffle.prizes}
    held = await at.rows(
        select(RaffleWin.prize, RaffleWin.unit, func.count())
        .join(Award, Award.id == RaffleWin.award_id)
        .where(RaffleWin.campaign_id == at.row.id, Award.state.not_in((LAPSED, VOID)))
        .group_by(RaffleWin.prize, RaffleWin.unit)
    )
    return len(held), [
        f"unit {unit} of raffle prize {prize}, of which there are {units.get(prize, 0)}, is held {count} times"
        for prize, unit, count in held
        if count > 1 or unit > units.get(prize, 0)
    ]


async def raffle_awarded(at: Looking) -> Checked:
    """I15: every win is the award of its ticket's member, told of once, and each turn follows from the one before."""
    sealed = await _sealed(at)
    if sealed is None:
        return 0, []
    outbox = and_(Outbox.topic == AWARD_WON, Outbox.subject_id == Award.id)
    won = await at.rows(
        select(RaffleWin, RafflePlace, Award, Outbox.id)
        .outerjoin(
            RafflePlace, and_(RafflePlace.campaign_id == RaffleWin.campaign_id, RafflePlace.rank == RaffleWin.rank)
        )
        .outerjoin(Award, Award.id == RaffleWin.award_id)
        .outerjoin(Outbox, outbox)
        .where(RaffleWin.campaign_id == at.row.id)
        .order_by(RaffleWin.prize, RaffleWin.unit, RaffleWin.turn)
    )
    of_wins = select(RaffleWin.award_id).where(RaffleWin.campaign_id == at.row.id)
    unearned = select(Award.id).where(
        Award.campaign_id == at.row.id, Award.won_by == BY_RAFFLE, Award.id.not_in(of_wins)
    )
    ranks = select(RaffleWin.rank).where(RaffleWin.campaign_id == at.row.id)
    is_winner = and_(RafflePlace.campaign_id == at.row.id, RafflePlace.rank <= sealed.raffle.units)
    is_closed = sealed.draw.closed_at is not None
    bare = await at.rows(select(RafflePlace.rank).where(is_winner, RafflePlace.rank.not_in(ranks))) if is_closed else []
    return len(won), [
        *[f"{_name(win)}: {fault}" for win, *rest in won if (fault := _award_fault(win, *rest))],
        *_turn_faults(sealed.raffle, [(win, award) for win, _, award, _ in won]),
        *[f"rank {rank} has won and has no award" for (rank,) in bare],
        *[f"award {award} was won by no ticket" for (award,) in await at.rows(unearned)],
    ]


async def _sealed(at: Looking) -> _Sealed | None:
    draw = await at.session.get(RaffleDraw, at.row.id)
    if draw is None or draw.version is None:
        return None
    version = next(version for version in at.versions if version.number == draw.version)
    return _Sealed(draw, version, raffle_of(version))


def _tickets(at: Looking, draw: RaffleDraw) -> Any:
    return and_(Play.campaign_id == at.row.id, Play.seq <= (draw.last_seq or 0))


def _order_faults(sealed: _Sealed, beacon: RaffleBeacon | None) -> Iterator[str]:
    """What was done before its time."""
    draw, version, raffle = sealed
    if draw.sealed_at is None or draw.sealed_at < version.config.ends_at:
        yield "the tickets were sealed before the campaign was over"
    if draw.drawn_at is not None and (raffle.beacon is None) != (beacon is None):
        yield "a beacon was announced and none entered" if beacon is None else "a beacon was entered and none announced"
    if beacon is None or draw.sealed_at is None:
        return
    if beacon.entered_at < draw.sealed_at or (draw.drawn_at is not None and draw.drawn_at < beacon.entered_at):
        yield "the beacon was not entered between the seal and the draw"


def _award_fault(win: RaffleWin, place: RafflePlace | None, award: Award | None, told: int | None) -> str | None:
    if place is None:
        return f"rank {win.rank} is no place"
    if award is None:
        return "has no award"
    if told is None:
        return "nobody was told of its award"
    wanted = (BY_RAFFLE, win.campaign_id, place.play_id, place.member_id, win.prize, win.unit)
    said = (award.won_by, award.campaign_id, award.play_id, award.member_id, award.line, award.unit)
    return None if said == wanted else f"its award says {said}, and the ticket {wanted}"


def _turn_faults(raffle: Raffle, won: Sequence[tuple[RaffleWin, Award | None]]) -> Iterator[str]:
    """First turns go by rank; each later one is the next runner-up's, when the one before did not get the prize."""
    before: tuple[RaffleWin, Award | None] | None = None
    for win, award in won:
        follows = before is not None and (before[0].prize, before[0].unit) == (win.prize, win.unit)
        if not follows or before is None:
            first = raffle.prize_of(win.rank)
            if win.turn != 1 or first is None or (first[0].key, first[1]) != (win.prize, win.unit):
                yield f"{_name(win)} is its first, at rank {win.rank}"
        elif win.turn != before[0].turn + 1 or win.rank <= raffle.units:
            yield f"{_name(win)} follows turn {before[0].turn}, at rank {win.rank}"
        elif before[1] is None or before[1].state not in (LAPSED, VOID):
            yield f"{_name(win)} follows one that may still be claimed"
        before = win, award
    runners_up = sorted(win.rank for win, _ in won if win.rank > raffle.units)
    if runners_up != list(range(raffle.units + 1, raffle.units + 1 + len(runners_up))):
        yield f"runners-up were passed over: {runners_up} won"


def _name(win: RaffleWin) -> str:
    return f"turn {win.turn} of unit {win.unit} of raffle prize {win.prize}"
