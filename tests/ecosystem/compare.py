"""Where two tellings of a scenario differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final


class _Nothing:
    def __repr__(self) -> str:
        return "nothing"


#: What is not there.
NOTHING: Final = _Nothing()


@dataclass(frozen=True)
class Difference:
    """One place where they differ."""

    #: ``roots.0.children.1.output``: names and numbers.
    path: str
    official: Any
    ours: Any


def differences(official: Any, ours: Any, path: str = "") -> Iterator[Difference]:
    """Yield every place where two values differ, as deep as both go."""
    if isinstance(official, dict) and isinstance(ours, dict):
        for key in sorted(official.keys() | ours.keys()):
            below = f"{path}.{key}" if path else key
            yield from differences(official.get(key, NOTHING), ours.get(key, NOTHING), below)
    elif isinstance(official, list) and isinstance(ours, list):
        for index in range(max(len(official), len(ours))):
            there = official[index] if index < len(official) else NOTHING
            here = ours[index] if index < len(ours) else NOTHING
            yield from differences(there, here, f"{path}.{index}")
    elif official != ours or type(official) is not type(ours):
        yield Difference(path, official, ours)
