"""The filter's configuration is replaced while Envoy serves: nothing is lost by it, and nothing comes twice."""

from __future__ import annotations

from itertools import cycle
from typing import Any

from tests.framework.delivered import assert_delivered_once
from tests.framework.envoy import Envoy
from tests.framework.load import Load
from tests.framework.processes import eventually

from .support.load import ReconnectingLoad
from .support.site import ROOM, Site

RELOADS = 20
REQUESTS = 300

ONE: dict[str, Any] = {"service": {"name": "one"}, "egress": ROOM}
TWO: dict[str, Any] = {
    "service": {"name": "two"},
    "egress": {**ROOM, "interval": "50ms"},
    "rule": [{"match": {"path": "/reloaded/*"}, "response_body": {"head": "100B"}}],
}


def test_what_was_answered_around_reloads_is_stored_once(site: Site) -> None:
    with site.place.exporter(), site.envoy(site.listeners(**ONE)) as envoy:
        with ReconnectingLoad(site.port, "reloaded").running() as load:
            for _, config in zip(range(RELOADS), cycle([TWO, ONE]), strict=False):
                _more_is_answered(load)
                _reload(site, envoy, config)
            _more_is_answered(load)
        site.all_arrives(envoy, len(load.answered))
    assert_delivered_once(site.place, load.answered)
    assert {service for (service,) in site.stored("service")} == {"one", "two"}


def test_what_the_old_configuration_could_not_send_the_new_one_sends(site: Site) -> None:
    load = Load(site.port, "before")
    with site.envoy(site.listeners(**ONE)) as envoy:
        load.make(REQUESTS)
        _reload(site, envoy, TWO)
        with site.place.exporter():
            site.all_arrives(envoy, REQUESTS)
    assert_delivered_once(site.place, load.answered)


def test_a_stream_that_is_open_during_a_reload_is_recorded_as_it_began(site: Site) -> None:
    with site.place.exporter(), site.envoy(site.listeners(**ONE)) as envoy:
        with site.stream("open") as stream:
            _reload(site, envoy, TWO)
            assert stream.finish()
        site.all_arrives(envoy, 1)
    assert site.stored("path", "service", "outcome") == [("/held/open", "one", "completed")]


def test_the_vm_stays(site: Site) -> None:
    with site.envoy(site.listeners(**ONE)) as envoy:
        before = envoy.stat("wasm.envoy.wasm.runtime.v8.active")
        _reload(site, envoy, TWO)
        assert envoy.stat("wasm.envoy.wasm.runtime.v8.active") == before


def _reload(site: Site, envoy: Envoy, config: dict[str, Any]) -> None:
    assert envoy.replace(site.listeners(**config)), envoy.printed()


def _more_is_answered(load: Load) -> None:
    before = len(load.answered)
    eventually("more is answered", lambda: len(load.answered) >= before + REQUESTS)
