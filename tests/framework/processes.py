"""Processes that end with whoever started them, ports for them, and waiting for what they do."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]

#: Where the commands of the environment that runs this are: offpath, uvicorn.
BIN: Final = Path(sys.executable).parent

#: How long anything may take before it counts as never, in seconds. Only a failure waits for it: a loaded machine is
#: slow, not wrong.
PATIENCE: Final = float(os.environ.get("OFFPATH_TEST_PATIENCE", "60"))

_LOOK_SECONDS: Final = 0.01

#: Of these Linux gives none to who binds port 0 or connects, unless it is told to.
_PORTS: Final = range(16384, 32768)

#: Which of them was taken last, by any process of this user.
_LAST_PORT: Final = Path(tempfile.gettempdir()) / f"offpath-test-port-{os.getuid()}"


def eventually(what: str, holds: Callable[[], bool], patience: float = PATIENCE) -> None:
    """Wait until it holds; fail with what did not come about."""
    deadline = time.monotonic() + patience
    while not holds():
        if time.monotonic() >= deadline:
            raise TimeoutError(f"in {patience:g} s it did not come about that {what}")
        time.sleep(_LOOK_SECONDS)


def free_port() -> int:
    """Return a port that nothing listens on; whoever asks next, in whatever process, is told of another.

    One that the system gives for port 0 is free again as soon as it is known, and until a server has it, the system may
    give it to a test that runs beside.
    """
    with _LAST_PORT.open("a+", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        last = _PORTS.index(int(file.read() or _PORTS[0]))
        port: int = next(filter(_is_free, (*_PORTS[last + 1 :], *_PORTS[: last + 1])))
        file.truncate(0)
        file.write(str(port))
    return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: connections that have ended are not in the way.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def listening(port: int) -> bool:
    """Whether something accepts connections there."""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def uvicorn(app: str, port: int, *options: str) -> list[str]:
    """Return the command that serves this app on one quiet worker."""
    return [
        str(BIN / "uvicorn"),
        app,
        "--port",
        str(port),
        "--log-level",
        "warning",
        "--no-access-log",
        *options,
    ]


class Process:
    """A process with what it prints in a file."""

    def __init__(self, command: Sequence[str], log: Path, env: Mapping[str, str], cwd: Path = ROOT) -> None:
        self.log = log
        with log.open("ab") as output:
            self._popen = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=dict(env), cwd=cwd
            )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._popen.pid

    @property
    def peak_resident_mb(self) -> int:
        """The most memory that it had at a time."""
        lines = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) // 1024

    @property
    def cpu_seconds(self) -> float:
        """The time that it has had of the CPUs, as a user and in the system; proc_pid_stat(5)."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def wait_for(self, what: str, holds: Callable[[], bool], patience: float = PATIENCE) -> None:
        """Wait until it holds; fail at once if the process ends before."""

        def holds_or_ended() -> bool:
            return holds() or self._popen.poll() is not None

        try:
            eventually(what, holds_or_ended, patience)
        except TimeoutError as error:
            raise TimeoutError(f"{error}\n{self._printed()}") from None
        if not holds():
            raise RuntimeError(f"it ended with {self._popen.returncode} before {what}\n{self._printed()}")

    def wait_for_port(self, port: int) -> None:
        """Wait until it accepts connections there."""
        self.wait_for(f"it listens on port {port}", lambda: listening(port))

    def kill(self) -> None:
        """End it with SIGKILL; it is gone when this returns."""
        self._popen.kill()
        self._popen.wait()

    def stop(self) -> int:
        """End it with SIGTERM and return its exit code; with SIGKILL if it does not hear that."""
        if self._popen.poll() is None:
            self._popen.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self, more: float = 0) -> int:
        """Wait until it has ended and return its exit code; end it with SIGKILL if it does not.

        Args:
            more: seconds for which it has something to do still.
        """
        try:
            return self._popen.wait(PATIENCE + more)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def _printed(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")[-4000:]


@contextmanager
def running(
    command: Sequence[str], log: Path, env: Mapping[str, str], cwd: Path = ROOT, port: int | None = None
) -> Iterator[Process]:
    """Run a process as long as the block lasts; with a port, the block begins when it listens there."""
    process = Process(command, log, env, cwd)
    try:
        if port is not None:
            process.wait_for_port(port)
        yield process
    finally:
        process.stop()
