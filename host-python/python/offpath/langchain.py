"""LangChain and LangGraph: a callback handler that records each run as an observation.

    from offpath.langchain import CallbackHandler

    chain.invoke(question, config={"callbacks": [CallbackHandler()]})

It is used as ``langfuse.langchain.CallbackHandler`` is, and runs where the run itself does: asynchronous runs make no
hop to a thread for it, neither at their ends nor at each token. langchain-core is imported only when the class is asked
for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._langchain.handler import CallbackHandler

__all__ = ["CallbackHandler"]


def __getattr__(name: str) -> Any:
    if name != "CallbackHandler":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        from ._langchain import handler  # noqa: PLC0415 - it needs langchain-core, which need not be there
    except ImportError as error:
        if (error.name or "").partition(".")[0] != "langchain_core":
            raise
        message = "offpath.langchain.CallbackHandler needs langchain-core: pip install langchain-core"
        raise ImportError(message, name=error.name) from error
    globals()[name] = handler.CallbackHandler
    return handler.CallbackHandler
