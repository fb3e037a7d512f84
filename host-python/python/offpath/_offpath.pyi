"""The extension module. Its classes take what passes an app, and never raise into it."""

from collections.abc import MutableMapping
from os import PathLike
from typing import Any, Literal, TypedDict, final

__version__: str

class ConfigError(ValueError):
    """Configuration that offpath cannot take."""

    errors: list[tuple[str, str, str]]
    """All that is wrong with it, each as field, rule and value."""

@final
class Recorder:
    """A configuration, and the sandbox that runs the core under it."""

    def __new__(cls, json: str) -> Recorder:
        """Take a configuration that stays as it is."""

    @staticmethod
    def from_file(path: str | PathLike[str]) -> Recorder:
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
