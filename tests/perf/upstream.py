"""The app behind Envoy: it answers at once, or streams, with as little work as Python can.

python -m tests.perf.upstream PORT

Every response has 20 headers. The path says what is in it: of ``/stream``, 50 events as a model would send them, each in
a chunk of its own; of ``/large/BYTES``, so many bytes; of any other, a JSON body of 1 KB.
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

STREAM, LARGE = "/stream", "/large/"
#: Events of a streamed response.
CHUNKS = 50
#: Between two of them: long enough for Envoy to pass on the one before, so that it sees each.
PAUSE_SECONDS = 0.007
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
#: Of a large body.
PIECE = bytes(64 << 10)


class Connection(asyncio.Protocol):
    """Takes requests, one after another, and answers each."""

    def __init__(self) -> None:
        self._received = b""
        #: Of a large body, bytes that are to be written yet.
        self._left = 0
        self._paused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer once the request's body is there."""
        self._received += data
        head_end = self._received.find(b"\r\n\r\n") + 4
        length = _LENGTH.search(self._received, 0, head_end)
        if head_end < 4 or len(self._received) < head_end + (int(length[1]) if length else 0):
            return
        path = self._received.split(b" ", 2)[1].decode()
        self._received = b""
        self._answer(path)

    def pause_writing(self) -> None:
        """Wait: Envoy is slower."""
        self._paused = True

    def resume_writing(self) -> None:
        """Go on."""
        self._paused = False
        self._write_large()

    def _answer(self, path: str) -> None:
        if path == STREAM:
            self._transport.write(STREAM_HEAD)
            self._write_event(0)
        elif path.startswith(LARGE):
            self._left = int(path.removeprefix(LARGE))
            self._transport.write(
                head("content-type: application/octet-stream", f"content-length: {self._left}")
            )
            self._write_large()
        else:
            self._transport.write(WHOLE)

    def _write_event(self, number: int) -> None:
        self._transport.write(STREAMED[number])
        if number + 1 < len(STREAMED):
            asyncio.get_running_loop().call_later(PAUSE_SECONDS, self._write_event, number + 1)

    def _write_large(self) -> None:
        while self._left and not self._paused:
            piece = PIECE[: self._left]
            self._left -= len(piece)
            self._transport.write(piece)


async def serve(port: int) -> None:
    """Serve until the process ends."""
    server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
