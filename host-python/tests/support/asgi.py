"""An ASGI server's side of one connection, without the server."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import anyio

Message = dict[str, Any]
Scope = dict[str, Any]
App = Callable[[Any, Any, Any], Awaitable[None]]


def http_scope(path: str = "/", **fields: Any) -> Scope:
    """A scope as a server makes it; ``fields`` replace or add to it."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(errors="surrogatepass"),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"api.example")],
        "client": ("10.0.0.7", 40000),
        "server": ("127.0.0.1", 8000),
    } | fields


def websocket_scope(path: str = "/", **fields: Any) -> Scope:
    scope = http_scope(path, type="websocket", scheme="ws", subprotocols=[])
    del scope["method"]
    return scope | fields


def request(*chunks: bytes) -> list[Message]:
    """The messages of a request body that comes in these chunks."""
    last = max(len(chunks) - 1, 0)
    return [
        {"type": "http.request", "body": chunk, "more_body": index < last}
        for index, chunk in enumerate(chunks or (b"",))
    ]


def start(status: int = 200, *headers: tuple[bytes, bytes], **fields: Any) -> Message:
    return {"type": "http.response.start", "status": status, "headers": list(headers)} | fields


def body(chunk: bytes = b"", *, more: bool = False) -> Message:
    return {"type": "http.response.body", "body": chunk, "more_body": more}


DISCONNECT: Message = {"type": "http.disconnect"}


class Peer:
    """Hands out ``incoming``, and then nothing more; keeps what is sent."""

    def __init__(self, incoming: Iterable[Any] = ()) -> None:
        self._incoming = deque(incoming)
        self.sent: list[Any] = []

    async def receive(self) -> Any:
        if not self._incoming:
            await anyio.sleep_forever()
        return self._incoming.popleft()

    async def send(self, message: Any) -> None:
        self.sent.append(message)


async def exchange(app: App, scope: Scope | None = None, incoming: Iterable[Any] | None = None) -> list[Any]:
    """Run the app on one connection, and return what it sent."""
    peer = Peer(request() if incoming is None else incoming)
    await app(http_scope() if scope is None else scope, peer.receive, peer.send)
    return peer.sent


def answering(*messages: Any, reads: bool = True) -> App:
    """An app that reads the request body, and answers with exactly these messages."""

    async def app(scope: Scope, receive: Any, send: Any) -> None:
        more = reads
        while more:
            message = await receive()
            more = message["type"] == "http.request" and message.get("more_body", False)
        for message in messages:
            await send(message)

    return app


OK = answering(start(200, (b"content-type", b"text/plain")), body(b"hello"))
