"""How members bring others while processes die: links are made, accepted, and rewarded once, and asking again is answered again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from campaigns.inviting import Asking, Inviting
from core.errors import Refusal
from earning.invitation_rewards import due_ones, note_first_plays
from earning.invitations import InvitationCodes, Invitations
from tests.sim.earners import Earners
from tests.sim.faults import SimClock
from tests.sim.processes import Process

CODES = InvitationCodes(bytes(range(32)))
DUE_MAX = 100


class Inviters(Earners):
    """A part of the world, which has these too. `links` are the codes that members were told, by the member."""

    def begin_inviting(self) -> None:
        self.links: dict[str, str] = {}

    @property
    def ways_to_earn(self) -> dict[Callable[[], Awaitable[None]], float]:
        ways = super().ways_to_earn
        if not self.costs_chances:
            return ways
        own = {self.make_link: 1.0, self.come_by_a_link: 2.0, self.reward: 2.0}
        return ways | {way: weight * (6 if way.__name__ in self.favours else 1) for way, weight in own.items()}

    async def make_link(self) -> None:
        process = self.idle(self.apis)
        if process is None:
            return
        member = self.rng.choice(self.members)
        self.say(f"{process.name} makes a link of {member[-2:]}")
        await self.within(process, lambda: self._make_link(process, member))

    async def _make_link(self, process: Process, member: str) -> None:
        link = await self._inviting(process).link(Asking(campaign=self.campaign, member=member))
        self._note(("link", member), link.code)
        self.links[member] = link.code

    async def come_by_a_link(self) -> None:
        process = self.idle(self.apis)
        if process is None or not self.links:
            return
        member, inviter = self.rng.choice(self.members), self.rng.choice(list(self.links))
        self.say(f"{process.name} lets {member[-2:]} in by the link of {inviter[-2:]}")
        await self.within(process, lambda: self._come(process, member, inviter))

    async def _come(self, process: Process, member: str, inviter: str) -> None:
        asked = ("came", member, inviter)
        try:
            invited = await self._inviting(process).accept(
                Asking(campaign=self.campaign, member=member), self.links[inviter]
            )
        except Refusal as refusal:
            self.say(f"  {refusal}")
            if asked in self.given:
                self.journal.blame(f"I5: {member} had come by the link of {inviter} and is refused: {refusal}")
            return
        self._note(asked, (invited.id, invited.inviter_id))

    async def reward(self) -> None:
        """A worker's round over whoever has played and whoever is to be rewarded."""
        process = self.idle(self.processes)
        if process is not None:
            self.say(f"{process.name} rewards invitations")
            await self.within(process, lambda: self._reward(process))

    async def _reward(self, process: Process) -> None:
        inviting = self._inviting(process)
        if played := await inviting._first_plays():
            await note_first_plays(process.database, played, now=self.now())
        for invited in await due_ones(process.database, limit=DUE_MAX):
            await inviting._reward(invited)

    def _inviting(self, process: Process) -> Inviting:
        return Inviting(
            database=process.database,
            versions=process.room.versions,
            admission=process.room.admission,
            paying=process.room.paying,
            invitations=Invitations(database=process.database, codes=CODES, ids=self.ids),
            clock=SimClock(self.sky, is_own=True),
        )

    # At rest.

    async def settle_earning(self) -> None:
        await super().settle_earning()
        if self.costs_chances:
            await self._reward(self.worker)
        for asked in [*self.given]:
            if asked[0] == "came":
                await self._come(self.apis[0], asked[1], asked[2])

    async def examine_earning(self) -> None:
        await super().examine_earning()
        if self.costs_chances:
            await self._reward(self.worker)
        if due := await due_ones(self.shared, limit=1):
            self.journal.blame(f"L5: invitation {due[0]} is due and not rewarded, and nothing is broken any more")
