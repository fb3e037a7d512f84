"""A receiver of OTLP over HTTP that fails in the ways in which backends do, and remembers what it took."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

OK: Final = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
FAILED: Final = b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n"
THROTTLED: Final = b"HTTP/1.1 429 Too Many Requests\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n"

#: What a backend that is out does: it refuses connections, takes requests and says nothing, breaks off, fails, throttles.
OUT: Final = ("refuse", "hang", "cut", "fail", "throttle")


class Backend:
    """Serves on a port, in a thread of its own."""

    def __init__(self, port: int) -> None:
        self.port = port
        #: How often each path arrived, of the spans that were taken.
        self.taken: Counter[str] = Counter()
        self.answers: Counter[str] = Counter()
        self._mode = "ok"
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def become(self, mode: str) -> None:
        """Answer like this from now on; connections of before are closed."""
        asyncio.run_coroutine_threadsafe(self._become(mode), self._loop).result()

    @contextmanager
    def serving(self) -> Iterator[Backend]:
        """Serve, and be well, until the block ends."""
        self._thread.start()
        self.become("ok")
        try:
            yield self
        finally:
            asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    async def _end(self) -> None:
        await self._become("refuse")
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _become(self, mode: str) -> None:
        was_well, self._mode = self._mode == "ok", mode
        for writer in list(self._open):
            if was_well:
                # What was taken is answered: to take it again would be the sender's duty.
                writer.close()
            else:
                writer.transport.abort()
        if self._server is not None:
            self._server.close()
            self._server = None
        if mode != "refuse":
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, reuse_address=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = re.search(rb"(?i)content-length: *(\d+)", head)
                body = await reader.readexactly(int(length[1]) if length else 0)
                await self._answer(body, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._open.discard(writer)
            writer.close()

    async def _answer(self, body: bytes, writer: asyncio.StreamWriter) -> None:
        self.answers[self._mode] += 1
        match self._mode:
            case "ok":
                self.taken.update(_paths(body))
                writer.write(OK)
            case "hang":
                await asyncio.Event().wait()
            case "cut":
                writer.transport.abort()
            case "fail":
                writer.write(FAILED)
            case _:
                writer.write(THROTTLED)


def _paths(body: bytes) -> list[str]:
    """Return the path of each span of a request in OTLP's JSON."""
    paths = []
    for resource in json.loads(body)["resourceSpans"]:
        for scope in resource["scopeSpans"]:
            for span in scope["spans"]:
                values = {each["key"]: each["value"] for each in span["attributes"]}
                paths.append(values["url.path"]["stringValue"])
    return paths
