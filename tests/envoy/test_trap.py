"""The filter traps, which it never should: streams go on, and that worker records nothing until it is configured anew.

A trap is what a bug in the filter would come to. This one is asked for, of a filter that only tests have: `offpath-build
--test-filters` makes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest

from tests.framework.delivered import assert_delivered_once
from tests.framework.envoy import Envoy
from tests.framework.http import get
from tests.framework.load import Load
from tests.framework.processes import ROOT

from .support.site import Site

TRAP: Final = ROOT / "target" / "test-filters" / "trap.wasm"
REQUESTS = 50


@pytest.fixture
def envoy(site: Site) -> Iterator[Envoy]:
    """An Envoy whose filter traps when it is asked to."""
    with site.place.exporter(), site.envoy(site.listeners(service={"name": "old"}, wasm=TRAP)) as running:
        yield running


def test_the_request_that_trapped_is_answered(envoy: Envoy) -> None:
    assert _trap(envoy)


def test_requests_are_answered_after_a_trap(site: Site, envoy: Envoy) -> None:
    _trap(envoy)
    load = Load(site.port, "after")
    load.make(REQUESTS)
    assert len(load.answered) == REQUESTS


def test_a_stream_that_is_open_during_a_trap_goes_on(site: Site, envoy: Envoy) -> None:
    with site.stream("open") as stream:
        _trap(envoy)
        assert stream.finish()


def test_what_was_stored_before_a_trap_stays(site: Site, envoy: Envoy) -> None:
    load = Load(site.port, "before")
    load.make(REQUESTS)
    site.all_arrives(envoy, REQUESTS)
    _trap(envoy)
    assert_delivered_once(site.place, load.answered)


def test_a_new_configuration_records_again_after_a_trap(site: Site, envoy: Envoy) -> None:
    _trap(envoy)
    Load(site.port, "unrecorded").make(REQUESTS)
    assert envoy.replace(site.listeners(service={"name": "new"}, wasm=TRAP))
    load = Load(site.port, "recorded")
    load.make(REQUESTS)
    site.all_arrives(envoy, REQUESTS)
    assert_delivered_once(site.place, load.answered)
    assert site.place.count() == REQUESTS


def test_the_log_tells_of_a_trap(envoy: Envoy) -> None:
    _trap(envoy)
    assert "[error][wasm]" in envoy.printed()
    assert "Function: proxy_on_request_headers failed" in envoy.printed()


def _trap(envoy: Envoy) -> bytes:
    return get(f"{envoy.url}/offpath-trap")
