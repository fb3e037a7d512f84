"""Waiting for a condition, with patience instead of sleeps of a guessed length."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

#: Seconds until a condition counts as never coming true. Far more than any needs on a machine that is not stuck.
PATIENCE = 30.0
_PAUSE = 0.01


def eventually(condition: Callable[[], T], what: str) -> T:
    """Return the first truthy result of ``condition``; fail if none comes."""
    end = time.monotonic() + PATIENCE
    while not (result := condition()):
        if time.monotonic() >= end:
            raise AssertionError(f"not within {PATIENCE:.0f} s: {what}")
        time.sleep(_PAUSE)
    return result
