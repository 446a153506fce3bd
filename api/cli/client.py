"""The operator API, as the command line calls it: like anybody else, with a token."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from api.sentences import Failure
from api.settings import PREFIX, load_settings

SECONDS_MAX = 60
PAGE_ITEMS = 100


class Access(BaseSettings):
    """Where the service is and who asks; the demo's owner when nothing is said."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    url: str = Field(min_length=1)
    token: SecretStr


class Client:
    """Calls under `/v1/admin`. Failure, in one sentence, when the service refuses or cannot be reached."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def get(self, path: str, **query: Any) -> Any:
        return self._call("GET", path, params={name: value for name, value in query.items() if value is not None})

    def items(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:
        """Every item of a list, page after page."""
        return self._pages(self.get, path, limit=PAGE_ITEMS, **query)

    def public(self, path: str, **query: Any) -> Any:
        """What anybody may read, under `/v1`."""
        given = {name: value for name, value in query.items() if value is not None}
        return self._call("GET", path, root="/v1", params=given)

    def public_items(self, path: str, *, limit: int) -> Iterator[dict[str, Any]]:
        return self._pages(self.public, path, limit=limit)

    @staticmethod
    def _pages(get: Callable[..., Any], path: str, **query: Any) -> Iterator[dict[str, Any]]:
        cursor = None
        while True:
            page = get(path, **query, cursor=cursor)
            yield from page["items"]
            cursor = page.get("next")
            if cursor is None:
                return

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        return self._call("POST", path, json=body)

    def put(self, path: str, body: Mapping[str, Any]) -> Any:
        return self._call("PUT", path, json=body)

    def delete(self, path: str) -> None:
        self._call("DELETE", path)

    def post_sheet(self, path: str, raw: bytes) -> Any:
        return self._call("POST", path, content=raw, headers={"content-type": "text/csv; charset=utf-8"})

    def _call(self, method: str, path: str, *, root: str = "/v1/admin", **arguments: Any) -> Any:
        try:
            answer = self._http.request(method, f"{root}{path}", **arguments)
        except httpx.HTTPError as error:
            raise Failure(f"{self._http.base_url} cannot be reached: {error}.") from None
        if answer.is_success and not answer.content:
            return None
        if answer.is_success:
            return answer.text if answer.headers["content-type"].startswith("text/csv") else answer.json()
        raise Failure(_sentence(answer))


@contextmanager
def client() -> Iterator[Client]:
    access = _access()
    headers = {"authorization": f"Bearer {access.token.get_secret_value()}", "accept-language": "en"}
    with httpx.Client(base_url=access.url, headers=headers, timeout=SECONDS_MAX, trust_env=False) as http:
        yield Client(http)


def _access() -> Access:
    try:
        return Access()
    except ValidationError:
        path = load_settings().demo_file
    try:
        demo = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        raise Failure(f"Set WINDFALL_URL and WINDFALL_TOKEN, or start the demo, which writes {path}.") from None
    return Access(url=demo["base_url"], token=demo["operators"]["owner"]["token"])


def _sentence(answer: httpx.Response) -> str:
    """What the problem says, with the fields at fault."""
    try:
        problem = answer.json()
        said = [f"{fault['field']} {fault['reason']}" for fault in problem.get("errors", [])]
        said += [f"{change['field']}: {change['reason']}" for change in problem.get("changes", [])]
        return f"{problem['detail']} ({'; '.join(said)})" if said else str(problem["detail"])
    except (ValueError, KeyError, TypeError):
        return f"The service answered {answer.status_code}."
