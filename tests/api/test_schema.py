"""A fuzzer over the whole OpenAPI document, against the whole running house: no 5xx, nothing outside its schema."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest

from tests.support import mall_signing
from tests.support.processes import RunningHouse

ROOT = Path(__file__).parents[2]
EXAMPLES = 8
SECONDS_MAX = 240
# Whether a cursor, a sheet or odds are good is a matter of meaning, which a schema does not say.
JUDGED_BY_MEANING = "positive_data_acceptance"


@pytest.mark.long
def test_no_request_breaks_the_service(run_house: Callable[..., RunningHouse], tmp_path: Path) -> None:
    house = run_house()
    house.wait_ready()
    demo = house.demo
    fuzz(demo["base_url"], "--include-path-regex=^/v1/admin", token=demo["operators"]["owner"]["token"], work=tmp_path)
    fuzz(demo["base_url"], "--exclude-path-regex=^/v1/(admin|mall)", token=member_token(demo), work=tmp_path)
    fuzz(demo["base_url"], "--include-path-regex=^/v1/mall", token="", work=tmp_path, **signed_by(demo["mall"]))
    assert "request failed" not in house.stop()


def fuzz(url: str, which: str, *, token: str, work: Path, **environment: str) -> None:
    """Run schemathesis over a part of the document; its report is the failure's message."""
    arguments = [
        f"{url}/openapi.json",
        which,
        f"--header=Authorization: Bearer {token}",
        f"--max-examples={EXAMPLES}",
        f"--exclude-checks={JUDGED_BY_MEANING}",
        "--phases=examples,coverage,fuzzing",
        "--seed=20261121",
        "--generation-database=none",
        "--no-color",
    ]
    schemathesis = Path(sys.executable).parent / "schemathesis"
    done = subprocess.run(
        [schemathesis, "run", *arguments],
        cwd=work,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Tested: 0" not in done.stdout


def signed_by(mall: dict[str, str]) -> dict[str, str]:
    """What makes the fuzzer's calls the mall's own."""
    hooks = {"SCHEMATHESIS_HOOKS": mall_signing.__name__, "PYTHONPATH": str(ROOT)}
    return {**hooks, mall_signing.KEY: mall["key"], mall_signing.SECRET: mall["secret"]}


def member_token(demo: dict[str, Any]) -> str:
    now = int(time.time())
    claims = {"iss": demo["mall"]["key"], "sub": "fuzzer", "aud": demo["base_url"], "iat": now, "exp": now + 60}
    token = jwt.encode({**claims, "jti": uuid.uuid4().hex}, demo["mall"]["secret"], algorithm="HS256")
    opened = httpx.post(f"{demo['base_url']}/v1/sessions", json={"token": token}, trust_env=False)
    assert opened.status_code == 201, opened.text
    return str(opened.json()["token"])
