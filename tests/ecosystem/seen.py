"""What came of a scenario, so that it can be compared: as trees, with no ids and no times."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from .understood import ENVIRONMENT, understood

Span = Mapping[str, Any]
Score = Mapping[str, Any]
Seen = dict[str, Any]

#: What is made anew at each run: UUIDs, with what LangChain puts before them; the ids of calls and interrupts.
_MADE: Final = re.compile(
    r"(?:lc_)?(?:run-*)?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?:-\d+)?"
    r"|(?:\b|call_)[0-9a-f]{32}\b"
)


def seen(spans: Iterable[Span], scores: Iterable[Score], fixed: Sequence[str], *, ordered: bool) -> Seen:
    """Return the traces of a scenario, in the order of their begins, and what is scored without being one of them.

    Args:
        spans: all that belong to it.
        scores: likewise.
        fixed: the ids that the scenario has given; others are not compared.
        ordered: whether what is in one place happens one after the other. Else it is in the order of its content.
    """
    spans, scores = sorted(spans, key=lambda span: span["start"]), list(scores)
    known = {span["id"] for span in spans}
    traces: dict[str, list[Seen]] = {}
    for span in spans:
        traces.setdefault(span["trace"], [])
        if span["parent"] not in known:
            traces[span["trace"]].append(_tree(span, spans, scores, fixed, ordered))
    told = [
        {
            "id": trace if trace in fixed else "made",
            "scores": _scores(scores, trace=trace),
            "roots": roots if ordered else in_order(roots),
        }
        for trace, roots in traces.items()
    ]
    elsewhere = [score for score in scores if score.get("traceId") not in traces]
    return {
        "traces": told if ordered else in_order(told),
        "scores": in_order([_score(score) | _whose(score, fixed) for score in elsewhere]),
    }


def _tree(
    span: Span, spans: Sequence[Span], scores: Sequence[Score], fixed: Sequence[str], ordered: bool
) -> Seen:
    children = [
        _tree(child, spans, scores, fixed, ordered)
        for child in spans
        if child["parent"] == span["id"] and child["trace"] == span["trace"]
    ]
    told: Seen = _without_ids(understood(span))
    if span["parent"] is not None and span["parent"] in fixed:
        told["parent"] = span["parent"]
    if own := _scores(scores, trace=span["trace"], observation=span["id"]):
        told["scores"] = own
    if children:
        told["children"] = children if ordered else in_order(children)
    return told


def _scores(scores: Iterable[Score], trace: str, observation: str | None = None) -> list[Seen]:
    """Return those of an observation, or those of a trace itself."""
    return in_order(
        [
            _score(score)
            for score in scores
            if score.get("traceId") == trace and score.get("observationId") == observation
        ]
    )


def _score(score: Score) -> Seen:
    keys = ("name", "value", "dataType", "comment", "metadata", "configId")
    told = {key: score[key] for key in keys if score.get(key) is not None}
    return told | {"environment": score.get("environment") or ENVIRONMENT}


def _whose(score: Score, fixed: Sequence[str]) -> Seen:
    keys = ("id", "traceId", "observationId", "sessionId")
    return {key: score[key] for key in keys if score.get(key) in fixed}


def _without_ids(value: Any) -> Any:
    if isinstance(value, str):
        return _MADE.sub("<id>", value)
    if isinstance(value, list):
        return [_without_ids(each) for each in value]
    if isinstance(value, dict):
        return {_without_ids(key): _without_ids(each) for key, each in value.items()}
    return value


def in_order(values: Iterable[Any]) -> list[Any]:
    """Return values in the order of their names, and then of all that they say."""
    return sorted(values, key=lambda value: (value.get("name", ""), json.dumps(value, sort_keys=True)))
