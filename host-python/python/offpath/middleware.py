"""The ASGI middleware: it looks at every message that passes, and changes none."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any

from . import current
from .current import CURRENT
from .process import recorder_for

if TYPE_CHECKING:
    from ._native import HttpExchange, Recorder, WebSocketExchange
    from .process import ConfigSource

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

_enter, _leave = CURRENT.set, CURRENT.reset


def beginning(recorder: Recorder | None) -> Callable[..., HttpExchange | WebSocketExchange | None]:
    """Return what begins an exchange for a scope; where nothing is recorded, what always returns None."""
    return (lambda _scope, _parent=None: None) if recorder is None else recorder.begin


class OffpathMiddleware:
    """Records what passes an ASGI 3 app, into shared memory that another process reads.

    Args:
        app: the app.
        config: the path of an offpath.toml, a mapping of the same shape, or None for ``OFFPATH_CONFIG``, then
            ./offpath.toml, then the defaults. A file's changes are followed within two seconds.

    Raises:
        ConfigError: all that is wrong with the configuration. Nothing is raised later, whatever happens.
    """

    def __init__(self, app: ASGIApp, *, config: ConfigSource = None) -> None:
        self.app = app
        self._begin = beginning(recorder_for(config))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the app, and record the exchange."""
        # All in one coroutine: another would cost each request more than much of what is recorded.
        bridge = current.bridge
        exchange = self._begin(scope) if bridge is None else self._begin(scope, bridge.outer(scope))
        # Always: servers let a request begin in the context that an earlier one of its connection left.
        token = _enter(exchange)
        entered = None if bridge is None or exchange is None else bridge.enter(exchange)
        try:
            if exchange is None:
                await self.app(scope, receive, send)
                return

            async def receive_observed() -> Message:
                message = await receive()
                exchange.received(message)
                return message

            def send_observed(message: Message) -> Awaitable[None]:
                # No coroutine of its own: the app awaits the server's.
                exchange.sent(message)
                return send(message)

            try:
                await self.app(scope, receive_observed, send_observed)
            except BaseException as error:
                exchange.raised(error)
                raise
            exchange.returned()
        finally:
            if bridge is not None:
                bridge.leave(entered)
            try:  # noqa: SIM105 - suppress() is a call more, for each request
                _leave(token)
            except ValueError:
                pass  # Whoever drives this coroutine changed to another context, which goes with it.
