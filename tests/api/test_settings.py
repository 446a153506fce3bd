"""A broken setting is one sentence that names it; production does not start with the keys of development."""

from __future__ import annotations

import base64
import stat
from pathlib import Path

import pytest

from api.settings import SettingsError, load_settings

RANDOM_KEY = "q0Yx8Tn3mJ1cV5bZ7wR2eL4sD6fG8hK0pA9uI3oY1tE="


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("DATABASE_URL", "REDIS_URL", "PORT", "ENVIRONMENT", "SECRET_KEY", "BASE_URL"):
        monkeypatch.delenv(f"WINDFALL_{name}", raising=False)
    monkeypatch.setenv("WINDFALL_VAR", str(tmp_path / "var"))


BROKEN = {
    "PORT": ["http", "0", "65534", ""],
    "ENVIRONMENT": ["staging"],
    "DATABASE_URL": ["mysql://windfall@db/windfall", "not an address"],
    "REDIS_URL": ["http://redis:6379", "localhost"],
    "BASE_URL": ["windfall.example.com", "ftp://windfall.example.com"],
    "SECRET_KEY": ["secret", base64.b64encode(b"short").decode()],
    "LOG_LEVEL": ["loud"],
    "WALLET": ["gold"],
    "WALLET_URL": ["mall.test"],
    "WALLET_POINTS_DAYS": ["-1"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in BROKEN.items() for value in values])
def test_a_broken_setting_is_one_sentence_that_names_it(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"WINDFALL_{name}", value)
    with pytest.raises(SettingsError) as refused:
        load_settings()
    sentence = str(refused.value)
    assert sentence.startswith(f"WINDFALL_{name} cannot be used: ")
    assert sentence.endswith(".")
    assert "\n" not in sentence


WALLETS = {
    "signed": {"URL": "https://mall.test/wallet", "SECRET": "a-secret"},
    "duiba": {
        "DEBIT_URL": "https://mall.test/debit",
        "NOTICE_URL": "https://mall.test/notice",
        "APP_KEY": "app",
        "SECRET": "a-secret",
    },
}


@pytest.mark.parametrize(("wallet", "name"), [(wallet, name) for wallet, needs in WALLETS.items() for name in needs])
def test_a_wallet_of_the_malls_own_names_what_it_lacks(monkeypatch: pytest.MonkeyPatch, wallet: str, name: str) -> None:
    monkeypatch.setenv("WINDFALL_WALLET", wallet)
    for need, value in WALLETS[wallet].items():
        monkeypatch.setenv(f"WINDFALL_WALLET_{need}", value)
    assert load_settings().wallet == wallet
    monkeypatch.delenv(f"WINDFALL_WALLET_{name}")
    with pytest.raises(SettingsError, match=rf"^WINDFALL_WALLET_{name} cannot be used: is missing: WINDFALL_WALLET is"):
        load_settings()


def test_a_variable_that_cannot_be_written_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WINDFALL_VAR", "/proc/nowhere")
    with pytest.raises(SettingsError, match=r"^WINDFALL_VAR /proc/nowhere cannot be used: "):
        load_settings()


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+asyncpg"])
def test_every_spelling_of_postgresql_is_understood(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    monkeypatch.setenv("WINDFALL_DATABASE_URL", f"{scheme}://windfall:secret@db:5433/windfall")
    assert load_settings().database_url == "postgresql+asyncpg://windfall:secret@db:5433/windfall"


def test_everything_stands_under_var_unless_told_otherwise(tmp_path: Path) -> None:
    settings = load_settings()
    assert settings.database_url == f"sqlite+aiosqlite:///{tmp_path}/var/windfall.db"
    assert settings.embeds_redis
    assert settings.base_url == "http://127.0.0.1:8000"


def test_development_makes_one_key_and_keeps_it() -> None:
    settings = load_settings()
    assert settings.key() == load_settings().key()
    assert len(settings.key()) == 32
    assert stat.S_IMODE(settings.key_file.stat().st_mode) == 0o600


def test_a_damaged_key_is_not_used() -> None:
    settings = load_settings()
    settings.key_file.write_text("scribble")
    with pytest.raises(SettingsError, match="is damaged"):
        load_settings()


def test_production_needs_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WINDFALL_ENVIRONMENT", "production")
    with pytest.raises(SettingsError, match=r"^WINDFALL_SECRET_KEY is missing"):
        load_settings()


def test_production_refuses_a_key_that_nobody_drew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WINDFALL_ENVIRONMENT", "production")
    monkeypatch.setenv("WINDFALL_SECRET_KEY", base64.b64encode(b"\0" * 32).decode())
    with pytest.raises(SettingsError, match="it is not random"):
        load_settings()


def test_production_refuses_the_key_of_development(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = load_settings().key_file.read_text()
    monkeypatch.setenv("WINDFALL_ENVIRONMENT", "production")
    monkeypatch.setenv("WINDFALL_SECRET_KEY", kept)
    with pytest.raises(SettingsError, match="it is the development key"):
        load_settings()


def test_production_takes_a_random_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WINDFALL_ENVIRONMENT", "production")
    monkeypatch.setenv("WINDFALL_SECRET_KEY", RANDOM_KEY)
    assert load_settings().key() == base64.b64decode(RANDOM_KEY)


def test_no_secret_is_told_by_accident(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WINDFALL_SECRET_KEY", RANDOM_KEY)
    assert RANDOM_KEY not in repr(load_settings())
