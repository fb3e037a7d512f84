"""What ``offpath.httpx.instrument()`` adds to a call, and to a chunk of its response.

Through a transport that answers at once, so that nothing else is in the difference. Blocks with and without take turns in
one process, so that whatever else the machine does meets both. What is shown is the difference of the medians.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import TypedDict

from tests.framework.place import Place
from tests.framework.processes import ROOT

from .markdown import heading, table

#: Chunks of the longer response, and bytes of each: what a model server sends for a token.
CHUNKS, CHUNK = 201, b'data: {"choices":[{"index":0,"delta":{"content":" word"},"finish_reason":null}]}\n\n'
#: Of a chat with some history.
BODY = json.dumps({"model": "m", "messages": [{"role": "user", "content": "x" * 900}]}).encode()
BLOCK = 100
UNCOUNTED = 10
CLIENTS = ["httpx, sync", "httpx, async", "httpx2, sync", "httpx2, async"]

#: One call that reads its response of so many chunks.
Call = Callable[[int], Awaitable[None]]


class Added(TypedDict):
    """Medians in µs: of a call without, what is added to it, and what is added to a chunk."""

    without: float
    call: float
    chunk: float


def report(place: Place, rounds: int) -> str:
    """Measure, and return a table; an exporter is running in the place."""
    text = heading("Added to a call by httpx, in µs")
    text += (
        f"The difference of medians, with `offpath.httpx.instrument()` and without, in turns of {BLOCK} calls: a body of "
        f"{len(BODY):,} bytes out, a response of one chunk of {len(CHUNK)} bytes back, and of {CHUNKS} of them, "
        "through a transport that answers at once.\n\n"
    )
    rows = []
    for client in CLIENTS:
        command = [sys.executable, "-m", "tests.perf.outbound", client, str(rounds)]
        ran = subprocess.run(command, cwd=ROOT, env=place.env, check=True, stdout=subprocess.PIPE)
        added: Added = json.loads(ran.stdout)
        rows.append([client, *(f"{added[key]:.1f}" for key in ("without", "call")), f"{added['chunk']:.2f}"])
    return text + table(["client", "a call without", "added to a call", "added to a chunk"], rows)


def measure(client: str, rounds: int) -> Added:
    """Measure one client in this process."""
    import offpath

    loop = asyncio.new_event_loop()
    call = _call(client)
    taken: dict[tuple[bool, int], list[int]] = {(on, n): [] for on in (False, True) for n in (1, CHUNKS)}
    for _ in range(rounds):
        for on, chunks in taken:
            if on:
                offpath.httpx.instrument()
            taken[on, chunks] += loop.run_until_complete(_block(call, chunks))
            offpath.httpx.uninstrument()
        # A full ring would make it cheaper.
        offpath.flush()
    loop.close()
    median = {key: statistics.median(times) / 1000 for key, times in taken.items()}
    added = {chunks: median[True, chunks] - median[False, chunks] for chunks in (1, CHUNKS)}
    return {
        "without": median[False, 1],
        "call": added[1],
        "chunk": (added[CHUNKS] - added[1]) / (CHUNKS - 1),
    }


async def _block(call: Call, chunks: int) -> list[int]:
    taken = []
    for number in range(UNCOUNTED + BLOCK):
        begun = time.perf_counter_ns()
        await call(chunks)
        if number >= UNCOUNTED:
            taken.append(time.perf_counter_ns() - begun)
    return taken


def _call(client: str) -> Call:
    library, _, kind = client.partition(", ")
    if library == "httpx":
        import httpx
    else:
        import httpx2 as httpx  # type: ignore[no-redef]

    class Stream(httpx.SyncByteStream, httpx.AsyncByteStream):
        def __init__(self, chunks: int) -> None:
            self.chunks = chunks

        def __iter__(self) -> Iterator[bytes]:
            for _ in range(self.chunks):
                yield CHUNK

        async def __aiter__(self) -> AsyncIterator[bytes]:
            for _ in range(self.chunks):
                yield CHUNK

    headers = {"content-type": "text/event-stream", "x-request-id": "req-1", "server": "model"}

    def answer(request: httpx.Request) -> httpx.Response:
        chunks = int(request.headers["x-chunks"])
        return httpx.Response(200, headers=headers, stream=Stream(chunks))

    url = "https://api.example/v1/chat/completions"
    transport, authorization = httpx.MockTransport(answer), {"authorization": "Bearer sk-1"}
    sync = httpx.Client(transport=transport, headers=authorization)
    asynchronous = httpx.AsyncClient(transport=transport, headers=authorization)

    async def call_sync(chunks: int) -> None:
        with sync.stream("POST", url, content=BODY, headers={"x-chunks": str(chunks)}) as response:
            for _ in response.iter_raw():
                pass

    async def call_async(chunks: int) -> None:
        headers = {"x-chunks": str(chunks)}
        async with asynchronous.stream("POST", url, content=BODY, headers=headers) as response:
            async for _ in response.aiter_raw():
                pass

    return call_sync if kind == "sync" else call_async


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], int(sys.argv[2]))))
