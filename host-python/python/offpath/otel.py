"""OpenTelemetry: spans of any instrumentation, recorded where the exchanges are.

    from offpath.otel import OffpathSpanProcessor
    from opentelemetry.sdk.trace import TracerProvider

    provider = TracerProvider()
    provider.add_span_processor(OffpathSpanProcessor())

OpenTelemetry is imported when one of these names is, and not before: offpath needs no other package.
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .otel_processor import OffpathSpanProcessor

__all__ = ["OffpathSpanProcessor"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(load("otel_processor", f"offpath.otel.{name}"), name)


def load(module: str, caller: str) -> ModuleType:
    """Import a module of this package that needs OpenTelemetry.

    Raises:
        ImportError: OpenTelemetry's SDK is not installed.
    """
    try:
        return importlib.import_module(f".{module}", __package__)
    except ModuleNotFoundError as error:
        raise ImportError(
            f"{caller} needs OpenTelemetry's SDK ({error}): pip install opentelemetry-sdk"
        ) from error
