"""Models, tools and retrievers for chains of LangChain, and what was recorded of them as trees."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.retrievers import BaseRetriever

from .exporter import Event

#: An observation: its name, and the trees below it.
Tree = tuple[str, list["Tree"]]

USAGE: dict[str, Any] = {
    "input_tokens": 20,
    "output_tokens": 8,
    "total_tokens": 28,
    "input_token_details": {"cache_read": 5, "audio": 1},
    "output_token_details": {"reasoning": 3},
}


class Model(BaseChatModel):
    """Says what it is told to, in words if it is streamed."""

    says: list[AIMessage]
    model_name: str = "scripted-1"
    #: Called before each word of a stream.
    before: Callable[[str], None] | None = None

    @property
    def _llm_type(self) -> str:
        return "scripted"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model_name": self.model_name, "temperature": 0.3, "max_tokens": 50}

    def _generate(
        self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **kwargs: Any
    ) -> ChatResult:
        if self.before is not None:
            self.before("")
        said = self.says[sum(isinstance(each, AIMessage) for each in messages) % len(self.says)]
        return ChatResult(generations=[ChatGeneration(message=said)])

    def _stream(
        self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **kwargs: Any
    ) -> Iterator[ChatGenerationChunk]:
        for word in str(self.says[0].content).split():
            if self.before is not None:
                self.before(word)
            chunk = ChatGenerationChunk(message=AIMessageChunk(content=f"{word} "))
            if run_manager is not None:
                run_manager.on_llm_new_token(word, chunk=chunk)
            yield chunk


def says(content: str, before: Callable[[str], None] | None = None) -> Model:
    """A model that says this."""
    return Model(says=[AIMessage(content=content, usage_metadata=USAGE)], before=before)


def calls(name: str, **arguments: Any) -> Model:
    """A model that asks for a tool, and then says that it is done."""
    call = {"name": name, "args": arguments, "id": "call_1", "type": "tool_call"}
    return Model(says=[AIMessage(content="", tool_calls=[call]), AIMessage(content="done")])


class Shelf(BaseRetriever):
    """Finds what it is asked for."""

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun
    ) -> list[Document]:
        if query == "nothing":
            raise LookupError("the shelf is empty")
        return [Document(page_content=f"About {query}.")]


def trees(events: Iterable[Event]) -> list[Tree]:
    """The observations of a trace as trees, those of one parent by name."""
    events = list(events)
    known = {event["span_id"] for event in events}

    def below(parent: Event) -> Tree:
        children = [event for event in events if event["parent_span_id"] == parent["span_id"]]
        return parent["name"], sorted(below(child) for child in children)

    return sorted(below(event) for event in events if event["parent_span_id"] not in known)
