"""Graphs of LangGraph: an agent with a tool, and one that waits for a human."""

from __future__ import annotations

import asyncio
from typing import Any, Final, TypedDict

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.message import MessagesState
from langgraph.prebuilt import ToolNode, tools_condition
from langgraph.types import Command, interrupt

from .langchain_ import calls_the_tool, weather
from .scenario import Scenario, Sdk

ASKED: Final = {"messages": [{"role": "user", "content": "Do I need an umbrella?"}]}


def _agent() -> Any:
    model = calls_the_tool().bind(tools=[weather])

    async def call_model(state: MessagesState) -> dict[str, Any]:
        return {"messages": [await model.ainvoke(state["messages"])]}

    graph = StateGraph(MessagesState)
    graph.add_node("model", call_model)
    graph.add_node("tools", ToolNode([weather]))
    graph.add_edge(START, "model")
    graph.add_conditional_edges("model", tools_condition)
    graph.add_edge("tools", "model")
    return graph.compile(name="assistant agent")


def agent(sdk: Sdk) -> None:
    """An agent asks for a tool, and answers by what it says."""
    state = asyncio.run(_agent().ainvoke(ASKED, config={"callbacks": [sdk.callback_handler()]}))
    assert state["messages"][-1].content == "Take an umbrella."


class _State(TypedDict, total=False):
    approved: str


def interrupted(sdk: Sdk) -> None:
    """A graph stops until a human has said yes, and goes on."""

    def approve(state: _State) -> _State:
        return {"approved": interrupt("May I?")}

    graph = StateGraph(_State)
    graph.add_node("approve", approve)
    graph.add_edge(START, "approve")
    graph.add_edge("approve", END)
    run = graph.compile(checkpointer=InMemorySaver(), name="approval")
    handler = sdk.callback_handler()
    config: Any = {"callbacks": [handler], "configurable": {"thread_id": "thread-1"}}
    run.invoke({}, config)
    assert run.invoke(Command(resume="yes"), config) == {"approved": "yes"}


SCENARIOS: Final = (Scenario(agent), Scenario(interrupted))
