"""The tracer provider for Langfuse's SDK, which has its spans written where they end.

The SDK gives a provider one span processor for each client. It has the rules of what belongs to the client's project and
what is exported, marks the root of the app, and hands what remains to a batch processor of OpenTelemetry's SDK, whose
exporter masks spans and uploads media. The first stays; the batch processor's thread and the HTTP of its exporter go.
(docs/decisions/0025-opentelemetry-and-the-official-sdk.md)
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, Sampler, TraceIdRatioBased

from .langfuse_processor import Once, is_of_langfuse, taken_over
from .otel_processor import NativeIds, spans_for

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor

    from ._native import OtelSpans
    from .process import ConfigSource


def make(sample_rate: float | None, config: ConfigSource, resource: Resource | None) -> TracerProvider:
    """Return the provider, as :func:`offpath.langfuse.tracer_provider` says."""
    sampler = _sampler(sample_rate)
    if resource is None:
        resource = _resource()
    spans = spans_for(config)
    if spans is None:
        return TracerProvider(sampler=sampler, resource=resource)
    return OffpathTracerProvider(spans, sampler, resource)


class OffpathTracerProvider(TracerProvider):
    """A tracer provider that takes over the span processors of Langfuse's SDK."""

    def __init__(self, spans: OtelSpans, sampler: Sampler, resource: Resource) -> None:
        # Nothing is lost at an exit, so nothing is to be done at one.
        super().__init__(sampler=sampler, resource=resource, shutdown_on_exit=False, id_generator=NativeIds())
        self._spans = spans
        self._once = Once()

    def add_span_processor(self, span_processor: SpanProcessor) -> None:
        """Add a processor. Of Langfuse's, all is kept but how spans leave the process; others stay as they are."""
        if is_of_langfuse(span_processor):
            span_processor = taken_over(span_processor, self._spans, self._once)
        super().add_span_processor(span_processor)


def _sampler(rate: float | None) -> Sampler:
    if rate is None:
        rate = float(os.environ.get("LANGFUSE_SAMPLE_RATE") or 1.0)
    if not 0 <= rate <= 1:
        raise ValueError(f"sample_rate: must be from 0 to 1, got {rate}")
    # By the trace's id alone, as the SDK has it, whose scores are sampled by asking the same sampler.
    return TraceIdRatioBased(rate) if rate < 1 else ALWAYS_ON


def _resource() -> Resource:
    said: dict[str, Any] = {
        "langfuse.environment": os.environ.get("LANGFUSE_TRACING_ENVIRONMENT"),
        "langfuse.release": os.environ.get("LANGFUSE_RELEASE"),
    }
    return Resource.create({name: value for name, value in said.items() if value})
