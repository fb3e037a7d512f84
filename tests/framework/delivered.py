"""What a store must hold after a catastrophe."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from .place import Place


def assert_delivered_once(place: Place, answered: Iterable[str]) -> None:
    """Every exchange whose response was received whole is in the store, and none is there twice."""
    stored = Counter(path for (path,) in place.query("SELECT path FROM events WHERE kind = 'exchange'"))
    expected = set(answered)
    lost = sorted(expected - set(stored))
    twice = sorted(path for path, times in stored.items() if times > 1)
    print(f"{len(expected)} responses received, {len(stored)} exchanges stored")
    assert expected, "there was no load"
    assert not lost, f"{len(lost)} committed events are not in the store, {lost[0]} first"
    assert not twice, f"{len(twice)} exchanges are in the store twice, {twice[0]} first"
