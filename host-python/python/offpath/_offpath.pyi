"""The extension module. Its classes take what passes an app, and never raise into it."""

from collections.abc import AsyncIterator, Awaitable, Iterator, MutableMapping
from os import PathLike
from typing import Any, Literal, TypeAlias, TypedDict, final

Source: TypeAlias = Literal["asgi", "httpx", "aiohttp"]
"""What events name as their host."""

__version__: str

class ConfigError(ValueError):
    """Configuration that offpath cannot take."""

    errors: list[tuple[str, str, str]]
    """All that is wrong with it, each as field, rule and value."""

@final
class Recorder:
    """A configuration, and the sandbox that runs the core under it."""

    def __new__(cls, json: str, source: Source = "asgi") -> Recorder:
        """Take a configuration that stays as it is."""

    @staticmethod
    def from_file(path: str | PathLike[str], source: Source = "asgi") -> Recorder:
        """Take the configuration in a file, TOML, and follow its changes: one is in force within two seconds.

        A changed file that is refused leaves in force what was, and is told of by `status()` and the logger.
        """

    def begin(self, scope: MutableMapping[str, Any]) -> HttpExchange | WebSocketExchange | None:
        """Begin an exchange. None: it is not to be recorded, as any scope that is neither HTTP nor a websocket."""

    def open_ring(self) -> str | None:
        """Open the process's ring. Returns why it could not be opened, or None."""

    @property
    def code(self) -> Literal["precompiled", "cached", "compiled", "unusable"]:
        """How the sandbox's code came here."""

@final
class HttpExchange:
    """One HTTP exchange while the app works on it."""

    def received(self, message: MutableMapping[str, Any]) -> None:
        """Note that the app received this message."""

    def sent(self, message: MutableMapping[str, Any]) -> None:
        """Note that the app sent this message."""

    def returned(self) -> None:
        """Note that the app returned."""

    def raised(self, error: BaseException) -> None:
        """Note that the app raised."""

@final
class WebSocketExchange:
    """One websocket session."""

    def received(self, message: MutableMapping[str, Any]) -> None:
        """Note that the app received this message."""

    def sent(self, message: MutableMapping[str, Any]) -> None:
        """Note that the app sent this message."""

    def returned(self) -> None:
        """Note that the app returned."""

    def raised(self, error: BaseException) -> None:
        """Note that the app raised."""

@final
class OutboundExchange:
    """One call to another server."""

    def request_chunk(self, chunk: bytes | bytearray | memoryview) -> None:
        """Note that a chunk of the request body is sent."""

    def response_chunk(self, chunk: bytes | bytearray | memoryview) -> None:
        """Note that a chunk of the response body has come."""

    def sending(self, stream: Any) -> Chunks:
        """Iterate over a request body, and note its chunks as they are sent."""

    def sending_async(self, stream: Any) -> AsyncChunks:
        """Iterate over a request body that is asynchronous, and note its chunks as they are sent."""

    def receiving(self, stream: Any) -> Chunks:
        """Iterate over a response body, and note its chunks as they come."""

    def receiving_async(self, stream: Any) -> AsyncChunks:
        """Iterate over a response body that is asynchronous, and note its chunks as they come."""

    def complete(self) -> None:
        """Note that the last byte of the response has come."""

    def closed(self) -> None:
        """Note that the caller closes the response; it may have had all of it."""

    def raised(self, error: BaseException) -> None:
        """Note that the client library raised."""

@final
class Chunks:
    """The chunks of a body, which are noted as they pass."""

    def __iter__(self) -> Iterator[bytes]: ...
    def __next__(self) -> bytes: ...

@final
class Next:
    """One chunk that is awaited."""

    def __await__(self) -> Next: ...
    def __iter__(self) -> Next: ...
    def __next__(self) -> Any: ...
    def send(self, value: Any) -> Any:
        """Take a step towards it."""

    def throw(self, *error: Any) -> Any:
        """Raise where it is waited for."""

    def close(self) -> None:
        """Wait no more."""

@final
class AsyncChunks:
    """The chunks of a body that come asynchronously, which are noted as they pass."""

    def __aiter__(self) -> AsyncIterator[bytes]: ...
    def __anext__(self) -> Next: ...
    def asend(self, value: Any) -> Next:
        """Go on to the next."""

    def athrow(self, *error: Any) -> Awaitable[Any]:
        """Raise where the last one came from."""

    def aclose(self) -> Awaitable[None]:
        """Have no more of them."""

@final
class HttpxCalls:
    """The calls of one kind of client of httpx."""

    def __new__(cls, recorder: Recorder, whole: type, stream: type, sent: type, received: type) -> HttpxCalls:
        """Take the classes of bodies: in memory, what the client asks of a stream, and those of what is observed."""

    def stop(self) -> None:
        """Begin no more exchanges."""

    def begin(self, request: Any, current: Any) -> OutboundExchange | None:
        """Begin the exchange of a request that is about to be sent. None: it is not to be recorded."""

    def sent(self, exchange: OutboundExchange, request: Any) -> None:
        """Put back what was changed of a request while it was sent."""

    def answered(self, exchange: OutboundExchange, response: Any) -> None:
        """Note that the head of the response has come; from here on its body is observed."""

@final
class AiohttpCalls:
    """The calls of all sessions of aiohttp."""

    def __new__(cls, recorder: Recorder) -> AiohttpCalls:
        """Record under this configuration."""

    def stop(self) -> None:
        """Begin no more exchanges."""

    def records(self, current: Any) -> bool:
        """Return whether calls are to be recorded: not one that carries another."""

    def begin(self, request: Any, current: Any) -> OutboundExchange | None:
        """Begin the exchange of a request that is about to be sent. None: it is not to be recorded."""

    def answered(self, exchange: OutboundExchange, response: Any, decodes: tuple[str, ...]) -> None:
        """Note that the head of the response has come, of whose body these encodings are taken off."""

class ConfigStatus(TypedDict):
    """The configuration in force; where there are several, one whose file was refused, or else the last."""

    ok: bool
    error: str | None
    """What is wrong with what the file says now."""
    rules: str | None
    """The version of the rules in force, as events carry it."""
    path: str | None
    """The file that is followed."""

class RingStatus(TypedDict):
    """The ring of this process."""

    path: str | None
    capacity: int
    used: int
    error: str | None

class Status(TypedDict):
    """The counters of this process."""

    captured: int
    unsampled: int
    truncated: int
    dropped: dict[str, int]
    traps: int
    after_the_end: int
    internal_errors: int
    config: ConfigStatus
    ring: RingStatus
    exporter_seen: float | None

def status() -> Status:
    """Return the counters of this process."""

def drained() -> bool:
    """Return whether the exporter has taken all that was committed."""

def seal() -> None:
    """End the ring cleanly; what comes later is counted as lost."""

def before_fork() -> None:
    """Keep threads from being in the middle of something when the process forks."""

def after_fork_in_parent() -> None:
    """Let them go on."""

def after_fork_in_child() -> None:
    """Leave the parent's ring and sandbox behind."""

def at_exit() -> None:
    """End the ring, and keep threads from the interpreter."""
