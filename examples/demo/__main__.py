"""Real traffic through a FastAPI app, recorded by another process. `make demo` runs it.

    python -m examples.demo

Exit code 0: all that was sent was recorded, as what it was.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.framework.processes import BIN, ROOT, free_port, running, uvicorn

from . import latency, recorded
from .table import quantile, table
from .traffic import Sent, drive

EXAMPLES = ROOT / "examples"
CONFIG = EXAMPLES / "fastapi-chat" / "offpath.toml"
PLACE = ROOT / ".cache" / "demo"
STORE = PLACE / "data" / "offpath.db"


def main() -> int:
    """Run the demo, and return its exit code."""
    shutil.rmtree(PLACE, ignore_errors=True)
    PLACE.mkdir(parents=True)
    with tempfile.TemporaryDirectory(prefix="offpath-demo-", dir="/dev/shm") as rings:
        sent, latencies = traffic(Path(rings))
    rows = recorded.read(STORE)
    missing = recorded.differences(sent, rows)
    print(f"\nWhat the other process recorded, {len(rows)} exchanges in all\n")
    print(recorded.show(rows))
    print("\nWhat that added: the same request in turns to the same app with offpath and without, in ms\n")
    print(show(latencies))
    print(f"\n{where_to_look()}")
    for line in missing:
        print(f"demo: {line}", file=sys.stderr)
    return 1 if missing else 0


def traffic(rings: Path) -> tuple[list[Sent], dict[str, list[float]]]:
    """Drive the app, and return what was sent and the latencies. When this returns, all processes have ended."""
    env = {**os.environ, "OFFPATH_DIR": str(rings), "PYTHONPATH": str(ROOT)}
    print("starting a model server and the chat app under offpath")
    with model_server(env) as model:
        env["MODEL_URL"] = f"http://127.0.0.1:{model}/v1"
        under_offpath = [str(BIN / "offpath"), "run", "--config", str(CONFIG), "--"]
        with chat_app("app", env, *under_offpath) as port:
            # First, while neither app has a hundred idle connections to look through.
            with chat_app("app-without", {**env, "OFFPATH_ENABLED": "0"}) as without:
                print(f"measuring what offpath adds: {latency.REQUESTS} requests each way")
                latencies = latency.measure(with_offpath=port, without=without)
            print("streamed, not streamed, an error, a client that hangs up, 100 at once")
            return asyncio.run(drive(port)), latencies


@contextmanager
def model_server(env: dict[str, str]) -> Iterator[int]:
    """Run the model server; yields its port."""
    port = free_port()
    command = uvicorn("model_server:app", port, "--app-dir", str(EXAMPLES / "model-server"))
    with running(command, PLACE / "model-server.log", env, cwd=PLACE, port=port):
        yield port


@contextmanager
def chat_app(name: str, env: dict[str, str], *under: str) -> Iterator[int]:
    """Run the example app; yields its port."""
    port = free_port()
    command = uvicorn("main:app", port, "--app-dir", str(EXAMPLES / "fastapi-chat"))
    with running([*under, *command], PLACE / f"{name}.log", env, cwd=PLACE, port=port):
        yield port


def show(latencies: dict[str, list[float]]) -> str:
    """Return the table of latencies."""
    shares = {"p50": 0.5, "p90": 0.9, "p99": 0.99}
    rows = {name: [quantile(times, share) for share in shares.values()] for name, times in latencies.items()}
    without, with_offpath = rows.values()
    added = [after - before for before, after in zip(without, with_offpath, strict=True)]
    lines = [[name, *(f"{value:.2f}" for value in values)] for name, values in rows.items()]
    return table(["", *shares], [*lines, ["added", *(f"{value:+.2f}" for value in added)]])


def where_to_look() -> str:
    """Return where what was recorded is."""
    here = Path.cwd()
    store = STORE.relative_to(here) if STORE.is_relative_to(here) else STORE
    lines = {
        "the store": f"sqlite3 {store} 'SELECT method, route, status, outcome, json FROM events LIMIT 5'",
        "one event": f"sqlite3 {store} 'SELECT json FROM events LIMIT 1' | python3 -m json.tool",
        "the logs": f"{store.parent.parent}/*.log",
        "live, with an app of yours": "offpath run -- uvicorn main:app    and beside it    offpath tail",
        "the app": "examples/fastapi-chat/main.py",
    }
    width = max(map(len, lines))
    return "Where to look\n" + "\n".join(f"  {name.ljust(width)}  {text}" for name, text in lines.items())


if __name__ == "__main__":
    sys.exit(main())
