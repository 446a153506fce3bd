"""What every command that works on the house itself does first."""

from __future__ import annotations

import logging
import sys

from api.settings import Settings, load_settings
from core.log import configure_logging


def prepared() -> Settings:
    """The settings, once logs go where logs belong: standard error, so that answers have standard output to themselves."""
    settings = load_settings()
    configure_logging(level=settings.log_level, json_lines=not sys.stderr.isatty())
    for chatty in ("uvicorn", "alembic"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, logging.getLogger().level))
    return settings
