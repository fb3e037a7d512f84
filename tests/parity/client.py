"""The client of a case: it sends and receives what the case says, in step with the app."""

from __future__ import annotations

import asyncio
from typing import Final

import h11
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from .app import Steps
from .case import HOST, Case, Message

#: The close code of a frame that has none (RFC 6455, section 7.1.5).
NO_STATUS_RECEIVED: Final = 1005


async def play(case: Case, port: int, steps: Steps) -> None:
    """Have the exchange with whatever listens on this port."""
    if case.is_websocket:
        await _websocket(case, port, steps)
    else:
        await _http(case, port, steps)


# --- HTTP -----------------------------------------------------------------------------------------------------------


async def _http(case: Case, port: int, steps: Steps) -> None:
    connection = _Connection(*await asyncio.open_connection("127.0.0.1", port))
    try:
        await _request(case, connection, steps)
        if case.status is not None:
            await _response(case, connection, steps)
    finally:
        await connection.close()


async def _request(case: Case, connection: _Connection, steps: Steps) -> None:
    headers = case.all_headers
    if case.request and not any(name.lower() == b"content-length" for name, _ in headers):
        headers = [*headers, (b"transfer-encoding", b"chunked")]
    await connection.send(h11.Request(method=case.method, target=case.target, headers=headers))
    await steps.until_app_received(0)
    for chunk in case.request:
        await connection.send(h11.Data(chunk))
        await steps.until_app_received(len(chunk))
    if case.status is not None and not case.answered_early:
        await connection.send(h11.EndOfMessage())


async def _response(case: Case, connection: _Connection, steps: Steps) -> None:
    head = await connection.event()
    while isinstance(head, h11.InformationalResponse):
        head = await connection.event()
    assert isinstance(head, h11.Response), head
    assert head.status_code == case.status
    for chunk in case.response:
        seen = b""
        while len(seen) < len(chunk):
            data = await connection.event()
            assert isinstance(data, h11.Data), data
            seen += data.data
        assert seen == chunk
        steps.client_received(len(chunk))
    if not case.client_leaves:
        end = await connection.event()
        assert isinstance(end, h11.EndOfMessage), end


class _Connection:
    """One TCP connection that speaks HTTP/1.1."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._http = h11.Connection(h11.CLIENT)

    async def send(self, event: h11.Event) -> None:
        self._writer.write(self._http.send(event) or b"")
        await self._writer.drain()

    async def event(self) -> h11.Event:
        """What comes next."""
        while not isinstance(event := self._http.next_event(), h11.Event):
            self._http.receive_data(await self._reader.read(1 << 16))
        return event

    async def close(self) -> None:
        self._writer.close()
        await self._writer.wait_closed()


# --- websocket ------------------------------------------------------------------------------------------------------


async def _websocket(case: Case, port: int, steps: Steps) -> None:
    session = case.websocket
    subprotocol = session.subprotocol if session else ""
    connecting = connect(
        f"ws://{HOST.decode()}{case.target}",
        host="127.0.0.1",
        port=port,
        subprotocols=[Subprotocol(subprotocol)] if subprotocol else None,
        additional_headers=[(name.decode(), value.decode("latin-1")) for name, value in case.headers],
        user_agent_header=None,
        # Frames that are compressed are no content, and pings are no messages.
        compression=None,
        ping_interval=None,
        proxy=None,
    )
    if session is None:
        with pytest.raises(InvalidStatus, match=str(case.status)):
            await connecting
        return
    async with connecting as connection:
        for message in session.messages:
            await _pass(message, connection, steps)
        if session.closed_by == "client":
            await _close(connection, session.close_code)
        else:
            with pytest.raises(ConnectionClosed, match=str(session.close_code)):
                await connection.recv()


async def _close(connection: ClientConnection, code: int) -> None:
    if code == NO_STATUS_RECEIVED:
        async with connection.send_context():
            connection.protocol.send_close()
        await connection.wait_closed()
    else:
        await connection.close(code)


async def _pass(message: Message, connection: ClientConnection, steps: Steps) -> None:
    if message.sender == "ping":
        await (await connection.ping(message.payload))
    elif message.sender == "client":
        fragments = [each.decode() if message.text else each for each in message.fragments]
        await connection.send(fragments if len(fragments) > 1 else fragments[0])
        await steps.until_app_received(len(message.payload))
    else:
        received = await connection.recv(decode=False)
        assert received == message.payload
        steps.client_received(len(received))
