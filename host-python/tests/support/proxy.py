"""A forward proxy, as they stand before the internet: it passes requests on, and opens tunnels (RFC 9110, section 9.3.6)."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from .waiting import PATIENCE


class Proxy(socketserver.ThreadingTCPServer):
    """Serves on loopback, each connection in a thread of its own, and keeps what it was asked."""

    daemon_threads = True

    def __init__(self, *, refuses: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        #: Whether it opens no tunnels.
        self.refuses = refuses
        #: Method, target and headers of each request, which tunnels keep to themselves.
        self.asked: list[tuple[str, str, dict[str, str]]] = []

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


class _Connection(socketserver.StreamRequestHandler):
    server: Proxy
    timeout = PATIENCE

    def handle(self) -> None:
        method, target, _ = self.rfile.readline().decode("latin-1").split()
        lines = list(iter(lambda: self.rfile.readline().decode("latin-1").rstrip("\r\n"), ""))
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        self.server.asked.append((method, target, headers))
        if method == "CONNECT" and self.server.refuses:
            self.wfile.write(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n")
            return
        url = urlsplit(f"//{target}" if method == "CONNECT" else target)
        with socket.create_connection((url.hostname, url.port), PATIENCE) as upstream:
            if method == "CONNECT":
                self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            else:
                # Hop by hop, so that one connection is one request.
                kept = [line for line in lines if not line.lower().startswith(("connection:", "proxy-"))]
                path = url._replace(scheme="", netloc="").geturl()
                head = [f"{method} {path} HTTP/1.1", *kept, "connection: close", "", ""]
                upstream.sendall("\r\n".join(head).encode("latin-1"))
            self._relay(upstream)

    def _relay(self, upstream: socket.socket) -> None:
        """Carry bytes both ways until the upstream has no more."""
        threading.Thread(
            target=_carry, args=(lambda: self.rfile.read1(1 << 16), upstream), daemon=True
        ).start()
        _carry(lambda: upstream.recv(1 << 16), self.connection)


def _carry(read: Callable[[], bytes], to: socket.socket) -> None:
    # Whoever has left has nothing more to be told.
    with contextlib.suppress(OSError, ValueError):
        while data := read():
            to.sendall(data)
        to.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def proxy(*, refuses: bool = False) -> Iterator[Proxy]:
    """Run one for the time of the block."""
    with Proxy(refuses=refuses) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, name="proxy")
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(PATIENCE)
