"""A run of all cases through a host, with an exporter that writes wherever it can."""

from __future__ import annotations

import json
import os
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Final

from tests.framework import bootstrap
from tests.framework.envoy import envoy
from tests.framework.place import Place, place
from tests.framework.processes import eventually, free_port, running, uvicorn

from . import rules
from .cases import SEED, Case, all_rules, case
from .client import play
from .outputs import Event

#: Cases of each host.
CASES: Final = 1200

#: Every kind of sink, and one that takes nothing, so that the spool has to keep what the others have.
_SINKS: Final = """
[sinks.store]
type = "sqlite"

[sinks.lines]
type = "jsonl"
path = "{0}/events.jsonl"

[sinks.shown]
type = "stdout"

[sinks.stuck]
type = "jsonl"
path = "{0}/is-a-folder"
"""


@dataclass
class Run:
    """What was sent, and what was written of it."""

    cases: list[Case]
    outputs: dict[str, bytes]
    events: list[Event]


def asgi() -> Run:
    """All cases through the app."""

    @contextmanager
    def serve(made: Place) -> Iterator[int]:
        port = free_port()
        with made.app(
            uvicorn("tests.secrets.app:app", port), port, OFFPATH_TEST_SEED=SEED, OFFPATH_CONFIG=""
        ):
            yield port

    return _run(serve)


def through_envoy() -> Run:
    """All cases through Envoy, and the app without offpath."""

    @contextmanager
    def serve(made: Place) -> Iterator[int]:
        port, app_port = free_port(), free_port()
        config = {
            **rules.configuration(all_rules(), "secrets"),
            "egress": {"interval": "20ms", "max_memory": "64MiB"},
        }
        filter_ = bootstrap.wasm_filter(config)
        listener = bootstrap.listener(port, [bootstrap.route("all")], [filter_], upgrades=["websocket"])
        clusters = [bootstrap.upstream(app_port), bootstrap.exporter(made.rings / "ingest.sock")]
        env = {**os.environ, "OFFPATH_ENABLED": "0", "OFFPATH_TEST_SEED": SEED}
        command = uvicorn("tests.secrets.app:answer", app_port)
        with running(command, made.log("app"), env, port=app_port), envoy(made.path, [listener], clusters):
            yield port

    return _run(serve)


def _run(serve: Callable[[Place], AbstractContextManager[int]]) -> Run:
    of = all_rules()
    cases = [case(number, of) for number in range(CASES)]
    with place() as made:
        made.config.write_text(
            made.config.read_text(encoding="utf-8") + _SINKS.format(made.path), encoding="utf-8"
        )
        (made.path / "is-a-folder").mkdir()
        exporter = made.start_exporter()
        try:
            with _followed(made) as tail, serve(made) as port:
                play(cases, port)
                eventually("every exchange is stored", lambda: made.count() >= len(cases))
                eventually("every exchange is followed", lambda: tail.lines() >= len(cases))
            outputs = _outputs(made)
        finally:
            exporter.kill()
        events = [
            json.loads(event) for (event,) in made.query("SELECT json FROM events WHERE kind = 'exchange'")
        ]
        return Run(cases, {**outputs, "tail": tail.read()}, events)


def _outputs(made: Place) -> dict[str, bytes]:
    """The bytes of every file that the exporter has written."""
    eventually("every exchange is printed", lambda: _lines(made.log("exporter")) >= CASES)
    eventually("every exchange is a line", lambda: _lines(made.path / "events.jsonl") >= CASES)
    rows = made.query("SELECT * FROM events")
    return {
        "stdout and the log": made.log("exporter").read_bytes(),
        "jsonl": (made.path / "events.jsonl").read_bytes(),
        "sqlite": "\n".join(map(str, rows)).encode() + _files(made.data, "offpath.db*"),
        "spool": _files(made.data, "spool/**/*"),
    }


def _files(folder: Path, pattern: str) -> bytes:
    return b"\n".join(path.read_bytes() for path in sorted(folder.glob(pattern)) if path.is_file())


def _lines(file: Path) -> int:
    return file.read_bytes().count(b'"kind":"exchange"') if file.exists() else 0


class _Tail:
    """What comes at /api/tail."""

    def __init__(self, url: str) -> None:
        self._response = urllib.request.urlopen(url)
        self._received = bytearray()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def lines(self) -> int:
        return self.read().count(b'"kind":"exchange"')

    def read(self) -> bytes:
        return bytes(self._received)

    def _follow(self) -> None:
        try:
            while data := self._response.read1(1 << 16):
                self._received += data
        except (OSError, HTTPException):
            # The exporter has ended.
            return


@contextmanager
def _followed(made: Place) -> Iterator[_Tail]:
    address = (made.data / "http.addr").read_text(encoding="utf-8").strip()
    yield _Tail(f"http://{address}/api/tail")
