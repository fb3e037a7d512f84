"""One round of one variant, in a process of its own: its latencies, and those of the pass-through beside it.

python -m tests.perf.round VARIANT SIZE REQUESTS

The two take turns in blocks, so that whatever else the machine does meets both. Prints one line of JSON.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from typing import Final, TypedDict

from .exchange import App, exchange, json_of
from .variants import make

BLOCK = 500
#: Requests at the start of a block that are not counted: what happened before has emptied the CPU's caches.
UNCOUNTED = 50
#: Of a ring, whose pages the kernel hands over at their first use. An app that has run for a minute is past that.
FIRST_LAP = 32 << 20
#: Bytes that are kept of a body.
KEPT = 16 << 10


#: The exporter that is to stand still while requests are timed, by its process id.
EXPORTER: Final = "PERF_EXPORTER"


class Round(TypedDict):
    """Latencies of the pass-through and of the variant, and the CPU time that the variant adds per request."""

    base_ns: list[int]
    app_ns: list[int]
    added_cpu_us: float


@contextlib.contextmanager
def exporter_standing_still() -> Iterator[None]:
    """Keep the exporter that the environment names, if it names one, from the CPUs."""
    pid = int(os.environ.get(EXPORTER, "0"))
    if pid:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        if pid:
            os.kill(pid, signal.SIGCONT)


async def block(app: App, body: bytes) -> list[int]:
    """Return how many nanoseconds each of a block of requests took."""
    taken = []
    for _ in range(UNCOUNTED):
        await exchange(app, body)
    for _ in range(BLOCK):
        begun = time.perf_counter_ns()
        await exchange(app, body)
        taken.append(time.perf_counter_ns() - begun)
    return taken


def measure(variant: str, size: int, requests: int) -> Round:
    """Measure a round."""
    body = json_of(size)
    base, _ = make("pass-through", size)
    app, flush = make(variant, size)
    loop = asyncio.new_event_loop()
    laps = FIRST_LAP // (2 * min(size, KEPT) * BLOCK) if variant.startswith("offpath") else 0
    for _ in range(laps + 1):
        loop.run_until_complete(block(base, body))
        loop.run_until_complete(block(app, body))
        flush()
    base_ns, app_ns, base_cpu, app_cpu = list[int](), list[int](), 0, 0
    for _ in range(max(1, requests // BLOCK)):
        begun = time.process_time_ns()
        base_ns += loop.run_until_complete(block(base, body))
        between = time.process_time_ns()
        with exporter_standing_still():
            app_ns += loop.run_until_complete(block(app, body))
        # Of no request's latency, but of its CPU time; and the next block of the other is not to meet it.
        flush()
        base_cpu += between - begun
        app_cpu += time.process_time_ns() - between
    loop.close()
    return {
        "base_ns": base_ns,
        "app_ns": app_ns,
        "added_cpu_us": (app_cpu - base_cpu) / len(app_ns) * BLOCK / (BLOCK + UNCOUNTED) / 1000,
    }


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))
