"""What goes wrong on offpath's side stays there: the app runs on unchanged, and every loss is counted."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Recording
from support import python
from support.asgi import OK, answering, body, exchange, request, start
from support.exporter import Exporter

#: Begins a program: records N exchanges through `app`, whose answers it checks.
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


def result(program: str, directory: Path, **variables: object) -> Any:
    """What the program reported, in a ring directory below ``directory`` if none is named."""
    variables = {"OFFPATH_DIR": directory / "rings"} | variables
    return python.result(PRELUDE + program, cwd=directory, env=python.environment(**variables))


def dropped(found: Any) -> dict[str, int]:
    return {reason: count for reason, count in found["status"]["dropped"].items() if count}


RECORD_TWO = """
app = offpath.OffpathMiddleware(OK)
offpath.OffpathMiddleware(OK), offpath.configure()
drive(app, 2)
report()
"""


def test_without_an_exporter_events_wait_in_the_ring(tmp_path: Path) -> None:
    found = result(RECORD_TWO, tmp_path)
    status = found["status"]
    assert (status["captured"], status["exporter_seen"], found["warnings"]) == (2, None, [])
    assert status["ring"]["used"] > 0
    exporter = Exporter(tmp_path)
    exporter.start()
    exporter.wait_for(2)
    exporter.stop()
    assert len(exporter.events()) == 2


def _file(directory: Path) -> Path:
    (directory / "in-the-way").write_text("a file")
    return directory / "in-the-way"


def _open_to_the_world(directory: Path) -> Path:
    rings = directory / "open"
    rings.mkdir()
    rings.chmod(0o777)
    return rings


def _below_a_file(directory: Path) -> Path:
    return _file(directory) / "rings"


def _without_permission(directory: Path) -> Path:
    # Where even root may not write.
    return Path("/proc/offpath")


@pytest.mark.parametrize("make", [_file, _below_a_file, _open_to_the_world, _without_permission])
def test_a_ring_directory_that_cannot_be_used_is_one_warning_and_a_count(tmp_path: Path, make: Any) -> None:
    directory = make(tmp_path)
    found = result(RECORD_TWO, tmp_path, OFFPATH_DIR=directory)
    (warning,) = found["warnings"]
    assert warning.startswith("offpath: no events are kept until this is mended: ")
    assert str(directory) in warning
    assert dropped(found) == {"no_ring": 2}
    assert found["status"]["captured"] == 0
    assert found["status"]["ring"]["error"] in warning


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system too small for a ring."""
    place = tmp_path / "full"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m,mode=0700", "tmpfs", place]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("only root may mount a file system to fill")
    yield place
    subprocess.run(["umount", place], check=True)


def test_a_full_file_system_is_one_warning_and_a_count(tmp_path: Path, full_disk: Path) -> None:
    found = result(RECORD_TWO, tmp_path, OFFPATH_DIR=full_disk)
    assert len(found["warnings"]) == 1
    assert dropped(found) == {"no_ring": 2}
    assert not list(full_disk.glob("*.ring"))


def test_a_full_ring_drops_counted_to_the_number(tmp_path: Path) -> None:
    found = result(
        """
app = offpath.OffpathMiddleware(OK, config={"ring": {"size": "64KiB"}})
drive(app, 50, content=b"x" * 8000)
report()
""",
        tmp_path,
    )
    captured, lost = found["status"]["captured"], dropped(found)
    assert captured > 0
    assert lost == {"ring_full": 50 - captured}
    assert found["warnings"] == []
    exporter = Exporter(tmp_path)
    exporter.start()
    exporter.wait_for(captured)
    exporter.stop()
    losses = [(event["reason"], event["count"]) for event in exporter.events() if event["kind"] == "loss"]
    assert len(exporter.exchanges()) == captured
    assert sum(count for reason, count in losses if reason == "ring_full") == 50 - captured


def test_an_event_larger_than_the_ring_takes_keeps_its_metadata(tmp_path: Path) -> None:
    """Four times less than the ring's size is the most that a record may have."""
    config = {"ring": {"size": "64KiB"}, "capture": {"request_body": {"head": "64KiB", "tail": "64KiB"}}}
    found = result(
        f"""
app = offpath.OffpathMiddleware(OK, config={config!r})
drive(app, content=b"x" * 100_000)
report()
""",
        tmp_path,
    )
    assert (found["status"]["captured"], dropped(found)) == (1, {})
    exporter = Exporter(tmp_path)
    exporter.start()
    (event,) = exporter.wait_for(1)
    exporter.stop()
    assert (event["request"]["body"]["size"], event["request"]["body"]["kept"]) == (100_000, 0)


