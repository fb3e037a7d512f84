"""LangGraph's ways of control, which it raises: interrupts, and what goes on after them.

A graph that is interrupted ends, and is called again with ``Command(resume=...)`` and the same ``thread_id``, seconds or
days later. Where this process still knows, what goes on is told in the trace of what was interrupted.

LangGraph is not imported for this: what it has raised, it has been imported for.
"""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Mapping
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from .._native import Remote

if TYPE_CHECKING:
    from .._offpath import Span

#: So many interrupted graphs are known, the last ones.
_KNOWN: Final = 1024


def is_control_flow(error: BaseException) -> bool:
    """Return whether an exception is no failure, but how LangGraph leaves a graph."""
    errors = sys.modules.get("langgraph.errors")
    kind = getattr(errors, "GraphBubbleUp", None)
    return kind is not None and isinstance(error, kind)


def key_of(metadata: Mapping[str, Any] | None) -> str | None:
    """Return by what a graph is known when it is called again; None if it is not made to be."""
    thread = metadata.get("thread_id") if metadata else None
    return None if thread is None else str(thread)


class Interrupted:
    """The traces of graphs that are interrupted."""

    def __init__(self) -> None:
        self._places: OrderedDict[str, Remote] = OrderedDict()
        self._lock = Lock()

    def add(self, key: str, span: Span) -> None:
        """Note that a graph was interrupted, which this span is of."""
        place = Remote(int(span.trace_id, 16), int(span.id, 16))
        with self._lock:
            self._places.pop(key, None)
            self._places[key] = place
            if len(self._places) > _KNOWN:
                self._places.popitem(last=False)

    def take(self, key: str, inputs: Any) -> Remote | None:
        """Return where a graph goes on that is called with these inputs; None if it begins anew."""
        types = sys.modules.get("langgraph.types")
        command = getattr(types, "Command", None)
        if command is None or not isinstance(inputs, command) or getattr(inputs, "resume", None) is None:
            return None
        with self._lock:
            return self._places.pop(key, None)
