"""A bad configuration is refused as a whole, Envoy's log says all that is wrong with it, and the old one stays."""

from __future__ import annotations

import pytest

from tests.framework.delivered import assert_delivered_once
from tests.framework.load import Load

from .support.site import Site

REQUESTS = 20

BAD = {"service": {"nme": "shop"}, "capture": {"max_memory": "lots"}, "rule": [{"match": {"paths": "/a"}}]}
ERRORS = ("service.nme: ", "capture.max_memory: ", "rule[0].match.paths: ")


def test_all_that_is_wrong_is_in_the_log(site: Site) -> None:
    with site.envoy() as envoy:
        assert not envoy.replace(site.listeners(BAD))
        told = [line for line in envoy.printed().splitlines() if "[error][wasm]" in line]
    for error in ERRORS:
        assert any(error in line for line in told), f"{error} is not in {told}"


def test_what_is_no_object_is_refused(site: Site) -> None:
    with site.envoy() as envoy:
        for text in ("{", "[]", "null", '"{}"', "\N{SNOWMAN}"):
            assert not envoy.replace(site.listeners(text)), text


def test_the_old_configuration_goes_on_recording(site: Site) -> None:
    load = Load(site.port, "refused")
    with site.place.exporter(), site.envoy(site.listeners(service={"name": "old"})) as envoy:
        load.make(REQUESTS)
        assert not envoy.replace(site.listeners(BAD))
        load.make(REQUESTS)
        site.all_arrives(envoy, 2 * REQUESTS)
    assert_delivered_once(site.place, load.answered)
    assert set(site.stored("service")) == {("old",)}


def test_a_good_configuration_is_taken_after_a_bad_one(site: Site) -> None:
    with site.place.exporter(), site.envoy() as envoy:
        assert not envoy.replace(site.listeners(BAD))
        assert envoy.replace(site.listeners(service={"name": "mended"}))
        Load(site.port, "mended").make(1)
        site.all_arrives(envoy, 1)
    assert site.stored("service") == [("mended",)]


def test_a_listener_does_not_start_with_a_bad_configuration(site: Site) -> None:
    with pytest.raises(RuntimeError, match=r"service\.nme"), site.envoy(site.listeners(BAD)):
        pass
