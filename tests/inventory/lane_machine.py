"""The machine that drives the scripts and the model side by side: what recoveries, operators and members do, and what is lost."""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from typing import Any, ClassVar

import redis
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from inventory.counters import Counters, MemberCounters
from inventory.counters import Numbers as LoadedNumbers
from inventory.keys import LaneKeys
from inventory.scripts import script
from inventory.stream import parse
from tests.inventory.decks import (
    DECKS,
    LINES,
    OF_CAMPAIGN,
    OF_PLAYS,
    SOURCES,
    take_of,
    told_cards,
    told_group,
    told_sources,
)
from tests.inventory.lane_model import KEYS_KEPT, Ask, Deck, Lane, Member, Take, Tally

DAY_MS, HOUR_MS = 86_400_000, 3_600_000
KEYS = LaneKeys("campaign")
MEMBERS = ("ann", "bo")
ENTRY = '{"text":"any|thing"}'
WORDS_OF_SUCCESS = {
    "play": {"played"},
    "load": {"loaded"},
    "load_member": {"loaded"},
    "fence": {"fenced"},
    "set_state": {"set"},
    "trim": {"trimmed"},
    "note_grants": {"noted"},
}

members = st.sampled_from(MEMBERS)
few_limits = st.sampled_from([(3, 99, 99), (99, 2, 99), (99, 99, 2), (99, 99, 99)])
some_gaps = st.lists(st.integers(1, 4), unique=True, max_size=2).map(sorted)
SLIPS: list[dict[str, Any]] = [
    {}, {}, {"window": "over"}, {"window": "not_open_yet"}, {"slip": (0, 0, 1)}, {"cooldown_ms": HOUR_MS}, {"unheard": 1},
    {"of": 2}, {"of": 3}, {"follows": "its latest"}, {"follows": "another"}, {"falls": False},
]  # fmt: skip
"""What may be amiss with a play that is asked for soundly otherwise."""


