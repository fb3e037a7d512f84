"""What takes the place of a span processor of Langfuse's SDK, and of the batch processor within.

Some of what is touched there is private. Each is looked for before, and where it is missing another way is taken, or the
SDK's own left as it is.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import get_current_span

from ._native import logger
from .otel_bridge import Entered
from .otel_processor import delivered
from .process import warn_once

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import Span

    from ._native import OtelSpans

_SDK_SCOPE = "langfuse-sdk"
_IS_APP_ROOT = "langfuse.internal.is_app_root"
#: What a batch processor has, and what Langfuse's transforming exporter has.
_OF_BATCH = ("emit", "shutdown", "force_flush", "_exporter")
_OF_TRANSFORMING = ("export", "_exporter", "_media_manager", "_mask_otel_spans")

#: Whether the app's ``mask_otel_spans`` is running. What it records itself is left out: it would be masked without an end.
_MASKING: ContextVar[bool] = ContextVar("offpath_masking", default=False)


def is_of_langfuse(processor: SpanProcessor) -> bool:
    """Return whether it is one of the SDK's."""
    return any(cls.__module__.partition(".")[0] == "langfuse" for cls in type(processor).__mro__)


def taken_over(processor: Any, spans: OtelSpans, once: Once) -> SpanProcessor:
    """Return what to add in its place. It has no thread any more, and sends nothing."""
    once.claim()
    exporter = getattr(processor, "span_exporter", None)
    if exporter is None or not hasattr(processor, "public_key") or not _is_known(exporter):
        warn_once(
            "this version of langfuse is not known, so it sends its spans itself, as it does without offpath: "
            f"{type(processor).__qualname__} with {type(exporter).__qualname__}"
        )
        return processor  # type: ignore[no-any-return]
    batch = getattr(processor, "_batch_processor", None)
    if batch is None or not _has(batch, _OF_BATCH):
        # OpenTelemetry's SDK before 1.34, where the processor is all of it.
        processor.shutdown()
        return _Filtering(processor, Inline(exporter, spans, once))
    batch.shutdown()
    processor._batch_processor = Inline(exporter, spans, once)
    return _Langfuse(processor)


def _has(value: Any, names: Sequence[str]) -> bool:
    return all(hasattr(value, name) for name in names)


def _is_known(exporter: Any) -> bool:
    if _has(exporter, _OF_TRANSFORMING):
        exporter = exporter._exporter
    elif is_of_langfuse(exporter):
        return False
    if not type(exporter).__module__.startswith("opentelemetry.exporter.otlp."):
        warn_once(
            f"langfuse is given the span_exporter {type(exporter).__qualname__} and offpath's tracer_provider; its spans "
            "go to offpath alone"
        )
    return True


class Once:
    """Sees to it that a span which several clients of a provider export is written once.

    Spans of the SDK belong to one project; those of other instrumentations go to each, and so come here again and again.
    """

    def __init__(self) -> None:
        self._clients = 0
        self._last = threading.local()

    def claim(self) -> None:
        """Count one more client."""
        self._clients += 1

    def is_new(self, span: ReadableSpan) -> bool:
        """Return whether it was not the last to come in this thread: a provider asks one client after the other."""
        if self._clients < 2:
            return True
        last = getattr(self._last, "span", None)
        if last is not None and last() is span:
            return False
        self._last.span = weakref.ref(span)
        return True


