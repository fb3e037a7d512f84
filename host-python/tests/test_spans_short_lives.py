"""Programs that end soon, and in every way: what they had committed is delivered, without a flush."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from support.exporter import COMMAND, Event, Exporter
from support.python import environment
from support.spans import content, tree

WORK = """
import os, signal, sys, threading, time
import offpath

@offpath.observe
def inner(number):
    return number

@offpath.observe
def outer():
    return inner(1)

outer()
"""

ENDINGS = {
    "the end of the script": "",
    "sys.exit": "sys.exit(3)",
    "an exception": "raise RuntimeError('of the app')",
    "os._exit": "os._exit(0)",
    "SIGTERM": "os.kill(os.getpid(), signal.SIGTERM)",
    "SIGKILL": "os.kill(os.getpid(), signal.SIGKILL)",
    "an exit in a thread": "threading.Thread(target=lambda: os._exit(0)).start(); time.sleep(30)",
}
CODES = {
    "sys.exit": 3,
    "an exception": 1,
    "SIGTERM": -signal.SIGTERM,
    "SIGKILL": -signal.SIGKILL,
}


def run(program: str, exporter: Exporter, directory: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        cwd=directory,
        env=environment(OFFPATH_DIR=exporter.rings),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def delivered(exporter: Exporter) -> list[Event]:
    """All events, once there will be no more."""
    exporter.stop()
    return exporter.events()


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_was_committed_is_delivered(beside: Exporter, tmp_path: Path, ending: str) -> None:
    done = run(WORK + ENDINGS[ending], beside, tmp_path)
    assert done.returncode == CODES.get(ending, 0), done.stderr
    assert tree(delivered(beside)) == {"outer": {"inner": {}}}


@pytest.mark.parametrize("ending", ["the end of the script", "sys.exit", "an exception"])
def test_spans_in_progress_at_the_end_come_as_they_are(beside: Exporter, tmp_path: Path, ending: str) -> None:
    program = f"""
import sys, threading, time
import offpath
client = offpath.get_client()
held = client.start_observation(name="held", input="asked")
held.start_observation(name="below").update(metadata={{"a": 1}})
entered = client.start_as_current_observation(name="entered")
entered.__enter__()
{ENDINGS[ending]}
"""
    done = run(program, beside, tmp_path)
    assert done.returncode == CODES.get(ending, 0), done.stderr
    events = {event["name"]: event for event in delivered(beside)}
    assert {name: event["ending"] for name, event in events.items()} == {
        "held": "exit",
        "below": "abandoned",
        "entered": "exit",
    }
    assert content(events["held"]["input"]) == "asked"


def test_an_exit_within_a_span_ends_it_and_is_no_error(beside: Exporter, tmp_path: Path) -> None:
    program = "import sys, offpath\noffpath.observe(name='main')(lambda: sys.exit(0))()"
    assert run(program, beside, tmp_path).returncode == 0
    [event] = delivered(beside)
    assert (event["name"], event["level"], event["error"]) == ("main", "DEFAULT", None)


def test_an_exception_that_ends_the_program_is_told(beside: Exporter, tmp_path: Path) -> None:
    program = "import offpath\noffpath.observe(name='main')(lambda: 1 / 0)()"
    done = run(program, beside, tmp_path)
    assert (done.returncode, "ZeroDivisionError" in done.stderr) == (1, True)
    [event] = delivered(beside)
    assert (event["level"], event["status_message"]) == ("ERROR", "division by zero")


def test_a_handler_that_is_called_again_and_again_is_a_trace_each_time(
    beside: Exporter, tmp_path: Path
) -> None:
    program = """
import os, offpath
from offpath.current import CURRENT

@offpath.observe
def handler(event, context):
    with offpath.propagate_attributes(user_id=event["user"]):
        offpath.get_client().start_observation(name="inner").end()
    return {"statusCode": 200}

for number in range(100):
    assert handler({"user": f"u{number}"}, None) == {"statusCode": 200}
    assert CURRENT.get() is None
os._exit(0)  # Frozen, and never thawed.
"""
    assert run(program, beside, tmp_path).returncode == 0
    events = delivered(beside)
    assert len(events) == 200
    traces = {event["trace_id"]: event["user_id"] for event in events}
    assert sorted(traces.values()) == sorted(f"u{number}" for number in range(100))


def test_offpath_run_waits_for_what_its_command_told(tmp_path: Path) -> None:
    config = tmp_path / "exporter.toml"
    file = tmp_path / "events.jsonl"
    config.write_text(
        f'[exporter]\nlisten = "127.0.0.1:0"\ndata_dir = "{tmp_path}/data"\n'
        f'[sinks.file]\ntype = "jsonl"\npath = "{file}"\n'
    )
    program = WORK + "for number in range(2000): inner(number)\nos._exit(5)"
    done = subprocess.run(
        [COMMAND, "run", "--config", config, "--", sys.executable, "-c", program],
        cwd=tmp_path,
        env=environment(OFFPATH_DIR=tmp_path / "rings"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 5, done.stderr
    assert file.read_text().count('"name":"inner"') == 2001
