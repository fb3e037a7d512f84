"""One wheel for every CPython from 3.10: it imports and records under each that this machine has."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import offpath
import pytest
from support import python
from support.exporter import Exporter
from support.spans import tree

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

#: The same, of what the app itself tells.
OBSERVE = """
    import asyncio, json, sys, offpath

    class Hostile:
        def __getattr__(self, name):
            raise RuntimeError(name)
        __repr__ = __str__ = None

    client = offpath.get_client()

    @offpath.observe
    def leaf(value):
        return value

    @offpath.observe
    def generator():
        leaf("in a generator")
        yield "one "
        yield "two"

    @offpath.observe
    async def stream():
        yield 1
        await asyncio.sleep(0)
        with client.start_as_current_observation(name="model", as_type="generation", model="m") as model:
            model.update(usage_details={"input": 3}, output=Hostile())
            yield 2

    @offpath.observe
    async def root():
        with offpath.propagate_attributes(user_id="u"):
            assert list(generator()) == ["one ", "two"]
            assert [item async for item in stream()] == [1, 2]
            await asyncio.gather(asyncio.to_thread(leaf, {"a": [1, 2.5, None]}))
        try:
            failing()
        except ValueError:
            client.score_current_span(name="quality", value=1)

    @offpath.observe
    def failing():
        raise ValueError("of the app")

    asyncio.run(root())
    client.start_observation(name="forgotten")
    status = offpath.status()
    print(json.dumps([status["captured"], status["internal_errors"], offpath.flush(30), sys.version_info[:2]]))
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


@pytest.fixture(params=MINORS)
def interpreter(request: pytest.FixtureRequest) -> tuple[int, str]:
    """A minor version of CPython, and where it is."""
    found = find(request.param)
    if found is None:
        pytest.skip(f"there is no CPython 3.{request.param} here")
    return request.param, found


def reported(program: str, interpreter: str, exporter: Exporter, directory: Path) -> Any:
    """What a program reported that has nothing but the package."""
    site = directory / "site"
    site.mkdir()
    (site / "offpath").symlink_to(Path(offpath.__file__).parent)
    env = python.environment(OFFPATH_DIR=exporter.rings, PYTHONDONTWRITEBYTECODE=1) | {
        "PYTHONPATH": str(site)
    }
    return python.result(program, cwd=directory, env=env, python=interpreter)


def test_the_wheel_records_under_this_python(
    tmp_path: Path, beside: Exporter, interpreter: tuple[int, str]
) -> None:
    minor, path = interpreter
    captured, flushed, errors, version = reported(RECORD, path, beside, tmp_path)
    beside.stop()
    assert version == [3, minor]
    assert (captured, flushed) == (100, True)
    assert errors == [["capture.record", "must be true or false", "7"]]
    events = beside.events()
    assert len({event["id"] for event in events}) == 100
    assert {(event["path"], event["query"], event["request"]["body"]["head"]) for event in events} == {
        ("/caf%C3%A9", "token=[redacted]", "abc")
    }


def test_spans_are_one_tree_under_this_python(
    tmp_path: Path, beside: Exporter, interpreter: tuple[int, str]
) -> None:
    minor, path = interpreter
    captured, internal_errors, flushed, version = reported(OBSERVE, path, beside, tmp_path)
    beside.stop()
    assert (version, internal_errors, flushed) == ([3, minor], 0, True)
    events = [event for event in beside.events() if event["kind"] != "score"]
    inside = {"generator": {"leaf": {}}, "stream": {"model": {}}, "leaf": {}, "failing": {}}
    assert tree(events) == {"root": inside, "forgotten": {}}
    assert len(beside.events()) == captured == len(events) + 1
    found = {event["name"]: event for event in events if event["name"] != "leaf"}
    assert (found["failing"]["level"], found["root"]["level"]) == ("ERROR", "DEFAULT")
    assert found["generator"]["output"]["head"] == "one two"
    assert (found["model"]["llm"]["usage"], found["model"]["user_id"]) == ({"input": 3}, "u")
    assert found["model"]["output"]["head"] == '"<__main__.Hostile>"'
    assert found["forgotten"]["ending"] == "abandoned"


def test_the_running_python_is_one_of_them() -> None:
    assert find(sys.version_info.minor) is not None


def test_the_extension_module_is_for_the_stable_abi() -> None:
    module = sys.modules["offpath._offpath"]
    assert str(module.__file__).endswith(".abi3.so")
