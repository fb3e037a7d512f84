"""The assistant of the demo: an agent that looks things up, asks a model, calls tools, and says how it did all that.

    offpath run -- uvicorn examples.demo.assistant:app

What it tells of itself are spans; its calls of the model server are recorded below them, and all of it below the request.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from typing import Literal

import offpath
from fastapi import FastAPI, HTTPException
from fastapi.responses import PlainTextResponse
from offpath import OffpathMiddleware, get_client, observe, propagate_attributes
from openai import AsyncOpenAI
from openai.types.chat import ChatCompletionMessageParam, ChatCompletionToolParam
from pydantic import BaseModel

offpath.httpx.instrument()
app = FastAPI(title="assistant")
app.add_middleware(OffpathMiddleware)

model_server = AsyncOpenAI(base_url=os.environ["MODEL_URL"], api_key="none", max_retries=0)

WEATHER = {"Oslo": "3 °C, snow", "Lisbon": "17 °C, clear", "Nairobi": "24 °C, some clouds"}
DOCUMENTS = {
    "packing": "Take what keeps you dry first, and what keeps you warm second.",
    "trains": "Night trains run from Oslo to Bergen and from Lisbon to Porto.",
    "visas": "For stays below ninety days, most travellers need none.",
}
TOOLS: list[ChatCompletionToolParam] = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "description": "How the weather is in a city.",
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string"}},
                "required": ["city"],
            },
        },
    }
]

Messages = list[ChatCompletionMessageParam]
#: What was said in each session until now.
conversations: dict[str, Messages] = defaultdict(list)


class Question(BaseModel):
    """What a user asks, and of which model."""

    user: str
    session: str
    question: str
    model: str
    max_tokens: int
    tools: bool = False


class Feedback(BaseModel):
    """What a user thinks of an answer."""

    trace_id: str
    helpful: Literal[0, 1]


@app.post("/ask")
async def ask(asked: Question) -> PlainTextResponse:
    """Answer, and say by which trace one may tell what one thinks of that."""
    with propagate_attributes(user_id=asked.user, session_id=asked.session, tags=["demo"]):
        answer = await assist(asked)
    return PlainTextResponse(answer, headers={"x-trace-id": get_client().get_current_trace_id() or ""})


@app.post("/feedback", status_code=204)
async def feedback(given: Feedback) -> None:
    """Take what a user thinks of an answer as a score."""
    get_client().create_score(name="helpful", value=given.helpful, trace_id=given.trace_id)


@app.get("/documents/{name}")
async def document(name: str) -> PlainTextResponse:
    """Show what the assistant looks things up in."""
    if name not in DOCUMENTS:
        raise HTTPException(404, f"there is no document {name}; there are {', '.join(DOCUMENTS)}")
    return PlainTextResponse(DOCUMENTS[name])


@observe(as_type="agent")
async def assist(asked: Question) -> str:
    """Ask the model, do what it wants done, and ask it again, until it has an answer."""
    said = conversations[asked.session]
    said.append({"role": "user", "content": asked.question})
    system: ChatCompletionMessageParam = {"role": "system", "content": await look_up(asked.question)}
    while True:
        answer = await model_server.chat.completions.create(
            model=asked.model,
            messages=[system, *said],
            max_tokens=asked.max_tokens,
            tools=TOOLS if asked.tools else [],
        )
        message = answer.choices[0].message
        said.append(message.to_dict())  # type: ignore[arg-type]
        if not message.tool_calls:
            return message.content or ""
        for call in message.tool_calls:
            if call.type == "function":
                city = json.loads(call.function.arguments)["city"]
                said.append({"role": "tool", "tool_call_id": call.id, "content": weather(city)})


@observe(as_type="retriever")
async def look_up(question: str) -> str:
    """Return the document that has most in common with a question."""
    texts = [question, *DOCUMENTS.values()]
    embedded = await model_server.embeddings.create(model="text-embedding-3-small", input=texts)
    asked, *known = (each.embedding for each in embedded.data)
    alike = [sum(a * b for a, b in zip(asked, vector, strict=True)) for vector in known]
    return texts[1 + alike.index(max(alike))]


@observe(as_type="tool")
def weather(city: str) -> str:
    """Tell the weather of a city that is known."""
    if city not in WEATHER:
        raise LookupError(f"there is no weather of {city}")
    return WEATHER[city]
