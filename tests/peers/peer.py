"""A backend as the tests run it, and events on their way to it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.framework.http import get
from tests.framework.place import Place, place
from tests.framework.processes import PATIENCE, ROOT, eventually, running

from .told import Event, lines

#: Where `make test` installs them: their dependencies clash with each other's and with those of the tests.
_INSTALLED: Final = ROOT / ".cache" / "peers"

#: The program that leaves events in a ring.
_WRITE_EVENTS: Final = (
    Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / "examples" / "write_events"
)

#: They import half of what there is before they listen.
_START_PATIENCE: Final = 3 * PATIENCE


@dataclass(frozen=True)
class Peer:
    """A backend that runs."""

    url: str
    #: The settings of a sink that sends to it.
    sink: str

    def take(self, events: list[Event]) -> None:
        """Have the exporter deliver these events to it, from a ring."""
        with place(self.sink) as made:
            subprocess.run([_WRITE_EVENTS], input=lines(events), env=made.env, check=True, text=True)
            self._deliver(made)

    @contextmanager
    def watching(self, command: list[str], port: int) -> Iterator[Place]:
        """Run an app as long as the block lasts, and then have the exporter deliver what it saw."""
        with place(self.sink) as made:
            with made.app(command, port):
                yield made
            self._deliver(made)

    @staticmethod
    def _deliver(made: Place) -> None:
        backlog = 'offpath_sink_backlog_events{sink="peer"}'
        with made.exporter():
            eventually("every ring is taken", lambda: made.rings_left() == 0)
            eventually("every event is delivered", lambda: made.metric(backlog) == 0)


@contextmanager
def served(
    name: str, arguments: list[str], directory: Path, port: int, env: Mapping[str, str]
) -> Iterator[str]:
    """Run the program of this name until the block ends; the block begins when it answers."""
    program = _INSTALLED / name / "bin" / name
    if not program.exists():
        raise FileNotFoundError(
            f"{program} is not there: make {program.relative_to(ROOT).parent.parent}/.installed"
        )
    url = f"http://127.0.0.1:{port}"
    # What is said of where to send is for those who send.
    clean = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("PHOENIX_", "MLFLOW_", "OTEL_"))
    }
    # It is the tests' environment that is active.
    clean["PATH"] = f"{program.parent}:{os.environ['PATH']}"
    with running([str(program), *arguments], directory / "log", {**clean, **env}, cwd=directory) as process:
        process.wait_for(f"{name} answers", lambda: _answers(f"{url}/health"), _START_PATIENCE)
        yield url


def _answers(url: str) -> bool:
    try:
        get(url)
    except OSError:
        return False
    return True
