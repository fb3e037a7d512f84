"""The exporter is away for longer than a worker has room: streams go on, the oldest events go, and each is counted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import pytest

from tests.framework.load import Load
from tests.framework.place import place

from .support.site import Site

REQUESTS = 5000


@dataclass
class Flooded:
    """What came of it."""

    load: Load
    stored: list[str]
    lost: int
    dropped: int


@pytest.fixture(scope="module")
def flooded(answering_app: int) -> Iterator[Flooded]:
    """More than fits, and then the exporter."""
    with place() as made, closing(Site(made, answering_app)) as site:
        load = Load(site.port, "flood")
        with site.envoy(site.listeners(egress={"max_memory": "256KiB"})) as envoy:
            load.make(REQUESTS)
            with made.exporter():
                site.all_arrives(envoy, REQUESTS)
            dropped = envoy.stat("wasmcustom.offpath.dropped")
        stored = [path for (path,) in site.stored("path")]
        yield Flooded(load, stored, site.lost("egress_full"), dropped)


def test_every_request_is_answered(flooded: Flooded) -> None:
    assert len(flooded.load.answered) == REQUESTS


def test_every_request_is_stored_or_counted_as_lost(flooded: Flooded) -> None:
    assert 0 < flooded.lost < REQUESTS
    assert len(flooded.stored) + flooded.lost == REQUESTS


def test_none_is_stored_twice(flooded: Flooded) -> None:
    assert len(flooded.stored) == len(set(flooded.stored))


def test_envoy_counts_as_many_as_the_store(flooded: Flooded) -> None:
    assert flooded.dropped == flooded.lost


def test_the_newest_are_kept(flooded: Flooded) -> None:
    # Of the oldest some are kept too: those that were on their way when the exporter did not answer.
    newest = flooded.load.answered[-50:]
    assert set(newest) <= set(flooded.stored)
