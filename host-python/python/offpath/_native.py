"""The extension module, or where there is none for this platform, what lets everything pass through.

offpath records on Linux (x86-64 and arm64). Elsewhere the package imports, so that the same app runs on a developer's
laptop, and says once that it records nothing.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

logger = logging.getLogger("offpath")

if TYPE_CHECKING:
    from . import _offpath as native
    from ._offpath import (
        AiohttpCalls,
        ConfigError,
        HttpExchange,
        HttpxCalls,
        ObservedFunction,
        OtelSpans,
        Propagated,
        Recorder,
        Remote,
        Span,
        Tracer,
        WebSocketExchange,
        Yielded,
        __version__,
    )

    #: Whether there is something to record with.
    AVAILABLE: bool
else:
    try:
        from . import _offpath as native
        from ._offpath import (
            AiohttpCalls,
            ConfigError,
            HttpExchange,
            HttpxCalls,
            ObservedFunction,
            OtelSpans,
            Propagated,
            Recorder,
            Remote,
            Span,
            Tracer,
            WebSocketExchange,
            Yielded,
            __version__,
        )

        AVAILABLE = True
    except ImportError as error:
        from importlib import metadata

        native = None
        AiohttpCalls = HttpExchange = HttpxCalls = OtelSpans = Recorder = Tracer = WebSocketExchange = None
        AVAILABLE = False
        __version__ = metadata.version("offpath")

        class ConfigError(ValueError):
            """Configuration that offpath cannot take."""

            errors: list[tuple[str, str, str]]

        class Span:
            """None ever is."""

        class ObservedFunction:
            """Calls of it begin no span."""

            def __init__(self, *_: object) -> None:
                pass

            def begin(
                self, _tracer: object, _current: object, _propagated: object, _args: object, kwargs: dict
            ) -> None:
                """Take out of the arguments what is for us."""
                for name in ("langfuse_trace_id", "langfuse_parent_observation_id", "langfuse_public_key"):
                    kwargs.pop(name, None)

        Propagated = Remote = Yielded = Span

        logger.warning(
            "offpath records only on Linux on x86-64 and arm64; here every request passes through unrecorded (%s)",
            error,
        )

__all__ = [
    "AVAILABLE",
    "AiohttpCalls",
    "ConfigError",
    "HttpExchange",
    "HttpxCalls",
    "ObservedFunction",
    "OtelSpans",
    "Propagated",
    "Recorder",
    "Remote",
    "Span",
    "Tracer",
    "WebSocketExchange",
    "Yielded",
    "__version__",
    "logger",
    "native",
]
