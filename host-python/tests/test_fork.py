"""Children: each records into a ring of its own, and none its parent's exchanges."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.exporter import Exporter
from support.python import dropped, recording_program

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
    found = recording_program(FORK, tmp_path)
    captured, ring = found["child"]
    assert captured == 2
    assert ring not in {None, found["status"]["ring"]["path"]}
    assert found["status"]["captured"] == 2
    assert beside.all_paths() == ["/before", "/child", "/child", "/parent"]


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
    found = recording_program(FORK_IN_HANDLER, tmp_path)
    assert (found["status"]["captured"], dropped(found)) == (1, {})
    assert beside.all_paths() == ["/child", "/forking"]


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
    found = recording_program(FORK_WHOLE_HANDLER, tmp_path)
    assert found["status"]["captured"] == 1
    assert beside.all_paths() == ["/forking"]


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
    recording_program(
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
    assert beside.all_paths() == ["/child/0", "/child/1", "/child/2", "/parent"]
