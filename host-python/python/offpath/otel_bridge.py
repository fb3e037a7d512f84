"""One trace: what offpath has in progress, in OpenTelemetry's context, and the other way round.

An exchange that is entered is there as a span that does nothing but stand in its place, so that spans which begin within
are its children. What begins within such a span in turn asks here what its parent is.

Contexts leak: servers let a request begin in the context that an earlier one of its connection left, and spans are attached
that nobody detaches. So nothing is believed that has ended, or that another request had entered.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from contextlib import suppress
from contextvars import Token
from typing import TYPE_CHECKING, Any

from opentelemetry import context as otel_context
from opentelemetry.context import Context
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    TraceFlags,
    get_current_span,
    set_span_in_context,
)

from . import current
from ._native import HttpExchange, Remote, WebSocketExchange, logger, native

if TYPE_CHECKING:
    from ._offpath import Place

_ENTERED = otel_context.create_key("offpath-entered")


class Entered(NonRecordingSpan):
    """What stands for an exchange, or a span of offpath's own, in OpenTelemetry's context."""

    def __init__(self, context: SpanContext, *, is_root: bool) -> None:
        super().__init__(context)
        #: Whether it is delivered where the spans in it are, which then need no other root.
        self.is_root = is_root
        #: Whether it was left: then it is here because a context leaked, or because a task outlives it.
        self.left = False


class OtelBridge:
    """Keeps OpenTelemetry's context in step with what offpath has in progress."""

    def inner(self) -> Place | None:
        """Return the place of a span that is in progress inside of what offpath has."""
        try:
            return _place_of_current()
        except Exception:  # noqa: BLE001 - of whatever class a span is, the app must not notice
            return None

    def outer(self, scope: MutableMapping[str, Any]) -> Place | None:
        """Return the place of a span in progress around a request that begins, unless it is of another one."""
        try:
            place = _place_of_current()
            if place is None or _has_leaked():
                return None
            told = _told(scope)
            return place if told is None or told == place[0] else None
        except Exception:  # noqa: BLE001 - as above
            return None

    def enter(self, current: Any) -> object:
        """Make this the parent of spans that begin from here on."""
        try:
            place = native.place(current)
            if place is None:
                return None
            trace_id, span_id, flags = place
            is_remote, is_request = (
                isinstance(current, Remote),
                isinstance(current, (HttpExchange, WebSocketExchange)),
            )
            span = Entered(
                SpanContext(trace_id, span_id, is_remote=is_remote, trace_flags=TraceFlags(flags)),
                # A request is recorded whatever its caller says of the trace.
                is_root=not is_remote and (is_request or bool(flags & TraceFlags.SAMPLED)),
            )
            # What an earlier request of the connection left there is none of this one's.
            base = Context() if is_request and _has_leaked() else otel_context.get_current()
            context = otel_context.set_value(_ENTERED, span, set_span_in_context(span, base))
            return span, otel_context.attach(context)
        except Exception:  # noqa: BLE001 - as above
            logger.debug("offpath: OpenTelemetry's context was not entered", exc_info=True)
            return None

    def leave(self, token: object) -> None:
        """End that, in whatever context."""
        if not isinstance(token, tuple):
            return
        span, attached = token
        span.left = True
        if not isinstance(attached, Token):
            # A context of another kind than Python's own, which somebody chose.
            otel_context.detach(attached)
            return
        # As OpenTelemetry does, which logs an error where whoever drives this changed to another context. That one goes.
        with suppress(ValueError, RuntimeError):
            attached.var.reset(attached)


def install() -> None:
    """Have exchanges and spans of OpenTelemetry know of each other from here on."""
    if current.bridge is None:
        current.bridge = OtelBridge()


def _place_of_current() -> Place | None:
    span = get_current_span()
    # Not of what offpath entered, nor of one that has ended or that is not sampled: nobody would find its parent.
    if not span.is_recording():
        return None
    context = span.get_span_context()
    return context.trace_id, context.span_id, int(context.trace_flags)


def _has_leaked() -> bool:
    entered = otel_context.get_value(_ENTERED)
    return isinstance(entered, Entered) and entered.left


def _told(scope: MutableMapping[str, Any]) -> int | None:
    """Return the trace that the request says it is of."""
    for name, value in scope.get("headers") or ():
        if name.lower() == b"traceparent":
            try:
                return int(value.split(b"-")[1], 16)
            except (IndexError, ValueError):
                return None
    return None
