"""One exporter with known events, scraped by two real Prometheus: one that reads native histograms, one that does not.

The events are of the service ``chat``; beside them an app records, so that it has a ring.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import pytest

from tests.framework.http import get
from tests.framework.place import Place, place
from tests.framework.processes import eventually, free_port, uvicorn

from .support.events import Worker, exchange, generation
from .support.prometheus import Prometheus, prometheus

#: How long the requests took: 1 to 100 hundredths of a second.
SECONDS = [hundredths / 100 for hundredths in range(1, 101)]

CONFIG = """
[sinks.lines]
type = "jsonl"
path = "{path}/lines.jsonl"

[sinks.nowhere]
type = "jsonl"
path = "{path}/offpath.toml/no-directory.jsonl"

[sinks.collector]
type = "otlp"
endpoint = "http://127.0.0.1:9/v1/traces"
"""


@dataclass
class Scraped:
    """Who scrapes what."""

    place: Place
    worker: Worker
    classic: Prometheus
    native: Prometheus


@pytest.fixture(scope="package", name="scraped")
def _scraped() -> Iterator[Scraped]:
    """Two that have scraped all of an exporter with two sinks, one of which cannot deliver."""
    with place() as made:
        made.config.write_text(made.config.read_text() + CONFIG.format(path=made.path), encoding="utf-8")
        port = free_port()
        with made.exporter(), made.app(uvicorn("tests.framework.app:app", port), port):
            # So that a ring is there.
            get(f"http://127.0.0.1:{port}/")
            worker = Worker(made.rings / "ingest.sock")
            target = (made.data / "http.addr").read_text().strip()
            native = "--enable-feature=native-histograms"
            with (
                prometheus(made.path / "classic", target) as classic,
                prometheus(made.path / "native", target, native) as also_native,
            ):
                # A rate is of what is there at least twice.
                worker.send(
                    [exchange("/chat/{id}", 200, 1), generation("m", {"input": 1, "output": 1}, 0.5, 0.25)]
                )
                for server in (classic, also_native):
                    eventually("the first are there", partial(has_counted, server, 1))
                worker.send(exchange("/chat/{id}", 200, seconds) for seconds in SECONDS)
                worker.send([exchange("/chat/{id}", 503, 3)] * 20, {"egress_full": 3})
                worker.send([generation("m", {"input": 50, "output": 5, "total": 55}, 0.25, 0.25)] * 40)
                for server in (classic, also_native):
                    eventually("all are there", partial(has_counted, server, 121))
                yield Scraped(made, worker, classic, also_native)


def has_counted(server: Prometheus, requests: int) -> bool:
    """Whether it knows of so many requests to ``chat``."""
    name, chat = "offpath_request_duration_seconds", '{service="chat"}'
    classic = server.query(f"sum({name}_count{chat})")
    native = server.query(f"histogram_count(sum({name}{chat}))")
    return sum(float(series["value"][1]) for series in classic or native) == requests
