"""Exchanges and nothing else, for a tool that counts what they execute.

python -m tests.perf.workload VARIANT SIZE EXCHANGES
"""

from __future__ import annotations

import asyncio
import sys

from .exchange import App, exchange, json_of
from .variants import make


async def run(app: App, body: bytes, exchanges: int) -> None:
    """Have the app work on so many requests."""
    for _ in range(exchanges):
        await exchange(app, body)


if __name__ == "__main__":
    variant, size, exchanges = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    app, _ = make(variant, size)
    asyncio.run(run(app, json_of(size), exchanges))
