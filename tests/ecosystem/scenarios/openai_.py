"""The client of OpenAI: for the official SDK its drop-in, for offpath the client itself, whose calls are recorded."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any, Final

from .scenario import Scenario, Sdk

MESSAGES: Final = [
    {"role": "system", "content": "You are brief."},
    {"role": "user", "content": "Where does it rain?"},
]
TOOLS: Final = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "description": "Tell the weather of a city.",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
        },
    }
]


def _url() -> str:
    return os.environ["MODEL_URL"]


def chat(sdk: Sdk) -> None:
    """A question within a function."""

    @sdk.observe()
    def answer() -> str:
        with sdk.openai(_url()) as client:
            said = client.chat.completions.create(
                model="instant", messages=MESSAGES, temperature=0.2, max_tokens=4
            )
        return str(said.choices[0].message.content)

    assert answer() == "another process does the"


def streamed(sdk: Sdk) -> None:
    """An answer that comes bit by bit."""

    @sdk.observe()
    def answer() -> str:
        with sdk.openai(_url()) as client:
            stream = client.chat.completions.create(
                model="instant",
                messages=MESSAGES,
                max_tokens=4,
                stream=True,
                stream_options={"include_usage": True},
            )
            return "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices).strip()

    assert answer() == "another process does the"


def tool_calls(sdk: Sdk) -> None:
    """The model asks for a tool."""

    @sdk.observe()
    def answer() -> Any:
        with sdk.openai(_url()) as client:
            said = client.chat.completions.create(model="instant", messages=MESSAGES, tools=TOOLS)
        return said.choices[0].message.tool_calls[0].function.name

    assert answer() == "weather"


def failing(sdk: Sdk) -> None:
    """The model's server refuses."""
    with sdk.openai(_url()) as client, suppress(Exception):
        client.chat.completions.create(model="error-400", messages=MESSAGES)


SCENARIOS: Final = (Scenario(chat), Scenario(streamed), Scenario(tool_calls), Scenario(failing))
