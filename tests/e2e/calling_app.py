"""An app that asks a model in as many ways as there are endpoints, each of which asks it once.

    OFFPATH_INSTRUMENT=httpx,aiohttp MODEL_URL=http://127.0.0.1:9000 uvicorn tests.e2e.calling_app:app

It runs in the environment of the frameworks.
"""

from __future__ import annotations

import os
from typing import Any, Final

import anthropic
import litellm
import offpath
import openai
from fastapi import FastAPI
from offpath import OffpathMiddleware

for library in os.environ["OFFPATH_INSTRUMENT"].split(","):
    getattr(offpath, library).instrument()

app = FastAPI(title="calling")
app.add_middleware(OffpathMiddleware)

URL: Final = os.environ["MODEL_URL"]
ASKED: Final[list[Any]] = [{"role": "user", "content": "Say two words."}]
OPENAI: Final[dict[str, Any]] = {"model": "gpt-4o-mini", "messages": ASKED}
ANTHROPIC: Final[dict[str, Any]] = {"model": "claude-sonnet-4-5", "messages": ASKED, "max_tokens": 16}
STREAMED: Final[dict[str, Any]] = {"stream": True, "stream_options": {"include_usage": True}}
#: LiteLLM asks these two by clients of its own: it gives openai's client its own transport.
BY_LITELLM: Final[dict[str, dict[str, Any]]] = {
    "openai": {"model": "openai/gpt-4o-mini", "api_base": f"{URL}/v1", "messages": ASKED},
    "anthropic": {"model": "anthropic/claude-sonnet-4-5", "api_base": URL, "messages": ASKED},
}
KEY: Final[dict[str, Any]] = {"api_key": "not-a-key"}


@app.post("/openai")
def openai_whole() -> None:
    """Ask by the client of openai."""
    openai.OpenAI(base_url=f"{URL}/v1", **KEY).chat.completions.create(**OPENAI)


@app.post("/openai/async/streamed")
async def openai_async_streamed() -> None:
    """Ask by its asynchronous client, and take the answer in parts."""
    async with openai.AsyncOpenAI(base_url=f"{URL}/v1", **KEY) as client:
        async for _ in await client.chat.completions.create(**OPENAI, **STREAMED):
            pass


@app.post("/anthropic")
def anthropic_whole() -> None:
    """Ask by the client of anthropic."""
    anthropic.Anthropic(base_url=URL, **KEY).messages.create(**ANTHROPIC)


@app.post("/anthropic/async/streamed")
async def anthropic_async_streamed() -> None:
    """Ask by its asynchronous client, and take the answer in parts."""
    async with (
        anthropic.AsyncAnthropic(base_url=URL, **KEY) as client,
        client.messages.stream(**ANTHROPIC) as said,
    ):
        await said.get_final_message()


@app.post("/litellm/{provider}")
def litellm_whole(provider: str) -> None:
    """Ask by LiteLLM."""
    litellm.completion(**BY_LITELLM[provider], **KEY)


@app.post("/litellm/{provider}/streamed")
def litellm_streamed(provider: str) -> None:
    """Ask by LiteLLM, and take the answer in parts."""
    for _ in litellm.completion(**BY_LITELLM[provider], **STREAMED, **KEY):
        pass


@app.post("/litellm/{provider}/async")
async def litellm_async(provider: str) -> None:
    """Ask by LiteLLM, whose asynchronous calls go by aiohttp unless ``DISABLE_AIOHTTP_TRANSPORT`` says otherwise."""
    await litellm.acompletion(**BY_LITELLM[provider], **KEY)


@app.post("/litellm/{provider}/async/streamed")
async def litellm_async_streamed(provider: str) -> None:
    """Ask so, and take the answer in parts."""
    async for _ in await litellm.acompletion(**BY_LITELLM[provider], **STREAMED, **KEY):
        pass
