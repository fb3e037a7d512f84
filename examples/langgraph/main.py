"""An agent made with LangGraph: a model, the tools that it asks for, and the model again.

    offpath run -- uvicorn main:app

Each call of the model is recorded as a part of the request that it is made for, in whatever thread a node is run.
"""

from __future__ import annotations

import os

import offpath
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse
from langchain_core.messages import HumanMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition
from offpath import OffpathMiddleware
from pydantic import BaseModel

offpath.httpx.instrument()
app = FastAPI(title="langgraph")
app.add_middleware(OffpathMiddleware)


@tool
def weather(city: str) -> str:
    """Tell the weather of a city."""
    return f"It rains in {city}."


model = ChatOpenAI(
    base_url=os.environ.get("MODEL_URL", "http://127.0.0.1:9000/v1"),
    api_key=lambda: os.environ.get("MODEL_API_KEY", "none"),
    model=os.environ.get("MODEL", "demo"),
).bind_tools([weather])


def think(state: MessagesState) -> MessagesState:
    """Ask the model, with all that was said until now."""
    return {"messages": [model.invoke(state["messages"])]}


graph = StateGraph(MessagesState)
graph.add_node("model", think)
graph.add_node("tools", ToolNode([weather]))
graph.add_edge(START, "model")
graph.add_conditional_edges("model", tools_condition)
graph.add_edge("tools", "model")
agent = graph.compile()


class Question(BaseModel):
    """What a client asks."""

    question: str


@app.post("/ask")
def ask(asked: Question) -> PlainTextResponse:
    """Answer with what the agent says last."""
    said = agent.invoke({"messages": [HumanMessage(asked.question)]})
    return PlainTextResponse(said["messages"][-1].text)
