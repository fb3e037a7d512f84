"""What is in progress: the exchange that calls of the app are a part of.

It goes where context variables go: into tasks, ``asyncio.to_thread`` and the thread pools of frameworks.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._offpath import HttpExchange, OutboundExchange, WebSocketExchange

#: None: no request is in progress, or one that is not recorded.
CURRENT: ContextVar[HttpExchange | WebSocketExchange | OutboundExchange | None] = ContextVar(
    "offpath_current", default=None
)
