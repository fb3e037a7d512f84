"""The tracer: where spans begin, made when the first one does, from the configuration and what the environment says.

Of the ``LANGFUSE_*`` variables of the official SDK, those that say what is traced keep their meaning. Those that say where
it is sent to are the exporter's.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from . import process
from ._native import AVAILABLE, Tracer, logger

if TYPE_CHECKING:
    from ._offpath import Recorder

#: Trace ids are sampled by so many of their last bits (docs/decisions/0012-sampling-by-the-trace-id.md).
_RANDOM_BITS = 56
#: Of Langfuse's environments (https://langfuse.com/docs/observability/features/environments).
LONGEST_ENVIRONMENT = 40


class _State:
    """The tracer, and what it was made of; it is made anew when that changes."""

    tracer: Tracer | None = None
    recorder: Recorder | None = None
    is_made = False
    #: What a client was made with, in the place of the environment's.
    made_with: ClassVar[dict[str, Any]] = {}


def current() -> Tracer | None:
    """Return the tracer; None where nothing is recorded. It never raises."""
    recorder = process.spans_recorder()
    if not _State.is_made or _State.recorder is not recorder:
        _State.tracer = _make()
        _State.recorder, _State.is_made = process.spans_recorder(), True
    return _State.tracer


def configure(**made_with: Any) -> None:
    """Have spans that begin from here on follow what a client was made with."""
    _State.made_with.update({name: value for name, value in made_with.items() if value is not None})
    _State.is_made = False


def reset() -> None:
    """Forget what clients were made with, and read the environment anew."""
    _State.made_with.clear()
    _State.is_made = False


def _make() -> Tracer | None:
    if not AVAILABLE or not _enabled():
        return None
    try:
        recorder = process.spans_recorder() or process.recorder_for(None)
    except ValueError as error:
        # configure() and the middleware raise it where the app can do something about it.
        logger.error("offpath: no spans are recorded until the configuration is mended: %s", error)
        return None
    if recorder is None:
        return None
    environment = _State.made_with.get("environment") or os.environ.get("LANGFUSE_TRACING_ENVIRONMENT") or ""
    release = _State.made_with.get("release") or os.environ.get("LANGFUSE_RELEASE") or ""
    mask: Callable[..., Any] | None = _State.made_with.get("mask")
    return Tracer(recorder, _threshold(), str(environment)[:LONGEST_ENVIRONMENT], str(release)[:200], mask)


def _enabled() -> bool:
    enabled = _State.made_with.get("tracing_enabled", True)
    said = os.environ.get("LANGFUSE_TRACING_ENABLED", "true").strip().lower()
    return bool(enabled) and said not in ("false", "0", "no", "off")


def _threshold() -> int | None:
    """Return the least that a trace id's last bits have to be; None: as the configuration says."""
    rate = _State.made_with.get("sample_rate")
    if rate is None:
        rate = os.environ.get("LANGFUSE_SAMPLE_RATE") or None
    if rate is None:
        return None
    try:
        rate = float(rate)
    except (TypeError, ValueError):
        rate = -1.0
    if not 0.0 <= rate <= 1.0:
        logger.warning("offpath: sample_rate: must be a number from 0 to 1, so all is kept")
        return None
    return round((1.0 - rate) * (1 << _RANDOM_BITS))
