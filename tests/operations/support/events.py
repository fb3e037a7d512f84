"""Events of exactly known durations, handed to the exporter as one of Envoy's workers would.

The bytes are those of filter/core/proto/event.proto and batch.proto.
"""

from __future__ import annotations

import http.client
import os
import socket
import struct
import time
from collections.abc import Iterable
from pathlib import Path

_VARINT, _FIXED64, _BYTES = 0, 1, 2


def exchange(route: str, status: int, seconds: float) -> bytes:
    """Return an event of a request to the service ``chat`` that took so long."""
    what = _text(3, "POST") + _text(6, "/") + _text(8, route) + _number(10, status)
    return _event("envoy", seconds, _bytes(16, what))


def generation(model: str, tokens: dict[str, int], dollars: float, first_token_seconds: float) -> bytes:
    """Return an event of a span in which a model answered."""
    usage = b"".join(_bytes(10, _text(1, kind) + _number(2, count)) for kind, count in tokens.items())
    cost = _bytes(11, _text(1, "total") + _double(2, dollars))
    what = _text(4, model) + usage + cost + _number(12, round(first_token_seconds * 1e9))
    return _event("sdk", 1, _bytes(25, _text(1, "generation") + _bytes(9, what)))


class Worker:
    """A worker of Envoy's, as the exporter sees it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._epoch = os.urandom(16)
        self._next = 1

    def send(self, events: Iterable[bytes], lost: dict[str, int] | None = None) -> None:
        """Hand over these events, and how many in all were lost by reason; they are in the spool when this returns."""
        events = list(events)
        body = b"".join(_bytes(1, event) for event in events)
        body += _fixed64(2, int.from_bytes(self._epoch[:8], "big")) + _fixed64(
            3, int.from_bytes(self._epoch[8:], "big")
        )
        body += _number(5, self._next)
        body += b"".join(_bytes(6, _text(1, why) + _number(2, count)) for why, count in (lost or {}).items())
        connection = _UnixConnection(self._path)
        connection.request("POST", "/v1/events", body, {"content-type": "application/vnd.offpath.batch"})
        response = connection.getresponse()
        if response.status != 204:
            raise RuntimeError(f"{response.status} {response.read()!r}")
        connection.close()
        self._next += len(events)


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost")
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(self._path))


def _event(source: str, seconds: float, kind: bytes) -> bytes:
    ids = b"".join(_fixed64(field, int.from_bytes(os.urandom(8), "big")) for field in range(2, 7))
    times = _fixed64(8, time.time_ns()) + _number(9, round(seconds * 1e9))
    return _number(1, 1) + ids + times + _text(10, "chat") + _text(13, source) + kind


def _key(field: int, wire: int) -> bytes:
    return _varint(field << 3 | wire)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _number(field: int, value: int) -> bytes:
    return _key(field, _VARINT) + _varint(value)


def _fixed64(field: int, value: int) -> bytes:
    return _key(field, _FIXED64) + value.to_bytes(8, "little")


def _double(field: int, value: float) -> bytes:
    return _key(field, _FIXED64) + struct.pack("<d", value)


def _bytes(field: int, value: bytes) -> bytes:
    return _key(field, _BYTES) + _varint(len(value)) + value


def _text(field: int, value: str) -> bytes:
    return _bytes(field, value.encode())
