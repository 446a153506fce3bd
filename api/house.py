"""The house: everything a request or a worker needs, built once and handed down."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, partial
from typing import cast

import httpx
from fastapi import Request

from api.auth.malls import name_of_member, origins_of_campaign
from api.auth.sessions import Sessions
from api.auth.whereabouts import Whereabouts
from api.settings import Settings
from campaigns.admission import Admission
from campaigns.inviting import Inviting
from campaigns.room import CampaignsRoom, furnish
from campaigns.selling import Selling
from core.clock import Clock, SystemClock
from core.db import Database
from core.ids import Entropy, Ids, SystemEntropy, TimeOrderedIds
from core.sealing import Sealer, derive
from earning.code_words import CodeHashes
from earning.invitations import InvitationCodes, Invitations
from earning.purchasing import Purchasing
from earning.redeeming import Redeeming
from inventory.connection import Connection
from prizes.fulfilment.deliveries import Fulfilment, FulfilmentSettings
from prizes.wallet.choosing import BuiltIn, Duiba, SignedHttp, WalletChoice, open_wallet
from prizes.wallet.contract import Wallet
from prizes.wallet.duiba import DuibaEndpoints

HTTP_OUT_SECONDS_MAX = 10
HTTP_OUT_CONNECTIONS_MAX = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    settings: Settings
    clock: Clock
    ids: Ids
    entropy: Entropy
    sealer: Sealer
    database: Database
    sessions: Sessions
    whereabouts: Whereabouts
    wallet: Wallet
    fulfilment: Fulfilment
    connection: Connection
    campaigns: CampaignsRoom
    redeeming: Redeeming
    purchasing: Purchasing
    selling: Selling
    inviting: Inviting

    async def allowed_origins(self, campaign: str) -> Sequence[str] | None:
        """The origins that may frame a campaign, or None when there is no such campaign."""
        async with self.database.reading() as session:
            return await origins_of_campaign(session, campaign)


@asynccontextmanager
async def open_house(
    settings: Settings, *, clock: Clock | None = None, ids: Ids | None = None, entropy: Entropy | None = None
) -> AsyncIterator[House]:
    """Everything at hand, connected when it is first needed; closed again when the block ends."""
    clock, ids, entropy = clock or SystemClock(), ids or TimeOrderedIds(), entropy or SystemEntropy()
    sealer = Sealer(settings.key(), entropy)
    async with AsyncExitStack() as closing:
        database = Database(settings.database_url)
        closing.push_async_callback(database.close)
        connection = Connection(settings.redis_address)
        closing.push_async_callback(connection.close)
        http = await closing.enter_async_context(_http_out())
        wallet = open_wallet(
            _wallet_choice(settings),
            database=database,
            clock=clock,
            ids=ids,
            http=http,
            name_at_mall=partial(_name_at_mall, database),
        )
        room = furnish(database=database, connection=connection, sealer=sealer, clock=clock, ids=ids, entropy=entropy)
        purchasing = Purchasing(database=database, wallet=wallet, clock=clock, ids=ids, entropy=entropy)
        whereabouts = Whereabouts(derive(settings.key(), purpose="windfall: devices and networks"))
        yield House(
            settings=settings,
            clock=clock,
            ids=ids,
            entropy=entropy,
            sealer=sealer,
            database=database,
            sessions=Sessions(
                database=database,
                clock=clock,
                ids=ids,
                entropy=entropy,
                sealer=sealer,
                whereabouts=whereabouts,
                audience=settings.base_url,
            ),
            whereabouts=whereabouts,
            wallet=wallet,
            fulfilment=Fulfilment(
                database=database,
                clock=clock,
                ids=ids,
                entropy=entropy,
                settings=_fulfilment_settings(settings),
                http=http,
                wallet=wallet,
            ),
            connection=connection,
            campaigns=room,
            purchasing=purchasing,
            selling=Selling(
                database=database,
                versions=room.versions,
                admission=Admission(database=database, blocks=room.blocks, clock=clock),
                purchasing=purchasing,
                clock=clock,
            ),
            inviting=Inviting(
                database=database,
                versions=room.versions,
                admission=room.admission,
                paying=room.paying,
                invitations=Invitations(database=database, codes=_invitation_codes(settings), ids=ids),
                clock=clock,
            ),
            redeeming=Redeeming(database=database, hashes=_code_hashes(settings), ids=ids),
        )


def _code_hashes(settings: Settings) -> CodeHashes:
    return CodeHashes(derive(settings.key(), purpose="windfall earning: redeem codes"))


def _invitation_codes(settings: Settings) -> InvitationCodes:
    return InvitationCodes(derive(settings.key(), purpose="windfall earning: invitations"))


async def _name_at_mall(database: Database, member_id: str) -> str | None:
    async with database.reading() as session:
        return await name_of_member(session, member_id)


def _http_out() -> httpx.AsyncClient:
    """Calls to suppliers and wallets: bounded, no redirects, and no proxy by surprise."""
    return httpx.AsyncClient(
        verify=_trusted(),
        timeout=HTTP_OUT_SECONDS_MAX,
        limits=httpx.Limits(max_connections=HTTP_OUT_CONNECTIONS_MAX),
        follow_redirects=False,
        trust_env=False,
    )


@cache
def _trusted() -> ssl.SSLContext:
    """Whom calls out may trust; read once, for it takes a tenth of a second."""
    return httpx.create_ssl_context(trust_env=False)


def _fulfilment_settings(settings: Settings) -> FulfilmentSettings:
    return FulfilmentSettings(
        kek=settings.key(),
        topup_url=settings.topup_url or None,
        topup_secret=settings.topup_secret.get_secret_value() or None,
    )


def _wallet_choice(settings: Settings) -> WalletChoice:
    secret = settings.wallet_secret.get_secret_value()
    match settings.wallet:
        case "built-in":
            days = settings.wallet_points_days
            return BuiltIn(points_last=timedelta(days=days) if days else None)
        case "signed":
            return SignedHttp(url=settings.wallet_url, secret=secret)
        case "duiba":
            return Duiba(
                endpoints=DuibaEndpoints(
                    debit_url=settings.wallet_debit_url,
                    notice_url=settings.wallet_notice_url,
                    credit_url=settings.wallet_credit_url or None,
                    app_key=settings.wallet_app_key,
                    app_secret=secret,
                )
            )


def house_of(request: Request) -> House:
    return cast("House", request.app.state.house)
