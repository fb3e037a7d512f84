"""An app that is served by uvicorn in the event loop that asks for it, so that a test can have it act in step."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from typing import Any, Literal

import uvicorn

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


@asynccontextmanager
async def served(
    app: App, listener: socket.socket, log_level: Literal["warning", "critical"]
) -> AsyncIterator[None]:
    """Serve an app on a socket that listens, until the block ends.

    Args:
        app: what answers.
        listener: where, which stays open when the block has ended.
        log_level: from which level on the server says a word; at ``critical`` none of what the app raises.
    """
    config = uvicorn.Config(
        app,
        log_level=log_level,
        access_log=False,
        lifespan="off",
        # Envoy uses connections again, and is not to do so in the moment in which they are closed.
        timeout_keep_alive=600,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    serving = asyncio.ensure_future(server.serve(sockets=[listener]))
    try:
        yield
    finally:
        server.should_exit = True
        await serving
