"""What a client made of an answer: in no API's form, so that it can be held against what offpath is to make of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Heard:
    """An answer as a client understood it; of what it does not tell, nothing is here."""

    #: By the choice's index.
    texts: dict[int, str] = field(default_factory=dict)
    reasoning: dict[int, str] = field(default_factory=dict)
    refusals: dict[int, str] = field(default_factory=dict)
    finish: dict[int, str] = field(default_factory=dict)
    #: Names and arguments, by the choice's index and the call's.
    calls: dict[int, dict[int, list[str]]] = field(default_factory=dict)
    id: str | None = None
    model: str | None = None
    total: int | None = None
    #: What it raised.
    raised: str | None = None

    def text(self, index: int, text: str | None) -> None:
        """Add to what a choice says."""
        if text:
            self.texts[index] = self.texts.get(index, "") + text

    def thought(self, index: int, text: str | None) -> None:
        """Add to what it thinks."""
        if text:
            self.reasoning[index] = self.reasoning.get(index, "") + text

    def refused(self, index: int, text: str | None) -> None:
        """Add to why it refuses."""
        if text:
            self.refusals[index] = self.refusals.get(index, "") + text

    def call(self, index: int, number: int, name: str | None, arguments: Any) -> None:
        """Add to a call: text as it comes, or arguments that the client has read."""
        call = self.calls.setdefault(index, {}).setdefault(number, ["", ""])
        call[0] += name or ""
        call[1] += arguments if isinstance(arguments, str) else json.dumps(arguments) if arguments else ""

    def ended(self, index: int, reason: Any) -> None:
        """Say why a choice ended."""
        if reason:
            self.finish[index] = str(getattr(reason, "value", reason))


#: Asks at a URL.
Ask = Callable[[str], Heard]


def asking(ask: Callable[[str, Heard], None]) -> Ask:
    """Ask, and note what was heard, if only that the client raised."""

    def asked(url: str) -> Heard:
        heard = Heard()
        try:
            ask(url, heard)
        except Exception as error:  # noqa: BLE001 - what clients raise is theirs, and is compared
            heard.raised = f"{type(error).__name__}: {error}"[:500]
        return heard

    return asked
