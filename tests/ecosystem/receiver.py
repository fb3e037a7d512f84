"""A server that takes what Langfuse takes, OTLP in Protocol Buffers and scores in JSON, and tells what came.

    .cache/peers/ecosystem/bin/python -m tests.ecosystem.receiver PORT

``GET /received`` answers with ``{"spans": [...], "scores": [...]}``. A span has its ids in hexadecimal digits, its times in
nanoseconds, its attributes as an object, and those of its scope and resource beside it.
"""

from __future__ import annotations

import gzip
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

_lock = threading.Lock()
_spans: list[dict[str, Any]] = []
_scores: list[dict[str, Any]] = []


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/received":
            with _lock:
                self._answer({"spans": _spans, "scores": _scores})
        else:
            # Of its project the SDK asks for links only.
            self._answer({"data": []})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        if self.path == "/api/public/otel/v1/traces":
            spans = list(_decoded(body, dict(self.headers)))
            with _lock:
                _spans.extend(spans)
            self._send("application/x-protobuf", ExportTraceServiceResponse().SerializeToString())
        elif self.path == "/api/public/scores":
            given = json.loads(body)
            scores = given if isinstance(given, list) else [given]
            with _lock:
                _scores.extend(scores)
            self._answer({"id": scores[0].get("id", "none")})
        else:
            self.send_error(404)

    def _answer(self, content: dict[str, Any]) -> None:
        self._send("application/json", json.dumps(content).encode())

    def _send(self, kind: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def _decoded(body: bytes, headers: dict[str, str]) -> Any:
    names = {key.lower(): value for key, value in headers.items()}
    for resource_spans in ExportTraceServiceRequest.FromString(body).resource_spans:
        resource = _attributes(resource_spans.resource.attributes)
        for scope_spans in resource_spans.scope_spans:
            scope = scope_spans.scope
            for span in scope_spans.spans:
                yield {
                    "sdk": names.get("x-langfuse-sdk-name"),
                    "resource": resource,
                    "scope": {
                        "name": scope.name,
                        "version": scope.version,
                        "attributes": _attributes(scope.attributes),
                    },
                    "trace": span.trace_id.hex(),
                    "id": span.span_id.hex(),
                    "parent": span.parent_span_id.hex() or None,
                    "name": span.name,
                    "start": span.start_time_unix_nano,
                    "end": span.end_time_unix_nano,
                    "status": {"code": span.status.code, "message": span.status.message},
                    "attributes": _attributes(span.attributes),
                }


def _attributes(pairs: Any) -> dict[str, Any]:
    return {pair.key: _value(pair.value) for pair in pairs}


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind is None:
        return None
    if kind == "array_value":
        return [_value(each) for each in value.array_value.values]
    if kind == "kvlist_value":
        return _attributes(value.kvlist_value.values)
    if kind == "bytes_value":
        return value.bytes_value.hex()
    return getattr(value, kind)


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), _Handler).serve_forever()
