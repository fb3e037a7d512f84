"""An assistant made with LangChain: a chain of a prompt and a model, which may ask for a tool, streamed to the client.

    offpath run -- uvicorn main:app

Each call of the model is recorded as a part of the request that it is made for.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import offpath
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from langchain_core.messages import AIMessageChunk, AnyMessage, HumanMessage
from langchain_core.messages.ai import add_ai_message_chunks
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from offpath import OffpathMiddleware
from pydantic import BaseModel

offpath.httpx.instrument()
app = FastAPI(title="langchain")
app.add_middleware(OffpathMiddleware)


@tool
def weather(city: str) -> str:
    """Tell the weather of a city."""
    return f"It rains in {city}."


prompt = ChatPromptTemplate([("system", "You are brief."), ("placeholder", "{messages}")])
model = ChatOpenAI(
    base_url=os.environ.get("MODEL_URL", "http://127.0.0.1:9000/v1"),
    api_key=lambda: os.environ.get("MODEL_API_KEY", "none"),
    model=os.environ.get("MODEL", "demo"),
    stream_usage=True,
)
chain = prompt | model.bind_tools([weather])


class Question(BaseModel):
    """What a client asks."""

    question: str


@app.post("/ask")
async def ask(asked: Question) -> StreamingResponse:
    """Answer, word by word."""
    return StreamingResponse(answer(asked.question), media_type="text/plain")


async def answer(question: str) -> AsyncIterator[str]:
    """Have the model answer; first it asks for the tool, and then it answers by what the tool has said."""
    messages: list[AnyMessage] = [HumanMessage(question)]
    while True:
        pieces: list[AIMessageChunk] = []
        async for piece in chain.astream({"messages": messages}):
            assert isinstance(piece, AIMessageChunk)
            pieces.append(piece)
            yield piece.text
        said = add_ai_message_chunks(*pieces)
        if not said.tool_calls:
            return
        messages += [said, *[await weather.ainvoke(call) for call in said.tool_calls]]
