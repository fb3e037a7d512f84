"""Runs an example by its one command, as a user in a terminal would."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from tests.framework.place import Place
from tests.framework.processes import ROOT, eventually, free_port, listening

EXAMPLES: Final = ROOT / "examples"


def ctrl_c(pid: int) -> None:
    """End a script as a terminal does: with all that it has started."""
    os.killpg(pid, signal.SIGINT)


def kill(pid: int) -> None:
    """End a script as `kill` does: it alone."""
    os.kill(pid, signal.SIGTERM)


@contextmanager
def by_its_command(
    example: str, place: Place, env: Mapping[str, str], ended_by: Callable[[int], None] = ctrl_c
) -> Iterator[str]:
    """Run an example's script in this place, and end it; yields the address that it listens on."""
    port = free_port()
    with place.log("example").open("wb") as log:
        script = subprocess.Popen(
            [EXAMPLES / example / "run.sh"],
            cwd=place.path,
            env={**place.env, **env, "PORT": str(port)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        eventually("the example listens", lambda: listening(port) or script.poll() is not None)
        assert script.poll() is None, place.log("example").read_text(encoding="utf-8")
        yield f"http://127.0.0.1:{port}"
    finally:
        if script.poll() is None:
            ended_by(script.pid)
            script.wait()
        eventually("every process of the example has ended", lambda: not _group_lives(script.pid))


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