class LaneMachine(RuleBasedStateMachine):
    """`client` and `plain` (which decodes nothing) are set by the test; `words` counts every word that was said, and `ways` what plays
    took numbers of, what they were paid with, and what held them back.
    """

    client: ClassVar[redis.Redis]
    plain: ClassVar[redis.Redis]
    words: ClassVar[Counter[tuple[str, str]]] = Counter()
    ways: ClassVar[Counter[tuple[str, str]]] = Counter()

    @initialize()
    def begin(self) -> None:
        self.client.flushdb()
        seconds, micros = self.client.time()
        now_ms = seconds * 1000 + micros // 1000
        self.noon_offset_ms = DAY_MS // 2 - now_ms % DAY_MS  # midnight is far away for the length of a test
        hour = (now_ms + self.noon_offset_ms % HOUR_MS) // HOUR_MS
        self.lane = Lane(today=(now_ms + self.noon_offset_ms) // DAY_MS, hour=hour)
        self.shift = 0
        self.epoch = 0
        self.fresh = 100
        self.go_on()

    # What a recovery and an operator do.

    @rule()
    def go_on(self) -> None:
        """A new epoch, as every recovery walks: fence, load, open."""
        self.fence(1)
        self.load(0, 1, [], [])
        self.set_state(0, 1, "open")

    @rule(step=st.integers(-1, 1))
    def fence(self, step: int) -> None:
        epoch = max(1, self.epoch + step)
        word = self.run("fence", [KEYS.counters], [epoch])
        lane = self.lane
        if lane.is_here and lane.epoch > epoch:
            assert word == ["other_epoch", str(lane.epoch)]
            return
        assert word == ["fenced"]
        if not lane.is_here or lane.epoch < epoch:
            if not lane.is_here:
                self.forget()
            lane.is_here, lane.epoch, lane.state = True, epoch, "recovering"
        self.epoch = max(self.epoch, epoch)

    @rule(back=st.integers(0, 1), version=st.integers(1, 2), gaps=some_gaps, day_gaps=some_gaps)
    def load(self, back: int, version: int, gaps: list[int], day_gaps: list[int]) -> None:
        epoch, lane, day = max(1, self.epoch - back), self.lane, self.lane.today
        seq = lane.seq if lane.is_here else 7
        counters = Counters(
            version=version,
            seq=seq,
            day=day,
            tallies={
                name: _numbers(day_gaps, day) if period == "d" else _numbers(gaps)
                for name, period in OF_CAMPAIGN.items()
            },
        )
        flat = [part for pair in counters.fields().items() for part in pair]
        word = self.run("load", [KEYS.counters, KEYS.plays], [epoch, *flat])
        if lane.is_here and lane.epoch > epoch:
            assert word == ["other_epoch", str(lane.epoch)]
        elif lane.is_here and lane.epoch == epoch and lane.state in ("open", "paused"):
            assert word == ["kept"]
        else:
            assert word == ["loaded"]
            self.lane = Lane(today=lane.today, hour=lane.hour, epoch=epoch, is_here=True, version=version,
                             state="loaded", seq=seq, committed=seq, day=day, members=lane.members)  # fmt: skip
            self.lane.tallies = {
                name: Tally(numbers.period, numbers.next, [*numbers.gaps]) for name, numbers in counters.tallies.items()
            }

    @rule(back=st.integers(0, 1), version=st.integers(1, 3), state=st.sampled_from(["open", "paused"]))
    def set_state(self, back: int, version: int, state: str) -> None:
        epoch, lane = self.epoch - back, self.lane
        word = self.run("set_state", [KEYS.counters], [epoch, version, state])
        if not lane.is_here or lane.version is None:
            assert word == ["not_loaded"]
        elif lane.epoch != epoch:
            assert word == ["other_epoch", str(lane.epoch)]
        elif lane.state == "recovering":
            assert word == ["recovering"]
        elif lane.version > version:
            assert word == ["kept"]
        else:
            assert word == ["set"]
            lane.version, lane.state = version, state

    @rule()
    def pause(self) -> None:
        self.set_state(0, self.lane.version or 1, "paused")

    @rule(member=members, plays=st.integers(0, 4), of_today=st.booleans())
    def load_member(self, member: str, plays: int, of_today: bool) -> None:
        lane, day = self.lane, self.lane.today - (not of_today)
        keys = [(number, f"{member}-{number}", "same", f"0-{number}") for number in range(1, plays + 1)][-KEYS_KEPT:]
        tallies = {"wins": LoadedNumbers(plays + 1)} if plays else {}
        at_ms, play = (1, f"loaded-{plays}") if plays else (0, "")
        fields = MemberCounters(
            plays=plays, day=day, day_plays=plays, at_ms=at_ms, play=play, grants=0, tallies=tallies, keys=[]
        ).fields()
        for ordinal, key, fingerprint, entry_id in keys:
            fields |= {f"key:{key}": f"{fingerprint} {entry_id}", f"kept:{ordinal % KEYS_KEPT}": key}
        flat = [part for pair in fields.items() for part in pair]
        word = self.run("load_member", [KEYS.counters, KEYS.member(member)], [self.epoch, *flat])
        known = lane.members.get(member)
        if not lane.is_here:
            assert word == ["not_loaded"]
        elif lane.epoch != self.epoch:
            assert word == ["other_epoch", str(lane.epoch)]
        elif lane.state == "recovering":
            assert word == ["recovering"]
        elif known and known.epoch == self.epoch:
            assert word == ["kept"]
        else:
            assert word == ["loaded"]
            loaded = Member(
                self.epoch,
                plays,
                day,
                plays,
                play=play,
                grants=0,
                tallies={"wins": Tally(0, plays + 1)} if plays else {},
            )
            loaded.keys = {key: (fingerprint, entry_id) for _, key, fingerprint, entry_id in keys}
            loaded.kept = {ordinal % KEYS_KEPT: key for ordinal, key, _, _ in keys}
            lane.members[member] = loaded

    @rule(back=st.integers(0, 1), behind=st.integers(0, 4))
    def trim(self, back: int, behind: int) -> None:
        lane, epoch = self.lane, self.epoch - back
        committed = max(lane.seq - behind, 0)
        word = self.run("trim", [KEYS.counters, KEYS.plays], [epoch, committed])
        if not lane.is_here or lane.version is None:
            assert word == ["not_loaded"]
        elif lane.epoch != epoch:
            assert word == ["other_epoch", str(lane.epoch)]
        elif committed <= lane.committed:
            assert word == ["trimmed", 0]
        else:
            kept = [entry for entry in lane.stream if entry > (epoch, committed)]
            assert word == ["trimmed", len(lane.stream) - len(kept)]
            lane.stream, lane.committed = kept, committed

    # What members do.

    @rule(
        member=members,
        number=st.integers(1, 6),
        fingerprint=st.sampled_from(["same", "same", "same", "other"]),
        line=st.sampled_from(sorted(LINES)),
        takes=st.sampled_from(OF_PLAYS),
        most=st.tuples(*[st.sampled_from(few) for few in ((2, 4), (1, 3), (3, 99), (2, 99), (2, 99))]),
        cooldown_ms=st.sampled_from([0, 0, 0, 3_600_000]),
        cards=st.none() | DECKS,
        window=st.sampled_from(["open"] * 8 + ["over", "not_open_yet"]),
        slip=st.sampled_from([(0, 0, 0)] * 5 + [(1, 0, 0), (0, 1, 0), (0, 0, 1), (0, 0, 1)]),
        key_is_new=st.sampled_from([True, True, True, False]),
        sources=st.none() | SOURCES,
        unheard=st.sampled_from([0, 0, 1]),
        of=st.sampled_from([1] * 5 + [2, 3]),
        follows=st.sampled_from([""] * 8 + ["its latest", "its latest", "another"]),
        falls=st.sampled_from([True] * 4 + [False]),
    )
    def play(
        self, *, member: str, number: int, fingerprint: str, line: str, takes: list[str], most: tuple[int, ...],
        cooldown_ms: int, cards: Deck | None, window: str, slip: tuple[int, ...], key_is_new: bool,
        sources: list[tuple[bool, Take]] | None, unheard: int, of: int, follows: str, falls: bool,
    ) -> None:  # fmt: skip
        known = self.lane.members.get(member)
        of_line = [take_of(each, most[1] if each[1] == "d" else most[0]) for each in LINES[line]]
        ask = Ask(
            epoch=self.epoch - slip[0], version=(self.lane.version or 1) + slip[1], member=member,
            key=f"{member}-{number}", fingerprint=fingerprint, ordinal=(known.plays if known else 0) + 1 + slip[2],
            window=window, takes=[take_of(each, most[0] + 1) for each in takes],
            groups=[[(line, of_line), *([("thanks", [])] if falls else [])], [("nothing", [])], [(line, of_line)]],
            cards=cards, plays_max=most[2], day_plays_max=most[3],
            cooldown_ms=cooldown_ms, backlog_max=most[4], key_is_new=key_is_new,
            sources=None if sources is None else (((known.grants if known else None) or 0) + unheard, sources), of=of,
            follows=known.play if known and follows == "its latest" else follows,
            review="many-a-minute" if number % 2 else "",
        )  # fmt: skip
        seconds, _ = self.client.time()
        opens, closes = {"open": (0, 9), "over": (0, -9), "not_open_yet": (9, 99)}[window]
        arguments = [
            ask.epoch, ask.version, (seconds + opens * 1000) * 1000 if opens else 0, (seconds + closes * 1000) * 1000,
            f"0:{self.noon_offset_ms + self.shift * DAY_MS}", ask.plays_max, ask.day_plays_max, ask.cooldown_ms,
            ask.backlog_max, KEYS_KEPT, "".join(map(str, ask.takes)),
            "/".join(told_group(group) for group in ask.groups), member, ask.key,
            fingerprint, ask.ordinal, 12345, f"play-{self.lane.seq + 1}", "1" if key_is_new else "", told_cards(cards, seconds * 1000), ENTRY,
            told_sources(ask.sources, seconds * 1000), of, ask.follows, ask.review,
        ]  # fmt: skip
        reply = self.run("play", [KEYS.counters, KEYS.member(member), KEYS.plays], arguments)
        self._note_ways(ask, reply)
        wanted = self.lane.play(ask)
        assert [known if known is ... else told for told, known in zip(reply, wanted, strict=True)] == wanted

    def _note_ways(self, ask: Ask, reply: list[Any]) -> None:
        if ask.of > 1:
            self.ways["several", reply[0]] += 1
        if ask.follows and ask.key_is_new:
            self.ways["follows", reply[0]] += 1
        if reply[0] == "limit":
            self.ways["held back by", reply[2]] += 1
        if reply[0] == "played":
            if reply[5] != reply[6]:
                self.ways["fell from", reply[5]] += 1
            for number in filter(None, reply[7].split(";")):
                self.ways["took of", number.partition("=")[0]] += 1

    @rule(member=members, back=st.integers(0, 1), grants=st.integers(1, 3))
    def note_grants(self, member: str, back: int, grants: int) -> None:
        told = self.run("note_grants", [KEYS.counters, KEYS.member(member)], [self.epoch - back, grants])
        assert told == self.lane.note_grants(self.epoch - back, member, grants)

    @rule(
        member=members,
        line=st.sampled_from(sorted(LINES)),
        takes=st.sampled_from(OF_PLAYS),
        units=st.sampled_from([1, 4]),
        plays=st.integers(1, 4),
        limits=few_limits,
        cards=st.none() | DECKS,
        sources=st.none() | SOURCES,
        falls=st.sampled_from([True, True, False]),
        slip=st.sampled_from(SLIPS),
    )
    def play_well(
        self, *, member: str, line: str, takes: list[str], units: int, plays: int, limits: tuple[int, int, int],
        cards: Deck | None, sources: list[tuple[bool, Take]] | None, falls: bool, slip: dict[str, Any],
    ) -> None:  # fmt: skip
        """Several plays as a sound API asks for them, after it has opened the lane and loaded the member; one again, and one that slips."""
        self.open()
        self.load_member(member, 0, of_today=True)
        usual: dict[str, Any] = {"member": member, "fingerprint": "same", "line": line, "most": (units, 3, *limits)}
        usual |= {"window": "open", "slip": (0, 0, 0), "takes": takes, "cooldown_ms": 0, "cards": cards}
        usual |= {"sources": sources, "unheard": 0, "of": 1, "follows": "", "falls": falls}
        self.fresh += plays + 2
        for number in range(self.fresh - plays, self.fresh):
            self.play(number=number, key_is_new=True, **usual)
        self.play(number=self.fresh - 1, key_is_new=True, **usual)
        self.play(number=self.fresh, key_is_new=True, **usual | slip)
        self.play(number=self.fresh + 1, key_is_new=False, **usual)

    def open(self) -> None:
        if not self.lane.is_here or self.lane.state != "open" or self.lane.epoch != self.epoch:
            self.go_on()

    @rule(step=st.sampled_from([1, 1, -1]))
    def another_day(self, step: int) -> None:
        self.shift += step
        self.lane.today += step

    # What goes wrong.

    @rule(key=st.sampled_from(["counters", "stream", *MEMBERS, "all"]))
    def lose(self, key: str) -> None:
        if key in ("counters", "all"):
            self.client.delete(KEYS.counters)
            self.lane.is_here = False
        if key in ("stream", "all"):
            self.client.delete(KEYS.plays)
            self.lane.stream, self.lane.newest = [], (0, 0)
        for member in MEMBERS:
            if key in (member, "all"):
                self.client.delete(KEYS.member(member))
                self.lane.members.pop(member, None)

    @rule(member=members)
    def go_back_and_play(self, member: str) -> None:
        """The counters are restored as they were before the member's latest play, and nothing else is."""
        self.open()
        before, known = self.plain.dump(KEYS.counters), deepcopy(self.lane)
        usual: dict[str, Any] = {"member": member, "line": "free", "takes": [], "units": 4, "limits": (99, 99, 99)}
        usual |= {"cards": None, "sources": None, "falls": True, "slip": {}}
        self.play_well(plays=2, **usual)
        self.plain.restore(KEYS.counters, 0, before, replace=True)
        for name in ("version", "state", "seq", "committed", "day", "tallies", "epoch"):
            setattr(self.lane, name, getattr(known, name))
        self.play_well(plays=1, **usual)

    @invariant()
    def everything_is_as_modelled(self) -> None:
        if not hasattr(self, "lane"):
            return
        assert self.client.hgetall(KEYS.counters) == self.lane.fields()
        entries = [parse(*each) for each in self.client.xrange(KEYS.plays)]
        assert [((entry.epoch, entry.seq), entry.review, entry.entry) for entry in entries] == [
            (number, self.lane.reviews[number], ENTRY) for number in self.lane.stream
        ]
        for member in MEMBERS:
            found, known = self.client.hgetall(KEYS.member(member)), self.lane.members.get(member)
            assert (int(found.pop("at", 0)) > 1) == bool(known and known.has_played)
            assert found == (_fields(known) if known else {})

    def forget(self) -> None:
        """What a fence finds when the counters are gone: nothing is known but the epoch."""
        self.lane.version, self.lane.seq, self.lane.committed, self.lane.day = None, 0, 0, 0
        self.lane.tallies = {}

    def run(self, name: str, keys: list[str], arguments: list[Any]) -> list[Any]:
        """Run a script; when its word is not its success word, nothing at all has changed."""
        before = self._everything()
        reply: list[Any] = self.client.evalsha(script(name).sha, len(keys), *keys, *arguments)
        self.words[name, reply[0]] += 1
        if reply[0] not in WORDS_OF_SUCCESS[name]:
            assert self._everything() == before
        return reply

    def _everything(self) -> dict[str, Any]:
        keys = (KEYS.counters, KEYS.plays, *map(KEYS.member, MEMBERS))
        return {key: self.plain.dump(key) for key in keys}


def _numbers(gaps: list[int], period: int = 0) -> LoadedNumbers:
    return LoadedNumbers(max(gaps, default=0) + 1, tuple(gaps), period)


def _fields(member: Member) -> dict[str, str]:
    """All but the hour of the latest play, which the model does not know."""
    if member.is_bare:
        return {"epoch": str(member.epoch), "grants": str(member.grants)}
    facts = {
        "epoch": member.epoch,
        "plays": member.plays,
        "day": member.day,
        "day_plays": member.day_plays,
        "play": member.play,
        **({} if member.grants is None else {"grants": member.grants}),
    }
    return {
        **{name: str(fact) for name, fact in facts.items()},
        **{f"tally:{name}": str(tally) for name, tally in member.tallies.items()},
        **{f"key:{key}": f"{fingerprint} {entry_id}" for key, (fingerprint, entry_id) in member.keys.items()},
        **{f"kept:{slot}": key for slot, key in member.kept.items()},
    }
