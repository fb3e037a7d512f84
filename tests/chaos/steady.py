"""An app that gets requests at a steady rate, with no network, and prints its counters at the end.

python -m tests.chaos.steady RATE SECONDS
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import MutableMapping
from typing import Any

import offpath

from tests.framework.app import answer


async def serve(rate: int, seconds: float) -> None:
    """Be an app that gets requests at a rate, each with a path of its own, and tell its counters at the end."""
    watched = offpath.OffpathMiddleware(answer)
    body = {"type": "http.request", "body": b'{"a": 1}' * 100, "more_body": False}

    async def receive() -> MutableMapping[str, Any]:
        return body

    async def send(_: MutableMapping[str, Any]) -> None:
        pass

    start = time.monotonic()
    for number in range(int(rate * seconds)):
        ahead = start + number / rate - time.monotonic()
        if ahead > 0:
            await asyncio.sleep(ahead)
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": f"/{number}",
            "raw_path": f"/{number}".encode(),
            "query_string": b"",
            "headers": [(b"host", b"app"), (b"content-type", b"application/json")],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        await watched(scope, receive, send)
    print(json.dumps(offpath.status(), default=str), flush=True)


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2])))
