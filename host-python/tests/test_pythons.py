"""One wheel for every CPython from 3.10: it imports and records under each that this machine has."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import offpath
import pytest
from support import python
from support.exporter import Exporter

MINORS = range(10, 14)
#: Prints which Python it is; nothing where it is not the one that was asked for.
ASK = "import json, sys; print(json.dumps([sys.implementation.name, *sys.version_info[:2], sys.executable]))"

#: Needs nothing beside the package.
RECORD = """
    import json, sys, threading, offpath

    async def app(scope, receive, send):
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"a/b")]})
        await send({"type": "http.response.body", "body": b"hello"})

    async def receive():
        return {"type": "http.request", "body": bytearray(b"abc"), "more_body": False}

    async def send(message):
        sent.append(message["type"])

    sent = []
    middleware = offpath.OffpathMiddleware(app)
    scope = {"type": "http", "method": "GET", "path": "/caf\\u00e9", "headers": [], "query_string": b"token=1"}
    for _ in range(100):
        try:
            middleware(scope, receive, send).send(None)
        except StopIteration:
            pass
    try:
        offpath.configure({"capture": {"record": 7}})
    except offpath.ConfigError as error:
        errors = error.errors
    assert len(sent) == 200
    print(json.dumps([offpath.status()["captured"], offpath.flush(30), errors, sys.version_info[:2]]))
"""


def _candidates(minor: int) -> Iterator[str]:
    name = f"python3.{minor}"
    if sys.version_info[:2] == (3, minor):
        yield sys.executable
    roots = [Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"]
    for root in roots:
        yield from (str(found) for found in sorted(root.glob(f"3.{minor}.*/bin/{name}"), reverse=True))
    if found := shutil.which(name):
        yield found


def find(minor: int) -> str | None:
    """An interpreter that runs; what is on the PATH may be a shim for one that is not installed."""
    for candidate in _candidates(minor):
        asked = subprocess.run([candidate, "-c", ASK], capture_output=True, text=True, check=False)
        if asked.returncode == 0:
            *what, executable = json.loads(asked.stdout)
            if what == ["cpython", 3, minor]:
                return str(executable)
    return None


@pytest.mark.parametrize("minor", MINORS)
def test_the_wheel_records_under_this_python(tmp_path: Path, minor: int) -> None:
    interpreter = find(minor)
    if interpreter is None:
        pytest.skip(f"there is no CPython 3.{minor} here")
    installed = Path(offpath.__file__).parent
    site = tmp_path / "site"
    site.mkdir()
    (site / "offpath").symlink_to(installed)
    exporter = Exporter(tmp_path)
    exporter.start()
    env = python.environment(OFFPATH_DIR=exporter.rings, PYTHONDONTWRITEBYTECODE=1) | {
        "PYTHONPATH": str(site)
    }
    captured, flushed, errors, version = python.result(RECORD, cwd=tmp_path, env=env, python=interpreter)
    exporter.stop()
    assert version == [3, minor]
    assert (captured, flushed) == (100, True)
    assert errors == [["capture.record", "must be true or false", "7"]]
    events = exporter.events()
    assert len({event["id"] for event in events}) == 100
    assert {(event["path"], event["query"], event["request"]["body"]["head"]) for event in events} == {
        ("/caf%C3%A9", "token=[redacted]", "abc")
    }


def test_the_running_python_is_one_of_them() -> None:
    assert find(sys.version_info.minor) is not None


def test_the_extension_module_is_for_the_stable_abi() -> None:
    module = sys.modules["offpath._offpath"]
    assert str(module.__file__).endswith(".abi3.so")
