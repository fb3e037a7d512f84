"""A backend that is out, in each of the ways in which backends are. ``make test`` has one of ten minutes beside."""

from __future__ import annotations

from .outage import suffer


def test_what_was_recorded_during_an_outage_arrives_once() -> None:
    told = suffer(seconds=10, rate=500)
    print(told)
    assert told.is_well, told
