"""The room put together: what plays a campaign, over one database and one connection to the counters."""

from __future__ import annotations

from dataclasses import dataclass

from campaigns.admission import Admission
from campaigns.blocks import Blocks
from campaigns.drain import Drain
from campaigns.ledger import Ledger
from campaigns.lifecycle import Lifecycle
from campaigns.mending import Mending
from campaigns.paying import Paying
from campaigns.plays import Plays
from campaigns.raffle_draws import RaffleDraws
from campaigns.recovery import Recovery
from campaigns.rounds import Rounds
from campaigns.several import Several
from campaigns.velocity_gate import VelocityGate
from campaigns.versions import Versions
from core.clock import Clock
from core.db import Database
from core.ids import Entropy, Ids
from core.sealing import Sealer
from inventory.connection import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignsRoom:
    versions: Versions
    blocks: Blocks
    ledger: Ledger
    drain: Drain
    recovery: Recovery
    mending: Mending
    admission: Admission
    plays: Plays
    several: Several
    rounds: Rounds
    paying: Paying
    velocity: VelocityGate
    lifecycle: Lifecycle
    raffles: RaffleDraws


def furnish(
    *, database: Database, connection: Connection, sealer: Sealer, clock: Clock, ids: Ids, entropy: Entropy
) -> CampaignsRoom:
    versions = Versions(database=database, sealer=sealer)
    ledger = Ledger(database)
    drain = Drain(database=database, versions=versions, ledger=ledger, connection=connection)
    recovery = Recovery(database=database, versions=versions, drain=drain, connection=connection, clock=clock)
    mending = Mending(database=database, versions=versions, drain=drain, recovery=recovery, connection=connection)
    blocks = Blocks(database=database, clock=clock)
    admission = Admission(database=database, blocks=blocks, clock=clock)
    paying = Paying(database=database, versions=versions, connection=connection, clock=clock)
    velocity = VelocityGate(database=database, blocks=blocks, connection=connection, clock=clock, ids=ids)
    plays = Plays(
        versions=versions,
        admission=admission,
        ledger=ledger,
        mending=mending,
        paying=paying,
        velocity=velocity,
        connection=connection,
        clock=clock,
        ids=ids,
    )
    lifecycle = Lifecycle(clock=clock, ids=ids, entropy=entropy, sealer=sealer)
    return CampaignsRoom(
        versions=versions,
        blocks=blocks,
        ledger=ledger,
        drain=drain,
        recovery=recovery,
        mending=mending,
        admission=admission,
        plays=plays,
        several=Several(plays=plays, versions=versions),
        rounds=Rounds(database=database, versions=versions, plays=plays, clock=clock, ids=ids),
        paying=paying,
        velocity=velocity,
        lifecycle=lifecycle,
        raffles=RaffleDraws(
            database=database, versions=versions, mending=mending, connection=connection, clock=clock, ids=ids
        ),
    )
