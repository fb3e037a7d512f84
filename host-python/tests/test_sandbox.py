"""What goes wrong in the sandbox stays there, and where its code comes from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import Recording
from support.asgi import OK, answering, body, exchange, http_scope, request, start
from support.python import recording_program

#: Enough for a usual exchange, and not enough to redact so many parameters.
ENOUGH_FUEL = 300_000
SECRETS = b"token=1&" * 8000


@pytest.mark.anyio
async def test_a_trap_is_counted_and_the_next_exchange_recorded(recording: Recording, counted: Any) -> None:
    app = recording.wrap(OK, sandbox={"fuel": ENOUGH_FUEL})
    sent = await exchange(app)
    assert await exchange(app, http_scope(query_string=SECRETS)) == sent
    assert counted() == {"captured": 1, "traps": 1, "dropped.trap": 1}
    await exchange(app)
    assert counted() == {"captured": 2, "traps": 1, "dropped.trap": 1}
    assert len(recording.events()) == 2


@pytest.mark.anyio
async def test_with_too_little_fuel_every_exchange_is_a_counted_trap(
    recording: Recording, counted: Any
) -> None:
    app = recording.wrap(OK, sandbox={"fuel": 1})
    unwrapped = await exchange(OK)
    for _ in range(10):
        assert await exchange(app) == unwrapped
    assert counted() == {"traps": 10, "dropped.trap": 10}


@pytest.mark.anyio
async def test_exchanges_in_flight_when_the_sandbox_traps_are_counted(
    recording: Recording, counted: Any
) -> None:
    async def outer(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/outer":
            await exchange(app, http_scope("/inner", query_string=SECRETS))
        await OK(scope, receive, send)

    app = recording.wrap(outer, sandbox={"fuel": ENOUGH_FUEL})
    sent = await exchange(app, http_scope("/outer"))
    assert sent[1]["body"] == b"hello"
    assert counted() == {"traps": 1, "dropped.trap": 2}


@pytest.mark.anyio
async def test_memory_used_up_is_counted_and_the_next_exchange_recorded(
    recording: Recording, counted: Any
) -> None:
    """Bodies in flight may keep more here than the sandbox has memory."""
    depth = 12

    async def nested(scope: Any, receive: Any, send: Any) -> None:
        await send(start())
        await send(body(b"x" * (512 << 10), more=True))
        if (left := int(scope["path"][1:])) > 1:
            assert len(await exchange(app, http_scope(f"/{left - 1}"))) == 3
        await send(body())

    limits = {"head": "256KiB", "tail": "256KiB"}
    capture = {"response_body": limits, "max_memory": "64MiB"}
    app = recording.wrap(nested, sandbox={"memory": "4MiB"}, capture=capture)
    assert len(await exchange(app, http_scope(f"/{depth}"))) == 3
    moved = counted()
    assert moved["dropped.memory"] >= 1
    assert moved["dropped.memory"] + moved.get("captured", 0) == depth
    await exchange(app, http_scope("/1"))
    assert recording.events()[-1]["response"]["body"]["kept"] == 512 << 10


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
report(code=offpath.process._defaults["asgi"].code)
"""


def test_the_code_that_comes_with_the_wheel_is_taken(tmp_path: Path) -> None:
    found = recording_program(CODE, tmp_path, XDG_CACHE_HOME=tmp_path / "cache")
    assert (found["code"], found["status"]["captured"]) == ("precompiled", 1)
    assert not (tmp_path / "cache").exists()


def test_without_it_the_code_is_compiled_once_and_then_loaded(tmp_path: Path) -> None:
    """And neither from a folder nor from a file that others could have written to."""
    cache = tmp_path / "cache"

    def code() -> str:
        found = recording_program(CODE, tmp_path, XDG_CACHE_HOME=cache, OFFPATH_PRECOMPILED=0)
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
    found = recording_program(CODE, tmp_path, XDG_CACHE_HOME="/proc/nowhere", OFFPATH_PRECOMPILED=0)
    assert (found["code"], found["status"]["captured"], found["warnings"]) == ("compiled", 1, [])
