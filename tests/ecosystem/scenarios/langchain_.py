"""Chains of LangChain with its callback handler; the models are LangChain's own for tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from typing import Any, Final

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.language_models import BaseChatModel, FakeListLLM
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, SystemMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableLambda, RunnableParallel, RunnablePassthrough
from langchain_core.tools import tool

from .scenario import Scenario, Sdk

USAGE: Final = {
    "input_tokens": 20,
    "output_tokens": 8,
    "total_tokens": 28,
    "input_token_details": {"cache_read": 5, "audio": 1},
    "output_token_details": {"reasoning": 3},
}
CALL: Final = {"name": "weather", "args": {"city": "Oslo"}, "id": "call_1", "type": "tool_call"}


class Model(BaseChatModel):
    """A model that says what it was told to."""

    model_name: str = "scripted-1"
    temperature: float = 0.3
    says: list[AIMessage]

    @property
    def _llm_type(self) -> str:
        return "scripted"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model_name": self.model_name, "temperature": self.temperature, "max_tokens": 50}

    def _generate(
        self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **kwargs: Any
    ) -> ChatResult:
        message = self.says[sum(isinstance(each, AIMessage) for each in messages) % len(self.says)]
        return ChatResult(
            generations=[ChatGeneration(message=message)], llm_output={"model_name": "scripted-1-2026"}
        )

    def _stream(
        self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **kwargs: Any
    ) -> Iterator[ChatGenerationChunk]:
        said = self.says[0]
        words = str(said.content).split(" ")
        for index, word in enumerate(words):
            last = index == len(words) - 1
            usage = said.usage_metadata if last else None
            message = AIMessageChunk(content=word if last else f"{word} ", usage_metadata=usage)
            chunk = ChatGenerationChunk(message=message)
            if run_manager is not None:
                run_manager.on_llm_new_token(word, chunk=chunk)
            yield chunk


def says(*contents: str, **more: Any) -> Model:
    """Return a model that says these one after another."""
    return Model(says=[AIMessage(content=content, usage_metadata=USAGE, **more) for content in contents])


def calls_the_tool() -> Model:
    """Return a model that asks for the tool, and then answers."""
    asks = AIMessage(content="", tool_calls=[CALL], usage_metadata=USAGE)
    return Model(says=[asks, AIMessage(content="Take an umbrella.", usage_metadata=USAGE)])


@tool
def weather(city: str) -> str:
    """Tell the weather of a city."""
    return f"It rains in {city}."


@tool
def broken(city: str) -> str:
    """Fail."""
    raise ValueError(f"no weather in {city}")


class Shelf(BaseRetriever):
    """Finds what it was asked for."""

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun
    ) -> list[Document]:
        if query == "nothing":
            raise LookupError("the shelf is empty")
        return [Document(page_content=f"About {query}.", metadata={"source": "shelf", "page": 3})]


PROMPT: Final = ChatPromptTemplate([("system", "You are brief."), ("user", "{question}")])
QUESTION: Final = {"question": "Does it rain in Oslo?"}


def chain(sdk: Sdk) -> None:
    """A prompt, a model, and a parser, with what the config says of the trace."""
    run = PROMPT | says("Yes.") | StrOutputParser()
    config: Any = {
        "callbacks": [sdk.callback_handler()],
        "run_name": "answer",
        "tags": ["from-config"],
        "metadata": {
            "langfuse_user_id": "user-1",
            "langfuse_session_id": "session-1",
            "langfuse_tags": ["mine"],
            "langfuse_trace_name": "asked",
            "plan": "gold",
        },
    }
    assert run.invoke(QUESTION, config=config) == "Yes."


def asynchronous(sdk: Sdk) -> None:
    """The same, awaited."""
    run = PROMPT | says("Yes.") | StrOutputParser()
    asyncio.run(run.ainvoke(QUESTION, config={"callbacks": [sdk.callback_handler()]}))


def tool_calls(sdk: Sdk) -> None:
    """A model that asks for a tool, the tool, and the model again."""
    model = calls_the_tool().bind(tools=[weather])

    def answer(question: str, config: Any) -> str:
        messages: list[BaseMessage] = [SystemMessage("You are brief."), HumanMessage(question)]
        asked = model.invoke(messages, config)
        assert isinstance(asked, AIMessage)
        told = [weather.invoke(dict(call), config) for call in asked.tool_calls]
        return str(model.invoke([*messages, asked, *told], config).content)

    config: Any = {"callbacks": [sdk.callback_handler()]}
    assert RunnableLambda(answer).invoke("Do I need an umbrella?", config) == "Take an umbrella."


def streamed(sdk: Sdk) -> None:
    """A stream, of which the time of the first token is told."""
    run = PROMPT | says("It rains all day") | StrOutputParser()
    parts = list(run.stream(QUESTION, config={"callbacks": [sdk.callback_handler()]}))
    assert "".join(parts) == "It rains all day"


def streamed_later(sdk: Sdk) -> None:
    """The same, asynchronous."""
    run = PROMPT | says("It rains all day") | StrOutputParser()

    async def read() -> AsyncIterator[str]:
        async for part in run.astream(QUESTION, config={"callbacks": [sdk.callback_handler()]}):
            yield part

    async def whole() -> str:
        return "".join([part async for part in read()])

    assert asyncio.run(whole()) == "It rains all day"


def completion(sdk: Sdk) -> None:
    """A model that continues a text."""
    FakeListLLM(responses=["a time"]).invoke("Once upon", config={"callbacks": [sdk.callback_handler()]})


def retriever(sdk: Sdk) -> None:
    """What is found goes into the prompt."""
    prompt = ChatPromptTemplate([("system", "{context}"), ("user", "{question}")])
    run = {"context": Shelf(), "question": RunnablePassthrough()} | prompt | says("Read it.")
    run.invoke("spools", config={"callbacks": [sdk.callback_handler()]})


def parallel(sdk: Sdk) -> None:
    """Branches at the same time, each in a thread."""
    run = RunnableParallel(
        left=PROMPT | says("Left."), right=PROMPT | says("Right."), plain=RunnableLambda(len)
    )
    run.invoke(QUESTION, config={"callbacks": [sdk.callback_handler()]})


def batch(sdk: Sdk) -> None:
    """Models at the same time: each is a trace of its own."""
    model = says("Yes.")
    model.batch(["one", "two", "three"], config={"callbacks": [sdk.callback_handler()]})


def batch_of_chains(sdk: Sdk) -> None:
    """Chains at the same time: each is a trace of its own, and so is what comes after them."""
    run = PROMPT | says("Yes.") | StrOutputParser()
    run.batch([QUESTION, {"question": "Why?"}], config={"callbacks": [sdk.callback_handler()]})
    sdk.get_client().start_observation(name="afterwards").end()


def chains_one_by_one(sdk: Sdk) -> None:
    """The same chains, one after the other."""
    run = PROMPT | says("Yes.") | StrOutputParser()
    for question in (QUESTION, {"question": "Why?"}):
        run.invoke(question, config={"callbacks": [sdk.callback_handler()]})
    sdk.get_client().start_observation(name="afterwards").end()


def failing(sdk: Sdk) -> None:
    """A tool, a retriever, and a step of a chain that raise."""
    handler = sdk.callback_handler()
    with suppress(ValueError):
        broken.invoke({"city": "Oslo"}, config={"callbacks": [handler]})
    with suppress(LookupError):
        Shelf().invoke("nothing", config={"callbacks": [handler]})

    def step(question: dict[str, str]) -> str:
        raise RuntimeError(f"cannot answer {question['question']}")

    with suppress(RuntimeError):
        (RunnableLambda(step) | says("never")).invoke(QUESTION, config={"callbacks": [handler]})


def below_a_function(sdk: Sdk) -> None:
    """A chain within a function, and a function within a step of it."""

    @sdk.observe(as_type="tool")
    def look_up(city: str) -> str:
        return f"It rains in {city}."

    def step(asked: dict[str, str]) -> str:
        return look_up(asked["question"].split()[-1].rstrip("?"))

    @sdk.observe()
    def handle(question: str) -> str:
        run = RunnableLambda(step) | says("Yes.") | StrOutputParser()
        return str(run.invoke({"question": question}, config={"callbacks": [sdk.callback_handler()]}))

    assert handle("Does it rain in Oslo?") == "Yes."


def traced(sdk: Sdk) -> None:
    """The trace is the one that the handler was made for."""
    handler = sdk.callback_handler(trace_context={"trace_id": TRACE})
    says("Yes.").invoke("Is it?", config={"callbacks": [handler]})
    assert handler.last_trace_id == TRACE


TRACE: Final = "2af7651916cd43dd8448eb211c80319f"

SCENARIOS: Final = (
    Scenario(chain),
    Scenario(asynchronous),
    Scenario(tool_calls),
    Scenario(streamed),
    Scenario(streamed_later),
    Scenario(completion),
    Scenario(retriever, ordered=False),
    Scenario(parallel, ordered=False),
    Scenario(batch, ordered=False),
    Scenario(batch_of_chains, ordered=False),
    Scenario(chains_one_by_one, ordered=False),
    Scenario(failing),
    Scenario(below_a_function),
    Scenario(traced, fixed=(TRACE,)),
)
