"""What the demo mall must know: where Windfall is, and the key and secret it was given."""

from __future__ import annotations

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class MallSettings(BaseSettings):
    """Each from `DEMO_MALL_<NAME>`; `campaigns` is JSON, a name of our choosing to a campaign's id."""

    model_config = SettingsConfigDict(env_prefix="DEMO_MALL_", extra="ignore", frozen=True)

    host: str = "127.0.0.1"
    port: int = Field(default=8001, ge=1, le=65_535)
    windfall_url: str
    key: str
    secret: SecretStr
    campaigns: dict[str, str] = Field(default_factory=dict)
