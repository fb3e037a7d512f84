"""APIs of JSON that are no business of a model's: nothing may be guessed into a generation."""

from __future__ import annotations

from typing import Any, Final

from tests.llm.clients import http
from tests.llm.server import wire
from tests.llm.server.script import Script

from .case import Case

_MESSAGES: Final = [{"role": "user", "content": "Hello"}]
_ANSWER: Final = {
    "choices": [{"message": {"role": "assistant", "content": "Hi!"}}],
    "usage": {"total_tokens": 3},
}


def case(  # noqa: PLR0913 - what its cases differ in
    name: str,
    shows: str,
    path: str,
    asked: Any,
    body: Any,
    *,
    host: str = "api.example",
    method: str = "POST",
    **script: Any,
) -> Case:
    """Make a case; what is asked is JSON, or nothing."""
    told = {} if asked is None else {"json": asked}
    return Case(
        name=name,
        shows=shows,
        client="httpx",
        host=host,
        ask=http.request(method, path, **told),
        script=Script(body=body, **script),
        expected=None,
    )


def _events(*told: Any) -> bytes:
    return b"".join(wire.event(each) for each in told)


CASES: Final = [
    case(
        "graphql",
        "a query of GraphQL",
        "/graphql",
        {
            "query": "query($id: ID!) { chat(id: $id) { messages { role content } } }",
            "variables": {"id": "7"},
        },
        {"data": {"chat": {"messages": _MESSAGES}}},
    ),
    case(
        "json-rpc",
        "a call of JSON-RPC, as of a tool's server",
        "/rpc",
        {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "tools/call",
            "params": {"name": "weather", "arguments": {"city": "Oslo"}},
        },
        {"jsonrpc": "2.0", "id": 1, "result": {"content": [{"type": "text", "text": "7 °C"}]}},
    ),
    case(
        "chat-of-its-own",
        "an app's own chat, whose path ends as Anthropic's does and whose shape is another",
        "/api/messages",
        {"conversation": "c-7", "text": "Hello", "attachments": []},
        {"id": "m-8", "conversation": "c-7", "text": "Hi!", "sent_at": "2026-01-02T03:04:05Z"},
    ),
    case(
        "chat-of-its-own-streamed",
        "the same in events",
        "/api/chat/messages",
        {"conversation": "c-7", "text": "Hello", "stream": True},
        _events({"type": "delta", "text": "Hi"}, {"type": "delta", "text": "!"}, {"type": "end"}),
        options={"media": "text/event-stream"},
    ),
    case(
        "messages-to-people",
        "a service that sends messages to people, at the path that Anthropic has",
        "/v1/messages",
        {"from": "47000", "to": ["47001"], "body": "Hello", "channel": "sms"},
        {"id": "sms-7", "status": "queued", "parts": 1},
    ),
    case(
        "webhook",
        "a webhook whose model is one of cars, and whose messages are texts",
        "/webhooks/orders",
        {"model": "Model S", "messages": ["paid", "shipped"], "stream": False, "temperature": 21.5},
        {"ok": True},
    ),
    case(
        "models",
        "which models there are",
        "/v1/models",
        None,
        {
            "object": "list",
            "data": [{"id": "gpt-4o-mini", "object": "model", "created": 1, "owned_by": "system"}],
        },
        host="api.openai.com",
        method="GET",
    ),
    case(
        "files",
        "a list of files at a host that has models too",
        "/v1/files",
        None,
        {"object": "list", "data": [{"id": "file-1", "object": "file", "bytes": 120, "purpose": "batch"}]},
        host="api.openai.com",
        method="GET",
    ),
    case(
        "completions-of-tasks",
        "a path that ends as OpenAI's does, of another meaning",
        "/v1/tasks/7/completions",
        {"completed_by": "ann", "minutes": 25},
        {"id": 12, "task": 7, "completed_by": "ann"},
        status=201,
    ),
    case(
        "responses-to-a-survey",
        "likewise",
        "/surveys/3/responses",
        {"answers": [{"question": 1, "value": "yes"}]},
        {"id": 44, "survey": 3},
        status=201,
    ),
    case(
        "embeddings-of-maps",
        "likewise",
        "/maps/embeddings",
        {"place": "Oslo", "width": 640},
        {"html": "<iframe></iframe>"},
    ),
    case(
        "generate-a-report",
        "a path that ends as Ollama's does, of another meaning",
        "/api/generate",
        {"report": "sales", "year": 2026},
        {"job": "r-7", "done": True},
    ),
    case(
        "tags-of-ollama",
        "which models there are at Ollama's",
        "/api/tags",
        None,
        {"models": [{"name": "llama3.2:latest", "model": "llama3.2:latest", "size": 2019393189}]},
        host="localhost:11434",
        method="GET",
    ),
    case(
        "answer-that-looks-like-one",
        "an answer in OpenAI's shape at a path that is nobody's",
        "/cache/lookup",
        {"key": "7"},
        {"hit": True, "value": _ANSWER},
    ),
    case(
        "question-that-looks-like-one",
        "a question in OpenAI's shape at a path that is nobody's",
        "/audit",
        {"model": "gpt-4o-mini", "messages": _MESSAGES},
        {"stored": True},
    ),
    case(
        "options-before-a-call",
        "a browser asks whether it may call",
        "/v1/chat/completions",
        None,
        b"",
        host="api.openai.com",
        method="OPTIONS",
        status=204,
    ),
    case(
        "text",
        "a text, and no JSON",
        "/notes/chat",
        "Hello",
        b"Hi!\n",
        options={"media": "text/plain; charset=utf-8"},
    ),
]
