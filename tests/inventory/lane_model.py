"""What a lane must do, said once more in a few lines and without a server: the oracle of the scripts."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, NamedTuple

KEYS_KEPT = 3


class Take(NamedTuple):
    of: str
    period: str
    last: int
    name: str
    amount: int = 1

    def __str__(self) -> str:
        return f"{self.of}{self.period}{self.last}+{self.amount}:{self.name};"


class Deck(NamedTuple):
    """Cards of a span from `first` on, the groups they pick, and for cards with hours whether each has come."""

    take: Take
    first: int
    places: Sequence[int]
    span: int = 0
    due: Sequence[bool] | None = None
    is_closed: bool = False


@dataclass(frozen=True, kw_only=True)
class Ask:
    epoch: int
    version: int
    member: str
    key: str
    fingerprint: str
    ordinal: int
    window: str
    takes: Sequence[Take]
    groups: Sequence[Sequence[tuple[str, Sequence[Take]]]]
    cards: Deck | None
    sources: tuple[int, Sequence[tuple[bool, Take]]] | None
    """How many grants the claim knows of, and what it would pay with, each with whether its hour is to come."""
    plays_max: int
    day_plays_max: int
    cooldown_ms: int
    backlog_max: int
    key_is_new: bool
    of: int
    follows: str
    review: str


@dataclass
class Tally:
    period: int = 0
    next: int = 1
    gaps: list[int] = field(default_factory=list)

    def in_period(self, period: int) -> Tally:
        return Tally(period) if self.period < period else Tally(self.period, self.next, [*self.gaps])

    def take(self, last: int, amount: int) -> int | None:
        if self.gaps:
            return self.gaps.pop(0)
        if self.next + amount - 1 > last:
            return None
        self.next += amount
        return self.next - 1

    def __str__(self) -> str:
        return f"{self.period} {self.next} {','.join(map(str, self.gaps))}"


@dataclass
class Member:
    epoch: int
    plays: int = 0
    day: int = 0
    day_plays: int = 0
    play: str = ""
    grants: int | None = None
    is_bare: bool = False
    """Whether nothing but the number of grants was ever written of them."""
    has_played: bool = False
    tallies: dict[str, Tally] = field(default_factory=dict)
    keys: dict[str, tuple[str, str]] = field(default_factory=dict)
    kept: dict[int, str] = field(default_factory=dict)


@dataclass
class Lane:
    """`hour` does not turn while a test runs."""

    today: int
    hour: int = 0
    epoch: int = 0
    is_here: bool = False
    version: int | None = None
    state: str = ""
    seq: int = 0
    committed: int = 0
    day: int = 0
    tallies: dict[str, Tally] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)
    stream: list[tuple[int, int]] = field(default_factory=list)
    reviews: dict[tuple[int, int], str] = field(default_factory=dict)
    """Of the entries that the stream ever had."""
    newest: tuple[int, int] = (0, 0)
    """The newest entry there ever was in this stream, trimmed or not."""
    span: int = 0

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

    def _play(self, ask: Ask, member: Member) -> list[Any]:  # noqa: PLR0911 (the same)
        day = max(self.today, self.day)
        day_plays = member.day_plays if member.day == day else 0
        if member.plays >= KEYS_KEPT and not ask.key_is_new:
            return ["unknown_key"]
        if member.plays + ask.of > ask.plays_max:
            return ["no_chance_left"]
        if day_plays + ask.of > ask.day_plays_max:
            return ["no_chance_today", ...]
        if ask.cooldown_ms and member.has_played:
            return ["cooling", ...]
        if member.plays + 1 != ask.ordinal or ask.follows not in ("", member.play):
            return ["ordinal", member.plays + 1]
        if self.seq - self.committed >= ask.backlog_max:
            return ["backlog"]
        before = deepcopy((self.tallies, member.tallies))
        told = self._give(ask, member, day)
        if isinstance(told, list):
            return told
        if (ask.epoch, self.seq + 1) <= self.newest:
            self.tallies, member.tallies = before
            return ["stream_ahead"]
        drawn, awarded, numbers, left = told
        self.seq, self.day = self.seq + 1, day
        self.newest = (ask.epoch, self.seq)
        self.stream.append(self.newest)
        self.reviews[self.newest] = ask.review
        self.members[ask.member], member.is_bare = member, False
        member.plays, member.day, member.day_plays, member.has_played = ask.ordinal, day, day_plays + 1, True
        previous, member.play = member.play, f"play-{self.seq}"
        member.keys.pop(member.kept.get(ask.ordinal % KEYS_KEPT, ""), None)
        member.keys[ask.key] = (ask.fingerprint, f"{ask.epoch}-{self.seq}")
        member.kept[ask.ordinal % KEYS_KEPT] = ask.key
        return ["played", self.seq, previous, day, day_plays + 1, drawn, awarded, "".join(numbers), left, ...]

    def _give(self, ask: Ask, member: Member, day: int) -> tuple[str, str, list[str], Any] | list[Any]:
        """What was drawn, the line, the numbers that are gone now, and the chances left; or why nothing was."""
        picked = self._pick(ask.cards) if ask.cards else (0, [])
        if isinstance(picked, list):
            return picked
        paid = self._pay(ask, member, day)
        if isinstance(paid, list):
            return paid
        short = [take.name for take in ask.takes if ask.of > 1 and self._left(take, member, day) < ask.of]
        if short:
            return ["limit", ..., short[0]]
        (place, card), (chance, left) = picked, paid
        told = self._try(place, [*card, *chance], ask, member, day)
        if told is None:  # the moment's line is not to be had: the card stays
            told = self._try(0, chance, ask, member, day)
        if isinstance(told, str):
            return ["limit", ..., told]
        return ["all_gone"] if told is None else (*told, left)

    def note_grants(self, epoch: int, name: str, grants: int) -> list[Any]:
        if not (self.is_here and self.state):
            return ["not_loaded"]
        if self.epoch != epoch:
            return ["other_epoch", str(self.epoch)]
        member = self.members.get(name)
        if (member is None and epoch > 1) or (member is not None and member.epoch != epoch):
            return ["load_member"]
        member = self.members.setdefault(name, Member(epoch, is_bare=True))
        if (member.grants or 0) >= grants:
            return ["kept"]
        member.grants = grants
        return ["noted"]

    def _pick(self, deck: Deck) -> tuple[int, list[Take]] | list[Any]:
        """The group that the next card picks, and what takes it; or the answer that it is another card."""
        tally = self.tallies[deck.take.name].in_period(deck.span)
        self.span = deck.span
        card = tally.gaps[0] if tally.gaps else tally.next
        is_here = tally.period == deck.span
        if deck.due is not None and is_here and (card > deck.take.last or deck.is_closed):
            return 0, []
        place = card - deck.first
        if not is_here or not 0 <= place < len(deck.places):
            return ["card", card, tally.period]
        if deck.due is not None and not deck.due[place]:
            return 0, []
        return deck.places[place], [deck.take]

    def _pay(self, ask: Ask, member: Member, day: int) -> tuple[list[Take], Any] | list[Any]:
        """What pays for the play, and how many chances are left after it; or the answer that nothing does."""
        if ask.sources is None:
            return [], ""
        known, sources = ask.sources
        if known != (member.grants or 0):
            return ["grants", str(member.grants or 0)]
        open_ = [take for is_open, take in sources if is_open]
        paid = next((take for take in open_ if isinstance(self._take([take], member, day, {}), list)), None)
        left = sum(self._left(take, member, day) for take in open_) - 1
        if paid is None or left + 1 < ask.of:
            return ["spent", ...]
        return [paid], left

    def _left(self, take: Take, member: Member, day: int) -> int:
        """How many numbers the tally has left in the present period."""
        held = (self.tallies if take.of == "c" else member.tallies).get(take.name, Tally())
        tally = held.in_period(self._period(take.period, day))
        return take.last - tally.next + 1 + len(tally.gaps)

    def _try(
        self, place: int, card: list[Take], ask: Ask, member: Member, day: int
    ) -> tuple[str, str, list[str]] | str | None:
        """What was drawn, the first line whose numbers are all to be had, and the numbers, which are gone then.

        The name of the play's tally that has none left, or None when no line of the group is to be had.
        """
        written: dict[str, Tally] = {}
        numbers = self._take([*card, *ask.takes], member, day, written)
        if not isinstance(numbers, list):
            return numbers
        for line, takes in ask.groups[place]:
            tried = dict(written)
            of_line = self._take(takes, member, day, tried)
            if isinstance(of_line, list):
                for name, tally in tried.items():
                    (self.tallies if name in self.tallies else member.tallies)[name] = tally
                return ask.groups[place][0][0], line, numbers + of_line
        return None

    def _take(self, takes: Sequence[Take], member: Member, day: int, written: dict[str, Tally]) -> list[str] | str:
        """The numbers as the script tells them, or the name of the tally that has none left."""
        numbers = []
        for take in takes:
            held = written.get(take.name) or (self.tallies if take.of == "c" else member.tallies).get(
                take.name, Tally()
            )
            tally = held.in_period(held.period if take.period in "rel" else self._period(take.period, day))
            number = tally.take(10**9 if take.period == "l" else take.last, take.amount)
            if number is None or (take.period == "l" and number <= take.last):
                return take.name
            written[take.name] = Tally(tally.period + 1) if take.period in "el" else tally
            numbers.append(f"{take.name}={tally.period}:{number};")
        return numbers

    def _period(self, letter: str, day: int) -> int:
        local = date(1970, 1, 1) + timedelta(days=day)
        month = local.year * 12 + local.month - 1
        return {"a": 0, "s": self.span, "h": self.hour, "d": day, "w": (day + 3) // 7, "m": month}[letter]

    def fields(self) -> dict[str, str]:
        """The counters as the server would show them."""
        if not self.is_here:
            return {}
        if self.version is None:
            return {"epoch": str(self.epoch), "state": self.state}
        told = {"epoch": self.epoch, "version": self.version, "state": self.state, "seq": self.seq}
        rest = {"committed": self.committed, "day": self.day}
        tallies = {f"tally:{name}": str(tally) for name, tally in self.tallies.items()}
        return {**{name: str(value) for name, value in (told | rest).items()}, **tallies}
