"""Real servers in processes of their own."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from .waiting import PATIENCE, eventually

#: How each server is started with {port}, and then the name of the app.
COMMANDS: dict[str, list[str]] = {
    "uvicorn-asyncio": ["uvicorn", "--port", "{port}", "--loop", "asyncio", "--http", "h11"],
    "uvicorn-uvloop": ["uvicorn", "--port", "{port}", "--loop", "uvloop", "--http", "httptools"],
    "uvicorn-workers": ["uvicorn", "--port", "{port}", "--workers", "2"],
    "hypercorn-asyncio": ["hypercorn", "--bind", "127.0.0.1:{port}", "--worker-class", "asyncio"],
    "hypercorn-trio": ["hypercorn", "--bind", "127.0.0.1:{port}", "--worker-class", "trio"],
    "granian": ["granian", "--interface", "asgi", "--port", "{port}"],
    "gunicorn-preload": [
        *("gunicorn", "--bind", "127.0.0.1:{port}", "--preload", "--workers", "2"),
        *("--worker-class", "uvicorn_worker.UvicornWorker"),
    ],
}

#: Of these Linux gives none to who binds port 0 or connects, unless it is told to.
_PORTS = range(16384, 32768)
#: Which of them was taken last, by any process of this user.
_LAST_PORT = Path(tempfile.gettempdir()) / f"offpath-test-port-{os.getuid()}"


class Server:
    """A server that takes connections."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self._process, self._port, self._log = process, port, log
        self.address = f"127.0.0.1:{port}"

    def takes_connections(self) -> bool:
        assert self._process.poll() is None, f"the server ended: {self.log()}"
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self._port)) == 0

    def log(self) -> str:
        return self._log.read_text()

    def stop(self) -> None:
        """End it as a supervisor would, and wait for it and its workers."""
        self._process.terminate()
        try:
            self._process.wait(PATIENCE)
        finally:
            # What a parent that was killed left behind; it leads a process group of its own.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(PATIENCE)


@contextlib.contextmanager
def serving(command: list[str], app: str, *, cwd: Path, env: Mapping[str, str]) -> Iterator[Server]:
    """Start a server for the time of the block; it may be stopped earlier."""
    port = _free_port()
    program, *arguments = (part.format(port=port) for part in command)
    log = cwd / "server.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", program, *arguments, app],
            cwd=cwd,
            env=dict(env),
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    server = Server(process, port, log)
    try:
        eventually(server.takes_connections, "the server takes connections")
        yield server
    finally:
        server.stop()


def _free_port() -> int:
    """A port that nothing listens on; whoever asks next, in whatever process, is told of another.

    As `tests/framework/processes.py` does, by the same file, so that tests may run beside each other.
    """
    with _LAST_PORT.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        last = _PORTS.index(int(file.read() or _PORTS[0]))
        port = next(filter(_is_free, (*_PORTS[last + 1 :], *_PORTS[: last + 1])))
        file.truncate(0)
        file.write(str(port))
    return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
