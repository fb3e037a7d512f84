"""Envoy ends: drained first it loses nothing; at once it loses the newest, which it had not sent."""

from __future__ import annotations

import threading

from tests.framework.delivered import assert_delivered_once
from tests.framework.load import Load
from tests.framework.processes import eventually, listening

from .support.site import Site

REQUESTS = 1000

CONNECTIONS = "http.ingress.downstream_cx_active"


def test_an_envoy_that_is_drained_before_it_is_terminated_loses_nothing(site: Site) -> None:
    load = Load(site.port, "drained")
    with site.place.exporter(), site.envoy() as envoy:
        with load.running():
            eventually("there is some load", lambda: len(load.answered) >= REQUESTS)
            envoy.drain()
            eventually("every connection is closed", lambda: envoy.stat(CONNECTIONS) == 0)
        # No more requests come, and the next ticks send the rest. A preStop hook waits a second for it.
        site.all_arrives(envoy, len(load.answered))
        assert envoy.stop() == 0
    assert_delivered_once(site.place, load.answered)


def test_a_stream_that_ends_when_the_listeners_are_closed_is_recorded(site: Site) -> None:
    with site.place.exporter(), site.envoy() as envoy:
        with site.stream("late") as stream:
            envoy.drain()
            eventually("the listeners are closed", lambda: not listening(site.port))
            assert stream.finish()
        site.all_arrives(envoy, 1)
    assert site.stored("path", "outcome") == [("/held/late", "completed")]


def test_what_termination_under_load_takes_is_the_newest(site: Site) -> None:
    load = Load(site.port, "terminated")
    with site.place.exporter(), site.envoy() as envoy:
        one_after_another = threading.Thread(target=load.make, args=(100 * REQUESTS,))
        one_after_another.start()
        eventually("it sends", lambda: site.place.count() >= REQUESTS)
        envoy.stop()
        one_after_another.join()
    paths = {path for (path,) in site.stored("path")}
    is_stored = [path in paths for path in load.answered]
    print(f"of {len(is_stored)} requests that were answered, {is_stored.count(False)} are lost")
    assert is_stored == sorted(is_stored, reverse=True)


def test_an_envoy_ends_though_nobody_takes_its_events(site: Site) -> None:
    with site.envoy() as envoy:
        Load(site.port, "unsent").make(REQUESTS)
        assert envoy.stop() == 0
