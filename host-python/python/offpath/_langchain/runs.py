"""The runs that are in progress: which observation each is, whose child, and what is current around it.

LangChain tells of a run's begin and end where the run is, so a handler that runs inline can make its observation the
current one in between: what the app observes or calls in there becomes a child of it. Most runs end in the context that
they began in, in the order of their nesting. Those that do not:

- ``batch`` of a sequence begins all of its runs, one after another, in one context;
- a stream that is read in turns with another, or given up, or closed by the garbage collector in a context of its own;
- a stream that a web framework reads from a thread pool, each chunk in a new copy of the context;
- every asynchronous run: LangChain shields its end, in a task of its own.

So a run remembers what was current when it began, and at its end puts that back only if it is itself what is current.
Where the end comes in another context, the span says to whoever finds it in the old one that it was left.
"""

from __future__ import annotations

from contextvars import ContextVar, Token
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from langchain_core.runnables.config import var_child_runnable_config

from .. import current
from ..current import CURRENT, PROPAGATED

if TYPE_CHECKING:
    from .._offpath import Propagated, Span
    from ..current import InProgress

#: So many runs may be in progress at a time. Those that have no end are forgotten then, the oldest first.
MAX_RUNS: Final = 10_000


class Run:
    """A run that is in progress, and its observation."""

    __slots__ = (
        "before",
        "bridged",
        "ended",
        "interrupted",
        "kind",
        "outer",
        "parent",
        "prompt",
        "propagated",
        "propagated_before",
        "resumed_by",
        "root",
        "silent",
        "span",
        "token",
    )

    #: Tells the context that it was entered in from others.
    token: Token[InProgress | None]

    def __init__(self, kind: str, span: Span, parent: Run | None, propagated: Propagated | None) -> None:
        self.kind = kind
        self.span = span
        self.parent = parent
        self.root: Run = self if parent is None else parent.root
        #: What is said of all that begins inside of it.
        self.propagated = propagated
        #: What was current when it began, and what was said then of all that begins.
        self.before: InProgress | None = None
        self.propagated_before: Propagated | None = None
        #: The run whose span that is.
        self.outer: Run | None = None
        self.bridged: object = None
        self.ended = False
        #: Whether it is a generation that has said nothing yet.
        self.silent = False
        #: Langfuse's prompt that a model below will be called with.
        self.prompt: Any = None
        #: By what it is known when it is called again, if it is interrupted; and whether it is.
        self.resumed_by: str | None = None
        self.interrupted = False

    def is_below(self, other: Run) -> bool:
        """Return whether it is a part of the other run."""
        above = self.parent
        while above is not None and above is not other:
            above = above.parent
        return above is other

    def around(self) -> Run | None:
        """Step over the runs around it that have ended; return the one that it is in, if it is in one."""
        while (outer := self.outer) is not None and outer.ended:
            # What is stepped over once need not be held on to.
            self.before, self.propagated_before = outer.before, outer.propagated_before
            self.outer = outer.outer
        return outer


#: The run that this context has entered last.
_ENTERED: ContextVar[Run | None] = ContextVar("offpath_langchain_run", default=None)


class Runs:
    """The runs of one handler that are in progress. Any thread may begin and end them."""

    def __init__(self) -> None:
        self._runs: dict[UUID, Run] = {}

    def __len__(self) -> int:
        return len(self._runs)

    def get(self, run_id: UUID | None) -> Run | None:
        """Return the run of this id; None if it is not in progress here."""
        return None if run_id is None else self._runs.get(run_id)

    def pop(self, run_id: UUID) -> Run | None:
        """Take the run of this id, which ends."""
        return self._runs.pop(run_id, None)

    def add(self, run_id: UUID, run: Run) -> None:
        """Hold on to a run until it ends."""
        while len(self._runs) >= MAX_RUNS:
            try:
                # What nobody holds any more is written down as what it is: abandoned.
                self._runs.pop(next(iter(self._runs)), None)
            except (RuntimeError, StopIteration):
                break  # Another thread is at it.
        self._runs[run_id] = run

    def step_out(self) -> None:
        """Before a run that is nobody's child begins: leave runs that it is not a part of, though they are current."""
        entered = _entered()
        while entered is not None and not self._is_inside(entered):
            outer = entered.around()
            _put_back(entered)
            entered = outer

    def _is_inside(self, run: Run) -> bool:
        """Return whether what is done now in this context is a part of this run, which was entered in it."""
        if run.ended:
            return False
        if run.kind == "retriever":
            return True
        # LangChain knows: it tells the functions that it calls of the run that they are called for.
        config = var_child_runnable_config.get()
        callbacks = config.get("callbacks") if config else None
        return getattr(callbacks, "parent_run_id", None) in self._runs


def propagated_to(parent: Run) -> Propagated | None:
    """Return what is said of all that begins inside of a run: the context knows, unless it is another one by now."""
    entered = _ENTERED.get()
    return PROPAGATED.get() if entered is not None and entered.root is parent.root else parent.propagated


def enter(run: Run) -> None:
    """Make a run's observation the current one."""
    run.outer = _entered()
    run.before, run.propagated_before = CURRENT.get(), PROPAGATED.get()
    run.around()
    run.token = CURRENT.set(run.span)
    _ENTERED.set(run)
    if run.propagated is not run.propagated_before:
        PROPAGATED.set(run.propagated)
    if current.bridge is not None:
        run.bridged = current.bridge.enter(run.span)


def leave(run: Run) -> None:
    """Put back what was current before a run, if it, or a part of it, is what is current here.

    LangChain tells of the ends of asynchronous runs in tasks of their own, from where the context cannot be changed that
    they began in. So the span itself says that it was left, and for what, to whoever finds it there.
    """
    run.ended = True
    entered, now = _entered(), CURRENT.get()
    run.around()
    try:
        CURRENT.reset(run.token)
    except ValueError:
        run.span.leave(run.before)
        if run.propagated is not None and run.propagated is not run.propagated_before:
            run.propagated.leave(run.propagated_before)
    else:
        CURRENT.set(now)
    if entered is run or (entered is not None and entered.is_below(run)):
        _put_back(run)


def _entered() -> Run | None:
    """Return the run whose span is what is current."""
    entered = _ENTERED.get()
    return entered if entered is not None and entered.span is CURRENT.get() else None


def _put_back(run: Run) -> None:
    CURRENT.set(run.before)
    PROPAGATED.set(run.propagated_before)
    _ENTERED.set(run.outer)
    token, run.bridged = run.bridged, None
    if token is not None and current.bridge is not None:
        current.bridge.leave(token)
