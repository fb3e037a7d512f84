"""The client ``google-genai``, for the Gemini API and for Vertex AI."""

from __future__ import annotations

import asyncio
from typing import Any

from google import genai
from google.oauth2.credentials import Credentials

from .heard import Ask, Heard, asking


def _client(url: str, *, vertex: bool) -> Any:
    # Which version it asks for unless told differs from client to client.
    options = {"base_url": url, "api_version": "v1beta1" if vertex else "v1beta"}
    if vertex:
        credentials = Credentials(token="not-a-token")
        where = {"project": "weather", "location": "europe-west4"}
        return genai.Client(vertexai=True, credentials=credentials, **where, http_options=options)
    return genai.Client(api_key="not-a-key", http_options=options)


def generate(*, vertex: bool = False, **asked: Any) -> Ask:
    """``models.generate_content``."""

    def ask(url: str, heard: Heard) -> None:
        # It closes its connections when nothing holds it.
        with _client(url, vertex=vertex) as made:
            _response(heard, made.models.generate_content(**asked))

    return asking(ask)


def generate_stream(*, vertex: bool = False, **asked: Any) -> Ask:
    """``models.generate_content_stream``."""

    def ask(url: str, heard: Heard) -> None:
        with _client(url, vertex=vertex) as made:
            for chunk in made.models.generate_content_stream(**asked):
                _response(heard, chunk)

    return asking(ask)


def generate_async(**asked: Any) -> Ask:
    """``aio.models.generate_content_stream``."""

    async def asking_(url: str, heard: Heard) -> None:
        client = _client(url, vertex=False)
        async for chunk in await client.aio.models.generate_content_stream(**asked):
            _response(heard, chunk)

    return asking(lambda url, heard: asyncio.run(asking_(url, heard)))


def embed(*, vertex: bool = False, **asked: Any) -> Ask:
    """``models.embed_content``."""

    def ask(url: str, _heard: Heard) -> None:
        with _client(url, vertex=vertex) as made:
            made.models.embed_content(**asked)

    return asking(ask)


def _response(heard: Heard, answer: Any) -> None:
    heard.id, heard.model = answer.response_id, answer.model_version
    if answer.usage_metadata:
        heard.total = answer.usage_metadata.total_token_count
    for position, candidate in enumerate(answer.candidates or ()):
        index = candidate.index or position
        for part in (candidate.content and candidate.content.parts) or ():
            if part.function_call:
                number = len(heard.calls.get(index, ()))
                heard.call(index, number, part.function_call.name, part.function_call.args)
            elif part.thought:
                heard.thought(index, part.text)
            else:
                heard.text(index, part.text)
        heard.ended(index, candidate.finish_reason)
