"""Google's generateContent, at the Gemini API and at Vertex AI, and embeddings, whose answers are in the script.

https://ai.google.dev/api/generate-content, https://ai.google.dev/api/embeddings,
https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference. With ``alt=sse`` a stream is one of events;
without it, one JSON array that comes in parts. ``options``:

- ``parts``: the parts of the first candidate where they are others than thought, text and calls
- ``with_each``: what each event of a stream has of the usage but the last; the API tells what it knows by then
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from .script import Reply, Request, Says, Script
from .wire import dumps, pieces, stream, whole

Part = dict[str, Any]


def answer(request: Request, script: Script) -> Reply:
    """Answer ``POST …/models/<model>:<method>``."""
    if script.body is not None:
        return whole(script, script.body)
    if "streamGenerateContent" in request.path:
        events = list(_events(script))
        failed = script.breaks_with
        if "alt=sse" in request.query:
            told = [f"data: {dumps(each)}\r\n\r\n".encode() for each in events]
            return stream(
                script, told, failed=None if failed is None else f"data: {dumps(failed)}\r\n\r\n".encode()
            )
        return stream(script, _array(events), "application/json; charset=UTF-8")
    candidates = [
        _candidate(index, _parts(script, index, says), says, ended=True)
        for index, says in enumerate(script.choices)
    ]
    return whole(script, _response(script, candidates, script.usage), "application/json; charset=UTF-8")


def _response(script: Script, candidates: list[Part], usage: Any) -> dict[str, Any]:
    return {
        **({"candidates": candidates} if candidates else {}),
        **({"usageMetadata": usage} if usage else {}),
        "modelVersion": script.model,
        "responseId": script.id,
        **script.extra,
    }


def _candidate(index: int, parts: list[Part], says: Says, *, ended: bool) -> dict[str, Any]:
    made: dict[str, Any] = {"content": {"parts": parts, "role": "model"}} if parts else {"content": {}}
    if ended:
        made |= {"finishReason": says.finish, **says.extra}
    return {**made, "index": index}


def _parts(script: Script, index: int, says: Says) -> list[Part]:
    if index == 0 and "parts" in script.options:
        told: list[Part] = script.options["parts"]
        return told
    parts: list[Part] = []
    if says.reasoning:
        parts.append({"text": says.reasoning, "thought": True})
    if says.text:
        parts.append({"text": says.text})
    return [*parts, *map(_call, says.calls)]


def _call(call: Any) -> Part:
    named = {"id": call.id} if call.id else {}
    return {"functionCall": {**named, "name": call.name, "args": json.loads(call.arguments)}}


# --- streamed -------------------------------------------------------------------------------------------------------


def _events(script: Script) -> Iterator[dict[str, Any]]:
    by_choice = [list(_turns(script, index, says)) for index, says in enumerate(script.choices)]
    count = max(map(len, by_choice), default=0)
    for number, turn in enumerate(zip_longest(*by_choice)):
        last = number == count - 1
        candidates = [
            _candidate(index, parts, script.choices[index], ended=number == len(by_choice[index]) - 1)
            for index, parts in enumerate(turn)
            if parts is not None
        ]
        usage = script.usage if last else script.options.get("with_each")
        yield _response(script, candidates, usage)
    if not count:
        yield _response(script, [], script.usage)


def _turns(script: Script, index: int, says: Says) -> Iterator[list[Part]]:
    for part in _parts(script, index, says):
        if "text" in part:
            for piece in pieces(part["text"], script.piece or 16):
                yield [{**part, "text": piece}]
        else:
            yield [part]
    if not (says.text or says.calls or "parts" in script.options):
        yield []


def _array(events: list[dict[str, Any]]) -> list[bytes]:
    written = [json.dumps(each, ensure_ascii=False, indent=2) for each in events]
    return [
        *((("[" if number == 0 else ",\r\n") + each).encode() for number, each in enumerate(written)),
        b"\n]\n",
    ]
