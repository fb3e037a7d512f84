"""The app is killed with SIGKILL under load."""

from __future__ import annotations

import random

from tests.framework.delivered import assert_delivered_once
from tests.framework.load import Load
from tests.framework.place import Place
from tests.framework.processes import eventually, free_port, uvicorn

KILLS = 20


def test_what_an_app_committed_before_it_was_killed_is_stored_once(place: Place) -> None:
    chance = random.Random(KILLS)
    answered: list[str] = []
    with place.exporter():
        for life in range(KILLS):
            answered += _killed_under_load(place, f"life-{life}", after=chance.randrange(50, 500))
        eventually("every ring is taken", lambda: place.rings_left() == 0)
    assert_delivered_once(place, answered)


def test_what_an_app_committed_while_no_exporter_ran_outlives_it(place: Place) -> None:
    answered = _killed_under_load(place, "alone", after=500)
    place.drain()
    assert_delivered_once(place, answered)


def _killed_under_load(place: Place, name: str, after: int) -> list[str]:
    """Kill an app when so many requests were answered; return which were."""
    port = free_port()
    with place.app(uvicorn("tests.framework.app:app", port), port) as app, Load(port, name).running() as load:
        eventually("the app answers", lambda: len(load.answered) >= after)
        app.kill()
    return load.answered
