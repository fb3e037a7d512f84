"""A chat API that forwards to an OpenAI-compatible model server, recorded by offpath.

    offpath run -- uvicorn main:app

``MODEL_URL`` names the model server; the key is of no interest to ours.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from typing import Any

from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse, StreamingResponse
from offpath import OffpathMiddleware
from openai import APIConnectionError, APIStatusError, AsyncOpenAI, AsyncStream
from openai.types.chat import ChatCompletionChunk
from pydantic import BaseModel

app = FastAPI()
app.add_middleware(OffpathMiddleware)

model = AsyncOpenAI(
    base_url=os.environ.get("MODEL_URL", "http://127.0.0.1:9000/v1"),
    api_key=os.environ.get("MODEL_API_KEY", "none"),
    max_retries=0,
)


class ChatRequest(BaseModel):
    """What a client asks; more than this is passed on as it came."""

    model_config = {"extra": "allow"}

    model: str
    messages: list[dict[str, Any]]
    stream: bool = False


@app.get("/health")
async def health() -> dict[str, str]:
    """Say that the app is up; offpath.toml says not to record it."""
    return {"status": "ok"}


@app.post("/v1/chat/completions")
async def chat(request: ChatRequest) -> Response:
    """Ask the model, and pass on what it says."""
    try:
        answer = await model.chat.completions.create(**request.model_dump())
    except APIStatusError as error:
        return Response(error.response.content, error.status_code, media_type="application/json")
    except APIConnectionError as error:
        message = {"message": f"the model server does not answer: {error}", "type": "api_error"}
        return JSONResponse({"error": message}, 502)
    if isinstance(answer, AsyncStream):
        return StreamingResponse(_events(answer), media_type="text/event-stream")
    return Response(answer.model_dump_json(), media_type="application/json")


async def _events(answer: AsyncStream[ChatCompletionChunk]) -> AsyncIterator[str]:
    # Closed also when the client hangs up, so that the model does not talk on for nobody.
    async with answer:
        async for chunk in answer:
            yield f"data: {chunk.model_dump_json(exclude_unset=True)}\n\n"
    yield "data: [DONE]\n\n"
