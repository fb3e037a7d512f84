"""The extension module. Its classes take what passes an app, and never raise into it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, MutableMapping
from os import PathLike
from typing import Any, Literal, TypeAlias, TypedDict, final

Source: TypeAlias = Literal["asgi", "httpx", "aiohttp"]
"""What events name as their host."""

Place: TypeAlias = tuple[int, int, int]
"""Where something stands in its trace: trace id, span id, flags."""

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

    def begin(
        self, scope: MutableMapping[str, Any], parent: Place | None = None
    ) -> HttpExchange | WebSocketExchange | None:
        """Begin an exchange. None: it is not to be recorded, as any scope that is neither HTTP nor a websocket.

        Its parent is what `parent` says, or else what its headers say.
        """

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

    def begin(self, request: Any, current: Any, inner: Place | None = None) -> OutboundExchange | None:
        """Begin the exchange of a request that is about to be sent. None: it is not to be recorded.

        It is a part of `inner`, a span inside of what is in progress, or else of that.
        """

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

    def begin(self, request: Any, current: Any, inner: Place | None = None) -> OutboundExchange | None:
        """Begin the exchange of a request that is about to be sent. None: it is not to be recorded.

        It is a part of `inner`, a span inside of what is in progress, or else of that.
        """

    def answered(self, exchange: OutboundExchange, response: Any, decodes: tuple[str, ...]) -> None:
        """Note that the head of the response has come, of whose body these encodings are taken off."""

@final
class OtelSpans:
    """The spans of OpenTelemetry's SDK, as they are written."""

    def __new__(cls, recorder: Recorder) -> OtelSpans:
        """Write under this configuration."""

    def write(self, span: Any) -> None:
        """Write a span that has ended, a `ReadableSpan`, unless OpenTelemetry's sampler left it out."""

    @staticmethod
    def may_hold_media(span: Any) -> bool:
        """Return whether a text among a span's attributes may have an image, audio or a file in it."""

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

def random_trace_id() -> int:
    """Return an id for a trace; 0 if the system gives no randomness."""

def random_span_id() -> int:
    """Return an id for a span, likewise."""

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

class Said(TypedDict):
    """What `propagate_attributes` says; None says nothing."""

    user_id: str | None
    session_id: str | None
    tags: list[str] | None
    trace_name: str | None
    version: str | None
    environment: str | None
    prompt: tuple[str, int] | None

@final
class Tracer:
    """Begins spans, under a configuration."""

    def __new__(
        cls,
        recorder: Recorder,
        sample_threshold: int | None = None,
        environment: str = "",
        release: str = "",
        mask: Callable[..., Any] | None = None,
    ) -> Tracer:
        """Take what stands in the place of the configuration's."""

    def begin(
        self,
        name: str,
        as_type: str,
        current: object,
        propagated: Propagated | None = None,
        start_time: int | None = None,
    ) -> Span | None:
        """Begin a span within what is in progress. None: none are recorded."""

    def propagate(
        self, said: Said, current: object, around: Propagated | None = None, metadata: object = None
    ) -> Propagated | None:
        """Return what holds within a `propagate_attributes`, and tell the exchange in progress."""

    def tell(self, said: Said, current: object, metadata: object = None, public: bool = False) -> None:
        """Say of the trace of what is in progress whose it is and what it is called."""

    def score(self, trace: int, observation: int, judged: dict[str, Any], metadata: object = None) -> bool:
        """Judge a trace, a span of it, or a session. Return whether it is recorded."""

@final
class ObservedFunction:
    """What all calls of an observed function have in common."""

    def __new__(cls, name: str, as_type: str, captures_input: bool, is_method: bool) -> ObservedFunction:
        """Name the spans of its calls."""

    def begin(
        self,
        tracer: Tracer | None,
        current: object,
        propagated: Propagated | None,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Span | None:
        """Begin the span of a call. Arguments that are for us are taken out of `kwargs`."""

@final
class Span:
    """A span in progress, or one that was."""

    @property
    def trace_id(self) -> str:
        """32 hexadecimal digits."""

    @property
    def id(self) -> str:
        """16 hexadecimal digits."""

    @property
    def environment(self) -> str | None:
        """The environment that it is of, where the app has said another than the configuration's."""

    @property
    def kind(self) -> str:
        """What it is of."""

    def update(
        self,
        name: object = None,
        input: object = None,
        output: object = None,
        metadata: object = None,
        version: object = None,
        level: object = None,
        status_message: object = None,
    ) -> None:
        """Say more of it."""

    def update_generation(
        self,
        completion_start_time: object = None,
        model: object = None,
        model_parameters: object = None,
        usage_details: object = None,
        cost_details: object = None,
        prompt: tuple[str, int] | None = None,
    ) -> None:
        """Say what a model did in it."""

    def tell_trace(self, said: Said, metadata: object = None, public: bool = False) -> None:
        """Say of the trace whose it is and what it is called."""

    def propagate(self, propagated: Propagated) -> None:
        """Note that it is within a `propagate_attributes`."""

    def leave(self, before: object) -> None:
        """Say that not it is in progress any more, but what was before, in contexts that could not be told."""

    def end(self, end_time: object = None) -> None:
        """End it."""

    def returned(self, result: object, capture: bool) -> bool:
        """Note what its function returned. Return whether that is its end."""

    def gather(self) -> Yielded:
        """Return where items that a generator yields are gathered."""

    def yielded(self, yielded: Yielded) -> None:
        """End it with what a generator has yielded."""

    def raised(self, error: BaseException) -> None:
        """Note that the app raised in it."""

    def failed(self, error: BaseException) -> None:
        """End it with what the app raised."""

@final
class Yielded:
    """What a generator has yielded, as far as it will be shown."""

    def push(self, item: object) -> None:
        """Note one more."""

@final
class Propagated:
    """What holds within a `propagate_attributes`."""

    def leave(self, before: Propagated | None) -> None:
        """Say that not it holds any more, but what held before, in contexts that could not be told."""

    def baggage(self) -> list[tuple[str, str]]:
        """Return what other services may be told of it."""

@final
class Remote:
    """A place in a trace that is in another process."""

    def __new__(cls, trace_id: int, span_id: int, flags: int = 1) -> Remote:
        """Name it."""

def in_progress(current: Any) -> Any:
    """Return what is in progress in a context that has this: another, if it was left in another context."""

def place(current: object) -> tuple[int, int, int] | None:
    """Return trace id, span id and flags of what is in progress; None for nothing."""
