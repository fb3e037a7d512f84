"""The app behind Envoy: it answers at once, or streams, with as little work as Python can.

python -m tests.perf.upstream PORT

Every response has 20 headers. What the path asks for: ``/stream`` for 50 events as a model would send them, each in a
chunk of its own, and anything else for a body of 1 KB.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Iterator
from typing import cast

import uvloop

from .exchange import json_of

STREAM = "/stream"
#: Events of a streamed response.
CHUNKS = 50
#: Between two of them: long enough for Envoy to pass on the one before, so that it sees each.
PAUSE_SECONDS = 0.004
#: Of every response, with the two that frame its body.
HEADERS = 20

_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)


def head(*framing: str) -> bytes:
    """Return the head of a response whose body is framed so."""
    others = [f"x-header-{number}: the value of header {number}" for number in range(HEADERS - len(framing))]
    return "\r\n".join(["HTTP/1.1 200 OK", *framing, *others, "", ""]).encode()


def events() -> Iterator[bytes]:
    """Return what a model streams: tokens, what they cost, and the end."""
    same = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "demo"}
    for number in range(CHUNKS - 2):
        finish = "stop" if number == CHUNKS - 3 else None
        choice = {"index": 0, "delta": {"content": "another "}, "finish_reason": finish}
        yield json.dumps({**same, "choices": [choice], "usage": None}).encode()
    usage = {"prompt_tokens": 200, "completion_tokens": CHUNKS - 2, "total_tokens": 198 + CHUNKS}
    yield json.dumps({**same, "choices": [], "usage": usage}).encode()
    yield b"[DONE]"


def chunk(event: bytes) -> bytes:
    """Return an event of a stream, framed as a chunk of a body."""
    text = b"data: %s\n\n" % event
    return b"%x\r\n%s\r\n" % (len(text), text)


BODY = json_of(1024)
WHOLE = head("content-type: application/json", f"content-length: {len(BODY)}") + BODY
STREAM_HEAD = head("content-type: text/event-stream", "transfer-encoding: chunked")
STREAMED = [chunk(event) for event in events()]
STREAMED[-1] += b"0\r\n\r\n"


class Connection(asyncio.Protocol):
    """Takes requests, one after another, and answers each."""

    def __init__(self) -> None:
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer once the request's body is there."""
        self._received += data
        line_end = self._received.find(b"\r\n\r\n")
        if line_end < 0:
            return
        length = _LENGTH.search(self._received, 0, line_end + 2)
        if len(self._received) < line_end + 4 + (int(length[1]) if length else 0):
            return
        streams = self._received.startswith(STREAM.encode(), len("POST "))
        self._received = b""
        if streams:
            self._transport.write(STREAM_HEAD)
            self._stream(0)
        else:
            self._transport.write(WHOLE)

    def _stream(self, number: int) -> None:
        self._transport.write(STREAMED[number])
        if number + 1 < len(STREAMED):
            asyncio.get_running_loop().call_later(PAUSE_SECONDS, self._stream, number + 1)


async def serve(port: int) -> None:
    """Serve until the process ends."""
    server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
