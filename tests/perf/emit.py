"""Emits as many events of 1 KB as it is told to, in a process of its own, and prints the CPU time of each in µs.

python -m tests.perf.emit VARIANT EVENTS
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Final

from .exchange import exchange, json_of
from .variants import BLACK_HOLE, make

#: Bytes of each of the two bodies.
BODY: Final = 512

#: Events between two waits for those that take them: no queue is to run over.
BLOCK: Final = 500


def offpath_events(events: int) -> None:
    """Record exchanges."""
    app, flush = make("offpath", BODY)
    body, loop = json_of(BODY), asyncio.new_event_loop()

    async def block() -> None:
        for _ in range(BLOCK):
            await exchange(app, body)

    for _ in range(events // BLOCK):
        loop.run_until_complete(block())
        flush()
    loop.close()


def otel_spans(events: int, exported: bool) -> None:
    """End spans with two attributes as large as the bodies, and export them, or drop them."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider()
    exporter = OTLPSpanExporter(endpoint=f"{os.environ[BLACK_HOLE]}/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(exporter) if exported else SpanProcessor())
    tracer, body = provider.get_tracer("bench"), json_of(BODY).decode()
    values = {
        "http.request.method": "POST",
        "http.route": "/v1/chat",
        "input.value": body,
        "output.value": body,
    }
    for _ in range(events // BLOCK):
        for _ in range(BLOCK):
            tracer.start_span("POST /v1/chat", attributes=values).end()
        provider.force_flush()
    provider.shutdown()


VARIANTS: Final[dict[str, Callable[[int], None]]] = {
    "offpath": offpath_events,
    "otel": lambda events: otel_spans(events, exported=True),
    "otel-dropped": lambda events: otel_spans(events, exported=False),
}

if __name__ == "__main__":
    emit, count = VARIANTS[sys.argv[1]], int(sys.argv[2])
    emit(BLOCK)
    begun = time.process_time_ns()
    emit(count)
    print(json.dumps((time.process_time_ns() - begun) / count / 1000))
