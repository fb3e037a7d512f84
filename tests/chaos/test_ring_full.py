"""Nobody empties the ring."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.framework.http import get_json
from tests.framework.load import Load
from tests.framework.place import Place, place
from tests.framework.processes import eventually, free_port, uvicorn

REQUESTS = 2000


@pytest.fixture
def small_place() -> Iterator[Place]:
    with place('[ring]\nsize = "64KiB"\n[[rule]]\nmatch = { path = "/status" }\nrecord = false\n') as made:
        yield made


def test_a_full_ring_drops_events_and_counts_each(small_place: Place) -> None:
    port = free_port()
    load = Load(port, "full")
    with small_place.app(uvicorn("tests.framework.app:app", port), port):
        load.make(REQUESTS)
        status = get_json(f"http://127.0.0.1:{port}/status")
        with small_place.exporter():
            dropped = status["dropped"]["ring_full"]
            eventually("the store says what was lost", lambda: _stored_losses(small_place) == dropped)
            eventually("the rest is delivered", lambda: small_place.count() == status["captured"])
    _print_latencies(load)
    assert len(load.answered) == REQUESTS
    assert 0 < status["captured"] < REQUESTS
    assert status["captured"] + dropped == REQUESTS


def _stored_losses(place: Place) -> int:
    rows = place.query("SELECT sum(loss_count) FROM events WHERE kind = 'loss' AND loss_reason = 'ring_full'")
    return int(rows[0][0] or 0) if rows else 0


def _print_latencies(load: Load) -> None:
    """Show, and do not judge: a loaded machine is slow, not wrong. `make bench` measures."""
    first, last = sorted(load.seconds[: REQUESTS // 20]), sorted(load.seconds[-REQUESTS // 20 :])
    for name, seconds in (("while there was room", first), ("when it was full", last)):
        print(f"{name}: median {seconds[len(seconds) // 2] * 1e6:.0f} µs, longest {seconds[-1] * 1e6:.0f} µs")
