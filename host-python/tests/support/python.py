"""Python programs in processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .waiting import PATIENCE

TESTS = Path(__file__).parent.parent


def environment(**variables: object) -> dict[str, str]:
    """The variables of this process without its exporter's, and with these."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("OFFPATH_")}
    return inherited | {"PYTHONPATH": str(TESTS)} | {name: str(value) for name, value in variables.items()}


def run(
    program: str, *, cwd: Path, env: Mapping[str, str], python: str = sys.executable
) -> subprocess.CompletedProcess[str]:
    """Run a program, with all warnings as errors, until it ends well."""
    command = [python, "-W", "error", "-c", textwrap.dedent(program)]
    done = subprocess.run(
        command, cwd=cwd, env=dict(env), capture_output=True, text=True, timeout=4 * PATIENCE, check=False
    )
    assert done.returncode == 0, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def result(program: str, *, cwd: Path, env: Mapping[str, str], python: str = sys.executable) -> Any:
    """What the program printed last, which is JSON."""
    return json.loads(run(program, cwd=cwd, env=env, python=python).stdout.splitlines()[-1])


#: What programs that record begin with: they drive an app, check what it answers, and report.
PRELUDE = """
import asyncio, json, logging, os, sys
warnings = []
handler = logging.Handler()
handler.emit = lambda record: warnings.append(record.getMessage())
logging.getLogger().addHandler(handler)

import offpath
from support.asgi import OK, answering, body, exchange, http_scope, request, start

def drive(app, count=1, path="/", content=b"hello"):
    for _ in range(count):
        sent = asyncio.run(exchange(app, http_scope(path), request(content)))
        assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
        assert sent[1]["body"] == b"hello"

def report(**more):
    print(json.dumps({"status": offpath.status(), "warnings": warnings} | more))
"""


def recording_program(program: str, directory: Path, **variables: object) -> Any:
    """What such a program reported. Its ring directory is below ``directory`` if none is named."""
    variables = {"OFFPATH_DIR": directory / "rings"} | variables
    return result(PRELUDE + program, cwd=directory, env=environment(**variables))


def dropped(reported: Any) -> dict[str, int]:
    """What it dropped, by the reasons that there were."""
    return {reason: count for reason, count in reported["status"]["dropped"].items() if count}
