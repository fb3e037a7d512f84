"""Calls that go out by httpx, or by httpx2: and so those of the openai, anthropic, mistral, cohere and other clients.

    import offpath

    offpath.httpx.instrument()

What is replaced is ``_send_single_request`` of ``Client`` and ``AsyncClient``, where httpx sends one request over the
network. All that httpx makes of it above, such as redirects, authentication, hooks and reading, stays httpx's own.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from types import ModuleType
from typing import TYPE_CHECKING, Any

from . import outbound
from ._native import HttpxCalls
from .current import CURRENT, inner
from .process import recorder_for

if TYPE_CHECKING:
    from ._offpath import AsyncChunks, Chunks, OutboundExchange, Recorder
    from .process import ConfigSource

_METHOD = "_send_single_request"

_instrumentation = outbound.Instrumentation()


def instrument(config: ConfigSource = None) -> None:
    """Record the calls of all clients, those that there are already included. While it does, calling it again does nothing.

    Args:
        config: the path of an offpath.toml, a mapping of the same shape, or None for what ``offpath.configure()`` was
            given, or else ``OFFPATH_CONFIG``, then ./offpath.toml, then the defaults. A file's changes are followed.

    Raises:
        ImportError: neither httpx nor httpx2 is installed.
        ConfigError: all that is wrong with the configuration.
    """
    modules = outbound.installed(("httpx", "httpx2"), "offpath.httpx.instrument()")
    if _instrumentation.active:
        return
    recorder = recorder_for(config, "httpx")
    if recorder is None:
        return
    for module in modules:
        _instrument(module, recorder)


def uninstrument() -> None:
    """Put httpx back as it was. What is in progress is recorded to its end."""
    _instrumentation.undo()


def _instrument(module: ModuleType, recorder: Recorder) -> None:
    if not outbound.missing(module.Client, [_METHOD]):
        kinds = module.SyncByteStream, *_sync_streams(module.SyncByteStream)
        calls = HttpxCalls(recorder, module.ByteStream, *kinds)
        _instrumentation.use(calls)
        _instrumentation.replace(module.Client, _METHOD, lambda original: _sending(original, calls))
    if not outbound.missing(module.AsyncClient, [_METHOD]):
        kinds = module.AsyncByteStream, *_async_streams(module.AsyncByteStream)
        calls_async = HttpxCalls(recorder, module.ByteStream, *kinds)
        _instrumentation.use(calls_async)
        _instrumentation.replace(
            module.AsyncClient, _METHOD, lambda original: _sending_async(original, calls_async)
        )


def _sending(original: Callable[[Any, Any], Any], calls: HttpxCalls) -> Callable[[Any, Any], Any]:
    begin, sent, answered = calls.begin, calls.sent, calls.answered
    current, enter, leave = CURRENT.get, CURRENT.set, CURRENT.reset

    @wraps(original)
    def send_observed(self: Any, request: Any) -> Any:
        exchange = begin(request, current(), inner())
        if exchange is None:
            return original(self, request)
        token = enter(exchange)
        try:
            response = original(self, request)
        except BaseException as error:
            exchange.raised(error)
            raise
        finally:
            leave(token)
            sent(exchange, request)
        answered(exchange, response)
        return response

    return send_observed


def _sending_async(
    original: Callable[[Any, Any], Awaitable[Any]], calls: HttpxCalls
) -> Callable[[Any, Any], Awaitable[Any]]:
    begin, sent, answered = calls.begin, calls.sent, calls.answered
    current, enter, leave = CURRENT.get, CURRENT.set, CURRENT.reset

    @wraps(original)
    async def send_observed(self: Any, request: Any) -> Any:
        exchange = begin(request, current(), inner())
        if exchange is None:
            return await original(self, request)
        token = enter(exchange)
        try:
            response = await original(self, request)
        except BaseException as error:
            exchange.raised(error)
            raise
        finally:
            try:  # noqa: SIM105 - suppress() is a call more, for each request
                leave(token)
            except ValueError:
                pass  # Whoever drives this coroutine changed to another context, which goes with it.
            sent(exchange, request)
        answered(exchange, response)
        return response

    return send_observed


def _sync_streams(base: type) -> tuple[type, type]:
    """Make the classes of streams that are observed: of requests, and of responses. httpx asks them for their base."""

    class Sent(_Observed, base):  # type: ignore[misc]
        def __iter__(self) -> Chunks:
            return self._exchange.sending(self._stream)

        def close(self) -> None:
            self._stream.close()

    class Received(_Observed, base):  # type: ignore[misc]
        def __iter__(self) -> Chunks:
            return self._exchange.receiving(self._stream)

        def close(self) -> None:
            self._exchange.closed()
            self._stream.close()

    return Sent, Received


def _async_streams(base: type) -> tuple[type, type]:
    """Make the same of asynchronous streams."""

    class Sent(_Observed, base):  # type: ignore[misc]
        def __aiter__(self) -> AsyncChunks:
            return self._exchange.sending_async(self._stream)

        def aclose(self) -> Awaitable[None]:
            return self._stream.aclose()  # type: ignore[no-any-return]

    class Received(_Observed, base):  # type: ignore[misc]
        def __aiter__(self) -> AsyncChunks:
            return self._exchange.receiving_async(self._stream)

        def aclose(self) -> Awaitable[None]:
            self._exchange.closed()
            return self._stream.aclose()  # type: ignore[no-any-return]

    return Sent, Received


class _Observed:
    """A stream, and the exchange that looks at its chunks. For all else it is that stream."""

    def __init__(self, stream: Any, exchange: OutboundExchange) -> None:
        self._stream = stream
        self._exchange = exchange

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
