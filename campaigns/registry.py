"""Finds the games: every folder of `campaigns/` whose `game.py` says GAME."""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Mapping
from functools import cache

import campaigns
from campaigns.game import AnyGame, Game, Template, Text
from core.errors import Refusal


class UnknownGame(Refusal, code="unknown-game"):
    """There is no game of that name."""

    def __init__(self, *, game: str) -> None:
        super().__init__(game=game)


class UnknownTemplate(Refusal, code="unknown-template"):
    """The game has no template of that name."""

    def __init__(self, *, game: str, template: str) -> None:
        super().__init__(game=game, template=template)


@cache
def games() -> Mapping[str, AnyGame]:
    found: dict[str, AnyGame] = {}
    for module in pkgutil.iter_modules(campaigns.__path__):
        if not module.ispkg:
            continue
        game = importlib.import_module(f"campaigns.{module.name}.game").GAME
        if not isinstance(game, Game) or game.key != module.name:
            raise TypeError(f"campaigns/{module.name}/game.py must say GAME = Game(key={module.name!r}, …)")
        found[game.key] = game
    return found


def game(key: str) -> AnyGame:
    if key not in games():
        raise UnknownGame(game=key)
    return games()[key]


@cache
def templates(key: str) -> tuple[Template, ...]:
    """The game's templates, in the order of their keys."""
    return tuple(_template(path.read_text("utf-8")) for path in sorted((game(key).folder / "templates").glob("*.json")))


def template(key: str, name: str) -> Template:
    for known in templates(key):
        if known.key == name:
            return known
    raise UnknownTemplate(game=key, template=name)


def _template(text: str) -> Template:
    told = json.loads(text)
    return Template(
        key=told["key"],
        version=told["version"],
        title=Text.model_validate(told["title"]),
        summary=Text.model_validate(told["summary"]),
        draft=told["draft"],
    )
