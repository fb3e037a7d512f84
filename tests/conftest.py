"""What every test from outside may use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.framework.place import Place, place


@pytest.fixture(name="place")
def _place() -> Iterator[Place]:
    """A directory of its own, with the default configuration."""
    with place() as made:
        yield made
