"""A server of HTTP/2 that sends the frames that a test tells it to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from h2 import events
from h2.config import H2Configuration
from h2.connection import H2Connection

from .upstreams import Upstream, listening, port_of

#: Answers on a stream, which is given by its number, when all of the request has come.
Answering = Callable[[H2Connection, int], None]


@asynccontextmanager
async def http2() -> AsyncIterator[Upstream[Answering]]:
    """Serve frames."""
    with listening() as listener:
        upstream: Upstream[Answering] = Upstream(port_of(listener))

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            http = H2Connection(H2Configuration(client_side=False, header_encoding=False))
            http.initiate_connection()
            targets: dict[int, str] = {}
            while True:
                writer.write(http.data_to_send())
                data = await reader.read(1 << 16)
                if not data:
                    break
                for event in http.receive_data(data):
                    if isinstance(event, events.RequestReceived):
                        targets[event.stream_id] = dict(event.headers)[b":path"].decode("latin-1")
                    elif isinstance(event, events.StreamEnded):
                        upstream.handler(targets.pop(event.stream_id))(http, event.stream_id)
            writer.close()

        server = await asyncio.start_server(serve, sock=listener)
        yield upstream
        server.close()
