"""Google's embeddings, and Vertex AI, which has the Gemini API at other paths."""

from __future__ import annotations

from typing import Final

from tests.llm.clients import genai_ as client
from tests.llm.server.script import Says, Script

from . import said
from .case import assistant, user
from .gemini_generate import CALLS, COUNTED, TOOLS, WANTED, case, curl, generate, plain, script, stream

_VERTEX: Final = {"family": "gcp.vertex_ai", "host": "europe-west4-aiplatform.googleapis.com"}
_VECTOR: Final = {"values": [0.25, -0.5, 0.125]}

EMBEDDINGS: Final = [
    case(
        "embed",
        "one text becomes a vector, by the method for several",
        client.embed(
            model="gemini-embedding-001", contents=said.QUESTION, config={"output_dimensionality": 3}
        ),
        Script(body={"embeddings": [_VECTOR]}),
        operation="embeddings",
        model="gemini-embedding-001",
    ),
    case(
        "embed-several",
        "two texts",
        client.embed(model="gemini-embedding-001", contents=[said.QUESTION, said.ODD_QUESTION]),
        Script(body={"embeddings": [_VECTOR, _VECTOR]}),
        operation="embeddings",
        model="gemini-embedding-001",
        input=[user(said.QUESTION), user(said.ODD_QUESTION)],
    ),
    case(
        "embed-by-hand",
        "one text, by the method for one",
        curl("embedContent", {"content": {"parts": [{"text": said.QUESTION}]}}),
        Script(body={"embedding": _VECTOR}),
        package="httpx",
        operation="embeddings",
    ),
]

VERTEX: Final = [
    plain("plain", "a question and its answer", generate(vertex=True), **_VERTEX),
    plain("streamed", "an answer in parts", stream(vertex=True), stream=True, **_VERTEX),
    case(
        "function-calls",
        "calls, by a path with project and location",
        generate(vertex=True, config=TOOLS),
        script("function-calls", Says(calls=CALLS, finish="STOP")),
        **_VERTEX,
        output=[assistant(None, tool_calls=WANTED)],
        usage=COUNTED,
        finish=["STOP"],
    ),
]
