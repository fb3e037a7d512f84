"""The corpus as it is on disk: exchanges of official clients, each with what offpath is to say of it.

A file ``corpus/<family>/<case>.json`` holds:

- ``shows``: what the case is there for
- ``client``: the package that asked, and its version
- ``request``: ``host`` is the one that is asked in production; ``body`` is text, or ``{"base64": …}``
- ``response``: ``chunks`` are the pieces of the body as they were sent
- ``ending``: absent, the response ended with them; ``cut``: the connection was cut after them; ``client_left``: the client
  went when it had them, though the response had not ended
- ``expected``: ``llm`` and ``error`` of the event; null: it is no business of a model's. What is not named there is not
  expected. Of an error, a type or message that is null is one that the API does not tell
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

CORPUS: Final = Path(__file__).parent / "corpus"


@dataclass(frozen=True)
class Recorded:
    """One exchange."""

    #: Family and case.
    name: str
    shows: str
    method: str
    path: str
    query: str
    host: str
    headers: list[tuple[str, str]]
    body: bytes
    status: int
    response_headers: list[tuple[str, str]]
    chunks: list[bytes]
    cut: bool
    client_leaves: bool
    expected: dict[str, Any] | None

    @property
    def family(self) -> str:
        """The folder that it is in."""
        return self.name.partition("/")[0]

    @property
    def target(self) -> str:
        """Path and query."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def size(self) -> int:
        """How many bytes the response's body has."""
        return sum(map(len, self.chunks))


def load() -> list[Recorded]:
    """Read the whole corpus."""
    return [_recorded(file) for file in sorted(CORPUS.glob("*/*.json"))]


def _recorded(file: Path) -> Recorded:
    told = json.loads(file.read_text(encoding="utf-8"))
    request, response = told["request"], told["response"]
    return Recorded(
        name=f"{file.parent.name}/{file.stem}",
        shows=told["shows"],
        method=request["method"],
        path=request["path"],
        query=request["query"],
        host=request["host"],
        headers=[(name, value) for name, value in request["headers"]],
        body=_content(request["body"]),
        status=response["status"],
        response_headers=[(name, value) for name, value in response["headers"]],
        chunks=[_content(chunk) for chunk in response["chunks"]],
        cut=told.get("ending") == "cut",
        client_leaves=told.get("ending") == "client_left",
        expected=told["expected"],
    )


def _content(told: Any) -> bytes:
    return told.encode() if isinstance(told, str) else base64.b64decode(told["base64"])
