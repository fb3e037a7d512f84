"""What is yielded bit by bit: generators, asynchronous ones, and streaming responses of Starlette.

The span is in progress while the generator's own code runs, and not while its consumer's does, which may be in another task
or thread each time. So each step puts it into the context and takes it out again, and what the generator itself has put
there by then comes back at its next step. No task is made for a step, so that timeouts and cancellation in the generator
work as without.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterable
from inspect import isasyncgen, isgenerator
from typing import TYPE_CHECKING, Any

from . import current
from .current import CURRENT, leave

if TYPE_CHECKING:
    from ._offpath import Span

Join = Callable[[Iterable[Any]], str]


def observe_result(span: Span, result: Any, captures_output: bool, join: Join | None) -> Any:
    """Return what yields what ``result`` does, and ends the span when that is over."""
    if isgenerator(result):
        return ObservedGenerator(result, Yielding(span, captures_output, join))
    if isasyncgen(result):
        return ObservedAsyncGenerator(result, Yielding(span, captures_output, join))
    # A streaming response of Starlette, which is asked for what it yields when it is sent.
    body = getattr(result, "body_iterator", None)
    if body is None:
        span.end()
        return result
    yielding = Yielding(span, captures_output, join)
    result.body_iterator = (
        ObservedGenerator(body, yielding) if isgenerator(body) else ObservedAsyncGenerator(body, yielding)
    )
    return result


class Yielding:
    """A span of something that yields, and its place in the context of whoever asks for the next item."""

    __slots__ = ("_captures", "_inside", "_items", "_join", "_span", "_yielded", "over")

    def __init__(self, span: Span, captures_output: bool, join: Join | None) -> None:
        self._span = span
        self._captures = captures_output
        self._join = join
        #: All of them, where the app's own function is to join them.
        self._items: list[Any] = []
        self._yielded = span.gather()
        #: What is in progress for the generator's own code, as it left it.
        self._inside: Any = span
        self.over = False

    def enter(self) -> tuple[Any, Any, Any]:
        """The generator's code runs from here on."""
        before = CURRENT.get()
        token = CURRENT.set(self._inside)
        return before, token, current.bridge.enter(self._inside) if current.bridge is not None else None

    def leave(self, entered: tuple[Any, Any, Any]) -> None:
        """It does not run any more."""
        before, token, bridged = entered
        self._inside = CURRENT.get()
        if bridged is not None and current.bridge is not None:
            current.bridge.leave(bridged)
        leave(CURRENT, token, before)

    def item(self, item: Any) -> None:
        """It has yielded this."""
        if not self._captures:
            return
        if self._join is not None:
            self._items.append(item)
        else:
            self._yielded.push(item)

    def done(self) -> None:
        """It will yield nothing more."""
        if self.over:
            return
        self.over = True
        if not self._captures:
            self._span.end()
        elif self._join is not None:
            try:
                joined = self._join(self._items)
            except Exception as error:  # noqa: BLE001 - it is the app's, and the app has had its items
                joined = f"<transform_to_string raised {type(error).__name__}>"
            self._span.update(None, None, joined)
            self._span.end()
        else:
            self._span.yielded(self._yielded)

    def failed(self, error: BaseException) -> None:
        """It has raised."""
        if not self.over:
            self.over = True
            self._span.failed(error)


class ObservedGenerator(Generator[Any, Any, Any]):
    """A generator whose items are noted."""

    def __init__(self, generator: Generator[Any, Any, Any], yielding: Yielding) -> None:
        self._generator = generator
        self._yielding = yielding

    def __next__(self) -> Any:
        """Ask for the next item."""
        return self._step(next, self._generator)

    def send(self, value: Any) -> Any:
        """Resume it with a value."""
        return self._step(self._generator.send, value)

    def throw(self, *error: Any) -> Any:
        """Raise in it."""
        return self._step(self._generator.throw, *error)

    def close(self) -> None:
        """End it; what it has yielded is its output."""
        entered = self._yielding.enter()
        try:
            self._generator.close()
        except BaseException as error:
            self._yielding.failed(error)
            raise
        finally:
            self._yielding.leave(entered)
        self._yielding.done()

    def __del__(self) -> None:
        """End it: nobody asks for more."""
        self._yielding.done()

    def _step(self, step: Callable[..., Any], *args: Any) -> Any:
        yielding = self._yielding
        entered = yielding.enter()
        try:
            item = step(*args)
        except StopIteration:
            yielding.done()
            raise
        except BaseException as error:
            yielding.failed(error)
            raise
        finally:
            yielding.leave(entered)
        yielding.item(item)
        return item


class ObservedAsyncGenerator(AsyncGenerator[Any, Any]):
    """An asynchronous generator, or any other asynchronous iterator, whose items are noted."""

    def __init__(self, generator: Any, yielding: Yielding) -> None:
        self._generator = generator
        self._iterator = generator.__aiter__()
        self._yielding = yielding

    def __aiter__(self) -> ObservedAsyncGenerator:
        """Be one itself."""
        return self

    def __anext__(self) -> Any:
        """Ask for the next item."""
        return self._step(self._iterator.__anext__)

    def asend(self, value: Any) -> Any:
        """Resume it with a value."""
        return self._step(self._iterator.asend, value)

    def athrow(self, *error: Any) -> Any:
        """Raise in it."""
        return self._step(self._iterator.athrow, *error)

    async def aclose(self) -> None:
        """End it; what it has yielded is its output."""
        close = getattr(self._iterator, "aclose", None)
        try:
            if close is not None:
                await Inside(close(), self._yielding)
        except BaseException as error:
            self._yielding.failed(error)
            raise
        self._yielding.done()

    def __del__(self) -> None:
        """End it: nobody asks for more."""
        self._yielding.done()

    async def _step(self, step: Callable[..., Awaitable[Any]], *args: Any) -> Any:
        yielding = self._yielding
        try:
            item = await Inside(step(*args), yielding)
        except StopAsyncIteration:
            yielding.done()
            raise
        except BaseException as error:
            yielding.failed(error)
            raise
        yielding.item(item)
        return item


class Inside:
    """An awaitable that is driven with the span in progress, and only then."""

    __slots__ = ("_steps", "_yielding")

    def __init__(self, awaitable: Awaitable[Any], yielding: Yielding) -> None:
        self._steps = awaitable.__await__()
        self._yielding = yielding

    def __await__(self) -> Inside:
        """Be its own steps."""
        return self

    def __iter__(self) -> Inside:
        """Be its own steps."""
        return self

    def __next__(self) -> Any:
        """Go on."""
        return self.send(None)

    def send(self, value: Any) -> Any:
        """Go on with a value."""
        entered = self._yielding.enter()
        try:
            send = getattr(self._steps, "send", None)
            # Iterators that are no generators, such as those of C, are only asked for the next.
            return next(self._steps) if send is None or value is None else send(value)
        finally:
            self._yielding.leave(entered)

    def throw(self, *error: Any) -> Any:
        """Raise in it, as whoever cancels its task does."""
        entered = self._yielding.enter()
        try:
            throw = getattr(self._steps, "throw", None)
            if throw is None:
                raise error[0] if isinstance(error[0], BaseException) else error[0](*error[1:2])
            return throw(*error)
        finally:
            self._yielding.leave(entered)

    def close(self) -> None:
        """Give it up."""
        entered = self._yielding.enter()
        try:
            close = getattr(self._steps, "close", None)
            if close is not None:
                close()
        finally:
            self._yielding.leave(entered)
