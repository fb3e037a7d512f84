"""An observation: what ``start_observation`` gives, with the names that Langfuse's SDK has for what can be done with it."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import Token
from datetime import datetime
from functools import wraps
from inspect import iscoroutinefunction
from types import TracebackType
from typing import Any, ParamSpec, TypeVar

from . import current, tracer
from ._native import Span
from .current import CURRENT, PROPAGATED
from .propagation import prompt_link, said_of_trace
from .scores import score

P = ParamSpec("P")
R = TypeVar("R")


class Observation:
    """A span in progress, or one that was. Whatever is done with it raises nothing, and after its end does nothing.

    Attributes:
        trace_id: 32 hexadecimal digits.
        id: 16 hexadecimal digits.
    """

    __slots__ = ("__weakref__", "_span", "id", "trace_id")

    def __init__(self, span: Span | None) -> None:
        self._span = span
        self.trace_id = span.trace_id if span is not None else "0" * 32
        self.id = span.id if span is not None else "0" * 16

    def update(
        self,
        *,
        name: str | None = None,
        input: Any = None,
        output: Any = None,
        metadata: Any = None,
        version: str | None = None,
        level: str | None = None,
        status_message: str | None = None,
        completion_start_time: datetime | None = None,
        model: str | None = None,
        model_parameters: dict[str, Any] | None = None,
        usage_details: dict[str, int] | None = None,
        cost_details: dict[str, float] | None = None,
        prompt: Any = None,
        **_: Any,
    ) -> Observation:
        """Say more of it. Of metadata, members are added or replaced; all else takes the place of what was said."""
        span = self._span
        if span is not None:
            span.update(name, input, output, metadata, version, level, status_message)
            told = (completion_start_time, model, model_parameters, usage_details, cost_details)
            if prompt is not None or any(value is not None for value in told):
                span.update_generation(*told, prompt_link(prompt))
        return self

    def end(self, *, end_time: int | None = None) -> Observation:
        """End it, now or at ``end_time``, in nanoseconds since the Unix epoch. What it was becomes an event."""
        if self._span is not None:
            self._span.end(end_time)
        return self

    def update_trace(
        self,
        *,
        name: str | None = None,
        user_id: str | None = None,
        session_id: str | None = None,
        version: str | None = None,
        input: Any = None,
        output: Any = None,
        metadata: Any = None,
        tags: list[str] | None = None,
        public: bool | None = None,
    ) -> Observation:
        """Say of the trace whose it is and what it is called, as in v3: of the exchange, and of spans that end from now on.

        ``input`` and ``output`` become those of this observation.
        """
        span = self._span
        if span is not None:
            said = said_of_trace(
                trace_name=name, user_id=user_id, session_id=session_id, version=version, tags=tags
            )
            span.tell_trace(said, metadata, bool(public))
            if input is not None or output is not None:
                span.update(None, input, output)
        return self

    def set_trace_as_public(self) -> Observation:
        """Have everyone see the trace who has a link to it."""
        return self.update_trace(public=True)

    def set_trace_io(self, *, input: Any = None, output: Any = None) -> Observation:
        """Say what went into the trace and came out of it, as in v4: of this observation."""
        return self.update(input=input, output=output)

    def score(self, *, name: str, value: float | str, **said: Any) -> None:
        """Judge it; the arguments are those of ``create_score``."""
        score(
            name=name,
            value=value,
            trace_id=self.trace_id,
            observation_id=self.id,
            **self._of_its_environment(said),
        )

    def score_trace(self, *, name: str, value: float | str, **said: Any) -> None:
        """Judge its trace; the arguments are those of ``create_score``."""
        score(name=name, value=value, trace_id=self.trace_id, **self._of_its_environment(said))

    def _of_its_environment(self, said: dict[str, Any]) -> dict[str, Any]:
        if said.get("environment") is None and self._span is not None:
            said["environment"] = self._span.environment
        return said

    def start_observation(self, *, name: str, as_type: str = "span", **said: Any) -> Observation:
        """Begin an observation within this one, whatever is in progress. It has to be ended."""
        if as_type == "event":
            return self.create_event(name=name, **said)
        return begin(name, as_type, self._span, said)

    def start_as_current_observation(
        self, *, name: str, as_type: str = "span", end_on_exit: bool | None = None, **said: Any
    ) -> Entering:
        """Begin an observation within this one, which is in progress within the ``with``."""
        return Entering(lambda: begin(name, as_type, self._span, said), end_on_exit)

    def create_event(self, *, name: str, **said: Any) -> Observation:
        """Note something that took no time within this observation."""
        return begin(name, "event", self._span, said).end()

    def start_span(self, name: str, **said: Any) -> Observation:
        """Begin a span within this observation, as in v3."""
        return self.start_observation(name=name, as_type="span", **said)

    def start_generation(self, *, name: str, **said: Any) -> Observation:
        """Begin a generation within this observation, as in v3."""
        return self.start_observation(name=name, as_type="generation", **said)

    def start_as_current_span(self, *, name: str, **said: Any) -> Entering:
        """Begin a span within this observation that is in progress within the ``with``, as in v3."""
        return self.start_as_current_observation(name=name, as_type="span", **said)

    def start_as_current_generation(self, *, name: str, **said: Any) -> Entering:
        """Begin a generation within this observation that is in progress within the ``with``, as in v3."""
        return self.start_as_current_observation(name=name, as_type="generation", **said)


class Entering:
    """An observation that is in progress within a ``with``; or, as a decorator, within each call of a function."""

    __slots__ = ("_before", "_begin", "_bridged", "_end_on_exit", "_observation", "_token")

    def __init__(self, begin: Callable[[], Observation], end_on_exit: bool | None) -> None:
        self._begin = begin
        self._end_on_exit = end_on_exit is not False
        self._observation: Observation | None = None
        self._before: Any = None
        self._token: Token[Any] | None = None
        self._bridged: object = None

    def __enter__(self) -> Observation:
        """Begin it, and have it in progress."""
        self._observation = observation = self._begin()
        span = observation._span
        if span is not None:
            self._before = CURRENT.get()
            self._token = CURRENT.set(span)
            if current.bridge is not None:
                self._bridged = current.bridge.enter(span)
        return observation

    def __exit__(
        self,
        _class: type[BaseException] | None,
        error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        """End it, and have in progress what was before."""
        if self._token is not None:
            if current.bridge is not None and self._bridged is not None:
                current.bridge.leave(self._bridged)
            current.leave(CURRENT, self._token, self._before)
            self._token = self._before = self._bridged = None
        observation, self._observation = self._observation, None
        span = observation._span if observation is not None else None
        if span is None:
            return
        # A generator that is closed, and an interpreter that ends, are nobody's errors.
        if error is not None and not isinstance(error, GeneratorExit):
            span.raised(error)
        if self._end_on_exit:
            span.end()

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Decorate a function: each call of it is within an observation of its own."""
        begin, end_on_exit = self._begin, self._end_on_exit
        if iscoroutinefunction(function):

            @wraps(function)
            async def awaited(*args: P.args, **kwargs: P.kwargs) -> Any:
                with Entering(begin, end_on_exit):
                    return await function(*args, **kwargs)

            return awaited  # type: ignore[return-value]

        @wraps(function)
        def called(*args: P.args, **kwargs: P.kwargs) -> R:
            with Entering(begin, end_on_exit):
                return function(*args, **kwargs)

        return called

    async def __aenter__(self) -> Observation:
        """Do as ``with`` does."""
        return self.__enter__()

    async def __aexit__(
        self, class_: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Do as ``with`` does."""
        self.__exit__(class_, error, traceback)


def begin(name: str, as_type: str, within: Any, said: dict[str, Any]) -> Observation:
    """Begin an observation within an exchange, a span or a place elsewhere; within nothing if that is None."""
    tracing = tracer.current()
    as_type = as_type if isinstance(as_type, str) else "span"
    span = tracing.begin(name, as_type, within, PROPAGATED.get()) if tracing is not None else None
    observation = Observation(span)
    if said:
        observation.update(**said)
    return observation
