"""What must hold of covered plays: they wait as long as their version says, and who uncovered them is on record."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Select, and_, func, or_, select

from campaigns.looking import Checked, Looking, name_of_play
from campaigns.models import Play, PlayUncovering
from prizes.awards import BY_PLAY
from prizes.models import Award


async def covers_agree(at: Looking) -> Checked:
    """I15, covered plays: play and award say the same, and an award is uncovered by its member or when it has waited."""
    count = await at.session.scalar(
        select(func.count()).select_from(Play).where(at.plays, Play.covered_until_ms.is_not(None))
    )
    won = select(Play.id, Play.seq).join(Award, and_(Award.play_id == Play.id, Award.won_by == BY_PLAY))
    with_record = won.outerjoin(PlayUncovering, PlayUncovering.play_id == Play.id).where(at.plays)
    differ = won.where(at.plays, Play.covered_until_ms.is_(None) != Award.covered_until.is_(None))
    early = Award.uncovered_at < Award.covered_until
    by_nobody = with_record.where(early, PlayUncovering.play_id.is_(None))
    still = with_record.where(Award.uncovered_at.is_(None), PlayUncovering.play_id.is_not(None))
    broken = [
        f"{name_of_play(play)} waits otherwise than its version says"
        for version in at.versions
        for play in await at.rows(_otherwise(at, version.number, version.covers))
    ]
    for query, fault in (
        (differ, "is covered and its award is not, or the other way round"),
        (by_nobody, "was uncovered too early, by nobody"),
        (still, "was uncovered and its award was not"),
    ):
        broken += [f"{name_of_play(play)} {fault}" for play in await at.rows(query)]
    return count or 0, broken


def _otherwise(at: Looking, number: int, covers: timedelta | None) -> Select[str, int]:
    query = select(Play.id, Play.seq).where(at.plays, Play.version == number)
    if covers is None:
        return query.where(Play.covered_until_ms.is_not(None))
    waits = Play.covered_until_ms - Play.played_at_ms
    return query.where(or_(Play.covered_until_ms.is_(None), waits != covers // timedelta(milliseconds=1)))