@pytest.mark.anyio
async def test_a_trap_is_counted_and_the_next_exchange_recorded(recording: Recording, counted: Any) -> None:
    """A long query of secrets costs more fuel than an exchange without one."""
    app = recording.wrap(OK, sandbox={"fuel": 300_000})
    sent = await exchange(app)
    assert await exchange(app, {"type": "http", "query_string": b"token=1&" * 8000}) == sent
    assert counted() == {"captured": 1, "traps": 1, "dropped.trap": 1}
    await exchange(app)
    assert counted() == {"captured": 2, "traps": 1, "dropped.trap": 1}
    assert len(recording.events()) == 2


@pytest.mark.anyio
async def test_with_too_little_fuel_every_exchange_is_a_counted_trap(recording: Recording, counted: Any) -> None:
    app = recording.wrap(OK, sandbox={"fuel": 1})
    unwrapped = await exchange(OK)
    for _ in range(10):
        assert await exchange(app) == unwrapped
    assert counted() == {"traps": 10, "dropped.trap": 10}


@pytest.mark.anyio
async def test_exchanges_in_flight_when_the_sandbox_traps_are_counted(recording: Recording, counted: Any) -> None:
    app = recording.wrap(OK, sandbox={"fuel": 300_000})

    async def outer(scope: Any, receive: Any, send: Any) -> None:
        await exchange(app, {"type": "http", "query_string": b"token=1&" * 8000})
        await OK(scope, receive, send)

    app.app, inner = outer, app.app
    coroutine = exchange(app)

    async def inner_only(scope: Any, receive: Any, send: Any) -> None:
        app.app = inner
        await outer(scope, receive, send)

    app.app = inner_only
    sent = await coroutine
    assert sent[1]["body"] == b"hello"
    assert counted() == {"traps": 1, "dropped.trap": 2}


@pytest.mark.anyio
async def test_memory_used_up_is_counted_and_the_next_exchange_recorded(recording: Recording, counted: Any) -> None:
    """What all exchanges in flight may keep is set higher here than what the sandbox has."""
    limits = {"head": "1MiB", "tail": "1MiB"}
    config = {"sandbox": {"memory": "4MiB"}, "capture": {"response_body": limits, "max_memory": "64MiB"}}
    big = answering(start(), *(body(b"x" * (1 << 20), more=True) for _ in range(8)), body())
    app = recording.wrap(big, **config)
    depth = 0

    async def nested(scope: Any, receive: Any, send: Any) -> None:
        nonlocal depth
        depth += 1
        await send(start())
        await send(body(b"x" * (1 << 20), more=True))
        await send(body(b"x" * (1 << 20), more=True))
        if depth < 6:
            await exchange(app)
        await send(body())

    app.app = nested
    sent = await exchange(app)
    assert len(sent) == 4
    moved = counted()
    assert moved.get("dropped.memory", 0) >= 1, moved
    assert moved.get("captured", 0) + moved["dropped.memory"] == 6
    app.app = OK
    await exchange(app)
    assert recording.events()[-1]["response"]["body"]["head"] == "hello"


@pytest.mark.anyio
async def test_past_the_memory_for_bodies_only_sizes_are_kept(recording: Recording, counted: Any) -> None:
    app = recording.wrap(answering(start(), body(b"x" * 100_000)), capture={"max_memory": 0})
    await exchange(app, incoming=request(b"y" * 100_000))
    event = recording.event()
    for side in ("request", "response"):
        assert (event[side]["body"]["size"], event[side]["body"]["kept"]) == (100_000, 0)


CODE = """
app = offpath.OffpathMiddleware(OK)
drive(app)
report(code=offpath.process._default.code)
"""


def test_the_code_that_comes_with_the_wheel_is_taken(tmp_path: Path) -> None:
    found = result(CODE, tmp_path, XDG_CACHE_HOME=tmp_path / "cache")
    assert (found["code"], found["status"]["captured"]) == ("precompiled", 1)
    assert not (tmp_path / "cache").exists()


def test_without_it_the_code_is_compiled_once_and_then_loaded(tmp_path: Path) -> None:
    """And neither from a folder nor from a file that others could have written to."""
    cache = tmp_path / "cache"

    def code() -> str:
        found = result(CODE, tmp_path, XDG_CACHE_HOME=cache, OFFPATH_PRECOMPILED=0)
        assert found["status"]["captured"] == 1
        return str(found["code"])

    assert [code(), code()] == ["compiled", "cached"]
    (file,) = (cache / "offpath").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(0o666)
    assert code() == "compiled"
    file.chmod(0o600)
    (cache / "offpath").chmod(0o777)
    assert code() == "compiled"
    (cache / "offpath").chmod(0o700)
    file.write_bytes(b"no code at all")
    assert code() == "compiled"


def test_a_cache_that_cannot_be_written_costs_nothing_but_time(tmp_path: Path) -> None:
    found = result(CODE, tmp_path, XDG_CACHE_HOME="/proc/nowhere", OFFPATH_PRECOMPILED=0)
    assert (found["code"], found["status"]["captured"], found["warnings"]) == ("compiled", 1, [])
