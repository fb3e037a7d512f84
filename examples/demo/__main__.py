"""Real traffic through two FastAPI apps, recorded by another process, and the page over it. `make demo` runs it.

    python -m examples.demo [--no-page]

Exit code 0: all that was sent was recorded, as what it was.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import sys
import tempfile
from pathlib import Path

from tests.framework.processes import BIN, ROOT

from . import latency, page, recorded
from .apps import CHAT_CONFIG, apps, chat_app
from .table import quantile, table
from .talks import talk
from .traffic import Sent, drive

PLACE = ROOT / ".cache" / "demo"


def main() -> int:
    """Run the demo, and return its exit code."""
    parser = argparse.ArgumentParser(
        "python -m examples.demo", description="Record real traffic, and show it."
    )
    parser.add_argument("--no-page", action="store_true", help="end without serving the page")
    with_page = not parser.parse_args().no_page and sys.stdout.isatty()
    shutil.rmtree(PLACE, ignore_errors=True)
    PLACE.mkdir(parents=True)
    sent, latencies = record(PLACE)
    store = page.store(PLACE)
    rows = recorded.read(store)
    print(f"\nWhat the other process recorded, {len(rows)} requests in all\n")
    print(recorded.show(rows))
    print(
        f"\nand below them {', '.join(f'{count} {kind}s' for kind, count in recorded.others(store).items())}"
    )
    print("\nWhat that added: the same request in turns to the same app with offpath and without, in ms\n")
    print(show(latencies))
    print(f"\n{where_to_look(store)}")
    if missing := recorded.differences(sent, rows):
        print(*(f"demo: {line}" for line in missing), sep="\n", file=sys.stderr)
        return 1
    if with_page:
        page.serve(PLACE)
    return 0


def record(place: Path) -> tuple[list[Sent], dict[str, list[float]]]:
    """Drive the apps, and return what was sent and the latencies. When this returns, all processes have ended."""
    print("starting a model server, the chat app under offpath, and an assistant beside it")
    under_offpath = [str(BIN / "offpath"), "run", "--config", str(CHAT_CONFIG), "--"]
    with (
        tempfile.TemporaryDirectory(prefix="offpath-demo-", dir="/dev/shm") as rings,
        apps(place, {**os.environ, "OFFPATH_DIR": rings}, under_offpath) as running,
    ):
        # First, while neither app has a hundred idle connections to look through.
        with chat_app(place, "chat-without", {**running.env, "OFFPATH_ENABLED": "0"}) as without:
            print(f"measuring what offpath adds: {latency.REQUESTS} requests each way")
            latencies = latency.measure(with_offpath=running.chat, without=without)
        print("streamed, not streamed, an error, a client that hangs up, 100 at once")
        sent = asyncio.run(drive(running.chat))
        print("users who talk with the assistant: spans, tools, calls of models, errors, scores")
        return [*sent, *asyncio.run(talk(running.assistant))], latencies


def show(latencies: dict[str, list[float]]) -> str:
    """Return the table of latencies."""
    shares = {"p50": 0.5, "p90": 0.9, "p99": 0.99}
    rows = {name: [quantile(times, share) for share in shares.values()] for name, times in latencies.items()}
    without, with_offpath = rows.values()
    added = [after - before for before, after in zip(without, with_offpath, strict=True)]
    lines = [[name, *(f"{value:.2f}" for value in values)] for name, values in rows.items()]
    return table(["", *shares], [*lines, ["added", *(f"{value:+.2f}" for value in added)]])


def where_to_look(store: Path) -> str:
    """Return where what was recorded is."""
    store = Path(os.path.relpath(store))
    lines = {
        "the page": " ".join(page.command(PLACE)),
        "the store": f"sqlite3 {store} 'SELECT method, route, status, outcome, json FROM events LIMIT 5'",
        "one event": f"sqlite3 {store} 'SELECT json FROM events LIMIT 1' | python3 -m json.tool",
        "the logs": f"{store.parent.parent}/*.log",
        "live, with an app of yours": "offpath run -- uvicorn main:app    and beside it    offpath tail",
        "the apps": "examples/fastapi-chat/main.py, examples/demo/assistant.py",
    }
    width = max(map(len, lines))
    return "Where to look\n" + "\n".join(f"  {name.ljust(width)}  {text}" for name, text in lines.items())


if __name__ == "__main__":
    sys.exit(main())
