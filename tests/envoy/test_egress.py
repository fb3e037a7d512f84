"""The exporter is killed, stopped, late, without its socket or unable to write: what was answered arrives once."""

from __future__ import annotations

import os
import random
import resource
import shlex
import signal
from contextlib import closing

import pytest

from tests.framework.delivered import assert_delivered_once
from tests.framework.envoy import Envoy
from tests.framework.load import Load
from tests.framework.place import EXPORTER
from tests.framework.processes import eventually

from .support.relay import Relay
from .support.site import Site

KILLS = 8
REQUESTS = 300

SENT = "wasmcustom.offpath.batches_sent"
FAILED = "wasmcustom.offpath.batches_failed"

#: An exporter whose writes fail beyond a limit to the size of files, as they do on a full disk, and do not end it.
HEARS_NO_LIMIT = ("sh", "-c", f"trap '' XFSZ; exec {shlex.join(EXPORTER)}")


@pytest.mark.parametrize("http2", [False, True], ids=["HTTP/1.1", "HTTP/2"])
def test_what_was_answered_around_kills_of_the_exporter_is_stored_once(site: Site, http2: bool) -> None:
    chance = random.Random(KILLS)
    with site.envoy(http2=http2) as envoy:
        with Load(site.port, "kept").running() as load:
            for _ in range(KILLS):
                _kill_once_it_delivered(site, chance.randrange(1, 500))
        _arrives_once(site, envoy, load)


def test_what_a_stopped_exporter_took_and_never_answered_is_stored_once(site: Site) -> None:
    load = Load(site.port, "stopped")
    with site.envoy() as envoy:
        with site.place.exporter() as exporter:
            load.make(REQUESTS)
            os.kill(exporter.pid, signal.SIGSTOP)
            load.make(REQUESTS)
            # Its socket takes what it is sent for as long as there is room.
            _fails_to_send(envoy)
            os.kill(exporter.pid, signal.SIGCONT)
            site.all_arrives(envoy, len(load.answered))
            assert site.taken() == len(load.answered)
        assert_delivered_once(site.place, load.answered)


def test_what_is_stored_though_its_answer_was_lost_is_stored_once(site: Site) -> None:
    load = Load(site.port, "unanswered")
    with (
        site.place.exporter(),
        closing(Relay(site.place.path / "relay.sock", site.socket)) as relay,
        site.envoy(exporter=relay.path) as envoy,
    ):
        load.make(1)
        eventually("it has sent", lambda: envoy.stat(SENT) == 1)
        relay.withholds = True
        # No more than HTTP/2 lets through before its receiver has said anything.
        load.make(20)
        eventually("the exporter has stored some", lambda: site.place.count() > 1)
        relay.withholds = False
        relay.cut()
        eventually("it has sent again", lambda: envoy.stat(SENT) > 1)
        site.all_arrives(envoy, len(load.answered))
        assert site.taken() == len(load.answered)
    assert_delivered_once(site.place, load.answered)


def test_what_happens_before_the_exporter_is_there_is_stored_once(site: Site) -> None:
    load = Load(site.port, "early")
    with site.envoy() as envoy:
        load.make(REQUESTS)
        _fails_to_send(envoy)
        _arrives_once(site, envoy, load)


def test_what_happens_while_the_socket_is_gone_is_stored_once(site: Site) -> None:
    load = Load(site.port, "gone")
    with site.envoy() as envoy:
        with site.place.exporter():
            site.socket.unlink()
            load.make(REQUESTS)
            _fails_to_send(envoy)
        _arrives_once(site, envoy, load)


def test_what_happens_while_the_exporter_cannot_write_is_stored_once(site: Site) -> None:
    load = Load(site.port, "unwritten")
    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    with site.envoy() as envoy:
        with site.place.exporter(HEARS_NO_LIMIT) as exporter:
            load.make(REQUESTS)
            site.all_arrives(envoy, len(load.answered))
            resource.prlimit(exporter.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
            load.make(REQUESTS)
            _fails_to_send(envoy)
            resource.prlimit(exporter.pid, resource.RLIMIT_FSIZE, unlimited)
            site.all_arrives(envoy, len(load.answered))
            assert site.taken() == len(load.answered)
        assert_delivered_once(site.place, load.answered)


def _kill_once_it_delivered(site: Site, events: int) -> None:
    before = site.place.count()
    exporter = site.place.start_exporter()
    exporter.wait_for("it delivers", lambda: site.place.count() >= before + events)
    exporter.kill()


def _fails_to_send(envoy: Envoy) -> None:
    before = envoy.stat(FAILED)
    eventually("it cannot send", lambda: envoy.stat(FAILED) > before)


def _arrives_once(site: Site, envoy: Envoy, load: Load) -> None:
    with site.place.exporter():
        site.all_arrives(envoy, len(load.answered))
    assert_delivered_once(site.place, load.answered)
