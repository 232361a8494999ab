"""Keeps what goes wrong in our own lines away from the program that is observed.

Agents run money; a span does not. Every block of ours stands within `quietly`, and none of the user's calls does: their
exceptions are theirs.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

logger = logging.getLogger("tracestead")

_told: set[str] = set()


@contextmanager
def quietly(what: str) -> Iterator[None]:
    """Swallows every error of the block, and tells of the first one for each `what`."""
    try:
        yield
    except Exception as error:
        if what in _told:
            logger.debug("%s failed again: %r", what, error)
            return
        _told.add(what)
        logger.warning("%s failed, the program goes on without it: %r", what, error, exc_info=True)


def forget() -> None:
    """Lets everything be told again."""
    _told.clear()
