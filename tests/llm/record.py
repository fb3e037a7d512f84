"""Has the official clients ask the model server, and writes down what passed: ``tests/llm/corpus/<family>/<case>.json``.

    .cache/peers/llm-clients/bin/python -m tests.llm.record [--to DIRECTORY] [--list] [FAMILY | FAMILY/CASE …]

It fails where a client understood something else than the case expects. What it writes is the same each time: what changes
from one run to the next, such as dates and boundaries, is left out or made the same.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import re
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import uvicorn

from .agree import disagreements
from .cases import ALL
from .cases.case import Case
from .recorded import CORPUS
from .server.app import App, Cut, Message, Receive, Send, app

#: The headers of requests that say the same on every machine, and in every run.
KEPT: Final = ("accept", "anthropic-version", "content-encoding", "content-type")


class Recorder:
    """Stands before the model server, and notes what passes."""

    def __init__(self, inner: App) -> None:
        self._inner = inner
        #: What passed since it was last asked.
        self.passed: list[dict[str, Any]] = []
        self.ended = threading.Event()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass an exchange on."""
        body = b""
        chunks: list[bytes] = []
        start: Message = {}

        async def received() -> Message:
            nonlocal body
            message = await receive()
            body += message.get("body", b"")
            return message

        async def sent(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
            elif message["body"]:
                chunks.append(message["body"])
            await send(message)

        cut = False
        try:
            await self._inner(scope, received, sent)
        except Cut:
            cut = True
            raise
        finally:
            self.passed.append(_exchange(scope, body, start, chunks, cut=cut))
            self.ended.set()


def _exchange(
    scope: Message, body: bytes, start: Message, chunks: list[bytes], *, cut: bool
) -> dict[str, Any]:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    body, headers = _without_boundary(body, headers)
    _, _, _, path = scope["raw_path"].decode("ascii").split("/", 3)
    return {
        "request": {
            "method": scope["method"],
            "path": f"/{path}",
            "query": scope["query_string"].decode("ascii"),
            "headers": [[name, headers[name]] for name in KEPT if name in headers],
            "body": _written(body),
        },
        "response": {
            "status": start["status"],
            "headers": [[name.decode(), value.decode()] for name, value in start["headers"]],
            "chunks": [_written(chunk) for chunk in chunks],
        },
        **({"ending": "cut"} if cut else {}),
    }


def _without_boundary(body: bytes, headers: dict[str, str]) -> tuple[bytes, dict[str, str]]:
    """Name the boundary of a multipart body the same each time."""
    found = re.search("boundary=(.+)$", headers.get("content-type", ""))
    if found is None:
        return body, headers
    told = headers["content-type"].replace(found[1], "a-boundary")
    return body.replace(found[1].encode(), b"a-boundary"), {**headers, "content-type": told}


def _written(content: bytes) -> Any:
    """Text as it is; else its base64."""
    try:
        return content.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(content).decode("ascii")}


# --- running --------------------------------------------------------------------------------------------------------


@contextmanager
def _served(recorder: Recorder) -> Iterator[str]:
    config = uvicorn.Config(recorder, port=0, log_level="critical", access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


def record(family: str, case: Case, url: str, recorder: Recorder) -> tuple[dict[str, Any], list[str]]:
    """Return what the case's file is to hold, and where the client disagrees."""
    recorder.passed.clear()
    recorder.ended.clear()
    heard = case.ask(f"{url}/{family}/{case.name}")
    recorder.ended.wait(2)
    if len(recorder.passed) != 1:
        return {}, [f"there were {len(recorder.passed)} exchanges; the client: {heard.raised}"]
    [passed] = recorder.passed
    passed["request"]["host"] = case.host
    if case.script.stays_open:
        passed["ending"] = "client_left"
    told = {
        "shows": case.shows,
        "client": {"package": case.client, "version": version(case.client)},
        **passed,
        "expected": case.expected,
    }
    return told, disagreements(case, heard, passed["response"]["status"])


def main(arguments: Sequence[str]) -> int:
    """Record the cases that are named, or all; return how many failed."""
    parser = argparse.ArgumentParser(description="Record the corpus of the official clients.")
    parser.add_argument("--to", type=Path, default=CORPUS)
    parser.add_argument("--list", action="store_true", help="name the cases, and do nothing")
    parser.add_argument("names", nargs="*", metavar="FAMILY[/CASE]")
    options = parser.parse_args(arguments)
    chosen = [
        (family, case)
        for family, cases in ALL.items()
        for case in cases
        if not options.names or {family, f"{family}/{case.name}"} & set(options.names)
    ]
    if options.list:
        print(*(f"{family}/{case.name}" for family, case in chosen), sep="\n")
        return 0
    recorder = Recorder(app({(family, case.name): case.script for family, case in chosen}))
    failed = 0
    with _served(recorder) as url:
        for family, case in chosen:
            told, wrong = record(family, case, url, recorder)
            for each in wrong:
                print(f"{family}/{case.name}: {each}", file=sys.stderr)
            failed += bool(wrong)
            if told:
                file = options.to / family / f"{case.name}.json"
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(f"{len(chosen)} cases, {failed} failed")
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]) > 0)
