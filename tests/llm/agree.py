"""Whether the client that a case ran understood what the case expects."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from .cases.case import Case
from .clients.heard import Heard


def disagreements(case: Case, heard: Heard, status: int) -> list[str]:
    """Return what is not the same, in words. What a client does not tell is not compared."""
    if case.expected is None:
        return [] if heard.raised is None else [f"the client raised {heard.raised}"]
    llm, error = case.expected["llm"], case.expected["error"]
    found: list[str] = []
    if heard.raised and not error and not llm["partial"]:
        found.append(f"the client raised {heard.raised}")
    if status >= 400 and not heard.raised:
        found.append("the client raised nothing")
    if status >= 400 or heard.raised:
        return found
    for what, expected, said in [*_answers(llm.get("output"), heard), *_rest(llm, heard)]:
        if said is not None and said != expected:
            found.append(f"{what} is expected to be {expected!r}, and is {said!r} to the client")
    return found


def _rest(llm: dict[str, Any], heard: Heard) -> Iterator[tuple[str, Any, Any]]:
    for name, said in (("response_id", heard.id), ("response_model", heard.model)):
        if name in llm:
            yield name, llm[name], said
    if "usage" in llm:
        yield "usage.total", llm["usage"].get("total"), heard.total
    finish = [heard.finish[index] for index in sorted(heard.finish)]
    if "finish_reasons" in llm:
        yield "finish_reasons", llm["finish_reasons"], finish or None


def _answers(output: list[dict[str, Any]] | None, heard: Heard) -> Iterator[tuple[str, Any, Any]]:
    if output is None:
        return
    told = set(heard.texts) | set(heard.calls) | set(heard.refusals)
    if told:
        yield "the number of choices", len(output), max(max(told) + 1, len(output))
    for index, message in enumerate(output):
        if told:
            yield f"output[{index}].content", _text(message), heard.texts.get(index, "")
        if index in heard.reasoning:
            yield f"output[{index}].reasoning", message.get("reasoning"), heard.reasoning[index]
        if told:
            yield f"output[{index}].refusal", message.get("refusal", ""), heard.refusals.get(index, "")
        calls = [_call(*each) for _, each in sorted(heard.calls.get(index, {}).items())]
        wanted = [
            _call(each["function"]["name"], each["function"]["arguments"])
            for each in message.get("tool_calls", ())
        ]
        if told:
            yield f"output[{index}].tool_calls", wanted, calls


def _text(message: dict[str, Any]) -> str:
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content)


def _call(name: str, arguments: str) -> tuple[str, Any]:
    """Arguments are compared as what they mean."""
    try:
        return name, json.loads(arguments or "{}")
    except ValueError:
        return name, arguments
