"""Every no is a problem detail, from one table, in the caller's language."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

import api
import campaigns
import core
import earning
import inventory
import prizes
from api.front import BODY_BYTES_MAX
from api.languages import language_of
from api.problems import PROBLEMS, REASONS
from core.errors import Refusal


def everything_imported() -> None:
    for room in (api, campaigns, core, earning, inventory, prizes):
        for module in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)


def test_every_refusal_has_its_row() -> None:
    everything_imported()
    ours = {code for code, refusal in Refusal.registry.items() if not refusal.__module__.startswith("tests.")}
    assert ours - PROBLEMS.keys() == set()


def test_every_row_has_words_in_both_languages() -> None:
    for code, problem in PROBLEMS.items():
        assert 400 <= problem.status < 600, code
        for words in (problem.title, problem.detail):
            assert words.zh, code
            assert words.en, code
            assert words.zh != words.en, code
    for code, words in REASONS.items():
        assert words.zh != words.en, code


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("zh", "zh"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en;q=0.5, zh-Hans;q=0.9", "zh"),
        ("fr-FR, en;q=0.3, zh;q=0.2", "en"),
        ("zh;q=nonsense, en", "en"),
        ("fr", "en"),
        ("," * 5000 + "zh", "en"),
    ],
)
def test_the_callers_language(header: str | None, language: str) -> None:
    assert language_of(header) == language


async def test_a_field_at_fault_is_named_with_the_reason(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/sessions", json={"extra": 1}, headers={"accept-language": "zh-CN"})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["content-language"] == "zh"
    assert answer.json() == {
        "type": "/problems/invalid-field",
        "title": "填写有误",
        "status": 422,
        "detail": "有内容需要修改，请看 errors。",
        "code": "invalid-field",
        "errors": [{"field": "token", "reason": "必填"}, {"field": "extra", "reason": "不认识的字段"}],
    }


async def test_what_is_not_there_is_a_problem_too(client: httpx.AsyncClient) -> None:
    assert (await client.get("/nowhere")).json()["code"] == "not-found"
    wrong_way = await client.delete("/v1/sessions")
    assert (wrong_way.status_code, wrong_way.json()["code"]) == (405, "method-not-allowed")
    assert wrong_way.headers["allow"] == "POST"
    assert (await client.patch("/v1/admin/campaigns")).headers["allow"] == "GET, POST"


async def test_unreadable_json_is_named(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/sessions", content=b'{"token": ', headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-field")


async def test_a_body_over_the_limit_is_not_read(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/sessions", content=b"x" * (BODY_BYTES_MAX + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")


async def test_a_body_without_a_length_is_bounded_too(client: httpx.AsyncClient) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 1024

    answer = await client.post("/v1/sessions", content=endless(), headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")


async def test_an_unforeseen_fault_is_a_problem_that_tells_nothing(app: FastAPI, client: httpx.AsyncClient) -> None:
    @app.get("/fault")
    async def fault() -> None:
        raise RuntimeError("the password is swordfish")

    answer = await client.get("/fault", headers={"x-request-id": "abc123"})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal-error")
    assert answer.json()["request_id"] == answer.headers["x-request-id"] == "abc123"
    assert "swordfish" not in answer.text


async def test_every_answer_carries_its_id_and_safe_headers(client: httpx.AsyncClient) -> None:
    answers = [await client.get("/healthz") for _ in range(2)]
    assert answers[0].headers["x-request-id"] != answers[1].headers["x-request-id"]
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("wish", ["", "a b", "a\tb", "x" * 65, "é", "<script>"])
async def test_a_request_id_that_is_no_word_is_not_repeated(client: httpx.AsyncClient, wish: str) -> None:
    answer = await client.get("/healthz", headers={"x-request-id": wish.encode()})
    assert answer.headers["x-request-id"] != wish


async def test_health_and_figures(client: httpx.AsyncClient) -> None:
    assert (await client.get("/healthz")).json() == {"status": "alive"}
    assert (await client.get("/readyz")).json() == {"status": "ready"}
    figures = (await client.get("/metrics")).text
    assert 'windfall_http_request_seconds_count{route="/healthz",status="200"}' in figures


async def test_openapi_tells_of_problems_and_of_the_play(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert "default" in operation["responses"], (method, path)
    assert "Problem" in document["components"]["schemas"]
    assert document["paths"]["/v1/campaigns/{campaign_id}/plays"]["post"]["operationId"] == "play"
