"""What a process has one of: its default configuration, its ring, and its way to end."""

from __future__ import annotations

import atexit
import json
import os
import time
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from ._native import AVAILABLE, ConfigError, Recorder, logger, native

if TYPE_CHECKING:
    from ._offpath import Source, Status

ConfigSource: TypeAlias = "str | os.PathLike[str] | Mapping[str, Any] | None"

#: How often flush() looks whether the exporter is done.
_POLL_SECONDS = 0.002

#: What was configured for all that names no configuration of its own.
_configured: ConfigSource = None
#: The recorders that have taken it; None where nothing is recorded.
_defaults: dict[Source, Recorder | None] = {}
#: The one that spans follow, which name no configuration: the default, or else that of the middleware that came last.
#: Weak, so that a configuration goes with the middleware that has it.
_of_spans: list[weakref.ref[Recorder]] = []
_warned: set[str] = set()


def configure(config: ConfigSource = None) -> None:
    """Set up offpath in a program that has no ASGI app. Later calls without a configuration do nothing.

    Raises:
        ConfigError: all that is wrong with the configuration.
    """
    global _configured
    if config is not None or _defaults.get("asgi") is None:
        recorder = _recorder(config, "asgi")
        _defaults.clear()
        _configured, _defaults["asgi"] = config, recorder
        _of_spans[:] = [weakref.ref(recorder)] if recorder is not None else []


def recorder_for(config: ConfigSource, source: Source = "asgi") -> Recorder | None:
    """Return a recorder of what passes a host of this name; None where nothing is recorded."""
    if config is not None:
        recorder = _recorder(config, source)
        if source == "asgi" and "asgi" not in _defaults:
            _of_spans[:] = [weakref.ref(recorder)] if recorder is not None else []
        return recorder
    configure()
    if source not in _defaults:
        _defaults[source] = _recorder(_configured, source)
    return _defaults[source]


def spans_recorder() -> Recorder | None:
    """Return the recorder whose configuration spans follow; None where none was made, or nothing is recorded."""
    return _of_spans[0]() if _of_spans else None


def status() -> Status | dict[str, Any]:
    """Return what happened in this process: captured, truncated, dropped by reason, traps, the ring.

    ``unsampled`` counts exchanges of which, by sampling, nothing is kept but a count. ``config`` says which rules are in
    force, and what is wrong with a file that was not taken. ``exporter_seen`` is how many seconds ago an exporter last
    looked into the ring, or None.
    """
    return native.status() if AVAILABLE else {}


def flush(timeout: float = 5.0) -> bool:
    """Wait until the exporter has taken what was committed; at most ``timeout`` seconds. Returns whether it did."""
    if not AVAILABLE:
        return True
    end = time.monotonic() + timeout
    while not native.drained():
        if time.monotonic() >= end:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def shutdown(timeout: float = 5.0) -> bool:
    """Flush, and end the ring; what is recorded later is counted as lost. Returns whether all was taken."""
    done = flush(timeout)
    if AVAILABLE:
        native.seal()
    return done


def _recorder(config: ConfigSource, source: Source) -> Recorder | None:
    if os.environ.get("OFFPATH_ENABLED") == "0" or not AVAILABLE:
        return None
    try:
        recorder = _taking(config, source)
    except RuntimeError as error:
        warn_once(f"the sandbox does not run here, so nothing is recorded: {error}")
        return None
    problem = recorder.open_ring()
    if problem is not None:
        warn_once(f"no events are kept until this is mended: {problem}")
    return recorder


def _taking(config: ConfigSource, source: Source) -> Recorder:
    """Return a recorder that has taken the configuration, and follows the file that it came from."""
    if isinstance(config, Mapping):
        return Recorder(_json(config), source)
    if config is None:
        named = os.environ.get("OFFPATH_CONFIG")
        config = named or ("offpath.toml" if Path("offpath.toml").is_file() else None)
    if config is None:
        return Recorder("{}", source)
    try:
        file = os.fsdecode(config)
    except TypeError:
        raise _refused("the configuration", "must be a path, a mapping or None", repr(config)) from None
    return Recorder.from_file(file, source)


def _json(config: Mapping[str, Any]) -> str:
    try:
        return json.dumps(dict(config))
    except (TypeError, ValueError, RecursionError) as error:
        raise _refused("the configuration", f"must be made of what JSON has: {error}") from None


def _refused(field: str, rule: str, value: str = "") -> ConfigError:
    error = ConfigError(f"{field}: {rule}" + (f", got {value}" if value else ""))
    error.errors = [(field, rule, value)]
    return error


def warn_once(text: str) -> None:
    """Tell a person of what is not as it should be, once in a process."""
    if text not in _warned:
        _warned.add(text)
        logger.warning("offpath: %s", text)


if AVAILABLE:
    os.register_at_fork(
        before=native.before_fork,
        after_in_parent=native.after_fork_in_parent,
        after_in_child=native.after_fork_in_child,
    )
    atexit.register(native.at_exit)
