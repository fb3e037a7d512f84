"""Stores that real traffic has filled, each with an exporter that serves the page over it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from examples.demo import recorded
from examples.demo.apps import Apps, apps
from examples.demo.talks import talk
from examples.demo.traffic import Sent, drive
from tests.framework.load import Load
from tests.framework.place import Place, place
from tests.framework.processes import eventually, free_port, uvicorn

from . import hostile

#: Requests that came in: what is listed unless one asks for everything.
REQUESTS = "source = 'asgi'"


@dataclass(frozen=True)
class Served:
    """An exporter with a page."""

    place: Place
    url: str

    def ids(self, where: str, order: str = "start_time DESC, seq DESC", limit: int = 50) -> list[str]:
        """Return the ids of the events of the store that fit."""
        rows = self.place.query(f"SELECT id FROM events WHERE {where} ORDER BY {order} LIMIT {limit}")
        return [id_ for (id_,) in rows]

    def one(self, what: str, where: str) -> str:
        """Return a column of the one event of the store that fits."""
        [(value,)] = self.place.query(f"SELECT {what} FROM events WHERE {where}")
        return str(value)


@dataclass(frozen=True)
class Demo(Served):
    """What the demo recorded, with its apps, which go on."""

    apps: Apps


@contextmanager
def demo(config: str = "") -> Iterator[Demo]:
    """Record the demo's traffic."""
    with place(config) as made, made.exporter(), apps(made.path, made.env) as running:
        sent = aside(lambda: asyncio.run(_drive(running)))
        store = made.data / "offpath.db"
        eventually(
            "all is stored, as what it was", lambda: not recorded.differences(sent, recorded.read(store))
        )
        yield Demo(made, url(made), running)


async def _drive(running: Apps) -> list[Sent]:
    return [*await drive(running.chat), *await talk(running.assistant)]


Result = TypeVar("Result")


def aside(work: Callable[[], Result]) -> Result:
    """Do what needs an event loop of its own in a thread of its own: in that of the tests, Playwright has one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(work).result()


@contextmanager
def attacked() -> Iterator[Served]:
    """Record what strangers may do."""
    port = free_port()
    with place(hostile.CONFIG) as made, made.exporter():
        with made.app(uvicorn("tests.viewer.hostile:app", port), port):
            aside(lambda: hostile.attack(port))
        eventually("all is taken", lambda: made.rings_left() == 0)
        last = "kind = 'exchange' AND path = '/spans'"
        eventually("all is stored", lambda: made.count(last) == 1)
        yield Served(made, url(made))


#: A sink that delivers and one that cannot: nothing listens on that port.
SINKS = """
[sinks.local]
type = "sqlite"

[sinks.collector]
type = "otlp"
endpoint = "http://127.0.0.1:9/v1/traces"
"""


@contextmanager
def ailing() -> Iterator[Served]:
    """Record more than a ring has room for, with a sink that cannot deliver."""
    port = free_port()
    with place(SINKS) as made:
        small = _write(made.path / "small.toml", '[service]\nname = "small"\n[ring]\nsize = "64KiB"\n')
        with made.app(uvicorn("tests.framework.app:app", port), port, OFFPATH_CONFIG=str(small)):
            aside(lambda: Load(port, "lost").make(200))
            with made.exporter():
                eventually("it is stored that events were lost", lambda: made.count("kind = 'loss'") > 0)
                yield Served(made, url(made))


def _write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def url(made: Place, host: str = "127.0.0.1") -> str:
    """Return the address of the page of a running exporter."""
    port = (made.data / "http.addr").read_text(encoding="ascii").strip().rpartition(":")[2]
    return f"http://{host}:{port}"
