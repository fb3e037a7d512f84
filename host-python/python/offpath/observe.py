"""``@observe``: each call of a function is a span, with its arguments as input and what it returns as output.

The wrappers are written out for functions and for coroutines, because one call more would cost each call of the app.
"""

from __future__ import annotations

import asyncio
import inspect
import os
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, TypeVar, overload

from . import current, tracer
from ._native import ObservedFunction, logger
from .current import CURRENT, PROPAGATED, innermost
from .generators import observe_result

F = TypeVar("F", bound=Callable[..., Any])

#: What a function may be observed as.
TYPES = ("span", "generation", "embedding", "agent", "tool", "chain", "retriever", "evaluator", "guardrail")


@overload
def observe(func: F) -> F: ...


@overload
def observe(
    func: None = None,
    *,
    name: str | None = None,
    as_type: str | None = None,
    capture_input: bool | None = None,
    capture_output: bool | None = None,
    transform_to_string: Callable[[Iterable[Any]], str] | None = None,
) -> Callable[[F], F]: ...


def observe(
    func: F | None = None,
    *,
    name: str | None = None,
    as_type: str | None = None,
    capture_input: bool | None = None,
    capture_output: bool | None = None,
    transform_to_string: Callable[[Iterable[Any]], str] | None = None,
) -> F | Callable[[F], F]:
    """Record each call of a function, a coroutine function or a generator function, with Langfuse's arguments.

    Args:
        func: the function, where there are no parentheses.
        name: of the spans. Default: the function's.
        as_type: one of ``span`` (the default), ``generation``, ``embedding``, ``agent``, ``tool``, ``chain``,
            ``retriever``, ``evaluator``, ``guardrail``.
        capture_input: whether the arguments are the input. Default:
            ``LANGFUSE_OBSERVE_DECORATOR_IO_CAPTURE_ENABLED``, or yes.
        capture_output: the same of what is returned.
        transform_to_string: makes one text of all that a generator yields. Without it, texts are joined, and other items
            are a list, both as long as ``[spans] output`` allows.

    Calls take ``langfuse_trace_id`` and ``langfuse_parent_observation_id``, which the function does not get.
    """
    if as_type is not None and as_type not in TYPES:
        logger.warning("offpath: as_type: must be one of %s, got %r; it is a span", ", ".join(TYPES), as_type)
        as_type = None
    said = os.environ.get("LANGFUSE_OBSERVE_DECORATOR_IO_CAPTURE_ENABLED", "true").lower()
    captures = said not in ("false", "0")
    captures_output = captures if capture_output is None else capture_output

    def decorate(function: F) -> F:
        observed = ObservedFunction(
            name if isinstance(name, str) and name else _name(function),
            as_type or "span",
            captures if capture_input is None else capture_input,
            _is_method(function),
        )
        wrapper = _around_coroutine if _is_coroutine_function(function) else _around_function
        return wrapper(function, observed.begin, captures_output, transform_to_string)  # type: ignore[return-value]

    return decorate if func is None else decorate(func)


def _around_function(
    function: Callable[..., Any],
    begin: Any,
    captures_output: bool,
    join: Callable[[Iterable[Any]], str] | None,
) -> Callable[..., Any]:
    @wraps(function)
    def observed(*args: Any, **kwargs: Any) -> Any:
        before = CURRENT.get()
        within = before if current.bridge is None else innermost()
        span = begin(tracer.current(), within, PROPAGATED.get(), args, kwargs)
        if span is None:
            return function(*args, **kwargs)
        token = CURRENT.set(span)
        entered = None if current.bridge is None else current.bridge.enter(span)
        try:
            result = function(*args, **kwargs)
        except BaseException as error:
            span.failed(error)
            raise
        finally:
            if entered is not None and current.bridge is not None:
                current.bridge.leave(entered)
            try:
                CURRENT.reset(token)
            except ValueError:
                CURRENT.set(before)  # The function has changed to another context.
        if span.returned(result, captures_output):
            return result
        return observe_result(span, result, captures_output, join)

    return observed


def _around_coroutine(
    function: Callable[..., Any],
    begin: Any,
    captures_output: bool,
    join: Callable[[Iterable[Any]], str] | None,
) -> Callable[..., Any]:
    @wraps(function)
    async def observed(*args: Any, **kwargs: Any) -> Any:
        before = CURRENT.get()
        within = before if current.bridge is None else innermost()
        span = begin(tracer.current(), within, PROPAGATED.get(), args, kwargs)
        if span is None:
            return await function(*args, **kwargs)
        token = CURRENT.set(span)
        entered = None if current.bridge is None else current.bridge.enter(span)
        try:
            result = await function(*args, **kwargs)
        except BaseException as error:
            span.failed(error)
            raise
        finally:
            if entered is not None and current.bridge is not None:
                current.bridge.leave(entered)
            try:
                CURRENT.reset(token)
            except ValueError:
                CURRENT.set(before)  # Whoever drives this coroutine changed to another context.
        if span.returned(result, captures_output):
            return result
        return observe_result(span, result, captures_output, join)

    return observed


def _name(function: Any) -> str:
    name = getattr(function, "__name__", None)
    return name if isinstance(name, str) else type(function).__name__


def _is_method(function: Any) -> bool:
    """Whether it is one by its signature: the first argument is what it is a method of."""
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return False
    return "self" in parameters or "cls" in parameters


def _is_coroutine_function(function: Any) -> bool:
    if inspect.iscoroutinefunction(function):
        return True
    # asgiref marks functions so that inspect does not see it before Python 3.12.
    marker = getattr(asyncio.coroutines, "_is_coroutine", None)
    return marker is not None and getattr(function, "_is_coroutine", None) is marker
