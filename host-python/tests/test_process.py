"""One process: its ring, its threads, its signals, its end."""

from __future__ import annotations

import asyncio
import faulthandler
import gc
import signal
import sys
import weakref
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import offpath
import pytest
from conftest import Recording
from offpath.process import recorder_for
from support.asgi import OK, Peer, exchange, http_scope, request
from support.exporter import Exporter
from support.python import dropped, recording_program


def test_flush_waits_until_the_exporter_has_everything(beside: Exporter, tmp_path: Path) -> None:
    found = recording_program(
        """
app = offpath.OffpathMiddleware(OK)
drive(app, 100)
flushed = offpath.flush(30)
report(flushed=flushed)
""",
        tmp_path,
    )
    assert (found["flushed"], found["status"]["ring"]["used"], found["status"]["captured"]) == (True, 0, 100)
    assert found["status"]["exporter_seen"] is not None
    assert len(beside.all_paths()) == 100


def test_flush_without_an_exporter_says_that_it_gave_up(tmp_path: Path) -> None:
    found = recording_program(
        "app = offpath.OffpathMiddleware(OK); drive(app); report(flushed=offpath.flush(0))", tmp_path
    )
    assert found["flushed"] is False


def test_flush_of_nothing_is_done_at_once(tmp_path: Path) -> None:
    assert recording_program("report(flushed=[offpath.flush(0), offpath.shutdown(0)])", tmp_path)[
        "flushed"
    ] == [True, True]


def test_what_comes_after_shutdown_is_counted(beside: Exporter, tmp_path: Path) -> None:
    found = recording_program(
        """
app = offpath.OffpathMiddleware(OK)
drive(app, path="/before")
done = [offpath.shutdown(30), offpath.shutdown(30), offpath.flush(30)]
drive(app, 3, path="/after")
report(done=done)
""",
        tmp_path,
    )
    assert found["done"] == [True, True, True]
    assert (found["status"]["captured"], sum(dropped(found).values())) == (1, 3)
    assert beside.all_paths() == ["/before"]


def test_a_process_that_just_ends_leaves_nothing_behind(beside: Exporter, tmp_path: Path) -> None:
    recording_program("app = offpath.OffpathMiddleware(OK); drive(app, 5); report()", tmp_path)
    beside.wait_for(5)
    assert len(beside.all_paths()) == 5
    assert not list(beside.rings.glob("*.ring"))


def test_threads_share_a_middleware(recording: Recording) -> None:
    app = recording.wrap(OK)

    def work(number: int) -> None:
        async def all_of_them() -> None:
            await asyncio.gather(*(exchange(app, http_scope(f"/{number}/{index}")) for index in range(50)))

        asyncio.run(all_of_them())

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    paths = [event["path"] for event in recording.events()]
    assert sorted(paths) == sorted(f"/{number}/{index}" for number in range(8) for index in range(50))


def test_an_exchange_may_go_on_in_another_thread(recording: Recording) -> None:
    peer = Peer(request())
    coroutine = recording.wrap(_two_steps)(http_scope(), peer.receive, peer.send)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(coroutine.send, None).result()
    with pytest.raises(StopIteration):
        coroutine.send(None)
    assert recording.event()["outcome"] == "completed"


class _Pause:
    def __await__(self) -> Generator[None, None, None]:
        yield


async def _two_steps(scope: Any, receive: Any, send: Any) -> None:
    await _Pause()
    await OK(scope, receive, send)


def test_a_coroutine_that_is_closed_is_a_reset(recording: Recording) -> None:
    peer = Peer(request())
    coroutine = recording.wrap(_two_steps)(http_scope(), peer.receive, peer.send)
    coroutine.send(None)
    coroutine.close()
    assert recording.event()["outcome"] == "reset"


def test_a_coroutine_that_is_dropped_in_a_cycle_is_a_reset(recording: Recording) -> None:
    peer = Peer(request())
    coroutine = recording.wrap(_two_steps)(http_scope(), peer.receive, peer.send)
    coroutine.send(None)
    cycle: list[Any] = [coroutine]
    cycle.append(cycle)
    del coroutine, cycle
    gc.collect()
    assert recording.event()["outcome"] == "reset"


