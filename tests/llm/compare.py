"""What is expected of an event, and what it has, in a form in which equal means the same.

Both are reduced to what is expected, and written alike in what may be written in several ways:

- Content that is null, empty or absent says nothing.
- Arguments of a tool are compared as JSON, where they are JSON: an API that has an object for them says nothing of blanks.
- Images, audio and files are compared by size and digest: redaction leaves ``[image/png, 70 bytes, sha256:…]`` in the place
  of what is in the corpus as ``data:`` URL or base64 (docs/rules.md, "media"). It stands in ``data`` or in ``url``. Their
  media type is compared by what follows the slash, as some APIs say no more.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from typing import Any, Final

#: What redaction leaves of media.
_SUMMARY: Final = re.compile(r"\[(?P<type>[^,\]]*), (?P<rest>\d+ bytes, sha256:[0-9a-f]{64})\]")
_DATA_URL: Final = re.compile(r"data:(?P<type>[^;,]*);base64,(?P<data>.*)", re.DOTALL)


def wanted(expected: dict[str, Any] | None) -> Any:
    """Return what is expected."""
    return None if expected is None else _reduced(expected, expected)


def seen(expected: dict[str, Any] | None, event: dict[str, Any], *, own_error: bool = False) -> Any:
    """Return what the event has of it; ``own_error``: its error may be the app's own, as its connection was cut."""
    if expected is None or event["llm"] is None:
        return event["llm"]
    error = None if own_error and expected["error"] is None else event["error"]
    return _reduced(expected, {"llm": event["llm"], "error": error})


def _reduced(expected: dict[str, Any], actual: dict[str, Any]) -> dict[str, Any]:
    error, told = expected["error"], actual["error"]
    if error is not None and told is not None:
        told = {name: told.get(name) for name, value in error.items() if value is not None}
    return {
        "llm": {
            name: _field(name, value, actual["llm"].get(name)) for name, value in expected["llm"].items()
        },
        "error": told,
    }


def _field(name: str, expected: Any, actual: Any) -> Any:
    if actual is None and expected in ([], {}):
        # The event's JSON has null where there are none.
        return expected
    if name in {"input", "output"} and isinstance(actual, list):
        paired = [expected[at] if at < len(expected) else {} for at in range(len(actual))]
        return [_message(*each) for each in zip(paired, actual, strict=True)]
    return actual


# --- messages -------------------------------------------------------------------------------------------------------


def _message(expected: Any, actual: Any) -> Any:
    if not isinstance(actual, dict):
        return actual
    message = {name: value for name, value in actual.items() if value not in (None, "")}
    if "tool_calls" in message:
        message["tool_calls"] = [_call(each) for each in message["tool_calls"]]
    content = message.get("content")
    if isinstance(content, list):
        parts = expected.get("content")
        paired = parts if isinstance(parts, list) and len(parts) == len(content) else [{}] * len(content)
        message["content"] = [_part(*each) for each in zip(paired, content, strict=True)]
    elif message.get("role") == "tool" and isinstance(content, str):
        # Some APIs have an object there.
        message["content"] = _json(content)
    return message


def _call(call: Any) -> Any:
    function = call.get("function") or {}
    return {**call, "function": {**function, "arguments": _json(function.get("arguments"))}}


def _json(text: Any) -> Any:
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return text


# --- media ----------------------------------------------------------------------------------------------------------


def _part(expected: Any, actual: Any) -> Any:
    if not isinstance(actual, dict) or actual.get("type") == "text":
        return actual
    type_, where = _media(actual.get("data") or actual.get("url"))
    made = {"type": actual.get("type"), "id": actual.get("id"), "media": where}
    if "media_type" in expected:
        made["media_type"] = (actual.get("media_type") or type_ or "").rpartition("/")[2]
    return made


def _media(text: Any) -> tuple[str | None, Any]:
    """The type that a text has in it, and what it comes to: size and digest, or where the media are."""
    if not isinstance(text, str):
        return None, text
    if left := _SUMMARY.fullmatch(text):
        return left["type"], left["rest"]
    url = _DATA_URL.fullmatch(text)
    try:
        content = base64.b64decode(url["data"] if url else text, validate=True)
    except binascii.Error:
        return None, text
    return url and url["type"], f"{len(content)} bytes, sha256:{hashlib.sha256(content).hexdigest()}"
