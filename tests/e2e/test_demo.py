"""`make demo`, as a newcomer sees it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from examples.demo.recorded import Recorded, differences
from examples.demo.traffic import Sent
from tests.framework.processes import ROOT

ROW = Recorded("it", "", "POST", "/", 200, "completed", 1.0, 1.0, 1, 1, 1)


@pytest.fixture(scope="module")
def printed() -> str:
    command = [sys.executable, "-m", "examples.demo"]
    demo = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert demo.returncode == 0, demo.stdout + demo.stderr
    return demo.stdout


@pytest.mark.parametrize("outcome", ["200  completed", "429  completed", "200  client_disconnected"])
def test_the_demo_shows_every_kind_of_outcome(printed: str, outcome: str) -> None:
    assert outcome in printed


def test_the_demo_shows_the_route_rather_than_the_path(printed: str) -> None:
    assert "/v1/chat/completions" in printed


def test_the_demo_shows_what_offpath_adds(printed: str) -> None:
    assert all(line in printed for line in ("without offpath", "with offpath", "added"))


def test_the_demo_ends_with_where_to_look(printed: str) -> None:
    assert "Where to look" in printed


def test_the_demo_fails_over_a_request_that_was_not_recorded() -> None:
    assert differences([Sent("it"), Sent("other")], [ROW])


def test_the_demo_fails_over_a_request_that_was_recorded_twice() -> None:
    assert differences([Sent("it")], [ROW, ROW])


def test_the_demo_fails_over_another_outcome_than_the_real_one() -> None:
    assert differences([Sent("it", outcome="client_disconnected")], [ROW])


def test_the_demo_succeeds_when_all_was_recorded_as_it_was() -> None:
    assert not differences([Sent("it")], [ROW])