def test_an_exchange_that_nobody_ends_is_counted_as_abandoned(recording: Recording, counted: Any) -> None:
    recorder = recorder_for({"service": {"name": recording.service}})
    assert recorder is not None
    scope = http_scope()
    live = recorder.begin(scope)
    assert live is not None
    scope["of"] = [scope, live]
    del live, scope
    gc.collect()
    assert counted() == {"dropped.abandoned": 1}


def test_an_app_that_keeps_its_request_in_the_scope_leaks_nothing(recording: Recording) -> None:
    """Through its `send`, the scope then holds the exchange, which holds the scope."""
    kept = []

    class State:
        """What can be referred to weakly, unlike a dict."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        scope["state"] = state = State()
        scope["request"] = (scope, receive, send)
        kept.append(weakref.ref(state))
        await OK(scope, receive, send)

    asyncio.run(_several(recording.wrap(app), 10))
    gc.collect()
    assert [reference() for reference in kept] == [None] * 10


def test_exchanges_leave_no_objects_behind(recording: Recording) -> None:
    app = recording.wrap(OK)

    def many() -> None:
        asyncio.run(_several(app, 200))

    many()
    gc.collect()
    before = sys.getallocatedblocks()
    many()
    gc.collect()
    # Caches of the interpreter may grow by some; 200 leaks would show.
    assert sys.getallocatedblocks() - before < 200


async def _several(app: Any, count: int) -> None:
    for _ in range(count):
        await exchange(app)


def test_signal_handlers_are_the_apps(tmp_path: Path) -> None:
    found = recording_program(
        """
import signal
numbers = sorted(signal.valid_signals())
masks = lambda: [line for line in open("/proc/self/status") if line.startswith("Sig")]
before = [repr(signal.getsignal(number)) for number in numbers], masks()
import faulthandler
drive(offpath.OffpathMiddleware(OK), 3)
drive(offpath.OffpathMiddleware(OK, config={"sandbox": {"fuel": 1}}), 3)
after = [repr(signal.getsignal(number)) for number in numbers], masks()
assert before == after, (before, after)
report()
""",
        tmp_path,
    )
    assert found["status"]["traps"] == 3


def test_faulthandler_still_tells_of_a_crash(tmp_path: Path) -> None:
    done = recording_program(
        """
import faulthandler, signal, subprocess
app = '''
import asyncio, faulthandler, os, signal, offpath
from support.asgi import OK, exchange
faulthandler.enable()
asyncio.run(exchange(offpath.OffpathMiddleware(OK)))
os.kill(os.getpid(), signal.SIGSEGV)
'''
done = subprocess.run([sys.executable, "-c", app], capture_output=True, text=True)
report(code=done.returncode, told=done.stderr)
""",
        tmp_path,
    )
    assert done["code"] == -signal.SIGSEGV
    assert "Segmentation fault" in done["told"]


def test_import_starts_no_thread_and_opens_no_file(tmp_path: Path) -> None:
    found = recording_program("import threading; report(threads=threading.active_count())", tmp_path)
    assert (found["threads"], found["status"]["ring"]["path"]) == (1, None)
    assert not (tmp_path / "rings").exists()


def test_status_has_every_counter_from_the_start() -> None:
    status: Any = offpath.status()
    assert set(status) == {
        "after_the_end",
        "captured",
        "config",
        "dropped",
        "exporter_seen",
        "internal_errors",
        "ring",
        "traps",
        "truncated",
        "unsampled",
    }
    assert set(status["config"]) == {"ok", "error", "rules", "path"}
    assert set(status["ring"]) == {"path", "capacity", "used", "error"}
    assert {"ring_full", "too_big", "trap", "memory", "abandoned", "no_ring"} <= set(status["dropped"])


def test_faulthandler_is_left_as_it_is() -> None:
    assert faulthandler.is_enabled(), "pytest has enabled it, and nothing here has taken it away"
