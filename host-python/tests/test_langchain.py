"""The callback handler of LangChain: what is recorded of runs, and that nothing of it stays behind."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import importlib
import itertools
import json
import logging
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import httpx
import offpath
import pytest
from conftest import Recording
from langchain_core.callbacks import CallbackManager
from langchain_core.language_models import FakeListLLM
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, Generation, LLMResult
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableLambda, RunnableParallel
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.message import MessagesState
from langgraph.prebuilt import ToolNode, tools_condition
from langgraph.types import Command, interrupt
from offpath._langchain import models, runs
from offpath._langchain.usage import by_name, usage_of
from offpath.current import CURRENT, PROPAGATED, in_progress
from offpath.langchain import CallbackHandler
from support.asgi import exchange, http_scope, request
from support.chains import Model, Shelf, calls, says, trees
from support.exporter import Event, Exporter
from support.upstream import Upstream
from support.waiting import eventually

PROMPT = ChatPromptTemplate([("system", "You are brief."), ("user", "{question}")])
QUESTION = {"question": "Does it rain?"}
WHOLE = ("RunnableSequence", [("ChatPromptTemplate", []), ("Model", []), ("StrOutputParser", [])])

_numbers = itertools.count()


Observed = Callable[[], list[Event]]


class Chains:
    """What one test runs, and what is recorded of it."""

    def __init__(self, observed: Observed) -> None:
        self.handler = CallbackHandler()
        self.config: Any = {"callbacks": [self.handler]}
        self.events = observed

    def named(self, name: str) -> Event:
        found = [event for event in self.events() if event.get("name") == name]
        assert len(found) == 1, f"not one {name} but {len(found)}"
        return found[0]


@pytest.fixture
def observed(exporter: Exporter, mark: Callable[[], str]) -> Observed:
    """What is recorded from the test's begin until it asks, exchanges aside; in the order of the ends."""

    def until_now() -> list[Event]:
        path = mark()
        eventually(lambda: exporter.exchanges(path=path), "the exporter has written the mark")
        return exporter.events()

    begun = len(until_now())
    return lambda: [event for event in until_now()[begun:] if event["kind"] != "exchange"]


@pytest.fixture
def chains(observed: Observed) -> Chains:
    return Chains(observed)


def raising(error: Exception) -> Callable[[Any], Any]:
    """A function that raises this."""

    def raising(_: Any) -> Any:
        raise error

    return raising


def content(body: dict[str, Any]) -> Any:
    """What a body says that is kept whole."""
    assert body["kept"] == body["size"]
    try:
        return json.loads(body["head"])
    except ValueError:
        return body["head"]


def chain(answer: str = "Yes.") -> Any:
    return PROMPT | says(answer) | StrOutputParser()


@tool
def weather(city: str) -> str:
    """Tell the weather of a city."""
    return f"It rains in {city}."


@tool
def broken(city: str) -> str:
    """Fail."""
    raise ValueError(f"no weather in {city}")


# --- what is imported -----------------------------------------------------------------------------------------------


