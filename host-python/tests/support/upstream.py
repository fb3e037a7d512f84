"""A server that the app calls: a real uvicorn in a thread of this process, whose every request a test can look at."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import uvicorn

from .waiting import PATIENCE, eventually

#: What `/gzip` answers with before it is encoded.
TEXT = b"some text, and some more text. " * 20


class Upstream:
    """Answers by path, and keeps the heads of what it was asked.

    `/echo` gives back the body in as many chunks as came; `/stream/N` gives N chunks, `/hold` one, and the rest when
    :meth:`release` is called; `/redirect/CODE` leads to `/echo`; `/status/CODE` has that status; `/gzip` is encoded;
    `/cut` breaks off; `/never` gives no answer.
    """

    def __init__(self, certificate: Path | None = None) -> None:
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        #: How many connections were left by the caller before the answer was complete.
        self.left = 0
        self.released = threading.Event()
        # With a certificate, which has its key beside it in the file, it speaks HTTPS.
        config = uvicorn.Config(
            self, port=0, log_level="critical", lifespan="off", ws="none", ssl_certfile=certificate
        )
        self._scheme = "https" if certificate else "http"
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, name="upstream")

    @property
    def url(self) -> str:
        """Where it is, by a name that is not its address."""
        return f"{self._scheme}://localhost:{self._port}"

    @property
    def _port(self) -> int:
        return int(self._server.servers[0].sockets[0].getsockname()[1])

    def headers_at(self, path: str) -> dict[str, str]:
        """The headers of the only request for a path."""
        [headers] = [headers for _, asked, headers in self.requests if asked == path]
        return headers

    def release(self) -> None:
        """Let `/hold` go on."""
        self.released.set()

    def start(self) -> None:
        self._thread.start()
        eventually(lambda: self._server.started, "the upstream has started")

    def stop(self) -> None:
        self.release()
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(PATIENCE)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        path = scope["path"]
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.requests.append((scope["method"], path, headers))
        name, _, argument = path.lstrip("/").partition("/")
        if name == "never":
            await self._wait_for_the_end(receive)
            return
        chunks = await self._read(receive)
        await getattr(self, f"_{name}")(argument, chunks, receive, send)

    async def _read(self, receive: Any) -> list[bytes]:
        chunks, more = [], True
        while more:
            message = await receive()
            more = message.get("more_body", False)
            chunks += [message["body"]] if message.get("body") else []
        return chunks

    async def _wait_for_the_end(self, receive: Any) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self.left += 1

    async def _start(self, send: Any, status: int = 200, **headers: str) -> None:
        pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": pairs})

    async def _body(self, send: Any, chunk: bytes, *, more: bool = False) -> None:
        await send({"type": "http.response.body", "body": chunk, "more_body": more})

    async def _echo(self, _argument: str, chunks: list[bytes], _receive: Any, send: Any) -> None:
        await self._start(send, content_type="text/plain")
        await self._body(send, b"".join(chunks))

    async def _stream(self, count: str, _chunks: list[bytes], _receive: Any, send: Any) -> None:
        await self._start(send, content_type="text/event-stream")
        for number in range(int(count)):
            await self._body(send, b"data: %d\n\n" % number, more=True)
            # So that each goes out on its own.
            await asyncio.sleep(0)
        await self._body(send, b"")

    async def _hold(self, _argument: str, _chunks: list[bytes], receive: Any, send: Any) -> None:
        await self._start(send, content_type="text/event-stream")
        await self._body(send, b"data: first\n\n", more=True)
        gone = asyncio.ensure_future(self._wait_for_the_end(receive))
        while not (self.released.is_set() or gone.done()):
            await asyncio.wait([gone], timeout=0.005)
        gone.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await gone
        await self._body(send, b"data: last\n\n")

    async def _redirect(self, code: str, _chunks: list[bytes], _receive: Any, send: Any) -> None:
        await self._start(send, int(code), location="/echo")
        await self._body(send, b"elsewhere")

    async def _status(self, code: str, _chunks: list[bytes], _receive: Any, send: Any) -> None:
        await self._start(send, int(code), content_type="application/json")
        await self._body(send, b'{"error": {"message": "no"}}' if code != "204" else b"")

    async def _gzip(self, _argument: str, _chunks: list[bytes], _receive: Any, send: Any) -> None:
        await self._start(send, content_type="text/plain", content_encoding="gzip")
        await self._body(send, gzip.compress(TEXT, mtime=0))

    async def _cut(self, _argument: str, _chunks: list[bytes], _receive: Any, send: Any) -> None:
        await self._start(send, content_length="1000")
        await self._body(send, b"not all of it", more=True)
        raise ConnectionAbortedError


@contextlib.contextmanager
def upstream(certificate: Path | None = None) -> Iterator[Upstream]:
    """Run one for the time of the block."""
    server = Upstream(certificate)
    server.start()
    try:
        yield server
    finally:
        server.stop()
