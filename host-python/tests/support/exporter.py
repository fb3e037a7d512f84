"""The real exporter: the command `offpath` that the wheel installs, and the events that it writes."""

from __future__ import annotations

import json
import os
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

from .waiting import PATIENCE, eventually

Event = dict[str, Any]

COMMAND = Path(sysconfig.get_path("scripts")) / "offpath"

_CONFIG = """
[exporter]
listen = "127.0.0.1:0"
data_dir = "{directory}/data"

[sinks.file]
type = "jsonl"
path = "{directory}/events.jsonl"
"""


class Exporter:
    """One exporter with a ring directory and a file of events of its own."""

    def __init__(self, directory: Path) -> None:
        self.rings = directory / "rings"
        self._file = directory / "events.jsonl"
        self._log = directory / "exporter.log"
        self._config = directory / "exporter.toml"
        self._config.write_text(_CONFIG.format(directory=directory))
        self._events: list[Event] = []
        self._read_to = 0
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [COMMAND, "run", "--config", self._config],
                env=os.environ | {"OFFPATH_DIR": str(self.rings)},
                stdout=log,
                stderr=log,
            )
        eventually(lambda: self._is_up(self._process), "the exporter has started")

    def _is_up(self, process: subprocess.Popen[bytes] | None) -> bool:
        if process is not None and process.poll() is not None:
            raise AssertionError(f"the exporter ended with {process.returncode}: {self._log.read_text()}")
        return " serving " in self._log.read_text()

    def stop(self) -> None:
        """End it; it drains first, so that afterwards :meth:`events` are all that there were."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(PATIENCE)
            self._process = None

    def events(self) -> list[Event]:
        """What it has written until now, in order. The last line may not be whole yet."""
        if self._file.exists():
            with self._file.open("rb") as file:
                file.seek(self._read_to)
                whole = file.read().rpartition(b"\n")
            self._read_to += len(whole[0]) + len(whole[1])
            self._events += [json.loads(line) for line in whole[0].splitlines()]
        return self._events

    def exchanges(self, **fields: Any) -> list[Event]:
        """The exchanges in which these fields have these values."""
        return [
            event
            for event in self.events()
            if event["kind"] == "exchange" and all(event[name] == value for name, value in fields.items())
        ]

    def wait_for(self, count: int, **fields: Any) -> list[Event]:
        """Wait until there are so many of these exchanges; there may be more."""
        eventually(lambda: len(self.exchanges(**fields)) >= count, f"{count} events with {fields}")
        return self.exchanges(**fields)

    def all_paths(self) -> list[str]:
        """The paths of all exchanges there are, in alphabetical order; ends the exporter."""
        self.stop()
        return sorted(event["path"] for event in self.exchanges())
