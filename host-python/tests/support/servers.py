"""Real servers in processes of their own."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
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
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
