"""The application: routes, handlers and the house they work in."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.types import ASGIApp

from api.embed.routes import router as embed
from api.front import Front
from api.house import House, open_house
from api.problem_details import RESPONSE, SCHEMA, add_problem_handlers
from api.routes import (
    admin_audit,
    admin_awards,
    admin_banks,
    admin_blocks,
    admin_campaigns,
    admin_codes,
    admin_decisions,
    admin_earning,
    admin_invitations,
    admin_lists,
    admin_parcels,
    admin_products,
    admin_purchases,
    awards,
    campaigns,
    docs,
    health,
    invitations,
    leaderboards,
    mall_challenges,
    mall_events,
    plays,
    purchases,
    raffles,
    redemptions,
    rounds,
    sessions,
    several,
    supplier_callbacks,
    wallet,
)
from api.settings import Settings

GC_THRESHOLDS = (50_000, 50, 100)
ROUTERS = (
    sessions.router,
    campaigns.router,
    plays.router,
    several.router,
    rounds.router,
    leaderboards.router,
    redemptions.router,
    invitations.router,
    raffles.router,
    awards.router,
    wallet.router,
    purchases.router,
    admin_campaigns.router,
    admin_codes.router,
    admin_decisions.router,
    admin_products.router,
    admin_awards.router,
    admin_parcels.router,
    admin_lists.router,
    admin_banks.router,
    admin_blocks.router,
    admin_earning.router,
    admin_purchases.router,
    admin_invitations.router,
    admin_audit.router,
    mall_events.router,
    mall_challenges.router,
    supplier_callbacks.router,
    health.router,
    docs.router,
    embed,
)


class Application(FastAPI):
    """FastAPI behind our own front, with the play ahead of everything a play does not need."""

    def __init__(self, settings: Settings, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._secure_transport = settings.base_url.startswith("https://")

    def build_middleware_stack(self) -> ASGIApp:
        return Front(plays.PlaysFirst(super().build_middleware_stack()), secure_transport=self._secure_transport)

    def openapi(self) -> dict[str, Any]:
        document = super().openapi()  # which the framework may make anew at any time
        document["paths"].update(plays.OPENAPI)
        document["components"]["schemas"].update(plays.SCHEMAS, Problem=SCHEMA)
        return document


def create_app(settings: Settings, *, house: House | None = None) -> FastAPI:
    """The application of these settings; it opens its own house unless it is given one."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        if house is not None:
            app.state.house = house
            yield
            return
        async with open_house(settings) as own:
            app.state.house = own
            _settle_garbage()
            yield

    app = Application(
        settings,
        title="Windfall",
        version="1",
        summary="Prize campaigns for points malls",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        responses={"default": RESPONSE},
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    add_problem_handlers(app)
    for router in ROUTERS:
        app.include_router(router)
    app.router.routes.append(plays.ROUTE)
    return app


def _settle_garbage() -> None:
    # What is alive now lives as long as the process: leave it out of collections, whose pauses are the tail latency.
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
