"""An app's calls of a model: whole, streamed, and one that is refused.

The one thing in it that is about the gateway is ``base_url``.
"""

from __future__ import annotations

import os

from openai import APIStatusError, OpenAI
from openai.types import CompletionUsage
from openai.types.chat import ChatCompletionMessageParam

MODEL = os.environ.get("MODEL", "demo")
MESSAGES: list[ChatCompletionMessageParam] = [{"role": "user", "content": "Who knows what this call took?"}]

client = OpenAI(
    base_url=os.environ.get("GATEWAY_URL", "http://127.0.0.1:8080/v1"),
    api_key=os.environ.get("OPENAI_API_KEY", "sk-of-no-interest-to-our-model-server"),
)


def whole() -> None:
    """Take an answer in one piece."""
    answer = client.chat.completions.create(model=MODEL, messages=MESSAGES)
    report("whole", answer.choices[0].message.content, answer.usage)


def streamed() -> None:
    """Take an answer word by word."""
    words, usage = [], None
    stream = client.chat.completions.create(
        model=MODEL, messages=MESSAGES, stream=True, stream_options={"include_usage": True}
    )
    for chunk in stream:
        words += [choice.delta.content or "" for choice in chunk.choices]
        usage = chunk.usage or usage
    report("streamed", "".join(words), usage)


def refused() -> None:
    """Ask for a model that is not there."""
    try:
        client.chat.completions.create(model="error-404", messages=MESSAGES)
    except APIStatusError as error:
        print(f"refused   {error.status_code}")


def report(how: str, content: str | None, usage: CompletionUsage | None) -> None:
    """Print what came."""
    tokens = f"{usage.prompt_tokens} tokens in, {usage.completion_tokens} out" if usage else "tokens unknown"
    print(f"{how:8}  {tokens}: {content}")


if __name__ == "__main__":
    whole()
    streamed()
    refused()
