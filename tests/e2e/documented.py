"""The examples of a document: rules, and what they make of an exchange.

A heading, a block of ``toml``, and maybe a block of ``diff`` that shows one exchange: lines with ``-`` as it came, those
with ``+`` as it is stored, all others both ways. A block of ``json`` below says what else the event is to have.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Any

_BLOCK = re.compile(r"^(?:(#+) ([^\n]+)|```(\w+)\n(.*?)^```)$", re.MULTILINE | re.DOTALL)
_STATUS = re.compile(r"^status (\d+)$")


@dataclass
class Part:
    """Request or response: headers, and the body's text."""

    headers: list[tuple[str, str]] = field(default_factory=list)
    body: str = ""

    @classmethod
    def of(cls, lines: list[str]) -> Part:
        """Read the lines below the first."""
        headers = list(takewhile(bool, lines))
        pairs = [(name, value) for name, _, value in (header.partition(": ") for header in headers)]
        return cls(pairs, "\n".join(lines[len(headers) + 1 :]))

    @classmethod
    def stored(cls, message: dict[str, Any]) -> Part:
        """Read what an event says."""
        return cls([(name, value) for name, value in message["headers"]], _shown(message["body"]))


@dataclass
class Exchange:
    """An exchange as people read it."""

    method: str
    url: str
    status: int
    request: Part
    response: Part

    @classmethod
    def of(cls, lines: list[str]) -> Exchange:
        """Read one side of a diff."""
        [(at, status)] = [
            (at, int(found[1])) for at, line in enumerate(lines) if (found := _STATUS.match(line)) is not None
        ]
        method, _, url = lines[0].partition(" ")
        return cls(method, url, status, Part.of(lines[1:at]), Part.of(lines[at + 1 :]))

    @classmethod
    def stored(cls, event: dict[str, Any]) -> Exchange:
        """Read what an event says."""
        query = f"?{event['query']}" if event["query"] else ""
        url = f"{event['scheme']}://{event['host']}{event['path']}{query}"
        parts = [Part.stored(event[side]) for side in ("request", "response")]
        return cls(event["method"], url, event["status"], *parts)

    def har(self) -> dict[str, Any]:
        """The exchange as a browser saves it."""
        request, response = self.request, self.response
        entry: dict[str, Any] = {
            "startedDateTime": "2026-11-20T08:00:00.000Z",
            "time": 12.5,
            "request": {"method": self.method, "url": self.url, "headers": _pairs(request)},
            "response": {
                "status": self.status,
                "headers": _pairs(response),
                "content": {"text": response.body, "mimeType": _type(response)},
            },
        }
        if request.body:
            entry["request"]["postData"] = {"text": request.body, "mimeType": _type(request)}
        return {"log": {"version": "1.2", "entries": [entry]}}


@dataclass
class Example:
    """Rules, and maybe an exchange under them."""

    heading: str
    line: int
    rules: str
    diff: list[str] | None = None
    #: What else the event says.
    event: dict[str, Any] = field(default_factory=dict)

    @property
    def before(self) -> Exchange:
        """The exchange as it came."""
        return Exchange.of(self._side("-"))

    @property
    def after(self) -> Exchange | None:
        """The exchange as it is stored; None if it is not."""
        lines = self._side("+")
        return Exchange.of(lines) if lines else None

    def _side(self, sign: str) -> list[str]:
        assert self.diff is not None
        return [line[1:] for line in self.diff if line[:1] in ("", " ", sign)]


def examples(document: Path) -> Iterator[Example]:
    """Read the examples in their order."""
    text = document.read_text(encoding="utf-8")
    heading, last = "", None
    for block in _BLOCK.finditer(text):
        _, title, language, content = block.groups()
        if title:
            if last:
                yield last
            heading, last = title, None
        elif language == "toml":
            if last:
                yield last
            last = Example(heading, text.count("\n", 0, block.start()) + 1, content)
        elif language == "diff" and last:
            last.diff = content.splitlines()
        elif language == "json" and last:
            last.event = json.loads(content)
    if last:
        yield last


def _pairs(part: Part) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in part.headers]


def _type(part: Part) -> str:
    return next((value for name, value in part.headers if name == "content-type"), "")


def _shown(body: dict[str, Any]) -> str:
    """The text of a stored body, with a line in the place of what was left out."""
    omitted = body["size"] - body["kept"]
    if body.get("withheld"):
        return f"… {body['size']:,} bytes withheld: {body['withheld']} …"
    if body.get("content_type"):
        digest = f", {body['digest']}" if body.get("digest") else ""
        return f"… {body['content_type']}, {body['size']:,} bytes …{digest}"
    head, tail = body["head"], body["tail"]
    if omitted == 0:
        return f"{head}{tail}"
    # JSON says itself what was left out of it.
    gap = "" if body.get("json") else f"… {omitted:,} bytes left out …"
    return "\n".join(part for part in (head, gap, tail) if part)
