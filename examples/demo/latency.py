"""What offpath adds: the same request to the same app with it and without it, in turns."""

from __future__ import annotations

import time
from itertools import islice

from openai import OpenAI

from .traffic import MESSAGES

REQUESTS = 500
WARM_UP = 30


def measure(with_offpath: int, without: int) -> dict[str, list[float]]:
    """Return the sorted latencies in milliseconds by variant; the arguments are the ports of the two apps."""
    clients = {
        "without offpath": OpenAI(base_url=f"http://127.0.0.1:{without}/v1", api_key="none", max_retries=0),
        "with offpath": OpenAI(base_url=f"http://127.0.0.1:{with_offpath}/v1", api_key="none", max_retries=0),
    }
    taken: dict[str, list[float]] = {name: [] for name in clients}
    for turn in range(WARM_UP + REQUESTS):
        # Whoever is first in a turn finds cold caches, so each is first in every other one.
        order = list(clients.items())[:: 1 if turn % 2 else -1]
        for name, client in order:
            taken[name].append(_ask(client))
    for client in clients.values():
        client.close()
    return {name: sorted(islice(times, WARM_UP, None)) for name, times in taken.items()}


def _ask(client: OpenAI) -> float:
    begun = time.perf_counter()
    client.chat.completions.create(
        model="instant", messages=MESSAGES, extra_headers={"x-request-id": "latency"}
    )
    return (time.perf_counter() - begun) * 1000
