"""Spreadsheets over HTTP: the file is the request's body, the answer says what became of every row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import Request
from pydantic import BaseModel, Field

from core.errors import InvalidField
from prizes.sheets import Report, RowFault

FAULTS_SHOWN_MAX = 1_000
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class RefusedRow(BaseModel):
    """`row` counts as a spreadsheet does: the header is row 1."""

    row: int
    key: str
    field: str
    reason: str


class ImportReport(BaseModel):
    """Counts of rows, and every refused one with its reason (the first 1,000 of them)."""

    imported: int
    updated: int
    unchanged: int
    refused: int = Field(description="Rows, not faults: a row may have several.")
    faults: list[RefusedRow]


def csv_body(description: str, example: str) -> dict[str, Any]:
    """What OpenAPI says of a route whose body is a spreadsheet."""
    content = {"schema": {"type": "string", "description": description}, "example": example}
    return {"requestBody": {"required": True, "content": {"text/csv": content}}}


async def body_of(request: Request, *, or_workbook: bool = False) -> bytes:
    """The file; InvalidField when it came as a form."""
    types = ("text/csv", "text/plain", WORKBOOK) if or_workbook else ("text/csv", "text/plain")
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in types:
        raise InvalidField(("file", "send it as the request's body, with Content-Type: text/csv"))
    return await request.body()


def as_view(report: Report) -> ImportReport:
    return ImportReport(
        imported=len(report.new),
        updated=len(report.updated),
        unchanged=len(report.unchanged),
        refused=len({fault.row for fault in report.refused}),
        faults=refused_rows(report.refused),
    )


def refused_rows(faults: Sequence[RowFault]) -> list[RefusedRow]:
    """The first of them, as they are shown."""
    return [
        RefusedRow(row=fault.row, key=fault.key, field=fault.field, reason=fault.reason)
        for fault in faults[:FAULTS_SHOWN_MAX]
    ]


def counts(report: Report) -> dict[str, int]:
    """The report as an audit row keeps it."""
    return as_view(report).model_dump(include={"imported", "updated", "unchanged", "refused"})
