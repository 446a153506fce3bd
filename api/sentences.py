"""Failures of a process that people can act on."""

from __future__ import annotations


class Failure(Exception):
    """What was asked did not happen; the message is one sentence, and no traceback makes it clearer."""
