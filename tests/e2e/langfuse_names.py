"""Prints as JSON all public names of the ``langfuse`` that is installed: run in an environment that has it."""

from __future__ import annotations

import inspect
import json

import langfuse
import langfuse.langchain
import langfuse.openai
from langfuse._client import span


def public(of: object) -> list[str]:
    """Return names without an underscore."""
    return [name for name in dir(of) if not name.startswith("_")]


def own(module: object) -> list[str]:
    """Return what a module defines, and the clients that it stands for."""
    clients = ("OpenAI", "AsyncOpenAI", "AzureOpenAI", "AsyncAzureOpenAI", "openai")
    defined = [
        name
        for name in public(module)
        if inspect.getmodule(getattr(module, name)) is module and callable(getattr(module, name))
    ]
    return [*defined, *(name for name in clients if hasattr(module, name))]


def parameters(of: object) -> list[str]:
    """Return the names of a function's parameters."""
    return [name for name in inspect.signature(of).parameters if name not in ("self", "kwargs")]  # type: ignore[arg-type]


def names() -> set[str]:
    """Return all, with a dot behind what they are of."""
    observations = {
        name
        for cls in vars(span).values()
        if inspect.isclass(cls) and cls.__module__ == span.__name__
        for name in public(cls)
    }
    return {
        *langfuse.__all__,
        *(f"client.{name}" for name in public(langfuse.Langfuse)),
        *(f"Langfuse({name}=)" for name in parameters(langfuse.Langfuse.__init__)),
        *(f"observation.{name}" for name in {*observations, "id", "trace_id"}),
        *(f"langfuse.openai.{name}" for name in own(langfuse.openai)),
        *(f"langfuse.langchain.{name}" for name in langfuse.langchain.__all__),
        *(f"CallbackHandler({name}=)" for name in parameters(langfuse.langchain.CallbackHandler.__init__)),
        *(f"observe({name}=)" for name in parameters(langfuse.observe)),
        *(f"propagate_attributes({name}=)" for name in parameters(langfuse.propagate_attributes)),
    }


if __name__ == "__main__":
    print(json.dumps(sorted(names())))
