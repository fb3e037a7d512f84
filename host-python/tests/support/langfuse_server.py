"""What stands as Langfuse's API, and as a model's, for programs that use Langfuse's SDK: a real HTTP server."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

COMPLETION = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "m-1",
    "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "Paris"}, "finish_reason": "stop"},
    ],
    "usage": {"prompt_tokens": 5, "completion_tokens": 1, "total_tokens": 6},
}
PROMPT = {
    "id": "p1",
    "name": "greeting",
    "version": 3,
    "type": "text",
    "prompt": "Hello {{name}}",
    "config": {},
    "labels": ["production"],
    "tags": [],
}
#: What is uploaded in the scenarios: an image, as far as anybody looks.
IMAGE = base64.b64encode(b"\x89PNG" + bytes(100)).decode()


@dataclass(frozen=True)
class Request:
    """What it was asked."""

    method: str
    path: str
    body: bytes

    @property
    def json(self) -> Any:
        """The body, which is JSON."""
        return json.loads(self.body)


class LangfuseServer(ThreadingHTTPServer):
    """Answers what the SDK asks, and keeps it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.requests: list[Request] = []

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def asked(self, method: str, part: str) -> list[Request]:
        """The requests with this in their path."""
        return [request for request in self.requests if request.method == method and part in request.path]


class _Handler(BaseHTTPRequestHandler):
    server: LangfuseServer
    protocol_version = "HTTP/1.1"

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        self.server.requests.append(Request(self.command, self.path, body))
        answer = json.dumps(self._answer(body)).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_PUT = do_PATCH = _serve

    def _answer(self, body: bytes) -> Any:
        if "/chat/completions" in self.path:
            return COMPLETION
        if "/prompts/" in self.path:
            return PROMPT
        if self.path.endswith("/media") and self.command == "POST":
            digest = json.loads(body)["sha256Hash"]
            media = digest.replace("+", "-").replace("/", "_")[:22]
            return {"mediaId": media, "uploadUrl": f"{self.server.url}/upload"}
        return {"successes": [], "errors": [], "id": "score-1"}

    def log_message(self, *_args: Any) -> None:
        """Say nothing."""


@contextmanager
def langfuse_server() -> Iterator[LangfuseServer]:
    """Serve, until it is left."""
    server = LangfuseServer()
    thread = threading.Thread(target=server.serve_forever, name="langfuse", kwargs={"poll_interval": 0.05})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()
