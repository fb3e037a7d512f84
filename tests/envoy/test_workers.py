"""Each of Envoy's workers has a VM of its own, which numbers its events by itself."""

from __future__ import annotations

from tests.framework.delivered import assert_delivered_once
from tests.framework.load import Load
from tests.framework.processes import eventually

from .support.site import Site

REQUESTS = 4000


def test_what_two_workers_answered_is_stored_once(site: Site) -> None:
    with site.place.exporter(), site.envoy(concurrency=2) as envoy:
        with Load(site.port, "both").running() as load:
            eventually("there was some load", lambda: len(load.answered) >= REQUESTS)
        connections = envoy.stats("^listener[.]127.*[.]worker_[01][.]downstream_cx_total$")
        site.all_arrives(envoy, len(load.answered))
    assert [bool(each) for each in connections.values()] == [True, True], "a worker had nothing to do"
    assert_delivered_once(site.place, load.answered)
