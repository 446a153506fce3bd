"""Watching over the invariants: all of them when asked, the quick ones every minute; a broken one pauses its campaign."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from prometheus_client import Gauge
from sqlalchemy import select

from api.auth.audit import check_chain
from api.house import House
from campaigns.invariants import Extra, Finding, audit, look_at
from campaigns.lifecycle import Author
from campaigns.models import Campaign, State
from campaigns.versions import Running

WATCHER = "windfall"
log = structlog.get_logger()
HOLDS = Gauge("windfall_invariant_holds", "1 while the invariant holds, 0 when it is broken.", ["invariant"])


async def audit_house(house: House, *, campaign: str | None = None, is_at_rest: bool = False) -> list[Finding]:
    """Every invariant over every published campaign, or over one."""

    async def operators_traced() -> tuple[int, Sequence[str]]:
        async with house.database.reading() as session:
            chain = await check_chain(session)
        return chain.checked, [f"audit row {seq} does not fit the chain" for seq in chain.broken]

    return await audit(
        database=house.database,
        connection=house.connection,
        versions=house.campaigns.versions,
        now=house.clock.now(),
        extra=[Extra("I18", "Every operator change has its row in the chain", operators_traced)],
        campaign=campaign,
        is_at_rest=is_at_rest,
    )


async def reconcile_house(house: House, *, campaign: str | None = None) -> list[Running]:
    """Rebuild the counters of every published campaign, or of one, from the ledger."""
    published = select(Campaign.id, Campaign.epoch).where(Campaign.state != State.DRAFT).order_by(Campaign.id)
    async with house.database.reading() as session:
        found = (
            await session.execute(published if campaign is None else published.where(Campaign.id == campaign))
        ).all()
    recovery = house.campaigns.recovery
    return [await recovery.recover(one, seen_epoch=epoch, reason="an operator asked") for one, epoch in found]


class Watch:
    """The worker's minute: each published campaign's new plays are checked, and one that breaks a rule is paused."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._checked: dict[str, int] = {}

    async def round(self) -> bool:
        async with self._house.database.reading() as session:
            published = select(Campaign.id, Campaign.committed).where(
                Campaign.state == State.PUBLISHED, Campaign.starts_at <= self._house.clock.now()
            )
            found = (await session.execute(published)).all()
        for campaign, committed in found:
            if self._checked.get(campaign) != committed:
                await self._look(campaign)
                self._checked[campaign] = committed
        return False

    async def _look(self, campaign: str) -> None:
        house = self._house
        findings = await look_at(
            campaign,
            database=house.database,
            connection=house.connection,
            versions=house.campaigns.versions,
            now=house.clock.now(),
            only_quick=True,
            after=self._checked.get(campaign, 0),
        )
        for finding in findings:
            HOLDS.labels(finding.id).set(finding.holds)
        broken = [f"{finding.id}: {finding.broken[0]}" for finding in findings if not finding.holds]
        if broken:
            await self._pause(campaign, "; ".join(broken)[:500])

    async def _pause(self, campaign: str, reason: str) -> None:
        house = self._house
        log.error("invariant broken, campaign paused", campaign=campaign, reason=reason)
        async with house.database.transaction() as session:
            row = await session.get_one(Campaign, campaign, with_for_update=True)
            if row.state == State.PUBLISHED:
                author = Author(email=WATCHER, at=house.clock.now(), reason=reason)
                await house.campaigns.lifecycle.pause(session, row, author)
        await house.campaigns.recovery.follow(campaign)
