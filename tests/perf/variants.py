"""The same app with nothing around it, with offpath, and with what users have today.

Each is imported only where it is asked for, so that none pays for another.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final

from .exchange import App, Receive, Scope, Send, answer, body_of, json_of
from .rules import configuration

#: Where the black hole listens, which takes what the SDKs export.
BLACK_HOLE: Final = "PERF_BLACK_HOLE"

Flush = Callable[[], Any]


def make(name: str, size: int, seconds: float = 0) -> tuple[App, Flush]:
    """Return the variant of an app that answers with this many bytes after this time, and how to flush it."""
    return VARIANTS[name](size, seconds)


class PassThrough:
    """The least that any middleware does: the measure of the others."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything through."""
        await self.app(scope, receive, send)


def plain(size: int, seconds: float) -> App:
    """Return the app: it reads the request, waits as if for a model, and answers."""
    body = json_of(size)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await body_of(receive)
        if seconds:
            await asyncio.sleep(seconds)
        await answer(send, body)

    return app


def _none(size: int, seconds: float) -> tuple[App, Flush]:
    return plain(size, seconds), lambda: None


def _pass_through(size: int, seconds: float) -> tuple[App, Flush]:
    return PassThrough(plain(size, seconds)), lambda: None


def _offpath(size: int, seconds: float, rules: int = 0) -> tuple[App, Flush]:
    import offpath

    def flush() -> None:
        # To drop an event is cheaper than to record it.
        if not offpath.flush(60) or any(offpath.status()["dropped"].values()):
            raise RuntimeError(f"not every exchange was recorded: {offpath.status()}")

    config = configuration(rules) if rules else None
    return offpath.OffpathMiddleware(plain(size, seconds), config=config), flush


def _base_http_middleware(size: int, seconds: float) -> tuple[App, Flush]:
    from starlette.middleware.base import BaseHTTPMiddleware

    async def dispatch(request: Any, call_next: Callable[[Any], Awaitable[Any]]) -> Any:
        return await call_next(request)

    return BaseHTTPMiddleware(plain(size, seconds), dispatch), lambda: None


def _otel(size: int, seconds: float) -> tuple[App, Flush]:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider()
    exporter = OTLPSpanExporter(endpoint=f"{os.environ[BLACK_HOLE]}/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(exporter))
    app = OpenTelemetryMiddleware(plain(size, seconds), tracer_provider=provider)
    return app, provider.force_flush


def _langfuse(size: int, seconds: float) -> tuple[App, Flush]:
    from langfuse import Langfuse, observe

    client = Langfuse(public_key="pk-lf-bench", secret_key="sk-lf-bench", base_url=os.environ[BLACK_HOLE])
    return PassThrough(nested(observe, size, seconds)), client.flush


def _offpath_spans(size: int, seconds: float) -> tuple[App, Flush]:
    import offpath

    _, flush = _offpath(size, seconds)
    return offpath.OffpathMiddleware(nested(offpath.observe, size, seconds)), flush


def _offpath_langfuse(size: int, seconds: float) -> tuple[App, Flush]:
    import offpath
    from langfuse import Langfuse, observe

    Langfuse(
        public_key="pk-lf-bench",
        secret_key="sk-lf-bench",
        base_url=os.environ[BLACK_HOLE],
        tracer_provider=offpath.langfuse.tracer_provider(),
    )
    _, flush = _offpath(size, seconds)
    return offpath.OffpathMiddleware(nested(observe, size, seconds)), flush


def nested(observe: Any, size: int, seconds: float) -> App:
    """Return the app with three functions within one another, each with the whole text in and out."""
    body = json_of(size)

    @observe(as_type="generation")
    async def generation(prompt: str) -> Any:
        if seconds:
            await asyncio.sleep(seconds)
        return body.decode()

    @observe()
    async def service(prompt: str) -> Any:
        return await generation(prompt)

    @observe()
    async def route(request: dict[str, Any]) -> Any:
        return await service(request["text"])

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        said = await route(json.loads(await body_of(receive)))
        await answer(send, said.encode())

    return app


VARIANTS: Final[dict[str, Callable[[int, float], tuple[App, Flush]]]] = {
    "none": _none,
    "pass-through": _pass_through,
    "offpath": _offpath,
    "offpath, 20 rules": partial(_offpath, rules=20),
    "offpath, 100 rules": partial(_offpath, rules=100),
    "BaseHTTPMiddleware": _base_http_middleware,
    "OTel ASGI, batch processor": _otel,
    "Langfuse, 3 nested @observe": _langfuse,
    "offpath, 3 nested @observe": _offpath_spans,
    "offpath, Langfuse's SDK through it": _offpath_langfuse,
}
