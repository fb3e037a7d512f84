"""A configuration file that changes, and the processes that follow it: their threads, their children, their end."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from support import python
from support.exporter import Exporter
from support.python import dropped, recording_program
from support.servers import COMMANDS, Server, serving
from support.waiting import PATIENCE, eventually

#: What such a program begins with.
FOLLOWING = """
from pathlib import Path
from support.waiting import eventually

file = Path("offpath.toml").absolute()

def write(name):
    other = file.with_suffix(f".{os.getpid()}")
    other.write_text(f'[ring]\\nsize = "64KiB"\\n[[rule]]\\nname = "{name}"\\n')
    other.replace(file)

def rules():
    return offpath.status()["config"]["rules"]

def change(name):
    before = rules()
    write(name)
    eventually(lambda: rules() != before, "the change is taken")

def following():
    return sum((task / "comm").read_text() == "offpath-config\\n" for task in Path("/proc/self/task").iterdir())

logging.getLogger("offpath").setLevel(logging.INFO)
write(1)
"""


def following_program(program: str, directory: Path, **variables: object) -> Any:
    return recording_program(FOLLOWING + program, directory, **variables)


def rules(exporter: Exporter) -> list[tuple[str, str]]:
    """Path and rule of all exchanges there are; ends the exporter."""
    exporter.stop()
    return sorted((event["path"], event["rule"]) for event in exporter.exchanges())


@pytest.mark.parametrize(
    ("config", "threads"), [("file", 1), ("str(file)", 1), ("None", 1), ("{}", 0), ('{"service": {}}', 0)]
)
def test_there_is_a_thread_where_there_is_a_file(tmp_path: Path, config: str, threads: int) -> None:
    following_program(
        f"""
app = offpath.OffpathMiddleware(OK, config={config})
drive(app)
eventually(lambda: following() == {threads}, "there are so many threads")
report()
""",
        tmp_path,
    )


def test_there_is_no_thread_where_nothing_is_configured(tmp_path: Path) -> None:
    found = following_program(
        "file.unlink(); drive(offpath.OffpathMiddleware(OK)); report(threads=following())", tmp_path
    )
    assert found["threads"] == 0


def test_there_is_one_thread_for_all_files_and_it_ends_with_the_last(tmp_path: Path) -> None:
    following_program(
        """
first, *others = [offpath.OffpathMiddleware(OK, config=file) for _ in range(5)]
eventually(lambda: following() == 1, "the thread has begun")
del others
write(2)
eventually(lambda: len(warnings) == 6, "the first is followed")
del first
eventually(lambda: following() == 0, "the thread has ended")
again = offpath.OffpathMiddleware(OK, config=file)
change(3)
report()
""",
        tmp_path,
    )


@pytest.mark.parametrize("how", ["offpath.configure(file)", "offpath.configure()"])
def test_a_program_without_an_app_follows_too(tmp_path: Path, how: str) -> None:
    found = following_program(f"{how}; change(2); report()", tmp_path)
    assert [line.rpartition(" (")[0] for line in found["warnings"]] == [
        f"offpath: took {tmp_path}/offpath.toml"
    ] * 2


def test_the_file_that_the_environment_names_is_followed(tmp_path: Path) -> None:
    found = following_program(
        "offpath.configure(); change(2); report()", tmp_path, OFFPATH_CONFIG="offpath.toml"
    )
    assert found["status"]["config"]["path"] == f"{tmp_path}/offpath.toml"


def test_warnings_of_other_modules_are_none_of_the_loggers(tmp_path: Path) -> None:
    """Without a word about logging, a program sees nothing of what goes well."""
    found = following_program(
        "logging.getLogger('offpath').setLevel(logging.NOTSET); offpath.configure(); change(2); report()",
        tmp_path,
    )
    assert found["warnings"] == []


FORKED = """
app = offpath.OffpathMiddleware(OK)
drive(app, path="/before")
child = os.fork()
drive(app, path="/child/1" if child == 0 else "/parent/1")
if child == 0:
    change(2)
    drive(app, path="/child/2")
    assert following() == 1, "it has taken something, so it runs"
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
eventually(lambda: len(warnings) == 2, "the parent has taken it too")
drive(app, path="/parent/2")
assert following() == 1
report()
"""


def test_parent_and_child_both_follow_after_a_fork(beside: Exporter, tmp_path: Path) -> None:
    following_program(FORKED, tmp_path)
    assert rules(beside) == [
        ("/before", "1"),
        ("/child/1", "1"),
        ("/child/2", "2"),
        ("/parent/1", "1"),
        ("/parent/2", "2"),
    ]


def test_a_child_that_records_nothing_starts_no_thread(tmp_path: Path) -> None:
    following_program(
        """
app = offpath.OffpathMiddleware(OK)
if (child := os.fork()) == 0:
    os._exit(following())
