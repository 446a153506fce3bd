"""The rooms without one of their guards, for the time of a test: what a raffle or a purchase must wait for is not waited for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

from pydantic_core import to_json
from sqlalchemy.ext.asyncio import AsyncSession

from campaigns import plays, raffle_draws
from campaigns.answers import answer
from campaigns.ledger import Row
from campaigns.models import Play
from campaigns.raffle import Drum, Placed
from campaigns.raffle_draws import RaffleDraws
from campaigns.raffle_tickets import raffle_of, tickets_of
from campaigns.versions import Running, Version
from core.db import Database
from earning.events import Received, Reported, receive
from earning.grants import Source, give
from earning.purchase_models import ChancePurchase
from earning.purchase_steps import Act, Leased
from earning.purchasing import Purchasing
from prizes.awards import Won
from prizes.wallet.contract import Done, Refused, Unknown, WalletOutcome
from tests.sim import earners

_WON = Row.won


class _Untended:
    async def tend(self, campaign: str) -> None:
        """Leave in the stream whatever is there."""


@contextmanager
def sealed_undrained() -> Iterator[None]:
    seal = RaffleDraws.seal

    async def at_once(draws: RaffleDraws, campaign: str) -> bool:
        draws._mending = _Untended()  # type: ignore[assignment]
        return await seal(draws, campaign)

    async def what_is_there(draws: RaffleDraws, running: Running) -> int:
        return (await draws._versions.glance(running.campaign)).committed

    with patch.object(RaffleDraws, "seal", at_once), patch.object(RaffleDraws, "_last_play", what_is_there):
        yield


@contextmanager
def sealed_by_the_first_clock() -> Iterator[None]:
    with patch.object(raffle_draws, "SETTLES_AFTER", timedelta()):
        yield


@contextmanager
def drawn_without_digest() -> Iterator[None]:
    async def places(
        session: AsyncSession, version: Version, *, last: int, digest: str, beacon: str
    ) -> tuple[Sequence[Placed], Mapping[str, str]]:
        raffle = raffle_of(version)
        most = raffle.member_wins_max
        drum = Drum(seed=version.seed, campaign=version.campaign, digest="", beacon=beacon, member_wins_max=most)
        async for ticket in tickets_of(session, version.campaign, last=last):
            drum.add(ticket)
        placed = drum.places(raffle.places)
        plays = [await session.get_one(Play, each.ticket.play) for each in placed]
        return placed, {play.id: play.member_id for play in plays}

    with patch.object(raffle_draws, "places_of", places):
        yield


@contextmanager
def granted_before_settled() -> Iterator[None]:
    call = Purchasing._call

    async def and_grant(purchasing: Purchasing, leased: Leased) -> WalletOutcome:
        outcome = await call(purchasing, leased)
        if leased.act in (Act.DEBIT, Act.SETTLE) and isinstance(outcome, Done):
            async with purchasing._database.transaction() as session:
                purchase = await session.get_one(ChancePurchase, leased.transfer.id)
                terms: dict[str, Any] = {"campaign": purchase.campaign_id, "member": purchase.member_id}
                terms |= {"amount": purchase.chances, "expires_at": purchase.expires_at, "now": purchase.asked_at}
                await give(session, **terms, source=Source.PURCHASE, reference=purchase.id)
        return outcome

    with patch.object(Purchasing, "_call", and_grant):
        yield


@contextmanager
def silence_taken_for_a_no() -> Iterator[None]:
    call = Purchasing._call

    async def and_conclude(purchasing: Purchasing, leased: Leased) -> WalletOutcome:
        outcome = await call(purchasing, leased)
        return Refused(reason="silence") if isinstance(outcome, Unknown) and leased.act is Act.DEBIT else outcome

    with patch.object(Purchasing, "_call", and_conclude):
        yield


@contextmanager
def event_granted_again() -> Iterator[None]:
    async def and_again(database: Database, *, mall: str, reported: Reported, now: datetime) -> Received:
        received = await receive(database, mall=mall, reported=reported, now=now)
        if not received.is_new and received.event.granted:
            terms: dict[str, Any] = {
                "campaign": received.rule.campaign_id,
                "member": reported.member,
                "expires_at": None,
            }
            again = f"{reported.event_id}-again"
            async with database.transaction() as session:
                await give(session, **terms, amount=1, source=Source.EVENT, reference=again, now=now)
        return received

    with patch.object(earners, "receive", and_again):
        yield


@contextmanager
def told_when_dealt() -> Iterator[None]:
    """The answer to a play says what it came to, whether it is covered or not."""
    with patch.object(plays, "first_answer", lambda entry, version: to_json(answer(entry, version))):
        yield


@contextmanager
def won_uncovered() -> Iterator[None]:
    """A win is on its way at once, whether its winner knows of it or not."""
    with patch.object(Row, "won", _known):
        yield


def _known(row: Row) -> Won | None:
    won = _WON(row)
    return replace(won, covered_until=None) if won is not None else None
