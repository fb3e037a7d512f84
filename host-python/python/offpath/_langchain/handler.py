"""The callback handler: what LangChain tells of runs, as observations.

Nothing here raises into the app, copies what passes, or waits. Inputs, outputs and metadata are handed to the observations
as they are, which keep of them what their limits allow; a token costs one look-up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from functools import wraps
from typing import Any, TypeVar
from uuid import UUID

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import ToolMessage

from .._native import logger
from ..client import get_client
from ..propagation import prompt_link
from . import messages as _messages
from . import models
from .observations import Observations
from .runs import Run
from .usage import usage_of

_Method = TypeVar("_Method", bound=Callable[..., None])


def _quiet(method: _Method) -> _Method:
    """Keep what goes wrong in a method from the app, and tell of it."""

    @wraps(method)
    def quiet(self: CallbackHandler, *arguments: Any, **more: Any) -> None:
        try:
            method(self, *arguments, **more)
        except Exception:  # noqa: BLE001 - whatever it is, it is not the app's
            # Once; an app that does what is not expected here does it often.
            (logger.debug if self._failed else logger.warning)(
                "offpath.langchain: %s failed; a run is not recorded as it should be",
                method.__name__,
                exc_info=True,
            )
            self._failed = True

    return quiet  # type: ignore[return-value]


class CallbackHandler(BaseCallbackHandler):
    """Records the runs of LangChain and LangGraph as observations: chains, agents, tools, retrievers, generations.

    A run becomes the child of the run that it is a part of, or else of what is in progress: an exchange, an observation.
    What is observed or called inside of it becomes its child. One handler may be used for all runs, at the same time and
    in any threads.

    Of a run's ``metadata``, ``langfuse_session_id``, ``langfuse_user_id``, ``langfuse_tags``, ``langfuse_trace_name`` and
    ``langfuse_prompt`` mean what they do for Langfuse's handler.

    Args:
        public_key: names the client, as ``offpath.get_client()`` takes it.
        trace_context: ``{"trace_id": ..., "parent_span_id": ...}``: the trace, and the parent in it, of runs that are not
            part of another.
        update_trace: give the trace the input and output of such a run too, as versions 3 of Langfuse's SDK did.

    Sources:
        https://langfuse.com/integrations/frameworks/langchain
    """

    #: LangChain calls it where the run is: no hop to a thread, and what is current can be set for the run.
    run_inline = True

    def __init__(
        self,
        *,
        public_key: str | None = None,
        trace_context: Mapping[str, str] | None = None,
        update_trace: bool = False,
    ) -> None:
        get_client(public_key=public_key)
        self._observations = Observations(trace_context, update_trace=update_trace)
        self._failed = False

    @property
    def last_trace_id(self) -> str | None:
        """The id of the trace of the run that began last, of those that are nobody's child; None before any."""
        return self._observations.last_trace_id

    @property
    def ignore_retry(self) -> bool:
        """True: attempts that are made again are no observations."""
        return True

    @property
    def ignore_custom_event(self) -> bool:
        """True: events of the app's own are no observations."""
        return True

    def get_langchain_run_name(self, serialized: Mapping[str, Any] | None, **kwargs: Any) -> str:
        """Return the name of a run's observation; a subclass may name them in another way.

        Args:
            serialized: what LangChain says of the object that runs.
            **kwargs: what else the callback was told, of which ``name`` goes before all.
        """
        name = kwargs.get("name")
        if name is None and serialized:
            name = serialized.get("name") or (serialized.get("id") or [None])[-1]
        return "<unknown>" if name is None else str(name)

    # --- begins -----------------------------------------------------------------------------------------------------

    @_quiet
    def on_chain_start(
        self,
        serialized: dict[str, Any] | None,
        inputs: Any,
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        **kwargs: Any,
    ) -> None:
        """Begin a chain, or an agent if its class or its name says that it is one."""
        name = self.get_langchain_run_name(serialized, **kwargs)
        parts = (name, *((serialized or {}).get("id") or ()))
        kind = "agent" if any("agent" in str(part).lower() for part in parts) else "chain"
        run = self._observations.begin(kind, run_id, parent_run_id, kwargs, name=name, input=inputs)
        if run is not None and run.parent is not None:
            # A template is filled in by one run, and its prompt sent by another of the same parent, or below one.
            if prompt := (kwargs.get("metadata") or {}).get("langfuse_prompt"):
                run.parent.prompt = prompt
            elif run.parent.prompt is not None:
                run.prompt = run.parent.prompt

    @_quiet
    def on_tool_start(
        self,
        serialized: dict[str, Any] | None,
        input_str: str,
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        **kwargs: Any,
    ) -> None:
        """Begin a tool."""
        inputs = kwargs.pop("inputs", None)
        name = self.get_langchain_run_name(serialized, **kwargs)
        # What else is told of a tool, such as the call that asked for it, is metadata too.
        told = {key: value for key, value in kwargs.items() if key not in ("tags", "metadata")}
        more = {key: value for key, value in told.items() if value is not None}
        kwargs["metadata"] = {**(kwargs.get("metadata") or {}), **more}
        asked = input_str if inputs is None else inputs
        self._observations.begin("tool", run_id, parent_run_id, kwargs, name=name, input=asked)

    @_quiet
    def on_retriever_start(
        self,
        serialized: dict[str, Any] | None,
        query: str,
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        **kwargs: Any,
    ) -> None:
        """Begin a retriever."""
        name = self.get_langchain_run_name(serialized, **kwargs)
        self._observations.begin("retriever", run_id, parent_run_id, kwargs, name=name, input=query)

    @_quiet
    def on_chat_model_start(
        self,
        serialized: dict[str, Any] | None,
        messages: Sequence[Sequence[Any]],
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        **kwargs: Any,
    ) -> None:
        """Begin a generation of a chat model."""
        tools = (kwargs.get("invocation_params") or {}).get("tools")
        asked = _messages.asked(messages, tools)
        self._begin_generation(serialized, asked, run_id, parent_run_id, kwargs)

    @_quiet
    def on_llm_start(
        self,
        serialized: dict[str, Any] | None,
        prompts: list[str],
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        **kwargs: Any,
    ) -> None:
        """Begin a generation of a model that continues a text."""
        asked = prompts[0] if len(prompts) == 1 else prompts
        self._begin_generation(serialized, asked, run_id, parent_run_id, kwargs)

    def _begin_generation(
        self,
        serialized: dict[str, Any] | None,
        asked: Any,
        run_id: UUID,
        parent_run_id: UUID | None,
        told: dict[str, Any],
    ) -> None:
        invocation = told.get("invocation_params") or {}
        name = self.get_langchain_run_name(serialized, **told)
        prompt = _prompt_for(self._observations.runs.get(parent_run_id))
        run = self._observations.begin("generation", run_id, parent_run_id, told, name=name, input=asked)
        if run is not None:
            model = models.name_of(serialized, told.get("metadata"), invocation)
            parameters = models.parameters_of(invocation)
            run.span.update_generation(None, model, parameters, None, None, prompt_link(prompt))
            run.silent = True

    # --- between ----------------------------------------------------------------------------------------------------

    def on_llm_new_token(self, token: Any, *, run_id: UUID, **kwargs: Any) -> None:
        """Note when the first token came."""
        run = self._observations.runs.get(run_id)
        if run is not None and run.silent:
            self._speaks(run)

    def on_stream_event(self, event: Any, *, run_id: UUID, **kwargs: Any) -> None:
        """Note the same, of models that are streamed by ``stream_events(version="v3")``."""
        run = self._observations.runs.get(run_id)
        if run is not None and run.silent and event.get("event") != "message-start":
            self._speaks(run)

    @_quiet
    def _speaks(self, run: Run) -> None:
        run.silent = False
        run.span.update_generation(datetime.now(timezone.utc))

    @_quiet
    def on_agent_action(self, action: Any, *, run_id: UUID, **kwargs: Any) -> None:
        """Take what an agent does next for its output so far."""
        if (run := self._observations.runs.get(run_id)) is not None:
            run.span.update(output=action)

    @_quiet
    def on_agent_finish(self, finish: Any, *, run_id: UUID, **kwargs: Any) -> None:
        """Take what an agent ends with for its output."""
        if (run := self._observations.runs.get(run_id)) is not None:
            run.span.update(output=finish)

    # --- ends -------------------------------------------------------------------------------------------------------

    @_quiet
    def on_chain_end(self, outputs: Any, *, run_id: UUID, **kwargs: Any) -> None:
        """End a chain or an agent."""
        self._observations.end(run_id, kwargs, output=outputs)

    @_quiet
    def on_tool_end(self, output: Any, *, run_id: UUID, **kwargs: Any) -> None:
        """End a tool, which may have answered that it failed."""
        failed: dict[str, Any] = {}
        if isinstance(output, ToolMessage) and output.status == "error":
            failed = {"level": "ERROR", "status_message": str(output.content)}
        self._observations.end(run_id, kwargs, output=output, **failed)

    @_quiet
    def on_retriever_end(self, documents: Sequence[Any], *, run_id: UUID, **kwargs: Any) -> None:
        """End a retriever."""
        self._observations.end(run_id, kwargs, output=documents)

    @_quiet
    def on_llm_end(self, response: Any, *, run_id: UUID, **kwargs: Any) -> None:
        """End a generation."""
        told = (usage_of(response), None, models.answered_by(response))
        self._observations.end(run_id, kwargs, output=_messages.answered(response), generation=told)

    @_quiet
    def on_chain_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        """End a chain or an agent that raised."""
        self._observations.fail(run_id, error, kwargs)

    @_quiet
    def on_tool_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        """End a tool that raised."""
        self._observations.fail(run_id, error, kwargs)

    @_quiet
    def on_retriever_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        """End a retriever that raised."""
        self._observations.fail(run_id, error, kwargs)

    @_quiet
    def on_llm_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        """End a generation that raised. What it had said until then is told; without tokens, it costs nothing."""
        response = kwargs.get("response")
        usage = None if response is None else usage_of(response)
        output = None if response is None else _messages.begun(response)
        told = (usage, {"total": 0} if usage is None else None, None)
        self._observations.fail(run_id, error, kwargs, output=output, generation=told)


def _prompt_for(above: Run | None) -> Any:
    """Return the prompt of Langfuse's that was filled in for a generation below this run, once."""
    while above is not None:
        if above.prompt is not None:
            prompt, above.prompt = above.prompt, None
            return prompt
        above = above.parent
    return None
