"""The tickets of a raffle as the ledger has them, and the places that the seed gives to those that were sealed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from campaigns.models import Play
from campaigns.raffle import Drum, Placed, Raffle, Seal, Ticket, tag_of
from campaigns.versions import Version
from core.errors import NotFound, Refusal

CHUNK_TICKETS = 2_000


class TicketsDiffer(Refusal, code="raffle-tickets-differ"):
    """The plays are not those that were sealed, so nothing is drawn from them."""

    def __init__(self, *, sealed: str, found: str) -> None:
        super().__init__(sealed=sealed, found=found)


def raffle_of(version: Version) -> Raffle:
    if version.config.raffle is None:
        raise NotFound(noun="raffle")
    return version.config.raffle


async def places_of(
    session: AsyncSession, version: Version, *, last: int, digest: str, beacon: str
) -> tuple[Sequence[Placed], Mapping[str, str]]:
    """The places of the plays up to number `last`, and whose each play is. TicketsDiffer if they are not as sealed."""
    raffle, sealed = raffle_of(version), Seal()
    drum = Drum(
        seed=version.seed,
        campaign=version.campaign,
        digest=digest,
        beacon=beacon,
        member_wins_max=raffle.member_wins_max,
    )
    async for ticket in tickets_of(session, version.campaign, last=last):
        sealed.add(ticket)
        drum.add(ticket)
    if sealed.digest() != digest:
        raise TicketsDiffer(sealed=digest, found=sealed.digest())
    placed = drum.places(raffle.places)
    owners: dict[str, str] = {}
    for start in range(0, len(placed), CHUNK_TICKETS):
        plays = [each.ticket.play for each in placed[start : start + CHUNK_TICKETS]]
        found = await session.execute(select(Play.id, Play.member_id).where(Play.id.in_(plays)))
        owners |= {row.id: row.member_id for row in found}
    return placed, owners


async def tickets_of(session: AsyncSession, campaign: str, *, last: int) -> AsyncIterator[Ticket]:
    """Every play up to number `last` as a ticket, in the order of the numbers."""
    seq = 0
    while True:
        found = await session.execute(
            select(Play.seq, Play.id, Play.member_id)
            .where(Play.campaign_id == campaign, Play.seq > seq, Play.seq <= last)
            .order_by(Play.seq)
            .limit(CHUNK_TICKETS)
        )
        rows = found.all()
        for seq, play, member in rows:
            yield Ticket(seq, play, tag_of(campaign, member))
        if len(rows) < CHUNK_TICKETS:
            return
