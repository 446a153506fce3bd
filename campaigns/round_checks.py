"""What must hold of rounds: each play is the end of one, played with what it came to, and it began as the seed says."""

from __future__ import annotations

from sqlalchemy import func, or_, select

from campaigns.looking import Checked, Looking, name_of_play
from campaigns.models import Play
from campaigns.plays import written_entry
from campaigns.round_models import Round
from campaigns.rounds import begun, steps_of
from campaigns.versions import Version
from core.errors import Unavailable

CHUNK_ROUNDS = 200


async def rounds_hold(at: Looking) -> Checked:
    """I20. A round's items and first question are drawn again; its play must be its member's, with its own score."""
    stepped = {version.number: version for version in at.versions if version.game.steps is not None}
    if not stepped:
        return 0, []
    of_campaign = Round.campaign_id == at.row.id
    count = await at.session.scalar(select(func.count()).select_from(Round).where(of_campaign)) or 0
    # Between a play and the note of it in its round lies a moment, in which the round is over and open.
    noted = Round.campaign_id == Play.campaign_id, Round.member_id == Play.member_id
    between = select(Round.id).where(*noted, Round.over_at.is_not(None), Round.play_id.is_(None)).correlate(Play)
    ends = select(Round.id).where(Round.play_id == Play.id).correlate(Play)
    alone = select(Play.id, Play.seq).where(at.plays, ~ends.exists(), ~between.exists())
    other = select(Play.id, Play.seq).join(Round, Round.play_id == Play.id)
    differs = or_(Round.member_id != Play.member_id, Round.campaign_id != Play.campaign_id)
    broken = [
        *[f"{name_of_play(play)} is the end of no round" for play in await at.rows(alone)],
        *[
            f"{name_of_play(play)} is the end of another's round"
            for play in await at.rows(other.where(at.plays, differs))
        ],
    ]
    after = ""
    while True:
        page = select(Round, Play.entry).outerjoin(Play, Play.id == Round.play_id).where(of_campaign)
        if after:
            page = page.where(Round.id > after)
        rows = (await at.session.execute(page.order_by(Round.id).limit(CHUNK_ROUNDS))).all()
        for row, entry in rows:
            broken += [f"round {row.id} {fault}" for fault in await _faults(at, row, entry, stepped[row.version])]
        if len(rows) < CHUNK_ROUNDS:
            return count, broken
        after = rows[-1][0].id


async def _faults(at: Looking, row: Round, entry: str | None, version: Version) -> list[str]:
    steps = steps_of(version)
    faults = []
    try:
        picked, first = await begun(at.session, version, member=row.member_id, number=row.number, now=row.begun_at)
    except Unavailable:
        return ["was begun with items that its bank does not have"]
    state = steps.state.model_validate(row.state)
    if list(picked) != row.picked:
        faults.append("was begun with other items than the seed says")
    elif not steps.began_as(state, first):
        faults.append("was begun otherwise than the seed says")
    if row.over_at is not None and (row.points, row.ms) != tuple(steps.score(state)):
        faults.append("has another score than it came to")
    if entry is not None and entry != written_entry(steps.entry(state)):
        faults.append("was played with another score than it came to")
    return faults
