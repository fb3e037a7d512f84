"""One process: its ring, its threads, its children, its end."""

from __future__ import annotations

import asyncio
import faulthandler
import gc
import signal
import sys
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import offpath
import pytest
from conftest import Recording
from offpath.process import recorder_for
from support.asgi import OK, Peer, exchange, http_scope, request
from support.exporter import Exporter
from test_faults import dropped, result


@pytest.fixture
def beside(tmp_path: Path) -> Iterator[Exporter]:
    """An exporter for the programs of one test."""
    exporter = Exporter(tmp_path)
    exporter.start()
    yield exporter
    exporter.stop()


def recorded(exporter: Exporter) -> list[str]:
    """The paths of all events, once the exporter has ended."""
    exporter.stop()
    return sorted(event["path"] for event in exporter.events())


def test_flush_waits_until_the_exporter_has_everything(beside: Exporter, tmp_path: Path) -> None:
    found = result(
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
    assert len(recorded(beside)) == 100


def test_flush_without_an_exporter_says_that_it_gave_up(tmp_path: Path) -> None:
    found = result("app = offpath.OffpathMiddleware(OK); drive(app); report(flushed=offpath.flush(0))", tmp_path)
    assert found["flushed"] is False


def test_flush_of_nothing_is_done_at_once(tmp_path: Path) -> None:
    assert result("report(flushed=[offpath.flush(0), offpath.shutdown(0)])", tmp_path)["flushed"] == [True, True]


def test_what_comes_after_shutdown_is_counted(beside: Exporter, tmp_path: Path) -> None:
    found = result(
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
    assert recorded(beside) == ["/before"]


def test_a_process_that_just_ends_leaves_nothing_behind(beside: Exporter, tmp_path: Path) -> None:
    result("app = offpath.OffpathMiddleware(OK); drive(app, 5); report()", tmp_path)
    beside.wait_for(5)
    assert len(recorded(beside)) == 5
    assert not list(beside.rings.glob("*.ring"))


FORK = """
app = offpath.OffpathMiddleware(OK)
drive(app, path="/before")
reading, writing = os.pipe()
child = os.fork()
if child == 0:
    drive(app, 2, path="/child")
    status = offpath.status()
    os.write(writing, json.dumps([status["captured"], status["ring"]["path"]]).encode())
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
drive(app, path="/parent")
report(child=json.loads(os.read(reading, 10_000)))
"""


def test_a_forked_child_records_into_a_ring_of_its_own(beside: Exporter, tmp_path: Path) -> None:
    found = result(FORK, tmp_path)
    captured, ring = found["child"]
    assert captured == 2
    assert ring not in {None, found["status"]["ring"]["path"]}
    assert found["status"]["captured"] == 2
    assert recorded(beside) == ["/before", "/child", "/child", "/parent"]


FORK_IN_HANDLER = """
async def forking(scope, receive, send):
    await receive()
    await send(start())
    child = os.fork()
    if child == 0:
        drive_in_child()
    assert os.waitpid(child, 0)[1] == 0
    await send(body(b"hello"))

def drive_in_child():
    peer = offpath.OffpathMiddleware(OK)(http_scope("/child"), *ends())
    try:
        peer.send(None)
    except StopIteration:
        pass
    status = offpath.status()
    os._exit(0 if status["captured"] == 1 and not any(status["dropped"].values()) else 7)

def ends():
    async def receive():
        return request()[0]
    async def send(message):
        pass
    return receive, send

drive(offpath.OffpathMiddleware(forking), path="/forking")
report()
"""


def test_a_fork_in_a_handler_leaves_the_exchange_to_the_parent(beside: Exporter, tmp_path: Path) -> None:
    found = result(FORK_IN_HANDLER, tmp_path)
    assert (found["status"]["captured"], dropped(found)) == (1, {})
    assert recorded(beside) == ["/child", "/forking"]


FORK_WHOLE_HANDLER = """
async def forking(scope, receive, send):
    await receive()
    pid = os.fork()
    await send(start())
    await send(body(b"hello"))
    if pid:
        assert os.waitpid(pid, 0)[1] == 0

sent = asyncio.run(exchange(offpath.OffpathMiddleware(forking), http_scope("/forking")))
assert sent[1]["body"] == b"hello"
report()
"""


def test_a_child_that_runs_on_in_the_handler_does_not_record_its_parents_exchange(
    beside: Exporter, tmp_path: Path
) -> None:
    found = result(FORK_WHOLE_HANDLER, tmp_path)
    assert found["status"]["captured"] == 1
    assert recorded(beside) == ["/forking"]


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_children_of_multiprocessing_record(beside: Exporter, tmp_path: Path, method: str) -> None:
    (tmp_path / "work.py").write_text(
        """
import asyncio, offpath
from support.asgi import OK, exchange, http_scope

def work(number):
    asyncio.run(exchange(offpath.OffpathMiddleware(OK), http_scope(f"/child/{number}")))
    assert offpath.status()["captured"] == 1
"""
    )
    result(
        f"""
import multiprocessing
sys.path.insert(0, os.getcwd())
from work import work
if __name__ == "__main__":
    drive(offpath.OffpathMiddleware(OK), path="/parent")
    context = multiprocessing.get_context({method!r})
    children = [context.Process(target=work, args=(number,)) for number in range(3)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0, 0, 0]
    report()
""",
        tmp_path,
    )
    assert recorded(beside) == ["/child/0", "/child/1", "/child/2", "/parent"]


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
    def __await__(self) -> Iterator[None]:
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
    found = result(
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
    done = result(
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
    found = result("import threading; report(threads=threading.active_count())", tmp_path)
    assert (found["threads"], found["status"]["ring"]["path"]) == (1, None)
    assert not (tmp_path / "rings").exists()


def test_status_has_every_counter_from_the_start() -> None:
    status: Any = offpath.status()
    assert set(status) == {
        "after_the_end",
        "captured",
        "dropped",
        "exporter_seen",
        "internal_errors",
        "ring",
        "traps",
        "truncated",
    }
    assert set(status["ring"]) == {"path", "capacity", "used", "error"}
    assert {"ring_full", "too_big", "trap", "memory", "abandoned", "no_ring"} <= set(status["dropped"])


def test_faulthandler_is_left_as_it_is() -> None:
    assert faulthandler.is_enabled(), "pytest has enabled it, and nothing here has taken it away"
