"""What must hold between the ledger and the counters: they agree, nothing lags, nothing is personal."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sqlalchemy import select

from campaigns.looking import (
    CHUNK_PLAYS,
    Checked,
    Looking,
    latest_members,
)
from campaigns.models import Play
from campaigns.rebuild import counters_of, member_counters, missing_plays
from core.clock import to_ms
from inventory import counters as lane
from inventory import stream

ENTRIES_SAMPLED = 500


LAG_MS_MAX = 5_000


LOOKS_MAX = 3


_FIELD = re.compile(
    r"epoch|version|state|seq|committed|plays|day|day_plays|at|play|grants|tally:[a-z-]{1,12}(:[a-z0-9][a-z0-9-]{0,31})?"
    r"|key:[\w-]{22}|kept:\d+"
)


_PERSONAL = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)|[\w.+-]+@[\w-]+\.\w+")


async def counters_agree(at: Looking) -> Checked:
    """Only when every play that the counters know is in the ledger, and none came while we looked."""
    for _ in range(LOOKS_MAX):
        found = await lane.look(at.connection, at.running.keys)
        checked, broken = await _counters_against_ledger(at, found)
        if found == await lane.look(at.connection, at.running.keys):
            return checked, broken
    return 0, []


async def _counters_against_ledger(at: Looking, found: Mapping[str, str]) -> Checked:
    truth = await counters_of(at.session, at.running)
    if not at.running.is_settled or (not at.is_at_rest and await _is_under_way(at, truth.seq)):
        return 0, []
    wanted = {**truth.fields(), "epoch": str(at.running.epoch)}
    broken = [
        f"{field} is {found.get(field, 'missing')} and should be {value}"
        for field, value in wanted.items()
        if field != "committed" and found.get(field) != value
    ]
    members = await latest_members(at)
    for member in members:
        broken += await _member_differs(at, member)
    return 1 + len(members), broken


async def _is_under_way(at: Looking, last_seq: int) -> bool:
    """Whether a play is not in yet: past the ledger's last one, or before it, for processes do not commit in order."""
    if await missing_plays(at.session, campaign=at.row.id, after=at.row.committed):
        return True
    after = (at.running.epoch, last_seq)
    return bool(await stream.read(at.connection, at.running.keys, after=after, entries_max=1))


async def shown_in_ledger(at: Looking) -> Checked:
    """Up to the watermark, every outcome that the counters remember having given is the ledger's, play for play."""
    if not at.running.is_settled or at.running.epoch != at.row.epoch:
        return 0, []
    entries = await stream.read(at.connection, at.running.keys, entries_max=ENTRIES_SAMPLED)
    given = {(entry.member, entry.request_key, entry.epoch, entry.seq) for entry in entries}
    for member in await latest_members(at):
        kept = await lane.kept_plays(at.connection, at.running.keys, member, epoch=at.running.epoch)
        given |= {(member, key, *number) for key, number in kept.items()}
    due = sorted(each for each in given if each[3] <= at.row.committed)
    columns = (Play.member_id, Play.request_key, Play.epoch, Play.seq)
    held: set[tuple[str, str, int, int]] = set()
    for place in range(0, len(due), CHUNK_PLAYS):
        numbers = Play.seq.in_([each[3] for each in due[place : place + CHUNK_PLAYS]])
        held |= {tuple(row) for row in await at.rows(select(*columns).where(Play.campaign_id == at.row.id, numbers))}
    return len(due), [
        f"play number {each[3]} was given to member {each[0]} and is not in the ledger"
        for each in due
        if each not in held
    ]


async def stream_drained(at: Looking) -> Checked:
    after = (at.running.epoch, at.row.committed)
    waiting = await stream.read(at.connection, at.running.keys, after=after, entries_max=1)
    lag_ms = to_ms(at.now) - waiting[0].played_at_ms if waiting else 0
    if lag_ms <= (0 if at.is_at_rest else LAG_MS_MAX) and not (at.is_at_rest and waiting):
        return 1, []
    return 1, [f"play number {waiting[0].seq} has waited {lag_ms / 1000:.1f} s for the ledger"]


async def nothing_personal(at: Looking) -> Checked:
    entries = await stream.read(at.connection, at.running.keys, entries_max=ENTRIES_SAMPLED)
    broken = [f"entry {entry.epoch}-{entry.seq} looks personal" for entry in entries if _PERSONAL.search(entry.entry)]
    hashes = {"counters": await lane.look(at.connection, at.running.keys)}
    for member in await latest_members(at):
        hashes[f"member {member}"] = await lane.look_at_member(at.connection, at.running.keys, member)
    broken += [
        f"{name} holds {field[:40]}" for name, found in hashes.items() for field in found if not _FIELD.fullmatch(field)
    ]
    return len(entries) + len(hashes), broken


async def _member_differs(at: Looking, member: str) -> list[str]:
    """A member who was not loaded in this epoch yet is not there at all."""
    found = await lane.look_at_member(at.connection, at.running.keys, member)
    if found.get("epoch") != str(at.running.epoch) and at.running.epoch > 1:
        return []
    found.setdefault("grants", "0")  # the script writes none down before there is one
    truth = (await member_counters(at.session, campaign=at.row.id, member=member)).fields()
    wrong = sorted(field for field in truth.keys() | found.keys() - {"epoch"} if truth.get(field) != found.get(field))
    return [f"member {member} differs in {', '.join(wrong[:5])}"] if wrong else []
