"""What a lane must do, said once more in a few lines and without a server: the oracle of the scripts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

KEYS_KEPT = 3


@dataclass(frozen=True, kw_only=True)
class Ask:
    epoch: int
    version: int
    member: str
    key: str
    fingerprint: str
    ordinal: int
    line: str
    window: str
    last_unit: int | None
    day_cap: int | None
    plays_max: int
    day_plays_max: int
    backlog_max: int
    key_is_new: bool


@dataclass
class Numbers:
    next: int = 1
    gaps: list[int] = field(default_factory=list)
    day: int = 0

    def take(self, last: int) -> int | None:
        if self.gaps:
            return self.gaps.pop(0)
        if self.next > last:
            return None
        self.next += 1
        return self.next - 1

    def has(self, last: int) -> bool:
        return bool(self.gaps) or self.next <= last


@dataclass
class Member:
    epoch: int
    plays: int = 0
    day: int = 0
    day_plays: int = 0
    keys: dict[str, tuple[str, str]] = field(default_factory=dict)
    kept: dict[int, str] = field(default_factory=dict)


@dataclass
class Lane:
    today: int
    epoch: int = 0
    is_here: bool = False
    version: int | None = None
    state: str = ""
    seq: int = 0
    committed: int = 0
    day: int = 0
    units: dict[str, Numbers] = field(default_factory=dict)
    days: dict[str, Numbers] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)
    stream: list[tuple[int, int]] = field(default_factory=list)

    def play(self, ask: Ask) -> list[Any]:  # noqa: PLR0911 (as many as the script has)
        member = self.members.get(ask.member)
        if member and member.epoch == ask.epoch and ask.key in member.keys:
            fingerprint, entry_id = member.keys[ask.key]
            return ["again", entry_id] if fingerprint == ask.fingerprint else ["other_request"]
        if not self.is_here:
            return ["not_loaded"]
        if self.epoch != ask.epoch:
            return ["other_epoch", str(self.epoch)]
        if self.state != "open":
            return [self.state]
        if self.version != ask.version:
            return ["other_version", str(self.version)]
        if ask.window != "open":
            return [ask.window]
        if (member is None and ask.epoch > 1) or (member is not None and member.epoch != ask.epoch):
            return ["load_member"]
        return self._play(ask, member or Member(ask.epoch))

    def _play(self, ask: Ask, member: Member) -> list[Any]:
        day = max(self.today, self.day)
        day_plays = member.day_plays if member.day == day else 0
        if member.plays >= KEYS_KEPT and not ask.key_is_new:
            return ["unknown_key"]
        if member.plays >= ask.plays_max:
            return ["no_chance_left"]
        if day_plays >= ask.day_plays_max:
            return ["no_chance_today", ...]
        if member.plays + 1 != ask.ordinal:
            return ["ordinal", member.plays + 1]
        if self.seq - self.committed >= ask.backlog_max:
            return ["backlog"]
        awarded, unit, number = self._award(ask, day)
        self.seq, self.day = self.seq + 1, day
        self.stream.append((ask.epoch, self.seq))
        self.members[ask.member] = member
        member.plays, member.day, member.day_plays = ask.ordinal, day, day_plays + 1
        member.keys.pop(member.kept.get(ask.ordinal % KEYS_KEPT, ""), None)
        member.keys[ask.key] = (ask.fingerprint, f"{ask.epoch}-{self.seq}")
        member.kept[ask.ordinal % KEYS_KEPT] = ask.key
        return ["played", self.seq, day, day_plays + 1, awarded, unit or "", number or "", ...]

    def _award(self, ask: Ask, day: int) -> tuple[str, int | None, int | None]:
        units, days = self.units.get(ask.line), self.days.get(ask.line)
        if units and ask.last_unit is not None and not units.has(ask.last_unit):
            return "thanks", None, None
        if days and ask.day_cap is not None:
            fresh = Numbers(day=day) if days.day < day else days
            if not fresh.has(ask.day_cap):
                return "thanks", None, None
            self.days[ask.line] = fresh
            fresh.day = day
        unit = units.take(ask.last_unit) if units and ask.last_unit is not None else None
        number = self.days[ask.line].take(ask.day_cap) if days and ask.day_cap is not None else None
        return ask.line, unit, number

    def fields(self) -> dict[str, str]:
        """The counters as the server would show them."""
        if not self.is_here:
            return {}
        if self.version is None:
            return {"epoch": str(self.epoch), "state": self.state}
        told = {"epoch": self.epoch, "version": self.version, "state": self.state, "seq": self.seq}
        units = {f"units:{line}": f"{n.next} {_told(n.gaps)}" for line, n in self.units.items()}
        days = {f"days:{line}": f"{n.day} {n.next} {_told(n.gaps)}" for line, n in self.days.items()}
        rest = {"committed": self.committed, "day": self.day}
        return {**{name: str(value) for name, value in (told | rest).items()}, **units, **days}


def _told(gaps: list[int]) -> str:
    return ",".join(map(str, gaps))
