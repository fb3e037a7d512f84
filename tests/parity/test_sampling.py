"""One decision for each trace: an app and an Envoy that see the same traces keep the same, and count the others."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from random import Random
from typing import Final

import pytest

from tests.framework import bootstrap
from tests.framework.envoy import envoy
from tests.framework.http import get
from tests.framework.place import Place, place
from tests.framework.processes import eventually, free_port, running, uvicorn

RATE: Final = 0.3
TRACES: Final = 2000

#: Kept of so many at this rate, but for one run of 10,000: 3.89 standard deviations on either side.
EXPECTED: Final = TRACES * RATE
DEVIATION: Final = 3.89 * (TRACES * RATE * (1 - RATE)) ** 0.5

HOSTS: Final = ("asgi", "envoy")


class Sampled:
    """What one exporter has of two hosts that saw the same traces."""

    def __init__(self, made: Place) -> None:
        self._place = made
        address = (made.data / "http.addr").read_text(encoding="utf-8").strip()
        self._metrics = f"http://{address}/metrics"

    def metric(self, name: str, label: str) -> int:
        """The sum of a metric over what has this label."""
        line = re.compile(rf"^{name}{{[^}}]*{re.escape(label)}[^}}]*}} (\d+)$", re.MULTILINE)
        return sum(map(int, line.findall(get(self._metrics).decode())))

    def kept(self, host: str) -> set[str]:
        """The traces that are stored of a host."""
        rows = self._place.query("SELECT json ->> 'trace_id' FROM events WHERE source = ?", host)
        return {trace for (trace,) in rows}

    def seen(self, host: str) -> int:
        """How many exchanges of a host are stored, or counted only."""
        return self._place.count(f"source = '{host}'") + self.metric(
            "offpath_unsampled_total", f'source="{host}"'
        )


@pytest.fixture(name="sampled", scope="module")
def _sampled() -> Iterator[Sampled]:
    """Two services, asked with the same trace ids."""
    chance = Random(TRACES)
    traces = [f"{chance.getrandbits(128):032x}" for _ in range(TRACES)]
    with place() as made, made.exporter():
        with _asgi(made) as port:
            _ask(port, traces)
        with _envoy(made) as port:
            _ask(port, traces)
            sampled = Sampled(made)
            eventually("every exchange is stored or counted", lambda: min(map(sampled.seen, HOSTS)) >= TRACES)
        yield sampled


@contextmanager
def _asgi(made: Place) -> Iterator[int]:
    port = free_port()
    config = made.path / "app.toml"
    config.write_text(f'[service]\nname = "asgi"\n[capture]\nsample = {RATE}\n', encoding="utf-8")
    with made.app(uvicorn("tests.framework.app:app", port), port, OFFPATH_CONFIG=str(config)):
        yield port


@contextmanager
def _envoy(made: Place) -> Iterator[int]:
    port, app_port = free_port(), free_port()
    config = {"service": {"name": "envoy"}, "capture": {"sample": RATE}, "egress": {"max_memory": "64MiB"}}
    listeners = [bootstrap.listener(port, [bootstrap.route("all")], [bootstrap.wasm_filter(config)])]
    clusters = [bootstrap.upstream(app_port), bootstrap.exporter(made.rings / "ingest.sock")]
    env = {**os.environ, "OFFPATH_ENABLED": "0"}
    command = uvicorn("tests.framework.app:answer", app_port)
    with running(command, made.log("upstream"), env, port=app_port), envoy(made.path, listeners, clusters):
        yield port


def _ask(port: int, traces: list[str]) -> None:
    with closing(HTTPConnection("127.0.0.1", port)) as client:
        for trace in traces:
            client.request("GET", "/", headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-00"})
            assert client.getresponse().read()


@pytest.mark.parametrize("host", HOSTS)
def test_the_share_that_is_kept_is_the_rate(sampled: Sampled, host: str) -> None:
    assert abs(len(sampled.kept(host)) - EXPECTED) <= DEVIATION


def test_two_hosts_keep_the_same_traces(sampled: Sampled) -> None:
    assert sampled.kept("asgi") == sampled.kept("envoy")


@pytest.mark.parametrize("host", HOSTS)
def test_what_is_left_out_is_counted_and_all_that_was_asked_is_in_the_histogram(
    sampled: Sampled, host: str
) -> None:
    kept = len(sampled.kept(host))
    assert sampled.metric("offpath_unsampled_total", f'source="{host}"') == TRACES - kept
    assert sampled.metric("offpath_events_total", f'source="{host}"') == kept
    assert sampled.metric("offpath_request_duration_seconds_count", f'service="{host}"') == TRACES
