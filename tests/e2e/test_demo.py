"""`make demo`, as a newcomer sees it."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

import pytest

from examples.demo.recorded import Recorded, differences
from examples.demo.traffic import Sent
from tests.framework.http import get
from tests.framework.processes import ROOT

COMMAND = [sys.executable, "-m", "examples.demo"]

ROW = Recorded("it", "", "POST", "/", 200, "completed", 1.0, 1.0, 1, 1, 1)


#: Where none of these is set, there is no browser to open.
BROWSERS = ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY")


@contextmanager
def on_a_terminal(command: list[str]) -> Iterator[tuple[subprocess.Popen[bytes], Iterator[str]]]:
    """Run a command on a terminal of its own; yields it, and the lines that it prints until it has ended."""
    controller, terminal = pty.openpty()
    env = {name: value for name, value in os.environ.items() if name not in BROWSERS}
    with subprocess.Popen(
        command, cwd=ROOT, env=env, stdout=terminal, stderr=terminal, start_new_session=True
    ) as process:
        os.close(terminal)
        try:
            yield process, lines(controller)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def lines(controller: int) -> Iterator[str]:
    """Yield the lines that are printed on a terminal, until nobody holds it any more."""
    with open(controller, encoding="utf-8") as printed, suppress(OSError):
        for line in printed:
            yield line.rstrip()


@pytest.fixture(scope="module")
def printed() -> str:
    demo = subprocess.run(COMMAND, cwd=ROOT, check=False, capture_output=True, text=True)
    assert demo.returncode == 0, demo.stdout + demo.stderr
    return demo.stdout


@pytest.mark.parametrize(
    "outcome", ["200 completed", "429 completed", "500 app_error", "200 client_disconnected"]
)
def test_the_demo_shows_every_kind_of_outcome(printed: str, outcome: str) -> None:
    assert re.search(outcome.replace(" ", " +"), printed)


def test_the_demo_shows_the_route_rather_than_the_path(printed: str) -> None:
    assert "/v1/chat/completions" in printed


def test_the_demo_shows_what_offpath_adds(printed: str) -> None:
    assert all(line in printed for line in ("without offpath", "with offpath", "added"))


def test_the_demo_shows_what_was_recorded_below_requests(printed: str) -> None:
    assert re.search(r"below them \d+ agents, \d+ calls, \d+ retrievers, \d+ scores, \d+ tools", printed)


def test_the_demo_ends_with_where_to_look(printed: str) -> None:
    assert "Where to look" in printed


def test_without_a_terminal_the_demo_says_how_the_page_is_served_and_ends(printed: str) -> None:
    assert re.search(r"the page +\S*offpath run --config \S*page\.toml", printed)


def test_on_a_terminal_the_demo_serves_the_page_until_ctrl_c() -> None:
    with on_a_terminal(COMMAND) as (demo, printed):
        address = next(line.strip() for line in printed if "http://" in line)
        page = get(address).decode()
        # As a terminal does: to all that run in it.
        os.killpg(demo.pid, signal.SIGINT)
        after = [line for line in printed if line]
        ended_with = demo.wait()
    assert "<title>offpath" in page
    assert (ended_with, after) == (0, [])


def test_the_demo_fails_over_a_request_that_was_not_recorded() -> None:
    assert differences([Sent("it"), Sent("other")], [ROW])


def test_the_demo_fails_over_a_request_that_was_recorded_twice() -> None:
    assert differences([Sent("it")], [ROW, ROW])


def test_the_demo_fails_over_another_outcome_than_the_real_one() -> None:
    assert differences([Sent("it", outcome="client_disconnected")], [ROW])


def test_the_demo_fails_over_another_user_than_the_real_one() -> None:
    assert differences([Sent("it", user="ann")], [replace(ROW, user="bob")])


def test_the_demo_fails_over_a_span_that_was_not_recorded() -> None:
    assert differences([Sent("it", below=("tool", "agent"))], [replace(ROW, below=("agent",))])


def test_the_demo_succeeds_when_all_was_recorded_as_it_was() -> None:
    assert not differences([Sent("it")], [ROW])
