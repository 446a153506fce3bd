"""Why somebody does not come in."""

from __future__ import annotations

from core.errors import Refusal


class NotSignedIn(Refusal, code="not-signed-in"):
    """No bearer token came, or it is unknown or has expired."""


class NotAllowed(Refusal, code="not-allowed"):
    """The operator's role does not include this."""

    def __init__(self, *, role: str, needed: list[str]) -> None:
        super().__init__(role=role, needed=needed)


class WrongPassword(Refusal, code="wrong-password"):
    """No operator has this e-mail address and password."""


class TooManyAttempts(Refusal, code="too-many-attempts"):
    """Too many wrong passwords from one place; later ones are not looked at."""

    def __init__(self, *, retry_after_seconds: int) -> None:
        super().__init__(retry_after_seconds=retry_after_seconds)


class LaunchTokenInvalid(Refusal, code="launch-token-invalid"):
    """A launch token is malformed, not signed by the mall it names, meant for another place, or not of this moment."""

    def __init__(self, *, reason: str) -> None:
        super().__init__(reason=reason)


class LaunchTokenUsed(Refusal, code="launch-token-used"):
    """A launch token was exchanged before; each is good for one session."""
