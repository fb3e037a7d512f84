"""What every test from outside may use."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

from tests.framework.place import Place, place

#: Folders whose files share what takes long to start.
_SHARING = ("tests/operations/", "tests/viewer/")


class _Scheduling(LoadFileScheduling):  # type: ignore[misc]
    """Tests of one file, or of one of those folders, run in one process."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return next(filter(file.startswith, _SHARING), file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> _Scheduling:
    """What ``--dist loadfile`` means here."""
    return _Scheduling(config, log)


@pytest.fixture(name="place")
def _place() -> Iterator[Place]:
    """A directory of its own, with the default configuration."""
    with place() as made:
        yield made
