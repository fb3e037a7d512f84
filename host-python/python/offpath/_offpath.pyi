"""The extension module. Its classes take what passes an app, and never raise into it."""

from collections.abc import MutableMapping
from typing import Any, Literal, TypedDict, final

__version__: str

class ConfigError(ValueError):
    """Configuration that offpath cannot take."""

    errors: list[tuple[str, str, str]]
    """All that is wrong with it, each as field, rule and value."""

@final
class Recorder:
    """A configuration, and the sandbox that runs the core under it."""

    def __new__(cls, text: str, *, toml: bool, origin: str = "") -> Recorder:
        """Take a configuration: `text` is JSON, or TOML that came from the file `origin`."""

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

class RingStatus(TypedDict):
    """The ring of this process."""

    path: str | None
    capacity: int
    used: int
    error: str | None

class Status(TypedDict):
    """The counters of this process."""

    captured: int
    truncated: int
    dropped: dict[str, int]
    traps: int
    after_the_end: int
    internal_errors: int
    ring: RingStatus
    exporter_seen: float | None

def status() -> Status:
    """Return the counters of this process."""

def drained() -> bool:
    """Return whether the exporter has taken all that was committed."""

def seal() -> None:
    """End the ring cleanly; what comes later is counted as lost."""

def after_fork() -> None:
    """Leave the parent's ring and sandbox behind."""
