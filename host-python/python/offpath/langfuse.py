"""Langfuse's own SDK, with its spans recorded by offpath instead of sent from the app.

    from langfuse import Langfuse

    Langfuse(tracer_provider=offpath.langfuse.tracer_provider())

``@observe``, the drop-in for openai, LangChain's ``CallbackHandler``, prompts, scores and media stay Langfuse's, of versions
3, 4 and 5. What is gone is the thread that batches spans, and the HTTP that sends them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .otel import load

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider

    from .process import ConfigSource

__all__ = ["tracer_provider"]


def tracer_provider(
    *, sample_rate: float | None = None, config: ConfigSource = None, resource: Resource | None = None
) -> TracerProvider:
    """Return a tracer provider for ``Langfuse(tracer_provider=...)``. It does not become OpenTelemetry's global one.

    Where nothing is recorded (``OFFPATH_ENABLED=0``, or a platform that offpath does not run on), Langfuse sends its
    spans itself, as it does without.

    Args:
        sample_rate: which part of traces is kept, from 0 to 1; None for ``LANGFUSE_SAMPLE_RATE``, or else all. It is to be
            said here, because Langfuse ignores its own argument of that name where it is given a provider.
        config: the path of an offpath.toml, a mapping of the same shape, or None for what ``offpath.configure()`` was
            given, or else ``OFFPATH_CONFIG``, then ./offpath.toml, then the defaults. A file's changes are followed.
        resource: where the spans come from; None for what Langfuse makes of ``LANGFUSE_TRACING_ENVIRONMENT`` and
            ``LANGFUSE_RELEASE``.

    Raises:
        ImportError: OpenTelemetry's SDK is not installed, which comes with Langfuse's.
        ConfigError: all that is wrong with the configuration.
        ValueError: the sample rate is not from 0 to 1.
    """
    provider = load("langfuse_provider", "offpath.langfuse.tracer_provider()")
    return provider.make(sample_rate, config, resource)  # type: ignore[no-any-return]
