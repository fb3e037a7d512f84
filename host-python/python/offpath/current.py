"""What is in progress: the exchange or the span that calls and spans of the app are a part of.

It goes where context variables go: into tasks, ``asyncio.to_thread`` and the thread pools of frameworks.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from contextvars import ContextVar, Token
from typing import TYPE_CHECKING, Any, Protocol

from ._native import Remote, native

if TYPE_CHECKING:
    from typing import TypeAlias

    from ._offpath import HttpExchange, OutboundExchange, Propagated, Span, WebSocketExchange

    InProgress: TypeAlias = HttpExchange | WebSocketExchange | OutboundExchange | Span | Remote

#: None: nothing is in progress, or nothing that is recorded.
CURRENT: ContextVar[InProgress | None] = ContextVar("offpath_current", default=None)
#: What ``propagate_attributes`` says of all spans that begin within it.
PROPAGATED: ContextVar[Propagated | None] = ContextVar("offpath_propagated", default=None)


class Bridge(Protocol):
    """Keeps the context of OpenTelemetry, which has one of its own, in step with ours. Nothing of it raises."""

    def inner(self) -> tuple[int, int, int] | None:
        """Trace id, span id and flags of a span of OpenTelemetry within what is in progress; None if there is none."""

    def outer(self, scope: MutableMapping[str, Any]) -> tuple[int, int, int] | None:
        """Return the same of a span around a request that begins; None if there is none, or it is of another request."""

    def enter(self, current: Any) -> object:
        """Make an exchange or a span the parent of spans of OpenTelemetry that begin from here on. Return a token."""

    def leave(self, token: Any) -> None:
        """Put back what was there."""


#: None until spans of OpenTelemetry are recorded.
bridge: Bridge | None = None


def inner() -> tuple[int, int, int] | None:
    """Trace id, span id and flags of a span of OpenTelemetry within what is in progress; None if there is none."""
    return None if bridge is None else bridge.inner()


def leave(variable: ContextVar[Any], token: Token[Any], before: Any) -> None:
    """Put a variable back; where that is another context by now, to what it was ``before``."""
    try:
        variable.reset(token)
    except ValueError:
        variable.set(before)
    except RuntimeError:
        pass  # It was put back already.


def innermost() -> Any:
    """Return what a span that begins now is a part of; None if there is nothing."""
    if bridge is not None:
        place = bridge.inner()
        if place is not None:
            return Remote(*place)
    return in_progress()


def in_progress() -> InProgress | None:
    """Return what is in progress here; None if there is nothing. A context may have a span that was left in another."""
    progress = CURRENT.get()
    return progress if progress is None else native.in_progress(progress)
