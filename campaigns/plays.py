"""One play, start to finish: decide in Redis, commit in SQL, only then show.

`decide` claims a chance and what it draws; `settle` makes the ledger hold it. A play that the ledger does not permit is
never shown: the counters are rebuilt and the same request, with the same key, is decided again.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from base64 import urlsafe_b64encode
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import repeat
from typing import Any

from campaigns.admission import Admission
from campaigns.allocation import Source
from campaigns.answers import first_answer
from campaigns.drawing import Drawing
from campaigns.game import GameModel
from campaigns.ledger import Ledger, Row
from campaigns.limits import PLAYS_AT_ONCE_MAX
from campaigns.mending import Mending
from campaigns.paying import Paying
from campaigns.pools import Pool, pool_for
from campaigns.refusals import KeyReused, refusal_of
from campaigns.reviewing import is_rule_key
from campaigns.velocity_gate import VelocityGate, Visitor
from campaigns.versions import Running, Version, Versions
from core.clock import Clock
from core.errors import Unavailable
from core.ids import Ids
from inventory import stream
from inventory.claims import Again, Claim, Ordinal, OtherCard, OtherGrants, Refused, Taken, Verdict, claim, claim_all
from inventory.connection import Connection
from inventory.counters import kept_plays
from inventory.stream import Entry

ATTEMPTS_MAX = 12
PAUSE_SECONDS = 0.05
ORDINALS_KEPT = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A member's request to play. `entry` is the game's entry as canonical JSON, `key` the Idempotency-Key.

    `sub` is the mall's own id of the member, and `attributes` is what it signed about them; `lists` are those of the
    campaign's lists that they are on, which a play finds out by itself. `device` and `network` are digests of where they ask
    from.
    """

    campaign: str
    member: str
    key: str
    entry: str
    sub: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    device: str = ""
    network: str = ""
    lists: frozenset[str] = frozenset()
    place: int = 0
    times: int = 1
    """Which of so many plays that were asked for at once, under one key."""
    review: str = ""
    """The velocity rule that wants what is won looked at, which a play finds out by itself. What the key became before keeps its own."""

    def __post_init__(self) -> None:
        if self.review and not is_rule_key(self.review):
            raise AssertionError(f"{self.review!r} is no rule's key")

    @property
    def request_key(self) -> str:
        return self.request_key_at(self.place)

    def request_key_at(self, place: int) -> str:
        return digest(f"{self.key}\n{place}" if place else self.key)

    @property
    def request_keys(self) -> list[str]:
        """Of every play that is asked for."""
        return [self.request_key_at(place) for place in range(self.times)]

    @property
    def visitor(self) -> Visitor:
        return Visitor(member=self.member, sub=self.sub, device=self.device, network=self.network)

    @property
    def fingerprint(self) -> str:
        return fingerprint_of(self.entry, times=self.times)


@dataclass(frozen=True, slots=True)
class Decided:
    """A play that Redis decided. It may be shown once the ledger holds it."""

    entry: Entry
    running: Running
    is_held: bool = False
    after: Sequence[Decided] = ()
    """What was decided together with it, of plays asked for at once."""


