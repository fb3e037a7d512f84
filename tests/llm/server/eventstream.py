"""AWS's event stream, as bytes: https://docs.aws.amazon.com/transcribe/latest/dg/streaming-setting-up.html describes it.

A message is its length, the length of its headers, a CRC of both, the headers, the payload, and a CRC of all.
"""

from __future__ import annotations

import struct
import zlib
from typing import Any, Final

from .wire import dumps

#: A header's value that is text.
_STRING: Final = 7


def message(headers: dict[str, str], payload: bytes) -> bytes:
    """Write one message."""
    named = b"".join(_header(name, value) for name, value in headers.items())
    prelude = struct.pack(">II", len(named) + len(payload) + 16, len(named))
    start = prelude + struct.pack(">I", zlib.crc32(prelude)) + named + payload
    return start + struct.pack(">I", zlib.crc32(start))


def event(kind: str, payload: Any) -> bytes:
    """Write an event of this type."""
    headers = {":event-type": kind, ":content-type": "application/json", ":message-type": "event"}
    return message(headers, dumps(payload).encode())


def exception(kind: str, payload: Any) -> bytes:
    """Write an exception that the API documents for its stream."""
    headers = {":exception-type": kind, ":content-type": "application/json", ":message-type": "exception"}
    return message(headers, dumps(payload).encode())


def _header(name: str, value: str) -> bytes:
    key, text = name.encode(), value.encode()
    return bytes([len(key)]) + key + bytes([_STRING]) + struct.pack(">H", len(text)) + text
