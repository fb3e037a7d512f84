"""Runs an example by its one command, as a user in a terminal would."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tests.framework.place import Place
from tests.framework.processes import ROOT, eventually, free_port, listening

EXAMPLES: Final = ROOT / "examples"


@contextmanager
def by_its_command(example: str, place: Place, **env: str) -> Iterator[str]:
    """Run an example's script, and end it as Ctrl-C in a terminal does; yields the address that it listens on.

    What it leaves, it leaves in the place.
    """
    port = free_port()
    with place.log("example").open("wb") as log:
        script = subprocess.Popen(
            [EXAMPLES / example / "run.sh"],
            cwd=place.path,
            env={**place.env, "PORT": str(port), **env},
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
            os.killpg(script.pid, signal.SIGINT)
            script.wait()
        eventually("every process of the example has ended", lambda: not _group_lives(script.pid))


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
