"""One corpus, four runs, the same events."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pytest

from tests.framework.place import Place, place

from .case import Case, load
from .direct import in_the_component, natively
from .events import Event, Events, comparable, what_is_named
from .served import over_asgi, over_envoy

CASES = load()

RUNS: dict[str, Callable[[Sequence[Case], Place], Events]] = {
    "native": lambda cases, _place: natively(cases),
    "component": lambda cases, _place: in_the_component(cases),
    "asgi": over_asgi,
    "envoy": over_envoy,
}


@pytest.fixture(name="place", scope="module")
def _place() -> Iterator[Place]:
    """What all runs share, with the exporter that takes their events."""
    with place() as made, made.exporter():
        yield made


@pytest.fixture(name="events", scope="module", params=RUNS)
def _events(request: pytest.FixtureRequest, place: Place) -> Events:
    """What one run made of the whole corpus."""
    return RUNS[request.param](CASES, place)


@pytest.fixture(name="native", scope="module")
def _native() -> Events:
    return natively(CASES)


def event_of(case: Case, events: Events) -> Event | None:
    """The case's event; fails if the case was not run."""
    event = events[case.name]
    if isinstance(event, Exception):
        raise AssertionError(f"the case was not run: {event!r}") from event
    return event


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_exchange_gives_the_event_that_its_case_names(case: Case, events: Events) -> None:
    event = event_of(case, events)
    assert what_is_named(case.event, event) == case.event, case.shows


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_exchange_gives_the_event_that_it_gives_natively(
    case: Case, events: Events, native: Events
) -> None:
    event, natively = event_of(case, events), event_of(case, native)
    assert (event and comparable(event)) == (natively and comparable(natively)), case.shows
