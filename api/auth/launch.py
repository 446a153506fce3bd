"""Launch tokens: how a mall's server vouches for a member, once, for two minutes at most.

A launch token is a JWT signed with HS256 under the mall's secret. Required claims: `iss` (the mall's key), `sub` (the
mall's pseudonym for the member), `aud` (our public address), `iat`, `exp` (at most 120 s later), `jti` (never reused).
Optional: `campaign` (the only campaign the session may play), `attributes` (small facts about the member; a campaign's
audience asks for `tier`, `segments` and `registered_at`), `origin`, `device` (the mall's own id of the member's device, of which
only a keyed digest is kept, and velocity rules count).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import jwt
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictInt, StrictStr
from pydantic import ValidationError as ClaimsError
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth.malls import mall_by_key, secrets_of
from api.auth.models import JTI_CHARS_MAX, Mall
from api.auth.refusals import LaunchTokenInvalid
from campaigns.models import SUB_CHARS_MAX
from core.clock import from_ms
from core.sealing import Sealer

ALGORITHM = "HS256"
TOKEN_CHARS_MAX = 4096
LIFETIME_SECONDS_MAX = 120
SKEW_SECONDS = 30
ATTRIBUTES_MAX = 20
NAMES_MAX = 50
REQUIRED = ["iss", "sub", "aud", "iat", "exp", "jti"]
INSTANT_MAX = 4_102_444_800  # 2100-01-01


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("must be printable")
    return text


def _whole_seconds(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or not -INSTANT_MAX <= value <= INSTANT_MAX:
        raise ValueError("must be seconds since 1970")
    return int(value)


ShortText = Annotated[StrictStr, Field(min_length=1, max_length=64), AfterValidator(_printable)]
Instant = Annotated[int, BeforeValidator(_whole_seconds), Field(ge=0, le=INSTANT_MAX)]
Names = Annotated[list[ShortText], Field(max_length=NAMES_MAX)]
Fact = Annotated[StrictStr, Field(max_length=200), AfterValidator(_printable)] | StrictInt | StrictBool | Names | None


class LaunchClaims(BaseModel):
    """What a launch token says, once its signature is proven."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    iss: ShortText
    sub: Annotated[StrictStr, Field(min_length=1, max_length=SUB_CHARS_MAX), AfterValidator(_printable)]
    iat: Instant
    exp: Instant
    jti: Annotated[StrictStr, Field(min_length=1, max_length=JTI_CHARS_MAX), AfterValidator(_printable)]
    campaign: UUID | None = None
    attributes: Annotated[dict[ShortText, Fact], Field(max_length=ATTRIBUTES_MAX)] = {}
    origin: Annotated[StrictStr, Field(max_length=255), AfterValidator(_printable)] | None = None
    device: Annotated[StrictStr, Field(min_length=1, max_length=255), AfterValidator(_printable)] | None = None

    @property
    def unusable_after(self) -> datetime:
        """Until then the token's id must be remembered."""
        return from_ms((self.exp + SKEW_SECONDS) * 1000) + timedelta(seconds=1)


async def prove(
    session: AsyncSession, token: str, *, audience: str, sealer: Sealer, now: datetime
) -> tuple[Mall, LaunchClaims]:
    """The mall that signed the token, and what it says; LaunchTokenInvalid with the reason when it proves nothing.

    Keys come from our store alone, by `iss` and `kid`; whatever else the header points to (jku, x5u, jwk) is ignored.
    """
    if len(token) > TOKEN_CHARS_MAX:
        raise LaunchTokenInvalid(reason="too-long")
    header, issuer = _unproven(token)
    mall = await mall_by_key(session, issuer)
    if mall is None:
        raise LaunchTokenInvalid(reason="unknown-issuer")
    secrets = secrets_of(mall, sealer)
    kid = header.get("kid")
    candidates = [secret for known, secret in secrets.items() if kid is None or known == kid]
    claims = _claims(_signed_payload(token, candidates, audience=audience, issuer=mall.key))
    _of_this_moment(claims, now)
    if claims.origin is not None and claims.origin not in mall.allowed_origins:
        raise LaunchTokenInvalid(reason="origin-not-allowed")
    return mall, claims


def _unproven(token: str) -> tuple[dict[str, Any], str]:
    """The header and the claimed issuer, which say only where to look for the key."""
    try:
        unproven = jwt.decode_complete(token, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise LaunchTokenInvalid(reason="malformed") from None
    header, issuer = unproven["header"], unproven["payload"].get("iss")
    if header.get("alg") != ALGORITHM:
        raise LaunchTokenInvalid(reason="algorithm-not-allowed")
    if not isinstance(issuer, str) or not 0 < len(issuer) <= 64 or not issuer.isprintable():  # noqa: PLR2004
        raise LaunchTokenInvalid(reason="unknown-issuer")
    return header, issuer


def _signed_payload(token: str, secrets: list[str], *, audience: str, issuer: str) -> dict[str, Any]:
    for secret in secrets:
        try:
            return jwt.decode(
                token,
                secret,
                algorithms=[ALGORITHM],
                audience=audience,
                issuer=issuer,
                # time is judged by our own clock below
                options={
                    "require": REQUIRED,
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
        except jwt.InvalidSignatureError:
            continue
        except jwt.InvalidAudienceError:
            raise LaunchTokenInvalid(reason="wrong-audience") from None
        except jwt.MissingRequiredClaimError as error:
            raise LaunchTokenInvalid(reason=f"missing-{error.claim}") from None
        except (jwt.PyJWTError, ValueError):
            raise LaunchTokenInvalid(reason="malformed") from None
    raise LaunchTokenInvalid(reason="wrong-signature")


def _claims(payload: dict[str, Any]) -> LaunchClaims:
    try:
        return LaunchClaims.model_validate(payload)
    except ClaimsError as error:
        field = error.errors()[0]["loc"][0]
        raise LaunchTokenInvalid(reason=f"invalid-{field}") from None


def _of_this_moment(claims: LaunchClaims, now: datetime) -> None:
    seconds = now.timestamp()
    if claims.exp <= claims.iat or claims.exp - claims.iat > LIFETIME_SECONDS_MAX:
        raise LaunchTokenInvalid(reason="lives-too-long")
    if claims.iat > seconds + SKEW_SECONDS:
        raise LaunchTokenInvalid(reason="not-yet-valid")
    if claims.exp <= seconds - SKEW_SECONDS:
        raise LaunchTokenInvalid(reason="expired")
