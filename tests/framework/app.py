"""The app that tests watch: it answers at once, and tells its counters.

``uvicorn tests.framework.app:app``
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import offpath

Message = MutableMapping[str, Any]

ANSWER = json.dumps({"answer": "x" * 1000}).encode()


async def answer(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    """Answer with 1 KB; on /status, with what ``offpath.status()`` says."""
    if scope["type"] != "http":
        raise NotImplementedError(f"only HTTP is served, not {scope['type']}")
    body = json.dumps(offpath.status()).encode() if scope["path"] == "/status" else ANSWER
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


app = offpath.OffpathMiddleware(answer)
