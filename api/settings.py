"""The settings: the only place that reads the environment, and the place that refuses to start with unsafe ones."""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from api.sentences import Failure
from core.sealing import KEY_BYTES
from inventory.embedded import socket_for

PREFIX = "WINDFALL_"
DISTINCT_KEY_BYTES_MIN = 12  # 32 random bytes have fewer with a chance below 1e-12; typed-in keys have fewer
WALLET_NEEDS = {
    "wallet_url": ("signed",),
    "wallet_debit_url": ("duiba",),
    "wallet_notice_url": ("duiba",),
    "wallet_app_key": ("duiba",),
    "wallet_secret": ("signed", "duiba"),
}
ENGINES = {"postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg", "sqlite": "sqlite+aiosqlite"}


class SettingsError(Failure):
    """A setting that cannot be used: one sentence that names the variable."""


class Settings(BaseSettings):
    """What an operator may set, each as `WINDFALL_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True, validate_default=True)

    environment: Literal["development", "production", "test"] = "development"
    host: str = Field(default="127.0.0.1", min_length=1, max_length=255)
    port: int = Field(default=8000, ge=1, le=65_533)
    var: Path = Path("var")
    database_url: str = ""
    redis_url: str = ""
    secret_key: SecretStr = SecretStr("")
    base_url: str = ""
    trusted_proxies: str = Field(default="127.0.0.1,::1", max_length=2000)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    topup_url: str = ""
    topup_secret: SecretStr = SecretStr("")
    wallet: Literal["built-in", "signed", "duiba"] = "built-in"
    wallet_points_days: int = Field(default=0, ge=0, le=36_500)
    wallet_url: str = ""
    wallet_debit_url: str = ""
    wallet_notice_url: str = ""
    wallet_credit_url: str = ""
    wallet_app_key: str = Field(default="", max_length=255)
    wallet_secret: SecretStr = SecretStr("")

    @field_validator("database_url")
    @classmethod
    def _database_of_a_known_engine(cls, value: str) -> str:
        return _async_url(value) if value else value

    @field_validator("redis_url")
    @classmethod
    def _redis_address(cls, value: str) -> str:
        if value and urlsplit(value).scheme not in {"redis", "rediss", "unix"}:
            raise ValueError("must start with redis://, rediss:// or unix://")
        return value

    @field_validator(
        "base_url", "topup_url", "wallet_url", "wallet_debit_url", "wallet_notice_url", "wallet_credit_url"
    )
    @classmethod
    def _web_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in {"http", "https"} or not parts.hostname):
            raise ValueError("must be a full address such as https://windfall.example.com")
        return value.rstrip("/")

    @field_validator("secret_key")
    @classmethod
    def _key_of_32_bytes(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value():
            _decoded_key(value.get_secret_value())
        return value

    @field_validator(*WALLET_NEEDS)
    @classmethod
    def _what_the_wallet_needs(cls, value: str | SecretStr, info: ValidationInfo) -> str | SecretStr:
        wallet = info.data.get("wallet")
        if not value and wallet in WALLET_NEEDS[info.field_name or ""]:
            raise ValueError(f"is missing: {PREFIX}WALLET is {wallet}")
        return value

    @model_validator(mode="after")
    def _fill_in(self) -> Self:
        fill = object.__setattr__  # frozen: these defaults depend on other settings
        if not self.database_url:
            fill(self, "database_url", f"sqlite+aiosqlite:///{self.var / 'windfall.db'}")
        if not self.base_url:
            fill(self, "base_url", f"http://{self.host}:{self.port}")
        return self

    @property
    def embeds_redis(self) -> bool:
        """Whether the Redis-compatible server is our own process."""
        return not self.redis_url

    @property
    def redis_dir(self) -> Path:
        return self.var / "redis"

    @property
    def key_file(self) -> Path:
        return self.var / "secret.key"

    @property
    def demo_file(self) -> Path:
        return self.var / "demo.json"

    @property
    def redis_address(self) -> str:
        return self.redis_url or f"unix://{socket_for(self.redis_dir)}"

    @property
    def own_url(self) -> str:
        """Where this machine reaches the API, whatever its public address is."""
        return f"http://{self.host}:{self.port}"

    @property
    def demo_mall_port(self) -> int:
        return self.port + 1

    @property
    def supplier_port(self) -> int:
        return self.port + 2

    @property
    def demo_mall_url(self) -> str:
        return f"http://{self.host}:{self.demo_mall_port}"

    @property
    def supplier_url(self) -> str:
        return f"http://{self.host}:{self.supplier_port}"

    def key(self) -> bytes:
        """The 32-byte key-encryption key; in development it is made once and kept in `var/secret.key` (0600).

        Raises SettingsError in production when it is missing, typed by hand, or the development key.
        """
        given = self.secret_key.get_secret_value()
        if self.environment == "production":
            return _production_key(given, self.key_file)
        return _decoded_key(given or _development_key(self.key_file))


def child_environment(**changes: str) -> dict[str, str]:
    """This process's environment with settings changed, for a child; names without the prefix."""
    return {**os.environ, **{PREFIX + name.upper(): value for name, value in changes.items()}}


def load_settings() -> Settings:
    """Read the environment; a broken setting raises SettingsError, one sentence naming the variable."""
    try:
        settings = Settings()
    except ValidationError as error:
        raise SettingsError(_sentence(error)) from None
    try:
        settings.key()
    except OSError as error:
        raise SettingsError(f"WINDFALL_VAR {settings.var} cannot be used: {error.strerror}.") from None
    except ValueError:
        raise SettingsError(f"{settings.key_file} is damaged: it must hold base64 of {KEY_BYTES} bytes.") from None
    return settings


def _sentence(error: ValidationError) -> str:
    first = error.errors()[0]
    name = PREFIX + "_".join(str(part) for part in first["loc"]).upper()
    reason = first["msg"].removeprefix("Value error, ")
    return f"{name} cannot be used: {reason[:1].lower()}{reason[1:]}."


def _async_url(value: str) -> str:
    """The same address with the asynchronous driver of its engine."""
    try:
        url = make_url(value)
    except ArgumentError:
        raise ValueError("must be an address such as postgresql://user@host/windfall") from None
    if url.get_backend_name() not in ENGINES:
        raise ValueError("must be of PostgreSQL or SQLite")
    return url.set(drivername=ENGINES[url.get_backend_name()]).render_as_string(hide_password=False)


def _decoded_key(text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError(f"must be base64 of exactly {KEY_BYTES} bytes")
    return key


def _development_key(kept: Path) -> str:
    """The key in this file; made now when there is none, by whichever process comes first."""
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        fresh = kept.with_name(f"{kept.name}.{os.getpid()}")
        fresh.touch(mode=0o600)
        fresh.write_text(base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode())
        with suppress(FileExistsError):
            kept.hardlink_to(fresh)
        fresh.unlink()
    return kept.read_text().strip()


def _production_key(given: str, development: Path) -> bytes:
    if not given:
        raise SettingsError("WINDFALL_SECRET_KEY is missing: production needs base64 of 32 random bytes.")
    key = _decoded_key(given)
    if len(set(key)) < DISTINCT_KEY_BYTES_MIN:
        raise SettingsError("WINDFALL_SECRET_KEY cannot be used: it is not random.")
    if development.exists() and development.read_text().strip() == given:
        raise SettingsError("WINDFALL_SECRET_KEY cannot be used: it is the development key.")
    return key
