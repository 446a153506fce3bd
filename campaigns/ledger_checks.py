"""What must hold among the rows of the ledger. Each check looks at what is written, never at the code that wrote it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, and_, false, func, or_, select, union_all

from campaigns.fairness import config_hash
from campaigns.looking import (
    Checked,
    Looking,
    chunks,
    name_of_play,
    pairs,
)
from campaigns.models import CampaignVersion, Play, State, StockLot, VoidPlay
from campaigns.plays import is_fingerprint_of
from campaigns.versions import Version
from core.clock import to_ms
from prizes.awards import AWARD_WON, BY_PLAY
from prizes.models import Award, Outbox


async def no_oversell(at: Looking) -> Checked:
    lots = select(StockLot.line, func.sum(StockLot.last_unit - StockLot.first_unit + 1)).group_by(StockLot.line)
    loaded: dict[str, int] = dict(await pairs(at, lots.where(StockLot.campaign_id == at.row.id)))
    awarded = (
        select(Play.awarded, func.count())
        .where(Play.campaign_id == at.row.id, Play.unit.is_not(None))
        .group_by(Play.awarded)
    )
    given: dict[str, int] = dict(await pairs(at, awarded))
    limited = {line.key for line in at.running.version.config.lines if line.stock is not None}
    bare = await at.rows(select(Play.id, Play.seq).where(at.plays, Play.awarded.in_(limited), Play.unit.is_(None)))
    return sum(given.values()), [
        *[f"line {line}: {count} given of {loaded.get(line, 0)}" for line, count in given.items() if count > loaded.get(line, 0)],
        *[f"{name_of_play(play)} was awarded a limited line without a unit" for play in bare],
        *[f"line {line}: {loaded.get(line, 0)} loaded of a stock of {at.running.version.config.line(line).stock}"
          for line in limited if loaded.get(line, 0) != at.running.version.config.line(line).stock],
    ]  # fmt: skip


async def units_once(at: Looking) -> Checked:
    twice = (
        select(Play.awarded, Play.unit, func.count(), func.max(Play.seq))
        .where(Play.campaign_id == at.row.id, Play.unit.is_not(None))
        .group_by(Play.awarded, Play.unit)
        .having(and_(func.count() > 1, func.max(Play.seq) > at.after))
    )
    return await at.count(and_(at.plays, Play.unit.is_not(None))), [
        f"unit {unit} of line {line} belongs to {count} plays, the last of them number {seq}"
        for line, unit, count, seq in await at.rows(twice)
    ]


async def answers_stand(at: Looking) -> Checked:
    written = (await at.session.scalars(select(CampaignVersion).where(CampaignVersion.campaign_id == at.row.id))).all()
    broken = [f"version {each.version} was changed" for each in written if config_hash(each.config) != each.config_hash]
    async for plays in chunks(at):
        broken += [
            f"{name_of_play(play)}: its fingerprint is not its entry's"
            for play in plays
            if not is_fingerprint_of(play.fingerprint, play.entry)
        ]
    return await at.count(), broken


async def keys_once(at: Looking) -> Checked:
    twice = (
        select(Play.member_id, Play.request_key, func.count(), func.max(Play.seq))
        .where(Play.campaign_id == at.row.id)
        .group_by(Play.member_id, Play.request_key)
        .having(and_(func.count() > 1, func.max(Play.seq) > at.after))
    )
    return await at.count(), [
        f"key {key} of member {member} became {count} plays, the last of them number {seq}"
        for member, key, count, seq in await at.rows(twice)
    ]


async def numbers_contiguous(at: Looking) -> Checked:
    numbers = union_all(
        select(Play.seq.label("seq")).where(at.plays),
        select(VoidPlay.seq.label("seq")).where(VoidPlay.campaign_id == at.row.id, VoidPlay.seq > at.after),
    ).subquery()
    before = func.lag(numbers.c.seq, 1, at.after).over(order_by=numbers.c.seq)
    steps = select(numbers.c.seq.label("seq"), before.label("before")).subquery()
    odd = select(steps.c.before, steps.c.seq).where(steps.c.seq - steps.c.before != 1)
    if not at.is_at_rest:  # above the watermark plays are under way
        odd = odd.where(or_(steps.c.seq == steps.c.before, steps.c.seq <= at.row.committed))
    highest = await at.session.scalar(select(func.max(numbers.c.seq))) or at.after
    return highest - at.after, [
        f"number {seq} is there twice"
        if seq == before
        else f"numbers {before + 1} to {seq - 1} are neither played nor void"
        for before, seq in await at.rows(odd)
    ]


async def epochs_go_on(at: Looking) -> Checked:
    before = func.lag(Play.epoch, 1, 0).over(order_by=Play.seq)
    steps = _labelled(select(Play.id, Play.seq, Play.epoch, before.label("before")).where(at.plays))
    back = select(steps).where(or_(steps.c.epoch < steps.c.before, steps.c.epoch > at.row.epoch))
    return await at.count(), [
        f"{name_of_play(row)}: epoch {row.epoch} after {row.before}, of {at.row.epoch}" for row in await at.rows(back)
    ]


async def winners_awarded(at: Looking) -> Checked:
    winning = or_(false(), *[_wins(version) for version in at.versions])
    outbox = and_(Outbox.topic == AWARD_WON, Outbox.subject_id == Award.id)
    same = and_(Award.line == Play.awarded, Award.member_id == Play.member_id, Award.campaign_id == Play.campaign_id)
    own = and_(Award.play_id == Play.id, Award.won_by == BY_PLAY)
    won = select(Play.id, Play.seq).outerjoin(Award, own).where(at.plays, winning)
    bare = await at.rows(won.where(Award.id.is_(None)))
    other = await at.rows(
        won.where(Award.id.is_not(None), or_(~same, func.coalesce(Award.unit, 0) != func.coalesce(Play.unit, 0)))
    )
    unheld = await at.rows(
        select(Play.id, Play.seq)
        .join(Award, Award.play_id == Play.id)
        .where(at.plays, func.coalesce(Award.held_for, "") != func.coalesce(Play.review, ""))
    )
    silent = await at.rows(won.outerjoin(Outbox, outbox).where(Award.id.is_not(None), Outbox.id.is_(None)))
    unearned = (
        select(Award.id)
        .outerjoin(Play, and_(Play.id == Award.play_id, winning))
        .where(Award.campaign_id == at.row.id, Award.won_by == BY_PLAY, Play.id.is_(None))
    )
    return await at.count(and_(at.plays, winning)), [
        *[f"{name_of_play(play)} won and has no award" for play in bare],
        *[f"{name_of_play(play)}: its award says otherwise" for play in other],
        *[f"{name_of_play(play)}: its award was not born as its review says" for play in unheld],
        *[f"{name_of_play(play)}: nobody was told of its award" for play in silent],
        *[f"award {award} has no winning play" for (award,) in await at.rows(unearned)],
    ]


async def inside_window(at: Looking) -> Checked:
    written = (
        await at.session.scalars(
            select(CampaignVersion).where(CampaignVersion.campaign_id == at.row.id).order_by(CampaignVersion.version)
        )
    ).all()
    outside: list[Any] = []
    for version, row in zip(at.versions, written, strict=True):
        config = version.config
        hours = Play.played_at_ms.between(to_ms(config.starts_at), to_ms(config.ends_at) - 1)
        permitted = hours if row.state == State.PUBLISHED else false()
        outside += await at.rows(select(Play.id, Play.seq).where(at.plays, Play.version == version.number, ~permitted))
    for place, row in enumerate(written):
        if row.state != State.PAUSED:
            continue
        until = to_ms(written[place + 1].created_at) if place + 1 < len(written) else to_ms(at.now)
        paused = Play.played_at_ms.between(to_ms(row.created_at) + at.skew_ms + 1, until - at.skew_ms - 1)
        outside += await at.rows(select(Play.id, Play.seq).where(at.plays, paused))
    return await at.count(), [f"{name_of_play(play)} was played outside the window or while paused" for play in outside]


def _wins(version: Version) -> ColumnElement[bool]:
    prizes_won = [line.key for line in version.config.lines if line.product is not None]
    return and_(Play.version == version.number, Play.awarded.in_(prizes_won))


def _labelled(query: Select[Any]) -> Subquery:
    return query.subquery()
