"""A streamed response that is open for as long as the test wants."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_HEAD_END: Final = b"\r\n\r\n"
_FIRST: Final = b"first "
_LAST: Final = b"last"


class OpenStream:
    """A response whose head and first part have reached the client."""

    def __init__(self, client: socket.socket, upstream: socket.socket) -> None:
        self._client = client
        self._upstream = upstream

    def finish(self) -> bool:
        """Have the upstream send the rest; return whether it reaches the client."""
        self._upstream.sendall(_LAST)
        return _receive(self._client, _LAST).endswith(_LAST)


class Upstream:
    """A server that answers a request only when a test opens a stream."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    def close(self) -> None:
        """Listen no more."""
        self._listener.close()

    @contextmanager
    def stream(self, port: int, path: str) -> Iterator[OpenStream]:
        """Ask for this path at that port, which leads here, and answer with a first part."""
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(f"GET {path} HTTP/1.1\r\nhost: test\r\n\r\n".encode())
            upstream, _ = self._listener.accept()
            with upstream:
                _receive(upstream, _HEAD_END)
                length = len(_FIRST + _LAST)
                upstream.sendall(f"HTTP/1.1 200 OK\r\ncontent-length: {length}{_HEAD_END.decode()}".encode())
                upstream.sendall(_FIRST)
                _receive(client, _FIRST)
                yield OpenStream(client, upstream)


def _receive(connection: socket.socket, last: bytes) -> bytes:
    """What comes up to these bytes, or until the connection ends."""
    received = b""
    while not received.endswith(last):
        try:
            data = connection.recv(1 << 16)
        except ConnectionResetError:
            return received
        if not data:
            return received
        received += data
    return received