def test_the_module_needs_no_langchain_until_the_class_is_asked_for() -> None:
    program = """
import sys
import offpath.langchain
assert not any(name.startswith("langchain") for name in sys.modules)
sys.modules["langchain_core"] = None
try:
    offpath.langchain.CallbackHandler
except ImportError as error:
    assert "pip install langchain-core" in str(error), error
else:
    raise AssertionError("it was there")
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_the_module_has_no_other_names() -> None:
    with pytest.raises(AttributeError, match="Nothing"):
        importlib.import_module("offpath.langchain").Nothing  # noqa: B018


# --- trees ----------------------------------------------------------------------------------------------------------


def test_a_chain_is_a_tree_of_its_runs(chains: Chains) -> None:
    assert chain().invoke(QUESTION, config=chains.config) == "Yes."
    assert trees(chains.events()) == [WHOLE]
    kinds = {event["name"]: event["kind"] for event in chains.events()}
    assert kinds["RunnableSequence"] == kinds["StrOutputParser"] == "chain"
    assert kinds["Model"] == "generation"
    root = chains.named("RunnableSequence")
    assert root["trace_id"] == chains.handler.last_trace_id
    assert CURRENT.get() is None


def test_an_awaited_chain_is_the_same_tree(chains: Chains) -> None:
    assert asyncio.run(chain().ainvoke(QUESTION, config=chains.config)) == "Yes."
    assert trees(chains.events()) == [WHOLE]


def test_a_stream_is_the_same_tree(chains: Chains) -> None:
    assert "".join(chain("It rains.").stream(QUESTION, config=chains.config)) == "It rains. "
    assert trees(chains.events()) == [WHOLE]
    assert CURRENT.get() is None


def test_an_asynchronous_stream_is_the_same_tree(chains: Chains) -> None:
    async def read() -> str:
        parts = [part async for part in chain("It rains.").astream(QUESTION, config=chains.config)]
        assert in_progress() is None
        return "".join(parts)

    assert asyncio.run(read()) == "It rains. "
    assert trees(chains.events()) == [WHOLE]


def test_branches_in_threads_are_below_their_run(chains: Chains) -> None:
    RunnableParallel(left=chain(), right=chain()).invoke(QUESTION, config=chains.config)
    assert trees(chains.events()) == [("RunnableParallel<left,right>", [WHOLE, WHOLE])]


def test_models_at_the_same_time_are_traces_of_their_own(chains: Chains) -> None:
    says("Yes.").batch(["one", "two", "three"], config=chains.config)
    assert trees(chains.events()) == [("Model", [])] * 3
    assert len({event["trace_id"] for event in chains.events()}) == 3


def test_chains_at_the_same_time_are_traces_of_their_own(chains: Chains) -> None:
    # LangChain begins them all in one context, one after another.
    chain().batch([QUESTION, QUESTION, QUESTION], config=chains.config)
    assert trees(chains.events()) == [WHOLE] * 3
    assert len({event["trace_id"] for event in chains.events()}) == 3
    assert CURRENT.get() is None


def test_what_a_batch_says_of_one_trace_is_not_said_of_the_next(chains: Chains) -> None:
    configs = [{**chains.config, "metadata": {"langfuse_user_id": user}} for user in ("ann", "bob")]
    configs.append(chains.config)
    chain().batch([QUESTION] * 3, config=configs)
    users = {event["trace_id"]: event["user_id"] for event in chains.events()}
    assert sorted(map(str, users.values())) == ["None", "ann", "bob"]


def test_a_run_is_below_the_function_that_calls_it_and_above_those_that_it_calls(chains: Chains) -> None:
    @offpath.observe(name="look up")
    def look_up(text: str) -> str:
        return text

    @offpath.observe(name="handle")
    def handle() -> None:
        (RunnableLambda(lambda asked: look_up(asked["question"])) | says("Yes.")).invoke(
            QUESTION, config=chains.config
        )

    handle()
    [(name, [(sequence, steps)])] = trees(chains.events())
    assert (name, sequence) == ("handle", "RunnableSequence")
    assert steps == [("Model", []), ("RunnableLambda", [("look up", [])])]


def test_a_function_that_an_awaited_tool_calls_is_below_it(chains: Chains) -> None:
    @offpath.observe(name="look up")
    async def look_up(city: str) -> str:
        await asyncio.sleep(0)
        return city

    @tool
    async def forecast(city: str) -> str:
        """Tell the weather of a city."""
        return await look_up(city)

    asyncio.run(forecast.ainvoke({"city": "Oslo"}, config=chains.config))
    assert trees(chains.events()) == [("forecast", [("look up", [])])]


def test_a_call_over_http_is_below_the_model_that_makes_it(
    chains: Chains, recording: Recording, upstream: Upstream
) -> None:
    recording.calls(offpath.httpx)
    says("Yes.", before=lambda _: httpx.get(f"{upstream.url}/echo") and None).invoke(
        "Is it?", config=chains.config
    )
    offpath.httpx.uninstrument()
    call = recording.event()
    model = chains.named("Model")
    assert (call["trace_id"], call["parent_span_id"]) == (model["trace_id"], model["span_id"])


def test_a_run_within_a_request_is_below_it(chains: Chains, recording: Recording) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await chain().ainvoke(QUESTION, config=chains.config)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    asyncio.run(exchange(recording.wrap(app), http_scope("/ask"), request(b"")))
    event = recording.event()
    root = chains.named("RunnableSequence")
    assert (root["trace_id"], root["parent_span_id"]) == (event["trace_id"], event["span_id"])


def test_the_trace_may_be_given(observed: Observed) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    handler = CallbackHandler(trace_context={"trace_id": trace, "parent_span_id": "b7ad6b7169203331"})
    says("Yes.").invoke("Is it?", config={"callbacks": [handler]})
    assert handler.last_trace_id == trace
    [model] = [event for event in observed() if event["trace_id"] == trace]
    assert model["parent_span_id"] == "b7ad6b7169203331"


def test_an_agent_of_langgraph_is_a_tree_of_nodes_models_and_tools(chains: Chains) -> None:
    model = calls("weather", city="Oslo").bind(tools=[weather])

    async def think(state: MessagesState) -> dict[str, Any]:
        return {"messages": [await model.ainvoke(state["messages"])]}

    graph = StateGraph(MessagesState)
    graph.add_node("model", think)
    graph.add_node("tools", ToolNode([weather]))
    graph.add_edge(START, "model")
    graph.add_conditional_edges("model", tools_condition)
    graph.add_edge("tools", "model")
    agent = graph.compile(name="weather agent")
    asked = {"messages": [HumanMessage("Do I need an umbrella?")]}
    state = asyncio.run(agent.ainvoke(asked, config=chains.config))
    assert state["messages"][-1].content == "done"
    node = ("model", [("Model", []), ("tools_condition", [])])
    assert trees(chains.events()) == [("weather agent", [node, node, ("tools", [("weather", [])])])]
    assert chains.named("weather agent")["kind"] == "agent"
    called = chains.named("weather")
    assert (called["kind"], content(called["metadata"])["langgraph_node"]) == ("tool", "tools")


def test_fifty_requests_at_the_same_time_do_not_mix(chains: Chains) -> None:
    @offpath.observe(name="look up")
    async def look_up(number: int) -> int:
        await asyncio.sleep(0)
        return number

    async def one(number: int) -> None:
        async def step(_: Any) -> dict[str, str]:
            await look_up(number)
            return {"question": f"number {number}"}

        run = RunnableLambda(step) | PROMPT | says(f"It is {number}.") | StrOutputParser()
        config = {**chains.config, "run_name": f"request {number}"}
        config["metadata"] = {"langfuse_user_id": f"user-{number}"}
        async for _ in run.astream(QUESTION, config=config):
            await asyncio.sleep(0)

    async def all_of_them() -> None:
        await asyncio.gather(*(one(number) for number in range(50)))

    asyncio.run(all_of_them())
    traces: dict[str, list[Event]] = {}
    for event in chains.events():
        traces.setdefault(event["trace_id"], []).append(event)
    assert len(traces) == 50
    for events in traces.values():
        [(name, children)] = trees(events)
        assert children == [
            ("ChatPromptTemplate", []),
            ("Model", []),
            ("StrOutputParser", []),
            ("step", [("look up", [])]),
        ]
        number = name.removeprefix("request ")
        [asked] = [event for event in events if event["name"] == "look up"]
        assert number in str(asked["input"])
        assert {event["user_id"] for event in events} == {f"user-{number}"}


# --- what is told of a run ------------------------------------------------------------------------------------------


def test_a_generation_has_model_parameters_messages_and_tokens(chains: Chains) -> None:
    messages = [SystemMessage("You are brief."), HumanMessage("Is it?")]
    says("Yes.").bind(tools=[weather]).invoke(messages, config=chains.config)
    event = chains.named("Model")
    assert event["llm"]["request_model"] == "scripted-1"
    assert content(event["input"])[:2] == [
        {"role": "system", "content": "You are brief."},
        {"role": "user", "content": "Is it?"},
    ]
    [offered] = content(event["input"])[2:]
    assert (offered["role"], offered["content"]["function"]["name"]) == ("tool", "weather")
    assert content(event["output"]) == {"role": "assistant", "content": "Yes."}
    assert event["llm"]["usage"] == {
        "input": 14,
        "output": 5,
        "total": 28,
        "input_cache_read": 5,
        "input_audio": 1,
        "output_reasoning": 3,
    }


def test_calls_of_tools_are_told_as_the_model_asks_for_them(chains: Chains) -> None:
    calls("weather", city="Oslo").invoke("Is it?", config=chains.config)
    [asked] = content(chains.named("Model")["output"])["tool_calls"]
    assert (asked["name"], asked["args"]) == ("weather", {"city": "Oslo"})


def test_a_text_that_is_continued_is_a_text(chains: Chains) -> None:
    FakeListLLM(responses=[" a time "]).invoke("Once upon", config=chains.config)
    event = chains.named("FakeListLLM")
    assert (content(event["input"]), content(event["output"])) == ("Once upon", "a time")


def test_the_first_token_of_a_stream_is_timed(chains: Chains) -> None:
    list(says("It rains all day").stream("Is it?", config=chains.config))
    event = chains.named("Model")
    assert 0 < event["llm"]["first_token_ns"] < event["duration_ns"]


def test_what_the_metadata_says_of_the_trace_is_said_of_all_its_parts(chains: Chains) -> None:
    metadata = {
        "langfuse_user_id": "user-1",
        "langfuse_session_id": "session-1",
        "langfuse_tags": ["mine"],
        "langfuse_trace_name": "asked",
        "plan": "gold",
    }
    chain().invoke(QUESTION, config={**chains.config, "metadata": metadata, "tags": ["config"]})
    for event in chains.events():
        assert (event["user_id"], event["session_id"]) == ("user-1", "session-1")
        assert sorted(event["tags"]) == ["config", "mine"]
        metadata = content(event["metadata"])
        assert metadata["plan"] == "gold"
        assert not any(key.startswith("langfuse") for key in metadata)
    assert content(chains.named("RunnableSequence")["metadata"])["is_langchain_root"] is True
    # It holds for that trace only.
    assert PROPAGATED.get() is None


def test_a_retriever_tells_what_it_found(chains: Chains) -> None:
    Shelf().invoke("spools", config=chains.config)
    event = chains.named("Shelf")
    assert (event["kind"], content(event["input"])) == ("retriever", "spools")
    assert content(event["output"])[0]["page_content"] == "About spools."


@pytest.mark.parametrize(
    ("run", "name", "message"),
    [
        (lambda config: broken.invoke({"city": "Oslo"}, config), "broken", "no weather in Oslo"),
        (lambda config: Shelf().invoke("nothing", config), "Shelf", "the shelf is empty"),
        (lambda config: says("x", before=raising(OSError("gone"))).invoke("?", config), "Model", "gone"),
        (lambda config: RunnableLambda(raising(KeyError())).invoke("?", config), "raising", "KeyError"),
    ],
)
def test_what_raises_is_an_error_with_what_it_says(
    chains: Chains, run: Callable[[Any], Any], name: str, message: str
) -> None:
    with suppress(Exception):
        run(chains.config)
    event = chains.named(name)
    assert (event["level"], event["status_message"]) == ("ERROR", message)
    assert CURRENT.get() is None


def test_a_tool_that_answers_that_it_failed_is_an_error(chains: Chains) -> None:
    @tool
    def refuses(city: str) -> str:
        """Refuse."""
        return city

    refuses.handle_tool_error = True

    def fails(city: str) -> str:
        from langchain_core.tools import ToolException  # noqa: PLC0415

        raise ToolException(f"not {city}")

    refuses.func = fails
    call = {"name": "refuses", "args": {"city": "Oslo"}, "id": "call_1", "type": "tool_call"}
    answer = refuses.invoke(call, config=chains.config)
    assert isinstance(answer, ToolMessage)
    event = chains.named("refuses")
    assert (event["level"], event["status_message"]) == ("ERROR", "not Oslo")


def test_an_interrupt_is_no_error_and_what_goes_on_is_in_the_same_trace(chains: Chains) -> None:
    def approve(state: dict[str, str]) -> dict[str, str]:
        return {"approved": interrupt("May I?")}

    graph = StateGraph(dict)
    graph.add_node("approve", approve)
    graph.add_edge(START, "approve")
    graph.add_edge("approve", END)
    run = graph.compile(checkpointer=InMemorySaver(), name="approval")
    config = {**chains.config, "configurable": {"thread_id": "thread-1"}}
    run.invoke({}, config)
    first = chains.handler.last_trace_id
    run.invoke(Command(resume="yes"), config)
    assert chains.handler.last_trace_id == first
    assert {event["level"] for event in chains.events()} == {"DEFAULT"}
    assert trees(chains.events()) == [("approval", [("approval", [("approve", [])]), ("approve", [])])]


# --- ends that do not come as they should ---------------------------------------------------------------------------


def test_a_stream_that_is_given_up_ends_and_leaves_nothing_current(chains: Chains) -> None:
    stream = chain("It rains all day").stream(QUESTION, config=chains.config)
    next(stream)
    stream.close()
    assert CURRENT.get() is None
    assert len(chains.handler._observations.runs) == 0
    assert {event["level"] for event in chains.events()} == {"DEFAULT"}
    # What the model had said by then is kept.
    assert content(chains.named("Model")["output"])["content"].startswith("It")


def test_what_comes_after_an_awaited_run_is_no_part_of_it(
    chains: Chains, recording: Recording, upstream: Upstream
) -> None:
    recording.calls(offpath.httpx)

    @offpath.observe(name="after")
    def after() -> None:
        offpath.get_client().update_current_span(metadata={"said": "here"})

    @offpath.observe(name="handle")
    async def handle() -> None:
        # LangChain tells of its end in a task of its own.
        await chain().ainvoke(QUESTION, config={**chains.config, "metadata": {"plan": "gold"}})
        offpath.get_client().update_current_span(metadata={"said": "by handle"})
        after()
        with offpath.propagate_attributes(session_id="s"):
            after()
        async with httpx.AsyncClient() as client:
            await client.get(f"{upstream.url}/echo")

    asyncio.run(handle())
    offpath.httpx.uninstrument()
    [(name, children)] = trees(chains.events())
    assert (name, children) == ("handle", [WHOLE, ("after", []), ("after", [])])
    handled = chains.named("handle")
    assert content(handled["metadata"])["said"] == "by handle"
    assert recording.event()["parent_span_id"] == handled["span_id"]
    # What the run says of all that begins inside of it is not said of what comes after.
    plans = [(event["name"], "gold" in str(event["metadata"])) for event in chains.events()]
    assert ("ChatPromptTemplate", True) in plans
    assert [plan for name, plan in plans if name == "after"] == [False, False]


def test_an_asynchronous_stream_that_is_given_up_does_not_become_the_parent_of_what_comes_later(
    chains: Chains,
) -> None:
    async def read() -> None:
        async for _ in chain("It rains all day").astream(QUESTION, config=chains.config):
            break
        gc.collect()
        # Its end comes in a task of the event loop's own.
        while len(chains.handler._observations.runs):  # noqa: ASYNC110 - nobody tells of it
            await asyncio.sleep(0)
        await says("Yes.").ainvoke("Is it?", config={**chains.config, "run_name": "later"})

    asyncio.run(read())
    later = chains.named("later")
    assert later["parent_span_id"] is None
    assert later["trace_id"] != chains.named("RunnableSequence")["trace_id"]


def test_streams_that_are_read_in_turns_are_traces_of_their_own(chains: Chains) -> None:
    one, other = (chain("It rains all day").stream(QUESTION, config=chains.config) for _ in range(2))
    for _ in zip(one, other, strict=True):
        pass
    assert trees(chains.events()) == [WHOLE, WHOLE]
    assert CURRENT.get() is None


def test_a_stream_that_is_read_from_many_threads_is_one_tree(chains: Chains) -> None:
    stream = chain("It rains all day").stream(QUESTION, config=chains.config)
    with ThreadPoolExecutor(4) as pool:
        while pool.submit(contextvars.copy_context().run, next, stream, None).result() is not None:
            pass
    assert trees(chains.events()) == [WHOLE]
    assert CURRENT.get() is None


def test_runs_that_never_end_do_not_pile_up(chains: Chains, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "MAX_RUNS", 10)
    manager = CallbackManager([chains.handler])
    for number in range(30):
        contextvars.copy_context().run(manager.on_chain_start, {"name": f"run {number}"}, QUESTION)
    assert len(chains.handler._observations.runs) == 10
    gc.collect()
    # Those that were forgotten are told all the same.
    assert sorted(event["name"] for event in chains.events()) == sorted(
        f"run {number}" for number in range(20)
    )


def test_an_end_without_a_begin_does_nothing(chains: Chains, caplog: pytest.LogCaptureFixture) -> None:
    manager = CallbackManager([chains.handler]).on_chain_start({"name": "twice"}, QUESTION)
    manager.on_chain_end("once")
    manager.on_chain_end("twice")
    manager.on_chain_error(ValueError("late"))
    assert content(chains.named("twice")["output"]) == "once"
    assert not caplog.records


def test_what_goes_wrong_in_the_handler_is_told_once_and_kept_from_the_app(
    chains: Chains, caplog: pytest.LogCaptureFixture
) -> None:
    class Wrong(CallbackHandler):
        def get_langchain_run_name(self, serialized: Any, **kwargs: Any) -> str:
            raise RuntimeError("no name")

    handler = Wrong()
    with caplog.at_level(logging.WARNING, "offpath"):
        assert chain().invoke(QUESTION, config={"callbacks": [handler]}) == "Yes."
    assert len([record for record in caplog.records if record.name == "offpath"]) == 1


def test_an_asynchronous_run_makes_no_hop_to_a_thread(chains: Chains) -> None:
    threads: set[int] = set()

    class Watching(CallbackHandler):
        def on_llm_new_token(self, token: str, **kwargs: Any) -> None:
            threads.add(threading.get_ident())
            super().on_llm_new_token(token, **kwargs)

    class Model_(Model):
        async def _astream(self, *arguments: Any, **more: Any) -> AsyncIterator[ChatGenerationChunk]:
            for chunk in self._stream(*arguments, **more):
                yield chunk

    async def read() -> None:
        model = Model_(says=[AIMessage("It rains all day")])
        async for _ in model.astream("Is it?", config={"callbacks": [Watching()]}):
            pass

    asyncio.run(read())
    assert threads == {threading.get_ident()}


# --- tokens and models of integrations ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "counted"),
    [
        # OpenAI's own form.
        (
            {
                "prompt_tokens": 20,
                "completion_tokens": 8,
                "total_tokens": 28,
                "prompt_tokens_details": {"cached_tokens": 5, "audio_tokens": None},
                "completion_tokens_details": {"reasoning_tokens": 3},
            },
            {
                "input": 15,
                "output": 5,
                "total": 28,
                "input_cached_tokens": 5,
                "output_reasoning_tokens": 3,
            },
        ),
        # Anthropic's, which counts what was cached beside the input.
        (
            {
                "input_tokens": 20,
                "output_tokens": 8,
                "cache_read_input_tokens": 5,
                "cache_creation": {"ephemeral_5m_input_tokens": 2, "ephemeral_1h_input_tokens": 0},
                "service_tier": "standard",
            },
            {
                "input": 20,
                "output": 8,
                "cache_read_input_tokens": 5,
                "cache_creation_ephemeral_5m_input_tokens": 2,
                "cache_creation_ephemeral_1h_input_tokens": 0,
                "cache_creation_input_tokens": 2,
            },
        ),
        # Bedrock's metrics of a stream.
        ({"inputTokenCount": [20], "outputTokenCount": [3, 5]}, {"input": 20, "output": 8}),
        # Vertex AI's, by modality.
        (
            {
                "prompt_token_count": 20,
                "candidates_token_count": 8,
                "total_token_count": 28,
                "prompt_tokens_details": [{"modality": "IMAGE", "token_count": 12}],
                "candidates_tokens_details": [{"modality": "TEXT", "token_count": 8}],
                "cache_tokens_details": [{"modality": "IMAGE", "token_count": 2}],
            },
            {
                "input": 6,
                "output": 0,
                "total": 28,
                "input_modality_IMAGE": 10,
                "output_modality_TEXT": 8,
                "cached_modality_IMAGE": 2,
            },
        ),
        # What was served with priority is told twice.
        (
            {"input_tokens": 20, "input_token_details": {"priority": 20, "priority_cache_read": 5}},
            {"input": 20, "input_priority": 20, "input_priority_cache_read": 5},
        ),
        ({}, {}),
    ],
)
def test_tokens_have_langfuses_names_and_are_counted_once(told: Any, counted: Any) -> None:
    assert by_name(told) == counted


@pytest.mark.parametrize(
    "response",
    [
        LLMResult(generations=[], llm_output={"token_usage": {"prompt_tokens": 2}}),
        LLMResult(generations=[], llm_output={"usage": {"input_tokens": 2}}),
        LLMResult(
            generations=[[Generation(text="", generation_info={"usage_metadata": {"input_tokens": 2}})]]
        ),
        LLMResult(
            generations=[
                [ChatGeneration(message=AIMessage("", response_metadata={"usage": {"inputTokenCount": 2}}))]
            ]
        ),
    ],
)
def test_tokens_are_found_wherever_an_integration_tells_them(response: LLMResult) -> None:
    assert usage_of(response) == {"input": 2}


@pytest.mark.parametrize(
    ("serialized", "metadata", "invocation"),
    [
        (None, {"ls_model_name": "m"}, {"model": "other"}),
        ({}, {}, {"model_name": "m"}),
        ({}, None, {"azure_deployment": "m"}),
        ({"kwargs": {"model_id": "m"}}, {}, {}),
        ({"repr": "ChatThing(model='m', temperature=0)"}, {}, {}),
    ],
)
def test_a_model_is_found_wherever_an_integration_names_it(
    serialized: Any, metadata: Any, invocation: Any
) -> None:
    assert models.name_of(serialized, metadata, invocation) == "m"
