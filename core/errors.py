"""Refusals: what the service will not do, as typed exceptions that carry their facts."""

from __future__ import annotations

from typing import Any, ClassVar


class Refusal(Exception):
    """Something was asked that the rules do not allow; nothing was changed.

    A subclass names its code in its class statement, says in its docstring what happened, and takes its facts as
    keyword arguments. It knows no HTTP: `api.problems` gives every code its status and its words.
    """

    code: ClassVar[str] = ""
    registry: ClassVar[dict[str, type[Refusal]]] = {}

    def __init_subclass__(cls, *, code: str, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if code in Refusal.registry:
            raise TypeError(f"refusal code {code!r} is taken by {Refusal.registry[code].__name__}")
        cls.code = code
        Refusal.registry[code] = cls

    def __init__(self, **facts: Any) -> None:
        super().__init__(self.__doc__)
        self.facts = facts

    def __str__(self) -> str:
        said = ", ".join(f"{name}={value!r}" for name, value in self.facts.items())
        return f"{self.code}: {said}" if said else self.code


class NotFound(Refusal, code="not-found"):
    """No such thing, or it is not yours to see."""

    def __init__(self, *, noun: str) -> None:
        super().__init__(noun=noun)


class InvalidField(Refusal, code="invalid-field"):
    """One or more fields hold what cannot be accepted; each error names its field and the reason."""

    def __init__(self, *errors: tuple[str, str]) -> None:
        super().__init__(errors=[{"field": field, "reason": reason} for field, reason in errors])


class Unavailable(Refusal, code="unavailable"):
    """Something needed to answer truthfully is away for the moment; asking again with the same key is safe."""

    def __init__(self, *, reason: str, retry_after_seconds: int = 1) -> None:
        super().__init__(reason=reason, retry_after_seconds=retry_after_seconds)
