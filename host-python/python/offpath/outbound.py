"""What the instrumentations of HTTP clients share: putting functions in the place of others, and taking them back."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any, Protocol

from ._native import logger


class Calls(Protocol):
    """What begins the exchanges of a client library."""

    def stop(self) -> None:
        """Begin no more."""


class Instrumentation:
    """The functions of a client library that stand in the place of its own, as long as they do."""

    def __init__(self) -> None:
        self._replaced: list[tuple[type, str, Any, Any]] = []
        self._calls: list[Calls] = []

    @property
    def active(self) -> bool:
        """Whether there are any."""
        return bool(self._replaced)

    def use(self, calls: Calls) -> None:
        """Have what begins exchanges stopped with the rest."""
        self._calls.append(calls)

    def replace(self, owner: type, name: str, make: Callable[[Any], Any]) -> None:
        """Put what ``make`` makes of a method in its place, for all classes below, too."""
        original = owner.__dict__[name]
        replacement = make(original)
        setattr(owner, name, replacement)
        self._replaced.append((owner, name, original, replacement))

    def undo(self) -> None:
        """Put everything back.

        Where another library has wrapped the replacement meanwhile, it stays beneath, and passes everything through.
        """
        for calls in self._calls:
            calls.stop()
        for owner, name, original, replacement in reversed(self._replaced):
            if owner.__dict__.get(name) is replacement:
                setattr(owner, name, original)
        self._replaced.clear()
        self._calls.clear()


def installed(names: Iterable[str], caller: str) -> list[ModuleType]:
    """Import those of the modules that there are.

    Raises:
        ImportError: there is none of them.
    """
    names = list(names)
    found: list[ModuleType] = []
    for name in names:
        if importlib.util.find_spec(name) is None:
            continue
        module = importlib.import_module(name)
        # One may be another name of the other.
        if module not in found:
            found.append(module)
    if not found:
        raise ImportError(f"{caller} needs {' or '.join(names)}: pip install {names[0]}")
    return found


def missing(owner: type, methods: Iterable[str]) -> bool:
    """Whether a class lacks a method that is to be replaced; a person is told."""
    lacking = [name for name in methods if name not in owner.__dict__]
    for name in lacking:
        logger.warning(
            "offpath: %s.%s has no %s in this version, so its calls are not recorded",
            owner.__module__,
            owner.__qualname__,
            name,
        )
    return bool(lacking)
