"""A socket before the exporter's that can keep from Envoy what the exporter answers."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from pathlib import Path


class Relay:
    """Bytes go both ways, unless answers are withheld; Envoy, which then waits, is told by `cut`."""

    def __init__(self, path: Path, exporter: Path) -> None:
        self.path = path
        self.withholds = False
        self._exporter = exporter
        self._ends: list[socket.socket] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        threading.Thread(target=self._accept).start()

    def cut(self) -> None:
        """End every connection."""
        for end in self._ends:
            _shut(end)

    def close(self) -> None:
        """Take no more connections, and end those that are there."""
        _shut(self._listener)
        self.cut()

    def _accept(self) -> None:
        with self._listener, suppress(OSError):
            while True:
                envoy, _ = self._listener.accept()
                exporter = socket.socket(socket.AF_UNIX)
                exporter.connect(str(self._exporter))
                self._ends += [envoy, exporter]
                threading.Thread(target=self._forward, args=(envoy, exporter, False)).start()
                threading.Thread(target=self._forward, args=(exporter, envoy, True)).start()

    def _forward(self, source: socket.socket, target: socket.socket, are_answers: bool) -> None:
        """Pass on what one end sends; with the first end that ends, the other does."""
        with source, suppress(OSError):
            while data := source.recv(1 << 16):
                if not (are_answers and self.withholds):
                    target.sendall(data)
        _shut(target)


def _shut(end: socket.socket) -> None:
    # It may have ended by itself.
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
