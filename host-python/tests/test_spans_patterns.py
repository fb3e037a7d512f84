"""Each of the seven usual patterns gives the same tree, whether in tasks, threads, other processes or another service."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.exporter import Event, Exporter
from support.python import environment
from support.servers import COMMANDS, serving
from support.spans import tree
from support.waiting import eventually

#: Those of ``support.patterns``, which is not for this process: it records from its import on.
PATTERNS = (
    "decorator",
    "context_manager",
    "manual_span",
    "explicit_ids",
    "langchain",
    "opentelemetry",
    "contextual_update",
)
OUTER = {"outer": {"inner": {}}}


def play(beside: Exporter, tmp_path: Path, *arguments: str) -> None:
    command = [sys.executable, "-W", "error", "-m", "support.patterns", *arguments]
    env = environment(OFFPATH_DIR=beside.rings)
    subprocess.run(command, cwd=tmp_path, env=env, check=True, timeout=100)


def name_of(event: Event) -> Any:
    return "exchange" if event["kind"] == "exchange" else event["name"]


@pytest.mark.parametrize("place", ["in_asyncio", "in_a_thread_pool", "in_a_process_pool"])
def test_each_pattern_gives_its_tree(beside: Exporter, tmp_path: Path, place: str) -> None:
    play(beside, tmp_path, place)
    beside.stop()
    assert tree(beside.events()) == dict.fromkeys(PATTERNS, OUTER)


def test_each_pattern_gives_its_tree_in_another_service(beside: Exporter, tmp_path: Path) -> None:
    env = environment(OFFPATH_DIR=beside.rings)
    with serving(COMMANDS["uvicorn-uvloop"], "support.patterns:app", cwd=tmp_path, env=env) as server:
        play(beside, tmp_path, "in_another_service", server.address)
        all_there = len(PATTERNS) * 4
        eventually(lambda: len(beside.events()) >= all_there, "the events of both services are written")
    assert tree(beside.events(), name_of) == {pattern: {"exchange": OUTER} for pattern in PATTERNS}
