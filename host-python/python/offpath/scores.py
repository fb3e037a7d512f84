"""Scores: what ``create_score`` says, checked, on its way to the ring."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

from . import tracer
from ._native import logger
from .propagation import whole_characters

_TYPES = ("NUMERIC", "CATEGORICAL", "BOOLEAN", "TEXT")


def score(
    *,
    name: str,
    value: float | str,
    session_id: str | None = None,
    dataset_run_id: str | None = None,
    trace_id: str | None = None,
    observation_id: str | None = None,
    score_id: str | None = None,
    data_type: str | None = None,
    comment: str | None = None,
    config_id: str | None = None,
    metadata: Any = None,
    timestamp: datetime | None = None,
    environment: str | None = None,
) -> None:
    """Judge a trace, one of its observations, or a session; the arguments are those of Langfuse's SDK. It raises nothing."""
    tracing = tracer.current()
    if tracing is None:
        return
    if dataset_run_id is not None:
        logger.warning(
            "offpath: dataset_run_id: runs of datasets are scored by the official SDK; the score is left out"
        )
        return
    judged = _judged(_text(name) or "", value, data_type)
    ids = _number(trace_id, 32), _number(observation_id, 16)
    if judged is None or (ids[0] == 0 and not session_id):
        logger.warning(
            "offpath: score %r: needs a value of its type, and a trace_id or a session_id; it is left out",
            name,
        )
        return
    judged |= {
        "comment": _text(comment),
        "config_id": _text(config_id),
        "score_id": _text(score_id),
        "session_id": _text(session_id),
        "environment": _text(environment),
        "timestamp": _unix_ns(timestamp),
    }
    tracing.score(*ids, judged, metadata)


def _judged(name: str, value: Any, data_type: str | None) -> dict[str, Any] | None:
    """Return name, value and type; None if the value is none of that type."""
    data_type = data_type.upper() if isinstance(data_type, str) else None
    if data_type is None:
        data_type = "CATEGORICAL" if isinstance(value, str) else "NUMERIC"
    if data_type not in _TYPES:
        return None
    if data_type in ("CATEGORICAL", "TEXT"):
        return {"name": name, "value": None, "text": _text(value) or "", "data_type": data_type}
    try:
        number = float(value)
    except Exception:  # noqa: BLE001 - it may be of any type
        return None
    if not math.isfinite(number):
        return None
    return {"name": name, "value": number, "text": None, "data_type": data_type}


def _text(value: Any) -> str | None:
    """Return the text of anything; of what has none, its class."""
    if value is None:
        return None
    try:
        return whole_characters(str(value))
    except Exception:  # noqa: BLE001 - it may be of any type
        return f"<{type(value).__name__}>"


def _unix_ns(time: Any) -> int | None:
    """Return a time in nanoseconds since the Unix epoch; None if it is none since then."""
    try:
        seconds = time.timestamp() if isinstance(time, datetime) else -1.0
    except (OverflowError, OSError, ValueError):
        return None
    unix_ns = int(seconds * 1e6) * 1000
    return unix_ns if 0 <= unix_ns < 1 << 64 else None


def _number(hexadecimal: str | None, digits: int) -> int:
    """Return an id as a number; 0 if it is none."""
    if not isinstance(hexadecimal, str) or len(hexadecimal) != digits:
        return 0
    try:
        return int(hexadecimal, 16)
    except ValueError:
        return 0
