"""All that an exporter has written, and what can be read in it."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from .kinds import SHORTEST, SHORTEST_NUMBER, Secret

Event = dict[str, Any]

#: Letters and digits that are enough to be part of a secret.
_RUN: Final = re.compile(rb"[0-9A-Za-z]{%d,}" % SHORTEST)

_ESCAPE: Final = re.compile(rb"\\+u00([0-7][0-9A-Fa-f])")
_PERCENT: Final = re.compile(rb"%(?:25)*([2-7][0-9A-Fa-f])")
_BETWEEN_DIGITS: Final = re.compile(rb"(?<=\d)[ .:+-](?=\d)")

#: JSON is planted in so many strings at most, and is in strings itself where it is written.
_LEVELS: Final = 6


class Index:
    """Finds in bytes which of many secrets they show, or parts of."""

    def __init__(self, secrets: Iterable[Secret]) -> None:
        self._by_part: dict[bytes, Secret] = {}
        for secret in secrets:
            for part in secret.parts():
                known = self._by_part.setdefault(part.encode(), secret)
                assert known is secret, f"{part} is in two secrets"

    def shown(self, output: bytes) -> set[Secret]:
        """Those of which something is in the bytes, as they are, or behind escapes, or with what parts digits."""
        found: set[Secret] = set()
        for run in self._runs(output):
            for length in (SHORTEST, SHORTEST_NUMBER):
                for at in range(len(run) - length + 1):
                    if secret := self._by_part.get(run[at : at + length]):
                        found.add(secret)
        return found

    @staticmethod
    def _runs(output: bytes) -> set[bytes]:
        runs = set(_RUN.findall(output))
        for escape in (*[_ESCAPE] * _LEVELS, _PERCENT):
            if escape.search(output):
                output = escape.sub(lambda found: bytes([int(found[1], 16)]), output)
                runs.update(_RUN.findall(output))
        runs.update(_RUN.findall(_BETWEEN_DIGITS.sub(b"", output.replace(b"\0", b""))))
        return runs


def bodies(event: Event) -> Iterator[dict[str, Any]]:
    """The bodies of an event."""
    return (event[direction]["body"] for direction in ("request", "response") if event[direction])


def decoded(events: Iterable[Event]) -> Iterator[bytes]:
    """What is in the bodies of events that does not stand in their JSON as it is."""
    for event in events:
        for body in bodies(event):
            head, tail = body["head"], body["tail"]
            if body["encoding"] == "base64":
                yield base64.b64decode(head) + b" " + base64.b64decode(tail)
            # Where nothing is left out, what is cut in two here is one text.
            yield f"{head}{tail}".encode("utf-8", "replace")
            yield streamed(head).encode("utf-8", "replace")
            yield streamed(tail).encode("utf-8", "replace")


def streamed(text: str) -> str:
    """What a model's answer says, whose parts are in the events of a stream."""
    said = []
    for line in text.splitlines():
        try:
            said.append(json.loads(line.removeprefix("data: "))["choices"][0]["delta"]["content"])
        except (ValueError, LookupError, TypeError):
            continue
    return "".join(said)


def strictly(text: str) -> Any:
    """The value of a text that is JSON; fails if it is none, or only nearly."""

    def refuse(name: str) -> Mapping[str, Any]:
        raise ValueError(f"{name} is no JSON")

    return json.loads(text, parse_constant=refuse)
