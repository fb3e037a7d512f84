"""The corpus: exchanges as files that say what happens and which event that must give.

A file holds one JSON object:

- ``shows``: what the case is there for, in a sentence
- ``config``: offpath's configuration; the case's name becomes the service's
- ``route``: the template under which the app serves it, which is the name of Envoy's route; absent: it has none
- ``request``: ``method``, ``target``, ``headers``, ``chunks``. Header values are text of ISO 8859-1
- ``response``: ``status``, ``headers``, ``chunks``; ``unsent``: chunks that the app hands over and the server does not
  send; absent: the client leaves before there is one
- ``takes_ms``: how long the app waits before it answers
- ``client_leaves``: the client goes when all of these chunks have passed, although more were to come
- ``answered_early``: the app answers without asking for the body, which never comes
- ``websocket``: in place of both's chunks: ``messages``, each the ``client``'s or the ``server``'s, or a ``ping``;
  ``close``: who closes with which code; ``subprotocol``. An empty one is refused, with the response
- ``event``: what the event's JSON must contain; null: nothing is recorded

A chunk or a message is text, or ``{"base64": …}``. A message that is a list is sent in fragments, and one that is no text
is binary. Anywhere may stand ``{"repeat": …, "times": …}``, a text or a list of what is repeated, and ``{"join": […]}``.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

CORPUS: Final = Path(__file__).parent / "corpus"

#: What every request is sent to.
HOST: Final = b"api.example"

#: The path of markers, which no rule of the corpus is for.
MARKER: Final = "/marker"

_KEYS: Final = frozenset(
    [
        "shows",
        "config",
        "route",
        "takes_ms",
        "request",
        "response",
        "client_leaves",
        "answered_early",
        "websocket",
        "event",
    ]
)

Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Message:
    """One message of a websocket session."""

    sender: str
    text: bool
    fragments: list[bytes]

    @property
    def payload(self) -> bytes:
        """All of it."""
        return b"".join(self.fragments)


@dataclass(frozen=True)
class WebSocket:
    """What passes on a websocket that was accepted."""

    messages: list[Message]
    closed_by: str
    close_code: int
    subprotocol: str


@dataclass(frozen=True)
class Case:
    """One exchange, and the event that it must give."""

    name: str
    shows: str
    config: dict[str, Any]
    event: dict[str, Any] | None
    method: str = "GET"
    target: str = "/"
    headers: Headers = field(default_factory=list)
    request: list[bytes] = field(default_factory=list)
    #: Absent if the client leaves before there is a response.
    status: int | None = None
    response_headers: Headers = field(default_factory=list)
    response: list[bytes] = field(default_factory=list)
    unsent: list[bytes] = field(default_factory=list)
    route: str | None = None
    takes_ms: int = 0
    client_leaves: bool = False
    answered_early: bool = False
    is_websocket: bool = False
    websocket: WebSocket | None = None

    @property
    def all_headers(self) -> Headers:
        """The headers of the request, with a host."""
        named = any(name.lower() == b"host" for name, _ in self.headers)
        return self.headers if named else [(b"host", HOST), *self.headers]

    @property
    def path(self) -> str:
        """The target without its query, and without a host."""
        return self.target.removeprefix(f"http://{HOST.decode()}").partition("?")[0]

    @property
    def query(self) -> str:
        """The target's query."""
        return self.target.partition("?")[2]

    def sent(self, sender: str) -> list[bytes]:
        """What the ``client`` or the ``server`` sends: the chunks of its body, or its messages."""
        if self.websocket is not None:
            return [message.payload for message in self.websocket.messages if message.sender == sender]
        return self.request if sender == "client" else self.response


def marker(case: Case) -> Case:
    """A request in the same configuration: when its event has come, so has what came before. Every rate keeps its trace."""
    headers = [(b"traceparent", f"00-{'f' * 32}-00f067aa0ba902b7-01".encode())]
    shows = "what comes behind it"
    return Case(case.name, shows, case.config, event={}, target=MARKER, headers=headers, status=204)


def load() -> list[Case]:
    """Read the whole corpus."""
    return [_case(file.stem, _read(file)) for file in sorted(CORPUS.iterdir())]


def _read(file: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"), object_hook=_written_out)
    return told


def _written_out(told: dict[str, Any]) -> Any:
    """What the short forms stand for."""
    if "repeat" in told:
        repeated = told["repeat"]
        return repeated * told["times"] if isinstance(repeated, str) else [repeated] * told["times"]
    return "".join(told["join"]) if "join" in told else told


def _case(name: str, told: dict[str, Any]) -> Case:
    request, response, websocket = told["request"], told.get("response", {}), told.get("websocket")
    if unknown := set(told) - _KEYS:
        raise ValueError(f"{name} says what a case does not have: {', '.join(sorted(unknown))}")
    return Case(
        name=name,
        shows=told["shows"],
        config=_config(name, told.get("config", {})),
        event=told["event"],
        method=request.get("method", "GET"),
        target=request["target"],
        headers=_headers(request),
        request=[_content(chunk) for chunk in request.get("chunks", [])],
        status=101 if websocket else response.get("status"),
        response_headers=_headers(response),
        response=[_content(chunk) for chunk in response.get("chunks", [])],
        unsent=[_content(chunk) for chunk in response.get("unsent", [])],
        route=told.get("route"),
        takes_ms=told.get("takes_ms", 0),
        client_leaves=told.get("client_leaves", False),
        answered_early=told.get("answered_early", False),
        is_websocket=websocket is not None,
        websocket=_websocket(websocket) if websocket else None,
    )


def _config(name: str, told: dict[str, Any]) -> dict[str, Any]:
    return {**told, "service": {**told.get("service", {}), "name": name}}


def _headers(told: dict[str, Any]) -> Headers:
    return [(name.encode("ascii"), value.encode("latin-1")) for name, value in told.get("headers", [])]


def _websocket(told: dict[str, Any]) -> WebSocket:
    ((closed_by, code),) = told["close"].items()
    messages = [_message(sender, content) for each in told["messages"] for sender, content in each.items()]
    return WebSocket(messages, closed_by, code, told.get("subprotocol", ""))


def _message(sender: str, told: Any) -> Message:
    fragments = told if isinstance(told, list) else [told]
    return Message(sender, isinstance(fragments[0], str), [_content(each) for each in fragments])


def _content(told: Any) -> bytes:
    return told.encode() if isinstance(told, str) else base64.b64decode(told["base64"])
