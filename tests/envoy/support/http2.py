"""A client of HTTP/2 that sends the frames that it is told to, whether or not they make sense."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from h2 import events
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.exceptions import ProtocolError

Headers = list[tuple[bytes, bytes]]


@dataclass
class Answer:
    """What came back on one stream."""

    status: int = 0
    headers: Headers = field(default_factory=list)
    body: bytes = b""
    trailers: Headers = field(default_factory=list)
    #: The whole answer has come.
    is_whole: bool = False
    #: The stream was reset, with this code.
    reset: int | None = None


class Client:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        config = H2Configuration(
            header_encoding=False,
            validate_outbound_headers=False,
            normalize_outbound_headers=False,
            split_outbound_cookies=False,
        )
        self._http = H2Connection(config)
        self._answers: dict[int, Answer] = defaultdict(Answer)

    async def start(self) -> None:
        """Send the preface, and wait for Envoy's settings."""
        self._http.initiate_connection()
        await self._flush()
        await self._receive()

    async def request(
        self, target: str | None, *fields: tuple[bytes, bytes], method: str = "GET", last: bool = True
    ) -> int:
        """Send a head with these further fields; return the stream. No target: no `:path` and no `:scheme`."""
        pseudo = [(b":method", method.encode()), (b":authority", b"api.example")]
        if target is not None:
            pseudo += [(b":path", target.encode("latin-1")), (b":scheme", b"http")]
        return await self.head([*pseudo, *fields], last=last)

    async def head(self, fields: Headers, *, last: bool = True) -> int:
        """Send a head of these fields only; return the stream."""
        stream = self._http.get_next_available_stream_id()
        self._http.send_headers(stream, fields, end_stream=last)
        await self._flush()
        return stream

    async def data(self, stream: int, data: bytes, *, last: bool = False) -> None:
        """Send one frame of a body, which must fit into the window."""
        self._http.send_data(stream, data, end_stream=last)
        await self._flush()

    async def trailers(self, stream: int, *fields: tuple[bytes, bytes]) -> None:
        """Send trailers."""
        self._http.send_headers(stream, list(fields), end_stream=True)
        await self._flush()

    async def reset(self, stream: int) -> None:
        """Send RST_STREAM, as a client does that has lost interest."""
        self._http.reset_stream(stream, ErrorCodes.CANCEL)
        await self._flush()

    async def answer(self, stream: int) -> Answer:
        """All that comes on a stream."""
        answer = self._answers[stream]
        while not answer.is_whole and answer.reset is None:
            await self._receive()
        return answer

    async def body(self, stream: int, size: int) -> bytes:
        """The answer's body as soon as there are so many bytes of it."""
        answer = self._answers[stream]
        while len(answer.body) < size:
            await self._receive()
        return answer.body

    async def ended(self, stream: int) -> None:
        """Wait until Envoy is done with a stream: by an answer, a reset, the end of the connection, or nonsense."""
        with suppress(ConnectionError, ProtocolError):
            await self.answer(stream)

    async def _receive(self) -> None:
        data = await self._reader.read(1 << 16)
        if not data:
            raise ConnectionResetError("Envoy has closed the connection")
        for event in self._http.receive_data(data):
            self._take(event)
        await self._flush()

    def _take(self, event: events.Event) -> None:
        match event:
            case events.ResponseReceived(stream_id=stream, headers=fields):
                self._answers[stream].headers = _pairs(fields)
                self._answers[stream].status = int(dict(_pairs(fields))[b":status"])
            case events.DataReceived(stream_id=stream, data=data, flow_controlled_length=size):
                self._answers[stream].body += data
                self._http.acknowledge_received_data(size, stream)
            case events.TrailersReceived(stream_id=stream, headers=fields):
                self._answers[stream].trailers = _pairs(fields)
            case events.StreamEnded(stream_id=stream):
                self._answers[stream].is_whole = True
            case events.StreamReset(stream_id=stream, error_code=code):
                self._answers[stream].reset = int(code)

    async def _flush(self) -> None:
        self._writer.write(self._http.data_to_send())
        await self._writer.drain()


def _pairs(fields: object) -> Headers:
    return [(bytes(name), bytes(value)) for name, value in fields]  # type: ignore[attr-defined]


@asynccontextmanager
async def connect(port: int) -> AsyncIterator[Client]:
    """Have a connection until the block ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    client = Client(reader, writer)
    await client.start()
    try:
        yield client
    finally:
        writer.close()