class Inline:
    """Stands where a batch processor stood, and writes each span as it ends."""

    def __init__(self, exporter: Any, spans: OtelSpans, once: Once) -> None:
        self._exporter = RingExporter(spans)
        self._write = spans.write
        self._may_hold_media = spans.may_hold_media
        self._once = once
        self._shutdown = False
        self._masks = self._uploads = False
        if _has(exporter, _OF_TRANSFORMING):
            self._masks = exporter._mask_otel_spans is not None
            manager = exporter._media_manager
            self._uploads = manager is not None and getattr(manager, "_enabled", True)
            # It masks and uploads as ever, and hands what comes out to the ring.
            exporter._exporter = self._exporter
            self._transform = exporter.export

    def emit(self, span: ReadableSpan) -> None:
        """Write a span, masked and without the media in it."""
        if self._shutdown or not self._once.is_new(span):
            return
        if self._masks:
            if not _MASKING.get():
                self._transformed(span)
        elif self._uploads and self._may_hold_media(span):
            self._transformed(span)
        else:
            self._write(span)

    def _transformed(self, span: ReadableSpan) -> None:
        token = _MASKING.set(True)
        try:
            self._transform((span,))
        except Exception:  # noqa: BLE001 - nothing of this may reach the app
            if self._masks:
                logger.warning("offpath: a span is left out, since langfuse could not mask it", exc_info=True)
            else:
                self._write(span)
        finally:
            _MASKING.reset(token)

    def shutdown(self, timeout_millis: int = 30000) -> None:
        """Write nothing more. There is nothing to wait for."""
        self._shutdown = True

    def force_flush(self, timeout_millis: float | None = None) -> bool:
        """Wait until the exporter has taken what was written, as long as that is of use. Returns whether it did."""
        return delivered(timeout_millis)


class RingExporter(SpanExporter):
    """An exporter that writes to the ring at once: what the SDK's own exporter is made to send to."""

    def __init__(self, spans: OtelSpans) -> None:
        self._write = spans.write

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Write them."""
        for span in spans:
            self._write(span)
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        """Do nothing: others write to the ring too."""

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """Wait until the exporter has taken what was written, as long as that is of use. Returns whether it did."""
        return delivered(timeout_millis)


class _Langfuse(SpanProcessor):
    """A processor of the SDK, within the one trace that it has with offpath's exchanges."""

    def __init__(self, processor: Any) -> None:
        self._processor = processor

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Let the SDK mark what it marks; but an exchange, or a span of offpath's own, is the root of what is in it."""
        self._processor.on_start(span, parent_context)
        parent = get_current_span(parent_context) if span.parent is not None else None
        if isinstance(parent, Entered) and parent.is_root:
            attributes = span.attributes
            if attributes is not None and attributes.get(_IS_APP_ROOT):
                span.set_attribute(_IS_APP_ROOT, value=False)

    def on_end(self, span: ReadableSpan) -> None:
        """Have the SDK say whether it is to be exported."""
        self._processor.on_end(span)

    def shutdown(self) -> None:
        """Write nothing more."""
        self._processor.shutdown()

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """Wait until the exporter has taken what was written, as long as that is of use. Returns whether it did."""
        return delivered(timeout_millis)


class _Filtering(_Langfuse):
    """The same where the SDK's processor cannot be asked alone: what it leaves out is left out here."""

    def __init__(self, processor: Any, inline: Inline) -> None:
        super().__init__(processor)
        self._inline = inline
        self._blocked = getattr(processor, "blocked_instrumentation_scopes", None) or ()
        self._wants = getattr(processor, "_should_export_span", None)
        self._forget = getattr(processor, "_cleanup_app_root_state", None)

    def on_end(self, span: ReadableSpan) -> None:
        """Write a span that is of the client's project, and is to be exported."""
        try:
            if span.context and span.context.trace_flags.sampled and self._is_wanted(span):
                self._inline.emit(span)
        except Exception:  # noqa: BLE001 - should_export_span is the app's own; the SDK leaves the span out too
            logger.warning("offpath: a span is left out, since should_export_span failed", exc_info=True)
        finally:
            if self._forget is not None:
                self._forget(span)

    def _is_wanted(self, span: ReadableSpan) -> bool:
        scope = span.instrumentation_scope
        if scope is not None:
            public_key = (scope.attributes or {}).get("public_key")
            if scope.name == _SDK_SCOPE and public_key != self._processor.public_key:
                return False
            if scope.name in self._blocked:
                return False
        return self._wants is None or bool(self._wants(span))

    def shutdown(self) -> None:
        """Write nothing more."""
        self._inline.shutdown()
