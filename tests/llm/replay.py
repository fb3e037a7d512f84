"""Plays the corpus over TCP: an app that answers as was recorded, and a client that asks as was recorded.

Which case it is, ``x-request-id`` says; it is a header that offpath keeps, so that the event says it too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

import h11

from tests.framework.processes import PATIENCE

from .recorded import Recorded
from .server.app import App, Message, Receive, Send, reading, sending
from .server.script import Reply

#: The header that names the case.
NAMED_BY: Final = "x-request-id"


def app(cases: Sequence[Recorded]) -> App:
    """Answer each case's request with its response."""
    named: Mapping[bytes, Recorded] = {case.name.encode(): case for case in cases}

    async def answer(scope: Message, receive: Receive, send: Send) -> None:
        case = named[dict(scope["headers"])[NAMED_BY.encode()]]
        body = await reading(receive)
        assert body == case.body, f"{case.name}: the request came in another form"
        # It is for the server to say how long it is.
        headers = [(name, value) for name, value in case.response_headers if name != "content-length"]
        reply = Reply(case.status, headers, case.chunks, cut=case.cut, stays_open=case.client_leaves)
        await sending(reply, receive, send)

    return answer


async def ask(case: Recorded, port: int) -> None:
    """Have a case's exchange with whatever listens on this port."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        await asyncio.wait_for(_exchange(case, reader, writer), PATIENCE)
    finally:
        writer.close()


async def _exchange(case: Recorded, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    http = h11.Connection(h11.CLIENT)
    headers = [("host", case.host), (NAMED_BY, case.name), *case.headers]
    if case.body:
        headers.append(("content-length", str(len(case.body))))
    sent = [h11.Request(method=case.method, target=case.target, headers=headers), h11.Data(case.body)]
    for each in [*sent, h11.EndOfMessage()]:
        writer.write(http.send(each) or b"")
    await writer.drain()
    received = 0
    while not (case.client_leaves and received == case.size):
        event = http.next_event()
        if isinstance(event, h11.Data):
            received += len(event.data)
        elif isinstance(event, h11.EndOfMessage):
            return
        elif not isinstance(event, h11.Event):
            data = await reader.read(1 << 16)
            if case.cut and not data:
                return
            http.receive_data(data)