assert os.waitpid(child, 0)[1] == 0
report()
""",
        tmp_path,
    )


@pytest.fixture
def hung(tmp_path: Path) -> Iterator[Path]:
    """A file system on which everything hangs: nobody answers what the kernel asks."""
    place = tmp_path / "hung"
    place.mkdir()
    try:
        fuse = os.open("/dev/fuse", os.O_RDWR)
    except OSError:
        pytest.skip("only root may mount a file system")
    options = f"fd={fuse},rootmode=40000,user_id=0,group_id=0"
    mount = ["mount", "-i", "-t", "fuse", "-o", options, "hung", str(place)]
    with contextlib.closing(os.fdopen(fuse, "rb", 0)):
        if subprocess.run(mount, pass_fds=[fuse], capture_output=True, check=False).returncode != 0:
            pytest.skip("only root may mount a file system")
        yield place
    # It may be gone already.
    subprocess.run(["umount", "--lazy", place], capture_output=True, check=False)


#: Each of them would take 2 s if it waited for the thread's end: more than the whole test may take.
FORKS_WHILE_A_READ_HANGS = """
import subprocess

def hangs():
    tasks = [(task / "stat").read_text() for task in Path("/proc/self/task").iterdir()]
    return any("(offpath-config) D" in task for task in tasks)

app = offpath.OffpathMiddleware(OK)
other = file.with_suffix(".link")
other.symlink_to("hung/offpath.toml")
other.replace(file)
eventually(hangs, "the file is being read")
for number in range(100):
    if (child := os.fork()) == 0:
        if number == 99:
            change(2)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
assert hangs()
subprocess.run(["umount", "--force", "hung"], capture_output=True)
eventually(lambda: rules() and warnings[1:], "the parent has taken it too")
report()
"""


@pytest.mark.usefixtures("hung")
def test_a_file_system_that_hangs_keeps_no_fork_waiting_and_no_child_from_following(tmp_path: Path) -> None:
    following_program("import warnings as w; w.simplefilter('ignore')" + FORKS_WHILE_A_READ_HANGS, tmp_path)


#: From CPython 3.12 on, a thread at a fork is a warning. What is registered first is called last.
COUNT_THREADS = """
import os

def count_threads():
    counted.append(sum((task / "comm").read_text() == "offpath-config\\n" for task in tasks.iterdir()))

from pathlib import Path
tasks, counted = Path("/proc/self/task"), []
os.register_at_fork(before=count_threads)
"""
FORK_OFTEN = """
app = offpath.OffpathMiddleware(OK)
for _ in range(5):
    if (child := os.fork()) == 0:
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
change(2)
report(counted=counted)
"""


def test_the_thread_is_not_there_when_the_process_forks_and_is_afterwards(tmp_path: Path) -> None:
    env = python.environment(OFFPATH_DIR=tmp_path / "rings")
    found = python.result(COUNT_THREADS + python.PRELUDE + FOLLOWING + FORK_OFTEN, cwd=tmp_path, env=env)
    assert found["counted"] == [0] * 5
    assert len(found["warnings"]) == 2


#: Every change is taken while children are made; one that had inherited a lock would never end.
FORKS_WHILE_RELOADING = """
import threading, time
apps = [offpath.OffpathMiddleware(OK, config=file) for _ in range(20)]
over = threading.Event()

def keep_changing():
    name = 1
    while not over.wait(1.1):
        name += 1
        write(name)

changing = threading.Thread(target=keep_changing)
changing.start()
end = time.monotonic() + 4
children = 0
while time.monotonic() < end:
    if (child := os.fork()) == 0:
        drive(apps[children % len(apps)])
        os._exit(0)
    drive(apps[0])
    eventually(lambda: os.waitpid(child, os.WNOHANG) == (child, 0), "the child has ended")
    children += 1
over.set()
changing.join()
report(children=children, taken=len(warnings))
"""


def test_children_that_are_made_amid_reloads_record_and_end(tmp_path: Path) -> None:
    found = following_program(FORKS_WHILE_RELOADING, tmp_path)
    assert found["children"] > 20
    assert found["taken"] > 20, "none but the first"


EXIT_AMID_A_LOG_LINE = """
import threading, time
telling = threading.Event()

def tell_slowly(record):
    if threading.current_thread() is not threading.main_thread():
        telling.set()
        time.sleep(0.3)
        print("told", flush=True)

handler.emit = tell_slowly
app = offpath.OffpathMiddleware(OK)
write(2)
assert telling.wait(30)
"""


def test_the_interpreter_ends_after_a_line_that_is_being_logged(tmp_path: Path) -> None:
    done = python.run(
        python.PRELUDE + FOLLOWING + EXIT_AMID_A_LOG_LINE,
        cwd=tmp_path,
        env=python.environment(OFFPATH_DIR=tmp_path / "rings"),
    )
    assert (done.stdout, done.stderr) == ("told\n", "")


#: Python's own way to end waits for a handler's lock.
HANGING = """
def hang(record):
    if threading.current_thread() is not threading.main_thread():
        telling.set()
        threading.Event().wait()

