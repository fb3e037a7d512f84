"""A program that asks with the official clients, watched by ``offpath.httpx.instrument()``.

    .cache/peers/llm-clients/bin/python -m tests.llm.observe FAMILY/CASE …

Each client asks the host that it would ask in production, over HTTP: every name is resolved to this machine, where the model
server answers. The configuration is the environment's.
"""

from __future__ import annotations

import asyncio
import socket
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import offpath.httpx
import uvicorn

from .cases import ALL
from .server.app import App, Message, Receive, Send, alone


class Server:
    """The model server, which answers one case after another."""

    def __init__(self) -> None:
        self.answer: App

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer as the case does that is asked now."""
        await self.answer(scope, receive, send)


@contextmanager
def _served(server: Server) -> Iterator[int]:
    config = uvicorn.Config(server, port=0, log_level="critical", access_log=False, lifespan="off")
    serving = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(serving.serve()), daemon=True)
    thread.start()
    while not serving.started:
        thread.join(0.01)
    try:
        yield serving.servers[0].sockets[0].getsockname()[1]
    finally:
        serving.should_exit = True
        thread.join()


def _resolve_to_here() -> None:
    """Have every name be this machine's."""
    resolve = socket.getaddrinfo

    def here(_host: Any, *arguments: Any, **more: Any) -> Any:
        return resolve("127.0.0.1", *arguments, **more)

    socket.getaddrinfo = here  # type: ignore[assignment]


def main(names: Sequence[str]) -> None:
    """Ask these cases, in this order."""
    cases = {f"{family}/{case.name}": (family, case) for family, told in ALL.items() for case in told}
    server = Server()
    with _served(server) as port:
        _resolve_to_here()
        offpath.configure()
        offpath.httpx.instrument()
        for name in names:
            family, case = cases[name]
            server.answer = alone(family, case.script)
            heard = case.ask(f"http://{case.host.partition(':')[0]}:{port}")
            if heard.raised:
                raise RuntimeError(f"{name}: {heard.raised}")
        offpath.httpx.uninstrument()
        offpath.shutdown(10)


if __name__ == "__main__":
    main(sys.argv[1:])
