"""Clients that note what they received to the end, so that a test knows what was committed.

offpath commits an event before it hands the last byte of a response to the server. So of every response that a client
has received whole, the event was committed, whatever is killed then.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

CONNECTIONS = 16


class Load:
    """Requests, each to a path of its own, over some connections at once, until it is stopped or the app is gone."""

    def __init__(self, port: int, prefix: str) -> None:
        self.answered: list[str] = []
        self.seconds: list[float] = []
        self._port = port
        self._paths = (f"/{prefix}/{number}" for number in count())
        self._stopped = False

    @contextmanager
    def running(self) -> Iterator[Load]:
        """Make requests, on a thread of their own, as long as the block lasts."""
        thread = threading.Thread(target=lambda: asyncio.run(self._all()))
        thread.start()
        try:
            yield self
        finally:
            self._stopped = True
            thread.join()

    def make(self, requests: int) -> None:
        """Make this many requests, one after another."""
        asyncio.run(self._one(requests))

    async def _all(self) -> None:
        await asyncio.gather(*(self._one() for _ in range(CONNECTIONS)))

    async def _one(self, requests: int | None = None) -> None:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError:
            return
        try:
            for _ in range(requests) if requests is not None else count():
                if self._stopped:
                    return
                await self._request(reader, writer, next(self._paths))
        except (OSError, asyncio.IncompleteReadError):
            # The app was killed.
            return
        finally:
            writer.close()

    async def _request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str) -> None:
        begun = time.perf_counter()
        writer.write(f"GET {path} HTTP/1.1\r\nhost: test\r\n\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        if not head.startswith("http/1.1 200 "):
            raise RuntimeError(f"the app answered {head.splitlines()[0]}")
        length = int(head.partition("content-length: ")[2].partition("\r")[0])
        await reader.readexactly(length)
        self.answered.append(path)
        self.seconds.append(time.perf_counter() - begun)