handler.emit = hang
logging.Handler.acquire = logging.Handler.release = lambda self: None
"""


def test_a_logging_handler_that_hangs_does_not_keep_the_interpreter_from_ending(tmp_path: Path) -> None:
    program = EXIT_AMID_A_LOG_LINE.replace("handler.emit = tell_slowly\n", HANGING)
    done = python.run(
        python.PRELUDE + FOLLOWING + program,
        cwd=tmp_path,
        env=python.environment(OFFPATH_DIR=tmp_path / "rings"),
    )
    assert done.stderr == ""


#: At some moment of a reload that is going on, or about to.
EXIT_AMID_A_RELOAD = """
import sys, time
apps = [offpath.OffpathMiddleware(OK, config=file) for _ in range(20)]
write(2)
time.sleep({pause})
drive(apps[0])
sys.exit(0)
"""


def test_the_interpreter_ends_at_any_moment_of_a_reload(tmp_path: Path) -> None:
    def ending(number: int) -> str:
        directory = tmp_path / str(number)
        directory.mkdir()
        done = python.run(
            python.PRELUDE + FOLLOWING + EXIT_AMID_A_RELOAD.format(pause=0.9 + number * 0.012),
            cwd=directory,
            env=python.environment(OFFPATH_DIR=directory / "rings"),
        )
        return done.stdout + done.stderr

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(ending, range(24))) == {""}


class Client:
    """Requests at paths of their own."""

    def __init__(self, server: Server) -> None:
        self._address = server.address
        self._numbers = itertools.count()
        self.over = threading.Event()

    def get(self, path: str) -> Any:
        # A connection each, so that each worker gets some.
        connection = HTTPConnection(self._address, timeout=PATIENCE)
        with contextlib.closing(connection):
            connection.request("GET", path)
            return json.load(connection.getresponse())

    def ask(self) -> str:
        """One request; returns its path."""
        path = f"/sync/{next(self._numbers)}"
        self.get(path)
        return path

    def keep_asking(self) -> list[str]:
        asked = []
        while not self.over.is_set():
            asked.append(self.ask())
        return asked

    def change(self, file: Path, name: str) -> str:
        """Change the file, wait until every worker has it, and ask once more; returns the path of that."""
        told = self._versions()
        other = file.with_suffix(".new")
        other.write_text(RULE.format(name))
        other.replace(file)
        eventually(lambda: self._versions().isdisjoint(told), "all workers have taken it")
        return self.ask()

    def _versions(self) -> set[str]:
        """The versions of the rules that the workers have: enough answers that each has surely given one."""
        answers = [self.get("/config") for _ in range(20)]
        return {answer["rules"] for answer in answers}


SERVERS = ["uvicorn-uvloop", "uvicorn-workers", "gunicorn-preload"]
RULE = '[[rule]]\nname = "{}"\n'


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest, beside: Exporter, tmp_path: Path) -> Iterator[Server]:
    (tmp_path / "offpath.toml").write_text(RULE.format("before"))
    env = python.environment(OFFPATH_DIR=beside.rings)
    with serving(COMMANDS[request.param], "apps.served:app", cwd=tmp_path, env=env) as server:
        yield server


def test_a_server_under_load_follows_and_loses_nothing(
    server: Server, beside: Exporter, tmp_path: Path
) -> None:
    client = Client(server)
    with ThreadPoolExecutor(3) as pool, contextlib.ExitStack() as stack:
        stack.callback(client.over.set)
        asking = [pool.submit(client.keep_asking) for _ in range(3)]
        after = {client.change(tmp_path / "offpath.toml", name): name for name in ("1", "2", "3")}
        client.over.set()
        asked = [path for one in asking for path in one.result()]
    server.stop()
    beside.stop()
    events = [event for event in beside.exchanges() if event["path"] != "/config"]
    assert sorted(event["path"] for event in events) == sorted([*asked, *after])
    recorded = {event["path"]: event["rule"] for event in events}
    assert {path: recorded[path] for path in after} == after
    assert set(recorded.values()) == {"before", "1", "2", "3"}


def test_nothing_is_dropped_while_rules_change(tmp_path: Path) -> None:
    found = following_program(
        """
app = offpath.OffpathMiddleware(OK)
write(2)
count = 0
while not warnings[1:]:
    drive(app)
    count += 1
report(count=count)
""",
        tmp_path,
    )
    assert found["status"]["captured"] + dropped(found).get("ring_full", 0) == found["count"]
    assert set(dropped(found)) <= {"ring_full"}
