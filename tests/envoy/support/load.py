"""Many requests: on ever new connections, and many at a time on each."""

from __future__ import annotations

import asyncio
from typing import Final

from tests.framework.load import Load

#: What every body ends with that a flood is answered with.
LAST_BYTES: Final = b"<the end>"

_REQUESTS_OF_A_CONNECTION: Final = 20

_REQUEST: Final = b"GET /flood HTTP/1.1\r\nhost: test\r\n\r\n"
_CONNECTIONS: Final = 4
#: Requests that are on a connection at a time.
_AHEAD: Final = 50


class ReconnectingLoad(Load):
    """Requests on ever new connections: those that are there stay with the listener that took them."""

    async def _one(self, requests: int | None = None) -> None:
        while not self._stopped:
            await super()._one(_REQUESTS_OF_A_CONNECTION)


def flood(port: int, requests: int) -> None:
    """Make at least so many requests, as quickly as they are answered, which is with 200."""
    asyncio.run(_flood(port, requests))


async def _flood(port: int, requests: int) -> None:
    rounds = -(-requests // (_CONNECTIONS * _AHEAD))
    await asyncio.gather(*(_pipeline(port, rounds) for _ in range(_CONNECTIONS)))


async def _pipeline(port: int, rounds: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(rounds):
        writer.write(_REQUEST * _AHEAD)
        answers = b""
        while answers.count(LAST_BYTES) < _AHEAD:
            data = await reader.read(1 << 18)
            assert data, f"Envoy closed the connection after {answers[-200:]!r}"
            answers += data
        assert answers.count(b"HTTP/1.1 200 OK\r\n") == _AHEAD
    writer.close()
