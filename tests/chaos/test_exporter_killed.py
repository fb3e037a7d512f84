"""The exporter is killed with SIGKILL under load, and started again."""

from __future__ import annotations

import random

from tests.framework.delivered import assert_delivered_once
from tests.framework.load import Load
from tests.framework.place import Place
from tests.framework.processes import free_port, uvicorn

KILLS = 20


def test_what_was_committed_around_kills_of_the_exporter_is_stored_once(place: Place) -> None:
    chance = random.Random(KILLS)
    port = free_port()
    with place.app(uvicorn("tests.framework.app:app", port), port), Load(port, "kept").running() as load:
        for _ in range(KILLS):
            _kill_once_it_delivered(place, chance.randrange(1, 500))
    place.drain()
    assert_delivered_once(place, load.answered)


def _kill_once_it_delivered(place: Place, events: int) -> None:
    before = place.count()
    exporter = place.start_exporter()
    exporter.wait_for("it delivers", lambda: place.count() >= before + events)
    exporter.kill()
