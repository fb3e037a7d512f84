"""Works on as many exchanges of 1 KB as it is told to, in a process of its own, and prints the CPU time of each in µs.

python -m tests.perf.emit VARIANT EXCHANGES
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Final

from .exchange import App, exchange, json_of
from .variants import BLACK_HOLE, Flush, make, plain

#: Bytes of each of the two bodies.
BODY: Final = 512

#: Exchanges between two waits for those that take them: no queue is to run over.
BLOCK: Final = 500


def offpath_exchanges(exchanges: int) -> None:
    """Record exchanges."""
    app, flush = make("offpath", BODY)
    run(app, flush, exchanges)


def otel_exchanges(exchanges: int, exported: bool) -> None:
    """Have the SDK make spans of exchanges, and export them, or drop them."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
    from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider()
    exporter = OTLPSpanExporter(endpoint=f"{os.environ[BLACK_HOLE]}/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(exporter) if exported else SpanProcessor())
    app = OpenTelemetryMiddleware(plain(BODY, 0), tracer_provider=provider)
    run(app, provider.force_flush, exchanges)
    provider.shutdown()


def run(app: App, flush: Flush, exchanges: int) -> None:
    """Have the app work on requests, and wait for what takes its events."""
    body, loop = json_of(BODY), asyncio.new_event_loop()

    async def block() -> None:
        for _ in range(BLOCK):
            await exchange(app, body)

    for _ in range(exchanges // BLOCK):
        loop.run_until_complete(block())
        flush()
    loop.close()


VARIANTS: Final[dict[str, Callable[[int], None]]] = {
    "offpath": offpath_exchanges,
    "otel": lambda exchanges: otel_exchanges(exchanges, exported=True),
    "otel-dropped": lambda exchanges: otel_exchanges(exchanges, exported=False),
}

if __name__ == "__main__":
    emit, count = VARIANTS[sys.argv[1]], int(sys.argv[2])
    emit(BLOCK)
    begun = time.process_time_ns()
    emit(count)
    print(json.dumps((time.process_time_ns() - begun) / count / 1000))
