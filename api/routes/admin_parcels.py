"""The parcels' queue: out as a packing list, back with tracking numbers."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from api.auth import audit
from api.auth.dependencies import TheHouse, operator_with
from api.auth.operators import Actor, Role
from api.routes.sheets import ImportReport, as_view, body_of, counts, csv_body
from prizes import parcels

router = APIRouter(prefix="/v1/admin/parcels", tags=["admin: parcels"])
Clerk = Annotated[Actor, Depends(operator_with(Role.FULFILMENT))]

_TRACKING_EXAMPLE = "award_id,carrier,tracking_number\n01930000-0000-7000-8000-000000000000,SF,SF0000000000000\n"


@router.post(
    "/export",
    response_class=Response,
    responses={200: {"description": "The packing list", "content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def export_parcels(
    operator: Clerk,
    house: TheHouse,
    again: Annotated[bool, Query(description="List those already packing once more, instead of new ones.")] = False,
) -> Response:
    """Take parcels off the queue as CSV, with names and addresses; who took which is in the audit."""
    now = house.clock.now()
    async with house.database.transaction() as session:
        packing = await parcels.export(
            session, mall_id=operator.mall_id, again=again, vault=house.fulfilment.vault, now=now
        )
        await audit.record(
            session,
            actor=operator,
            action="parcels.export",
            subject=audit.Subject("parcels", operator.mall_id),
            before=None,
            after={"again": again, "award_ids": list(packing.award_ids)},
            reason=None,
            at=now,
        )
    disposition = f'attachment; filename="parcels-{now:%Y%m%dT%H%M%SZ}.csv"'
    return Response(packing.content, media_type="text/csv", headers={"content-disposition": disposition})


@router.post(
    "/tracking",
    openapi_extra=csv_body(
        "Tracking numbers as CSV; an optional column delivered_on says it arrived.", _TRACKING_EXAMPLE
    ),
)
async def import_tracking(request: Request, operator: Clerk, house: TheHouse) -> ImportReport:
    """Note how parcels were shipped; the same file again changes nothing."""
    raw = await body_of(request)
    now = house.clock.now()
    async with house.database.transaction() as session:
        report = await parcels.import_tracking(session, mall_id=operator.mall_id, raw=raw, now=now)
        await audit.record(
            session,
            actor=operator,
            action="parcels.tracking",
            subject=audit.Subject("parcels", operator.mall_id),
            before=None,
            after={**counts(report), "shipped": report.new, "updated_ids": report.updated},
            reason=None,
            at=now,
        )
    return as_view(report)
