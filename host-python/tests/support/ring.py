"""What lies in rings that no exporter read: events as they were written, byte for byte.

The layouts are those of exporter/ring/src/layout.rs, filter/core/proto/event.proto and opentelemetry.proto.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span as OtlpSpan

_HEADER, _RECORD_HEADER, _WORD = 4096, 24, 8
_WRITE_POS, _READ_POS, _CAPACITY = 128, 384, 64
_RECORD = 1
Fields = dict[int, list[Any]]


@dataclass(frozen=True)
class Span:
    """The event of a span of OpenTelemetry, and the messages in it."""

    event: Fields
    otlp: OtlpSpan
    resource: Resource
    scope: InstrumentationScope

    @property
    def name(self) -> str:
        """As OTLP has it."""
        return self.otlp.name

    @property
    def attributes(self) -> dict[str, Any]:
        """As Python has them."""
        return values(self.otlp.attributes)

    @property
    def trace_id(self) -> str:
        """As hex."""
        return self.otlp.trace_id.hex()

    @property
    def span_id(self) -> str:
        """As hex."""
        return self.otlp.span_id.hex()

    @property
    def parent(self) -> str:
        """The parent's id as hex; empty for none."""
        return self.otlp.parent_span_id.hex()


@dataclass(frozen=True)
class Exchange:
    """The event of an exchange."""

    source: str
    path: str
    trace_id: str
    span_id: str
    parent: str


def spans(directory: Path) -> list[Span]:
    """The spans of OpenTelemetry in all rings, in the order in which they ended."""
    return [_span(event) for event in _events(directory) if 25 in event and event[13] == [b"otel"]]


def observations(directory: Path) -> dict[str, Exchange]:
    """The spans of offpath's own in all rings, by name, as far as exchanges have the same."""
    own = [event for event in _events(directory) if 25 in event and event[13] == [b"sdk"]]
    return {_fields(event[25][-1])[2][0].decode(): _place(event, "") for event in own}


def exchanges(directory: Path) -> list[Exchange]:
    """The exchanges in all rings, in the order in which they ended."""
    return [_exchange(event) for event in _events(directory) if 16 in event]


def values(attributes: Any) -> dict[str, Any]:
    """Attributes of OTLP as Python has them."""
    pairs: list[KeyValue] = list(attributes)
    assert len({pair.key for pair in pairs}) == len(pairs)
    return {pair.key: _value(pair.value) for pair in pairs}


def _value(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    if kind is None:
        return None
    if kind == "array_value":
        return [_value(item) for item in value.array_value.values]
    if kind == "kvlist_value":
        return values(value.kvlist_value.values)
    return getattr(value, kind)


def _span(event: Fields) -> Span:
    span = _fields(event[25][-1])
    otel = _fields(span[16][-1])
    otlp = OtlpSpan.FromString(otel[3][0])
    assert span[2] == [otlp.name.encode()]
    assert _hex(event, 4, 5) == otlp.trace_id.hex()
    assert _hex(event, 6) == otlp.span_id.hex()
    assert _hex(event, 7) == otlp.parent_span_id.hex().rjust(16, "0")
    assert event[8] == [otlp.start_time_unix_nano]
    assert event[9] == [otlp.end_time_unix_nano - otlp.start_time_unix_nano]
    assert event[13] == [b"otel"]
    resource = Resource.FromString(otel.get(1, [b""])[0])
    return Span(event, otlp, resource, InstrumentationScope.FromString(otel.get(2, [b""])[0]))


def _exchange(event: Fields) -> Exchange:
    exchange = _fields(event[16][-1])
    return _place(event, exchange.get(6, [b""])[0].decode())


def _place(event: Fields, path: str) -> Exchange:
    parent = _hex(event, 7)
    known = parent if int(parent, 16) else ""
    return Exchange(event[13][0].decode(), path, _hex(event, 4, 5), _hex(event, 6), known)


def _hex(event: Fields, *tags: int) -> str:
    return "".join(f"{event.get(tag, [0])[-1]:016x}" for tag in tags)


def _events(directory: Path) -> Iterator[Fields]:
    for file in sorted(directory.rglob("*"), key=lambda file: file.stat().st_mtime_ns):
        if file.is_file():
            ring = file.read_bytes()
            if ring[:8] == b"offpring":
                yield from (_fields(record) for record in _records(ring))


def _records(ring: bytes) -> Iterator[bytes]:
    written, read, capacity = (
        struct.unpack_from("<Q", ring, at)[0] for at in (_WRITE_POS, _READ_POS, _CAPACITY)
    )
    while read < written:
        at = _HEADER + read % capacity
        length, tag = struct.unpack_from("<IB", ring, at)
        if tag != _RECORD:
            read += length
            continue
        yield ring[at + _RECORD_HEADER : at + _RECORD_HEADER + length]
        read += -(-(_RECORD_HEADER + length) // _WORD) * _WORD


def _fields(message: bytes) -> Fields:
    """The fields of an encoded message (https://protobuf.dev/programming-guides/encoding/)."""
    fields: Fields = {}
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        value: Any
        match key & 7:
            case 0:
                value, at = _varint(message, at)
            case 1:
                value, at = struct.unpack_from("<Q", message, at)[0], at + 8
            case 2:
                length, at = _varint(message, at)
                value, at = message[at : at + length], at + length
            case 5:
                value, at = struct.unpack_from("<I", message, at)[0], at + 4
            case kind:
                raise AssertionError(f"wire type {kind}")
        fields.setdefault(key >> 3, []).append(value)
    assert at == len(message)
    return fields


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
