"""RFC 9457 problem details: every way of saying no leaves the service through here."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum
from fractions import Fraction
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import compile_path

from api.languages import Language, language_of
from api.problems import FIELD_REASON_ZH, FIELD_REASONS_ZH, PROBLEMS, REASONS
from core.errors import Refusal

MEDIA_TYPE = "application/problem+json"
ERRORS_MAX = 20
CODE_OF_STATUS = {404: "not-found", 405: "method-not-allowed", 413: "body-too-large"}

SCHEMA: dict[str, Any] = {
    "title": "Problem",
    "description": "RFC 9457 problem details. Facts of the refusal stand beside the named members.",
    "type": "object",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "reason"],
                "properties": {"field": {"type": "string"}, "reason": {"type": "string"}},
            },
        },
    },
}
RESPONSE: dict[str, Any] = {
    "description": "A problem, in the caller's language (zh or en)",
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


class ProblemResponse(Response):
    media_type = MEDIA_TYPE

    def __init__(
        self, code: str, facts: Mapping[str, Any], *, language: Language, headers: Mapping[str, str] | None = None
    ) -> None:
        problem = PROBLEMS[code]
        facts = {name: _as_json(value) for name, value in facts.items()}
        said = _Facts({name: _in_words(value, language) for name, value in facts.items()})
        body = {
            **facts,
            "type": f"/problems/{code}",
            "title": problem.title.in_language(language),
            "status": problem.status,
            "detail": problem.detail.in_language(language).format_map(said),
            "code": code,
        }
        super().__init__(
            json.dumps(body, ensure_ascii=False).encode(),
            status_code=problem.status,
            headers={
                "content-language": language,
                **_retry_after(problem.status, facts),
                **_challenge(problem.status),
                **(headers or {}),
            },
        )


def refused(request: Request, error: Exception) -> Response:
    """The answer to a request that one of our rules refuses."""
    if not isinstance(error, Refusal):
        raise error
    facts = error.facts
    language = _language(request)
    if "errors" in facts:
        facts = {**facts, "errors": [_named_reason(one, language) for one in facts["errors"][:ERRORS_MAX]]}
    return ProblemResponse(error.code, facts, language=language)


def invalid(request: Request, error: Exception) -> Response:
    """The answer to a request that does not fit its schema."""
    if not isinstance(error, RequestValidationError):
        raise error
    language = _language(request)
    faults: Sequence[Any] = error.errors()[:ERRORS_MAX]
    errors = [{"field": _field(fault["loc"]), "reason": _reason(fault, language)} for fault in faults]
    return ProblemResponse("invalid-field", {"errors": errors}, language=language)


def failed(request: Request, error: Exception) -> Response:
    """The answer where the framework gave up: no such route or method, an unreadable body."""
    if not isinstance(error, HTTPException):
        raise error
    code = CODE_OF_STATUS.get(error.status_code, "malformed-request")
    facts = {"noun": "page"} if code == "not-found" else {}
    given = {name.lower(): value for name, value in (error.headers or {}).items()}
    headers = {**given, **(_allow(request) if code == "method-not-allowed" else {})}
    return ProblemResponse(code, facts, language=_language(request), headers=headers)


def add_problem_handlers(app: FastAPI) -> None:
    async def on_refusal(request: Request, error: Exception) -> Response:
        return refused(request, error)

    async def on_invalid(request: Request, error: Exception) -> Response:
        return invalid(request, error)

    async def on_failed(request: Request, error: Exception) -> Response:
        return failed(request, error)

    app.add_exception_handler(Refusal, on_refusal)
    app.add_exception_handler(RequestValidationError, on_invalid)

    async def on_fault(request: Request, _error: Exception) -> Response:
        return internal_error(request)

    app.add_exception_handler(HTTPException, on_failed)
    app.add_exception_handler(Exception, on_fault)


def internal_error(request: Request) -> Response:
    """The answer to what nobody foresaw; the log has the rest under the same id."""
    request_id = structlog.contextvars.get_contextvars().get("request_id", "")
    return ProblemResponse("internal-error", {"request_id": request_id}, language=_language(request))


class _Facts(dict[str, Any]):
    def __missing__(self, name: str) -> str:
        return "…"


def _language(request: Request) -> Language:
    return language_of(request.headers.get("accept-language"))


def _as_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Fraction):
        return str(value)
    return value.value if isinstance(value, Enum) else value


def _in_words(value: Any, language: Language) -> Any:
    if isinstance(value, Mapping) and value.keys() == {"zh", "en"}:
        return value[language]
    return REASONS[value].in_language(language) if isinstance(value, str) and value in REASONS else value


def _named_reason(fault: Mapping[str, str], language: Language) -> dict[str, str]:
    return {"field": fault["field"], "reason": _in_words(fault["reason"], language)}


def _field(location: Sequence[str | int]) -> str:
    """`pools.0.lines.2.odds`: the place without the part of the request it stands in."""
    inside = [str(part) for part in location[1:]]
    return ".".join(inside) or str(location[0])


def _reason(fault: Mapping[str, Any], language: Language) -> str:
    if language == "en":
        reason = str(fault["msg"]).removeprefix("Value error, ")
        return reason[:1].lower() + reason[1:]
    template = FIELD_REASONS_ZH.get(fault["type"], FIELD_REASON_ZH)
    return template.format_map(_Facts(fault.get("ctx") or {}))


def _allow(request: Request) -> dict[str, str]:
    """Every method of the resource; the framework names those of the first route alone."""
    document = request.app.openapi()
    methods = {
        method.upper()
        for path, operations in document["paths"].items()
        for method in operations
        if compile_path(path)[0].match(request.url.path)
    }
    return {"allow": ", ".join(sorted(methods))} if methods else {}


def _retry_after(status: int, facts: Mapping[str, Any]) -> dict[str, str]:
    seconds = facts.get("retry_after_seconds", 1 if status == 503 else None)  # noqa: PLR2004
    return {} if seconds is None else {"retry-after": str(seconds)}


def _challenge(status: int) -> dict[str, str]:
    return {"www-authenticate": "Bearer"} if status == 401 else {}  # noqa: PLR2004