class Plays:
    def __init__(
        self,
        *,
        versions: Versions,
        admission: Admission,
        ledger: Ledger,
        mending: Mending,
        paying: Paying,
        velocity: VelocityGate,
        connection: Connection,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._admission = admission
        self._versions = versions
        self._ledger = ledger
        self._mending = mending
        self._connection = connection
        self._clock = clock
        self._ids = ids
        self._drawing = Drawing(clock)
        self._paying = paying
        self._velocity = velocity
        self._next_ordinals: OrderedDict[tuple[str, str], int] = OrderedDict()

    async def play(self, asked: Asked) -> bytes:
        """The answer to show, once the ledger holds the play. The same request gives the same bytes for ever."""
        asked = await self.admit(asked)
        for _ in range(ATTEMPTS_MAX):
            decided = await self.decide(asked)
            if decided is not None and await self.settle(decided):
                await self.count_wins(asked, decided)
                return await self.show(decided.entry, asked.campaign)
            await asyncio.sleep(PAUSE_SECONDS)
        raise Unavailable(reason="the campaign is recovering")

    async def show(self, entry: Entry, campaign: str) -> bytes:
        return first_answer(entry, await self._versions.at(campaign, entry.version))

    async def decide(self, asked: Asked, *, after: Sequence[Asked] = ()) -> Decided | None:
        """Claim a play, or find the one this key became. None says that something was mended: ask again.

        A new play is claimed together with those asked for after it.
        """
        key_is_new = all_lines = False
        for _ in range(ATTEMPTS_MAX):
            running = await self._versions.running(asked.campaign)
            verdict = await self._claim([asked, *after], running, key_is_new=key_is_new, all_lines=all_lines)
            match verdict:
                case Decided():
                    return verdict
                case Ordinal() | OtherCard():
                    self._note(asked, running, verdict)
                case Again(entry_id):
                    return await self._again(asked, running, entry_id)
                case Refused("all_gone"):
                    all_lines = True
                case OtherGrants() | Refused("unknown_key" | "load_member" | "spent"):
                    if (held := await self._held(asked, running)) is not None:
                        return held
                    if not await self._learn(asked, running, verdict):
                        return None
                    key_is_new = True
                case Refused():
                    return await self._refused(asked, running, verdict)
        return None

    async def settle(self, decided: Decided, *after: Decided) -> bool:
        """Make the ledger hold what was decided. False when it does not permit it; the counters are mended then."""
        running = decided.running
        open_ones = [each.entry for each in (decided, *after) if not each.is_held]
        rows = [
            Row(entry, await self._versions.at(running.campaign, entry.version), running.epoch) for entry in open_ones
        ]
        if len(rows) == 1 and await self._ledger.commit(rows[0]):
            return True
        if len(rows) != 1 and all(await asyncio.gather(*map(self._ledger.commit, rows))):
            return True
        # Perhaps the member's previous play is not in yet: what comes before it in the stream goes first.
        await self._mending.check(running)
        if all([await self._is_held(running, entry) for entry in open_ones]):
            return True
        # Everything before them is in and they are not: the counters gave numbers that the ledger gave already.
        await self._mending.recover(running, reason="a play's numbers lie behind the ledger")
        return False

    async def admit(self, asked: Asked) -> Asked:
        """Refuse whom the campaign is not for, and who is blocked. What a key became before is theirs all the same."""
        running = await self._versions.running(asked.campaign)
        found = await self._admission.look(running.version, sub=asked.sub, attributes=asked.attributes)
        if found.refusal is not None:
            running = await self._versions.look_again(asked.campaign)  # it may have been opened to more
            found = await self._admission.look_again(running.version, sub=asked.sub, attributes=asked.attributes)
        if found.refusal is not None:
            if not await self.is_known(asked, running):
                raise found.refusal
            return replace(asked, lists=found.lists)
        counted = await self._velocity.count(running, asked.visitor, asked.request_keys)
        if counted.stopped_by is not None and not await self.is_known(asked, running):
            raise await self._velocity.refuse(running, asked.visitor, counted.stopped_by)
        review = counted.review or asked.review
        return replace(asked, lists=found.lists, review=review) if found.lists or review else asked

    async def count_wins(self, asked: Asked, *decided: Decided) -> None:
        """Let the velocity rules count what was won just now. A win that is covered is counted when it is uncovered: a member
        who is stopped for their wins would know of it.
        """
        new = [each for each in decided if not each.is_held and each.running.version.covers is None]
        won = [each.entry.play for each in new if each.running.version.lines[each.entry.awarded].prize is not None]
        if won:
            await self._velocity.count_wins(decided[0].running, asked.visitor, won)

    async def count_uncovered(self, asked: Asked, play: str) -> None:
        """Let the velocity rules count a win that its member knows of from now on."""
        await self._velocity.count_wins(await self._versions.running(asked.campaign), asked.visitor, [play])

    async def is_known(self, asked: Asked, running: Running) -> bool:
        """Whether the request's key became a play before. Raises KeyReused when its body was another."""
        if await self._held(asked, running) is not None:
            return True
        return asked.request_key in await kept_plays(self._connection, running.keys, asked.member, epoch=running.epoch)

    async def _claim(
        self, asked: Sequence[Asked], running: Running, *, key_is_new: bool, all_lines: bool
    ) -> Decided | Verdict:
        """The first play, with those that were claimed after it; or why it was not, and then none was."""
        first, *after = asked
        asking = self._asking(first, running, 0, key_is_new=key_is_new, all_lines=all_lines)
        if not after:
            verdict = await claim(self._connection, running.keys, running.rules, asking)
            return self._decided(first, running, asking, verdict) or verdict
        claims = [asking]
        claims += [
            self._asking(
                each, running, ahead, key_is_new=True, all_lines=all_lines
            )  # as new as the first, or not taken
            for ahead, each in enumerate(after, 1)
        ]
        verdicts = await claim_all(self._connection, running.keys, running.rules, claims)
        told = [self._decided(*each) for each in zip(asked, repeat(running), claims, verdicts, strict=False)]
        decided, *others = told
        return verdicts[0] if decided is None else replace(decided, after=[each for each in others if each is not None])

    def _asking(self, asked: Asked, running: Running, ahead: int, *, key_is_new: bool, all_lines: bool) -> Claim:
        """The claim of a play that is so many ahead of the member's next one."""
        version = running.version
        ordinal = self._next_ordinals.get((asked.campaign, asked.member), 1) + ahead
        source = Source(version.seed, asked.campaign, asked.member, ordinal)
        pool = self._pool_of(asked, version)
        word, groups, cards = self._drawing.of(running, pool, source, all_lines=all_lines, ahead=ahead)
        return Claim(
            play=self._ids.new(),
            member=asked.member,
            request_key=asked.request_key,
            fingerprint=asked.fingerprint,
            ordinal=ordinal,
            word=word,
            groups=groups,
            cards=cards,
            key_is_new=key_is_new,
            entry=asked.entry,
            sources=self._paying.sources(running, asked.member),
            of=asked.times - asked.place,
            review=asked.review,
        )

    def _decided(self, asked: Asked, running: Running, asking: Claim, verdict: Verdict) -> Decided | None:
        """The play, if the claim was taken."""
        if not isinstance(verdict, Taken):
            return None
        self._note_ordinal(asked, asking.ordinal + 1)
        self._drawing.note_taken(running, self._pool_of(asked, running.version), verdict)
        return Decided(_entry(asking, verdict, running.version, running.epoch), running)

    async def _learn(self, asked: Asked, running: Running, verdict: OtherGrants | Refused) -> bool:
        """Find out what the claim or the counters did not know of the member; False says that something was mended."""
        if isinstance(verdict, OtherGrants):
            if await self._paying.learn(running, asked.member, counters_know=verdict.grants):
                return True
            await self._mending.recover(running, reason="the counters know of grants that the ledger does not")
            return False
        if verdict.word == "spent" and not await self._paying.learn(running, asked.member):
            raise refusal_of(running.version, verdict, times=asked.times) or AssertionError
        return verdict.word != "load_member" or await self._mending.load_member(running, asked.member)

    async def _again(self, asked: Asked, running: Running, entry_id: str) -> Decided | None:
        if (held := await self._held(asked, running)) is not None:
            return held
        entry = await stream.one(self._connection, running.keys, entry_id)
        if entry is not None:
            return Decided(entry, running)
        if (held := await self._held(asked, running)) is not None:  # trimmed meanwhile, so committed meanwhile
            return held
        await self._mending.recover(running, reason="a key's play is neither in the stream nor in the ledger")
        return None

    async def _refused(self, asked: Asked, running: Running, told: Refused) -> Decided | None:
        word = told.word
        if word == "other_request":
            raise KeyReused
        refusal = refusal_of(running.version, told, times=asked.times)
        if refusal is not None:
            if (held := await self._held(asked, running)) is not None:
                return held
            raise refusal
        if word == "backlog":
            raise Unavailable(reason="the ledger is behind")
        await self._mending.mend(running, word, told.fact)
        return None

    async def _held(self, asked: Asked, running: Running) -> Decided | None:
        """The play that the ledger has for this key. Raises KeyReused when its body was another."""
        entry = await self._ledger.find(campaign=asked.campaign, member=asked.member, request_key=asked.request_key)
        if entry is None:
            return None
        if entry.fingerprint != asked.fingerprint:
            raise KeyReused
        return Decided(entry, running, is_held=True)

    async def _is_held(self, running: Running, entry: Entry) -> bool:
        found = await self._ledger.find(campaign=running.campaign, member=entry.member, request_key=entry.request_key)
        return found is not None and found.play == entry.play

    def _note(self, asked: Asked, running: Running, verdict: Ordinal | OtherCard) -> None:
        """What the counters expect next; the claim is made again with it."""
        if isinstance(verdict, Ordinal):
            self._note_ordinal(asked, verdict.ordinal)
        else:
            self._drawing.note_other(running, self._pool_of(asked, running.version), verdict)

    def _pool_of(self, asked: Asked, version: Version) -> Pool:
        """The pool that the member draws from: of the entry's tier, the first that is for them."""
        pools = version.pools_of(asked.entry)
        if len(pools) == 1:
            return pools[0]
        return pool_for(pools, asked.attributes, self._clock.now(), on_lists=asked.lists)

    def _note_ordinal(self, asked: Asked, ordinal: int) -> None:
        known = self._next_ordinals
        known[asked.campaign, asked.member] = ordinal
        if len(known) > ORDINALS_KEPT:
            known.popitem(last=False)


def _entry(asked: Claim, taken: Taken, version: Version, epoch: int) -> Entry:
    return Entry(
        epoch=epoch,
        seq=taken.seq,
        play=asked.play,
        previous=taken.previous,
        member=asked.member,
        request_key=asked.request_key,
        fingerprint=asked.fingerprint,
        ordinal=asked.ordinal,
        day=taken.day,
        day_ordinal=taken.day_ordinal,
        drawn=taken.drawn,
        awarded=taken.awarded,
        numbers=taken.numbers,
        sources_left=taken.sources_left,
        word=asked.word,
        version=version.number,
        played_at_ms=taken.played_at_ms,
        review=asked.review,
        entry=asked.entry,
    )


def written_entry(entry: GameModel) -> str:
    """A game's entry as canonical JSON."""
    return json.dumps(entry.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))


def fingerprint_of(entry: str, *, times: int) -> str:
    """What tells a request's body: the entry, and for how many plays at once."""
    return digest(f"{entry}\n{times}" if times > 1 else entry)


def is_fingerprint_of(fingerprint: str, entry: str) -> bool:
    """Whether some request with this entry has this fingerprint."""
    return any(fingerprint_of(entry, times=times) == fingerprint for times in range(1, PLAYS_AT_ONCE_MAX + 1))


def digest(text: str) -> str:
    """128 bits of SHA-256, in 22 characters."""
    return urlsafe_b64encode(hashlib.sha256(text.encode()).digest()[:16]).rstrip(b"=").decode()
