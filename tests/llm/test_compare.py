"""An event that is as expected is equal to what is expected, in whichever way it is written; another one is not."""

from __future__ import annotations

import base64
import copy
import hashlib
from typing import Any, Final

import pytest

from .compare import seen, wanted
from .recorded import Recorded, load

CASES: Final = [case for case in load() if case.expected is not None]
BY_NAME: Final = {case.name: case for case in CASES}


def expected_of(name: str) -> dict[str, Any]:
    expected = BY_NAME[name].expected
    assert expected is not None
    return copy.deepcopy(expected)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_expected_is_as_expected(case: Recorded) -> None:
    assert case.expected is not None
    more = {"cost": {}, "first_token_ns": 7}
    event = {"error": case.expected["error"], "llm": {**case.expected["llm"], **more}}
    assert seen(case.expected, event) == wanted(case.expected)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("system", "cohere"),
        ("response_id", None),
        ("stream", True),
        ("input", []),
        ("output", [{"role": "assistant", "content": "It snows."}]),
        ("parameters", {"temperature": 1}),
        ("usage", {"input": 50, "output": 12, "total": 61}),
        ("finish_reasons", ["length"]),
        ("partial", True),
        ("error_kind", "timeout"),
    ],
)
def test_a_field_that_differs_is_seen(field: str, value: Any) -> None:
    expected = expected_of("openai/plain")
    event = {"error": None, "llm": {**expected["llm"], field: value}}
    assert seen(expected, event) != wanted(expected)


def test_an_error_that_is_not_expected_is_seen_unless_the_connection_was_cut() -> None:
    expected = expected_of("openai/cut")
    event = {**expected, "error": {"type": "Cut", "message": ""}}
    assert seen(expected, event) != wanted(expected)
    assert seen(expected, event, own_error=True) == wanted(expected)


def test_media_that_redaction_summed_up_are_the_same_media() -> None:
    expected = expected_of("anthropic/parts")
    event = copy.deepcopy(expected)
    image = event["llm"]["input"][0]["content"][1]
    png = base64.b64decode(image["data"])
    image["data"] = f"[image/png, {len(png)} bytes, sha256:{hashlib.sha256(png).hexdigest()}]"
    assert seen(expected, event) == wanted(expected)
    image["data"] = f"[image/png, {len(png)} bytes, sha256:{'0' * 64}]"
    assert seen(expected, event) != wanted(expected)


def test_arguments_are_the_same_whatever_blanks_are_between_them() -> None:
    expected = expected_of("gemini/function-calls")
    event = copy.deepcopy(expected)
    event["llm"]["output"][0]["tool_calls"][0]["function"]["arguments"] = '{ "city" : "Oslo" }'
    assert seen(expected, event) == wanted(expected)


def test_content_that_says_nothing_is_as_good_as_none() -> None:
    expected = expected_of("openai/tool-call")
    event = copy.deepcopy(expected)
    event["llm"]["output"][0]["content"] = ""
    assert seen(expected, event) == wanted(expected)


def test_an_exchange_that_was_not_read_is_seen() -> None:
    expected = expected_of("openai/plain")
    assert seen(expected, {"llm": None, "error": None}) != wanted(expected)
    assert seen(None, {"llm": expected["llm"], "error": None}) != wanted(None)
