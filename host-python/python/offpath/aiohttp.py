"""Calls that go out by the client of aiohttp.

    import offpath

    offpath.aiohttp.instrument()

aiohttp's own tracing sees no chunk of a response that is streamed. So four of its methods are replaced: what makes a call
of several requests, and what connects, sends a body and takes the head of an answer of each. Reader and writer of the
bodies of a recorded request change their class for one that looks at what passes.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from functools import wraps
from types import ModuleType
from typing import TYPE_CHECKING, Any

from . import outbound
from ._native import AiohttpCalls
from .current import CURRENT, inner
from .process import recorder_for

if TYPE_CHECKING:
    from ._offpath import OutboundExchange
    from .process import ConfigSource

_instrumentation = outbound.Instrumentation()


def instrument(config: ConfigSource = None) -> None:
    """Record the calls of all sessions, those that there are already included. While it does, calling it again does nothing.

    Args:
        config: the path of an offpath.toml, a mapping of the same shape, or None for what ``offpath.configure()`` was
            given, or else ``OFFPATH_CONFIG``, then ./offpath.toml, then the defaults. A file's changes are followed.

    Raises:
        ImportError: aiohttp is not installed.
        ConfigError: all that is wrong with the configuration.
    """
    [aiohttp] = outbound.installed(("aiohttp",), "offpath.aiohttp.instrument()")
    if _instrumentation.active:
        return
    recorder = recorder_for(config, "aiohttp")
    if recorder is None:
        return
    methods = {
        aiohttp.ClientSession: ["_request"],
        aiohttp.BaseConnector: ["connect"],
        aiohttp.ClientRequest: ["write_bytes"],
        aiohttp.ClientResponse: ["start"],
    }
    if [owner for owner, names in methods.items() if outbound.missing(owner, names)]:
        return
    calls = AiohttpCalls(recorder)
    bodies = _Bodies(aiohttp)
    _instrumentation.use(calls)
    for owner, method, make in (
        (aiohttp.ClientSession, "_request", lambda original: _requesting(original, calls, bodies)),
        (aiohttp.BaseConnector, "connect", lambda original: _connecting(original, calls)),
        (aiohttp.ClientRequest, "write_bytes", lambda original: _writing(original, bodies)),
        (aiohttp.ClientResponse, "start", lambda original: _starting(original, calls, bodies)),
    ):
        _instrumentation.replace(owner, method, make)


def uninstrument() -> None:
    """Put aiohttp back as it was. What is in progress is recorded to its end."""
    _instrumentation.undo()


class _Call:
    """One call of a session: requests, one after the other, of which the last has the answer."""

    __slots__ = ("connected", "decodes", "exchange", "parent")

    def __init__(self, parent: Any, decodes: tuple[str, ...]) -> None:
        #: What was in progress when it began.
        self.parent = parent
        #: Encodings that aiohttp takes off bodies before anybody sees them.
        self.decodes = decodes
        #: The request in progress; None: it is not recorded.
        self.exchange: OutboundExchange | None = None
        #: Whether it has its connection. Until then, what is sent is for a proxy.
        self.connected = False

    @property
    def connected_exchange(self) -> OutboundExchange | None:
        return self.exchange if self.connected else None


_CALL: ContextVar[_Call | None] = ContextVar("offpath_aiohttp_call", default=None)


def _requesting(original: Callable[..., Awaitable[Any]], calls: AiohttpCalls, bodies: _Bodies) -> Any:
    @wraps(original)
    async def request_observed(self: Any, *args: Any, **kwargs: Any) -> Any:
        current = CURRENT.get()
        if not calls.records(current):
            return await original(self, *args, **kwargs)
        decodes = kwargs.get("auto_decompress")
        if decodes is None:
            decodes = self._auto_decompress
        call = _Call(current, bodies.encodings if decodes else ())
        token = _CALL.set(call)
        try:
            return await original(self, *args, **kwargs)
        except BaseException as error:
            # A timeout may come as a cancellation until here.
            if call.exchange is not None:
                call.exchange.raised(error)
            raise
        finally:
            try:  # noqa: SIM105 - suppress() is a call more, for each request
                _CALL.reset(token)
            except ValueError:
                pass  # Whoever drives this coroutine changed to another context, which goes with it.

    return request_observed


def _connecting(original: Callable[..., Awaitable[Any]], calls: AiohttpCalls) -> Any:
    @wraps(original)
    async def connect_observed(self: Any, req: Any, *args: Any, **kwargs: Any) -> Any:
        call = _CALL.get()
        if call is None:
            return await original(self, req, *args, **kwargs)
        call.connected = False
        call.exchange = calls.begin(req, call.parent, inner())
        try:
            connection = await original(self, req, *args, **kwargs)
        except Exception as error:
            # aiohttp may try again.
            if call.exchange is not None:
                call.exchange.raised(error)
            raise
        call.connected = True
        return connection

    return connect_observed


def _writing(original: Callable[..., Awaitable[None]], bodies: _Bodies) -> Any:
    @wraps(original)
    def write_observed(self: Any, writer: Any, *args: Any, **kwargs: Any) -> Awaitable[None]:
        call = _CALL.get()
        if call is not None and (exchange := call.connected_exchange) is not None:
            bodies.observe_writer(writer, exchange)
        return original(self, writer, *args, **kwargs)

    return write_observed


def _starting(original: Callable[..., Awaitable[Any]], calls: AiohttpCalls, bodies: _Bodies) -> Any:
    @wraps(original)
    async def start_observed(self: Any, connection: Any) -> Any:
        call = _CALL.get()
        if call is None or (exchange := call.connected_exchange) is None:
            return await original(self, connection)
        try:
            started = await original(self, connection)
        except Exception as error:
            # aiohttp may try again.
            exchange.raised(error)
            raise
        calls.answered(exchange, self, call.decodes)
        bodies.observe_reader(self.content, exchange)
        return started

    return start_observed


class _Callbacks(list[Callable[[], None]]):
    """The callbacks of a reader, which is the one place in it that can hold something more."""

    def __init__(self, callbacks: list[Callable[[], None]], exchange: OutboundExchange) -> None:
        super().__init__(callbacks)
        self.exchange = exchange


class _Bodies:
    """The classes that readers and writers of bodies change to."""

    def __init__(self, aiohttp: ModuleType) -> None:
        self._reader = aiohttp.StreamReader
        self._writer = aiohttp.http.StreamWriter
        self._observed_reader = _observed_reader(aiohttp.StreamReader, aiohttp.ClientConnectionError)
        self._observed_writer = _observed_writer(aiohttp.http.StreamWriter)
        zstd = getattr(aiohttp.compression_utils, "HAS_ZSTD", False)
        self.encodings = ("gzip", "deflate", "br", "zstd") if zstd else ("gzip", "deflate", "br")

    def observe_writer(self, writer: Any, exchange: OutboundExchange) -> None:
        """Look at what is written from here on."""
        if type(writer) is self._writer:
            writer.offpath_exchange = exchange
            writer.__class__ = self._observed_writer

    def observe_reader(self, reader: Any, exchange: OutboundExchange) -> None:
        """Look at what has come already, and at what is still to come."""
        if type(reader) is not self._reader:
            # Of an answer that has no body.
            exchange.complete()
            return
        for chunk in reader._buffer:
            exchange.response_chunk(chunk)
        error = reader.exception()
        if error is not None:
            exchange.raised(error)
        elif reader.is_eof():
            exchange.complete()
        else:
            reader._eof_callbacks = _Callbacks(reader._eof_callbacks, exchange)
            reader.on_eof(exchange.complete)
            reader.__class__ = self._observed_reader


def _observed_reader(base: Any, by_caller: type[Exception]) -> type:
    """Make the class of readers that are observed. It has no room of its own, so that readers can change to it."""
    feed_data, set_exception = base.feed_data, base.set_exception

    class StreamReader(base):  # type: ignore[misc]
        __slots__ = ()

        def feed_data(self, data: Any, *args: Any) -> Any:
            self._eof_callbacks.exchange.response_chunk(data)
            return feed_data(self, data, *args)

        def set_exception(self, exc: BaseException, *args: Any) -> None:
            exchange = self._eof_callbacks.exchange
            # That class itself is what a response that is closed, or released, sets.
            if type(exc) is not by_caller:
                exchange.raised(exc)
            elif isinstance(error := sys.exc_info()[1], asyncio.TimeoutError):
                # The time for all of it is up, while the caller reads; only the caller was told.
                exchange.raised(error)
            else:
                exchange.closed()
            set_exception(self, exc, *args)

    return StreamReader


def _observed_writer(base: Any) -> type:
    """Make the class of writers that are observed."""
    write = base.write

    class StreamWriter(base):  # type: ignore[misc]
        def write(self, chunk: Any, **options: Any) -> Awaitable[None]:
            # No coroutine of its own: who sends awaits aiohttp's.
            self.offpath_exchange.request_chunk(chunk)
            return write(self, chunk, **options)  # type: ignore[no-any-return]

    return StreamWriter
