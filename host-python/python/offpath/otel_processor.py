"""What takes the spans of OpenTelemetry's SDK; imported by offpath.otel when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry.sdk.trace import SpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

from . import otel_bridge
from ._native import AVAILABLE, OtelSpans, native
from .process import flush, recorder_for, status

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import ReadableSpan, Span

    from .process import ConfigSource

#: Seconds that a flush waits at most, whatever it is told: what was recorded lies outside of the process already.
_LONGEST_FLUSH = 5.0
#: Seconds after which an exporter that did not look is not there: it looks ten times a second.
_LOOKS_WITHIN = 5.0


class OffpathSpanProcessor(SpanProcessor):
    """Records the spans of a tracer provider, whole, into shared memory that another process reads.

    A span is written as it ends: there is no thread and no queue. From here on, requests that
    :class:`offpath.OffpathMiddleware` records, outbound calls and spans share one trace.

    Args:
        config: the path of an offpath.toml, a mapping of the same shape, or None for what ``offpath.configure()`` was
            given, or else ``OFFPATH_CONFIG``, then ./offpath.toml, then the defaults. A file's changes are followed.

    Raises:
        ConfigError: all that is wrong with the configuration. Nothing is raised later, whatever happens.
    """

    def __init__(self, *, config: ConfigSource = None) -> None:
        spans = spans_for(config)
        self._write = None if spans is None else spans.write

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Do nothing: a span is written when it has ended."""

    def on_end(self, span: ReadableSpan) -> None:
        """Record a span, unless the provider's sampler left it out."""
        if self._write is not None:
            self._write(span)

    def shutdown(self) -> None:
        """Record nothing more. What was recorded lies outside of the process, so there is nothing to wait for."""
        self._write = None

    def force_flush(self, timeout_millis: int | None = 30000) -> bool:
        """Wait until the exporter has taken what was recorded; five seconds at most. Returns whether it did."""
        return delivered(timeout_millis)


class NativeIds(RandomIdGenerator):
    """Ids from the kernel's generator: those of Python's ``random`` repeat in an app that seeds it."""

    def generate_span_id(self) -> int:
        """Return an id for a span."""
        return native.random_span_id() or super().generate_span_id()

    def generate_trace_id(self) -> int:
        """Return an id for a trace."""
        return native.random_trace_id() or super().generate_trace_id()

    def is_trace_id_random(self) -> bool:
        """Return true: each bit of it is (https://www.w3.org/TR/trace-context-2/#random-trace-id-flag)."""
        return True


def spans_for(config: ConfigSource) -> OtelSpans | None:
    """Return what writes spans under a configuration; None where nothing is recorded."""
    recorder = recorder_for(config)
    if recorder is None:
        return None
    otel_bridge.install()
    return OtelSpans(recorder)


def delivered(timeout_millis: float | None) -> bool:
    """Wait until the exporter has taken what was recorded, as long as that is of use. Returns whether it did."""
    seconds = _LONGEST_FLUSH if timeout_millis is None else min(max(timeout_millis, 0) / 1000, _LONGEST_FLUSH)
    if AVAILABLE:
        seen = status()["exporter_seen"]
        if seen is None or seen > _LOOKS_WITHIN:
            seconds = 0.0
    return flush(seconds)
