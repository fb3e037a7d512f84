"""A client of HTTP/1.1 that sends bytes as they are, and reads answers as h11 reads them."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import h11

Headers = list[tuple[bytes, bytes]]


@dataclass
class Answer:
    """What came back of one request."""

    status: int = 0
    headers: Headers = field(default_factory=list)
    body: bytes = b""
    trailers: Headers = field(default_factory=list)
    informational: list[int] = field(default_factory=list)
    #: The whole answer has come.
    is_whole: bool = False


class Client:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self._writer = reader, writer
        self._ahead = b""

    async def send(self, data: bytes) -> None:
        """Send these bytes as they are."""
        self._writer.write(data)
        await self._writer.drain()

    async def send_all(self, data: bytes) -> None:
        """Send as much of this as is taken."""
        with suppress(ConnectionError):
            await self.send(data)

    async def request(self, target: str, *lines: bytes, method: str = "GET", body: bytes = b"") -> None:
        """Send a request with these further lines of its head, and this body behind it."""
        line = f"{method} {target} HTTP/1.1".encode("latin-1")
        await self.send(b"\r\n".join([line, b"host: api.example", *lines, b"", body]))

    async def answer(self, method: str = "GET") -> Answer:
        """The next answer; what has come of it, if the connection ends before it is whole."""
        http = h11.Connection(h11.CLIENT, max_incomplete_event_size=1 << 20)
        # It is to know which request is answered; what it would have sent was sent by `send`.
        http.send(h11.Request(method=method, target="/", headers=[("host", "api.example")]))
        http.send(h11.EndOfMessage())
        if self._ahead:
            http.receive_data(self._ahead)
        answer = Answer()
        try:
            while not answer.is_whole:
                await self._next(http, answer)
        except (h11.RemoteProtocolError, ConnectionError):
            return answer
        self._ahead = http.trailing_data[0]
        return answer

    async def _next(self, http: h11.Connection, answer: Answer) -> None:
        event = http.next_event()
        if event is h11.NEED_DATA:
            http.receive_data(await self.reader.read(1 << 16))
        elif isinstance(event, h11.InformationalResponse):
            answer.informational.append(event.status_code)
        elif isinstance(event, h11.Response):
            answer.status, answer.headers = event.status_code, list(event.headers)
            answer.is_whole = http.their_state is h11.SWITCHED_PROTOCOL
        elif isinstance(event, h11.Data):
            answer.body += event.data
        elif isinstance(event, h11.EndOfMessage):
            answer.trailers, answer.is_whole = list(event.headers), True
        elif isinstance(event, h11.ConnectionClosed):
            raise ConnectionResetError

    async def head(self) -> bytes:
        """The next head as it is, without the empty line that ends it."""
        return (await self.reader.readuntil(b"\r\n\r\n"))[:-4]

    async def exactly(self, count: int) -> bytes:
        """So many bytes behind the last answer."""
        while len(self._ahead) < count:
            data = await self.reader.read(1 << 16)
            assert data, f"the connection ended after {self._ahead!r}"
            self._ahead += data
        taken, self._ahead = self._ahead[:count], self._ahead[count:]
        return taken

    async def rest(self) -> bytes:
        """All bytes behind the last answer, until the connection ends."""
        taken, self._ahead = self._ahead, b""
        return taken + await self.reader.read()

    async def gone(self) -> None:
        """Say that nothing more is sent, and wait until Envoy has ended the connection."""
        with suppress(ConnectionError, OSError):
            self._writer.write_eof()
            while await self.reader.read(1 << 16):
                pass

    def close(self) -> None:
        """End the connection in order."""
        self._writer.close()

    def reset(self) -> None:
        """End it with a TCP reset."""
        reset(self._writer)


def reset(writer: asyncio.StreamWriter) -> None:
    """End a connection with a TCP reset."""
    # struct linger { int l_onoff = 1; int l_linger = 0; }
    lingering = (1).to_bytes(4, "little") + (0).to_bytes(4, "little")
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, lingering)
    writer.transport.abort()


@asynccontextmanager
async def connect(port: int) -> AsyncIterator[Client]:
    """Have a connection until the block ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 24)
    try:
        yield Client(reader, writer)
    finally:
        writer.close()
