"""Streams of any length, many at a time, which cost their two ends nothing: the kernel makes the bytes and drops them."""

from __future__ import annotations

import os
import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Final

#: Bytes that are moved at a time.
_PART: Final = 4 << 20


class Source:
    """An upstream that answers with zeros, once so many requests are there that all streams are open at a time."""

    def __init__(self, streams: int) -> None:
        self.streams = streams
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=streams)
        self.port: int = self._listener.getsockname()[1]
        self._file = os.memfd_create("zeros")

    def close(self) -> None:
        """Listen no more."""
        self._listener.close()
        os.close(self._file)

    def stream(self, port: int, length: int) -> None:
        """Take this many bytes of each stream at that port, which leads here."""
        os.truncate(self._file, length)
        all_open = threading.Barrier(self.streams)
        clients = [_client(port) for _ in range(self.streams)]
        servers = [self._listener.accept()[0] for _ in clients]
        threads = [threading.Thread(target=self._serve, args=(each, length, all_open)) for each in servers]
        for thread in threads:
            thread.start()
        received = _drain(clients)
        for thread in threads:
            thread.join()
        assert all(each > length for each in received), (
            f"a stream of {length} bytes ended after {min(received)}"
        )

    def _serve(self, connection: socket.socket, length: int, all_open: threading.Barrier) -> None:
        with connection:
            connection.recv(1 << 16)
            head = f"HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
            connection.sendall(head.encode())
            all_open.wait()
            sent = 0
            while sent < length:
                sent += os.sendfile(connection.fileno(), self._file, sent, _PART)


@contextmanager
def source(streams: int) -> Iterator[Source]:
    """Have so many streams at a time."""
    with closing(Source(streams)) as made:
        yield made


def _client(port: int) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port))
    client.sendall(b"GET /bulk HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n")
    return client


def _drain(clients: list[socket.socket]) -> list[int]:
    """Take from each until it ends; return how many bytes that were."""
    received = dict.fromkeys(clients, 0)
    unused = bytearray(_PART)
    with selectors.DefaultSelector() as selector:
        for client in clients:
            selector.register(client, selectors.EVENT_READ, client)
        while selector.get_map():
            for key, _ in selector.select():
                # On TCP this drops what there is and copies nothing: tcp(7).
                size = key.data.recv_into(unused, 0, socket.MSG_TRUNC)
                received[key.data] += size
                if size == 0:
                    selector.unregister(key.data)
                    key.data.close()
    return list(received.values())
