"""Servers whose answers a test writes down beside what it expects: each test serves under a path of its own."""

from __future__ import annotations

import asyncio
import itertools
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, MutableMapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Generic, TypeVar

import uvicorn
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from .http1 import reset

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Peer = Callable[["Connection"], Awaitable[None]]
Session = Callable[[ServerConnection], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

H = TypeVar("H")

_numbers = itertools.count()


def unique(prefix: str = "") -> str:
    """A path that no other test uses."""
    return f"{prefix}/{next(_numbers)}"


class Upstream(Generic[H]):
    """A server on a port, with a handler for each path."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._handlers: dict[str, H] = {}

    def at(self, handler: H, prefix: str = "") -> str:
        """Have requests handled so; return the path to send them to, which begins with the prefix."""
        path = unique(prefix)
        self.put(path, handler)
        return path

    def put(self, path: str, handler: H) -> None:
        """Have requests to this path handled so."""
        self._handlers[path] = handler

    def handler(self, target: str) -> H:
        """What handles a request to this target."""
        return self._handlers[target.partition("?")[0]]


# --- an app in uvicorn ----------------------------------------------------------------------------------------------


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to pytest."""
        yield


@asynccontextmanager
async def apps() -> AsyncIterator[Upstream[App]]:
    """Serve ASGI apps over HTTP/1.1 by uvicorn."""
    with listening() as listener:
        upstream: Upstream[App] = Upstream(port_of(listener))

        async def dispatch(scope: Scope, receive: Receive, send: Send) -> None:
            await upstream.handler(scope["path"])(scope, receive, send)

        # Envoy uses connections again, and is not to do so in the moment in which they are closed.
        config = uvicorn.Config(
            dispatch, log_level="critical", access_log=False, lifespan="off", timeout_keep_alive=600
        )
        server = _Server(config)
        serving = asyncio.ensure_future(server.serve(sockets=[listener]))
        yield upstream
        server.should_exit = server.force_exit = True
        await serving


def answering(body: bytes = b"", *, status: int = 200, headers: Headers | None = None) -> App:
    """An app that takes all of the request and answers so."""

    async def app(_scope: Scope, receive: Receive, send: Send) -> None:
        await whole_body(receive)
        await send(start(status, [(b"content-length", b"%d" % len(body)), *(headers or [])]))
        await send(chunk(body, last=True))

    return app


def start(status: int = 200, headers: Headers | None = None) -> dict[str, Any]:
    """The head of a response."""
    return {"type": "http.response.start", "status": status, "headers": headers or []}


def chunk(body: bytes = b"", *, last: bool = False) -> dict[str, Any]:
    """A part of a response's body."""
    return {"type": "http.response.body", "body": body, "more_body": not last}


async def whole_body(receive: Receive) -> bytes:
    """All of a request's body."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


# --- whatever bytes -------------------------------------------------------------------------------------------------


class Connection:
    """One connection of Envoy's, of which the head of a request was read."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        self.reader, self._writer, self.head = reader, writer, head

    async def send(self, data: bytes) -> None:
        """Send these bytes as they are."""
        self._writer.write(data)
        await self._writer.drain()

    def close(self) -> None:
        """End the connection in order."""
        self._writer.close()

    def reset(self) -> None:
        """End it with a TCP reset."""
        reset(self._writer)

    async def closed(self) -> None:
        """Wait until Envoy closes it."""
        while await self.reader.read(1 << 16):
            pass


@asynccontextmanager
async def raw() -> AsyncIterator[Upstream[Peer]]:
    """Serve bytes on a socket."""
    with listening() as listener:
        upstream: Upstream[Peer] = Upstream(port_of(listener))

        async def serve_connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                while True:
                    head = await reader.readuntil(b"\r\n\r\n")
                    target = head.split(b" ", 2)[1].decode("latin-1")
                    await upstream.handler(target)(Connection(reader, writer, head))
            except (asyncio.IncompleteReadError, ConnectionError):
                pass
            finally:
                writer.close()

        server = await asyncio.start_server(serve_connection, sock=listener, limit=1 << 20)
        yield upstream
        server.close()


def sending(response: bytes) -> Peer:
    """Take the head of the request only, and answer so."""

    async def peer(connection: Connection) -> None:
        await connection.send(response)

    return peer


# --- websockets -----------------------------------------------------------------------------------------------------


@asynccontextmanager
async def websockets() -> AsyncIterator[Upstream[Session]]:
    """Serve websockets; a path that nothing is at is refused with 403."""
    with listening() as listener:
        upstream: Upstream[Session] = Upstream(port_of(listener))

        def refuse(connection: ServerConnection, request: Request) -> Response | None:
            try:
                upstream.handler(request.path)
            except KeyError:
                return connection.respond(403, "not here\n")
            return None

        async def session(connection: ServerConnection) -> None:
            assert connection.request is not None
            await upstream.handler(connection.request.path)(connection)

        serving = serve(
            session,
            sock=listener,
            process_request=refuse,
            select_subprotocol=lambda _connection, offered: offered[0] if offered else None,
            compression=None,
            ping_interval=None,
            max_size=None,
        )
        async with serving:
            yield upstream


def listening() -> socket.socket:
    """A socket that takes connections even before something serves them."""
    # With its protocol, which asyncio looks for before it turns Nagle's algorithm off.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    return listener


def port_of(listener: socket.socket) -> int:
    """Where it listens."""
    port: int = listener.getsockname()[1]
    return port
