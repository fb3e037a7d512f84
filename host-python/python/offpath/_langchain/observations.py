"""The observations of runs: how they begin below what they belong to, and how they end.

It uses the native spans themselves: a run is told in three calls.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from .. import tracer
from .._native import Span
from ..client import _within as place_of
from ..current import PROPAGATED, in_progress, innermost
from ..observation import Observation
from . import resuming, trace
from .runs import Run, Runs, enter, leave, propagated_to

if TYPE_CHECKING:
    from typing import TypeAlias

    from .._offpath import Propagated, Said, Tracer

    #: Tokens, cost and model of a generation.
    Generation: TypeAlias = tuple[dict[str, int] | None, Mapping[str, float] | None, str | None]

#: LangChain marks runs with it that are its own business.
_HIDDEN: Final = "langsmith:hidden"


class Observations:
    """The observations of one handler's runs.

    Args:
        trace_context: the trace, and the parent in it, of runs that are not part of another; None: what is in progress.
        update_trace: whether the trace has the input and output of such a run too.
    """

    def __init__(self, trace_context: Mapping[str, str] | None, *, update_trace: bool) -> None:
        self.runs = Runs()
        self.last_trace_id: str | None = None
        self._trace_context = dict(trace_context) if trace_context else None
        self._update_trace = update_trace
        self._interrupted = resuming.Interrupted()

    def begin(
        self, kind: str, run_id: UUID, parent_run_id: UUID | None, told: Mapping[str, Any], **said: Any
    ) -> Run | None:
        """Begin a run's observation, and make it the current one; None where nothing is recorded.

        Args:
            kind: the type of the observation.
            run_id: the run.
            parent_run_id: the one that it is a part of; None if it is nobody's child.
            told: what else LangChain tells of it.
            **said: its name and its input.
        """
        tracing = tracer.current()
        if tracing is None:
            return None
        name, asked = said["name"], said["input"]
        tags, metadata = told.get("tags"), told.get("metadata")
        is_root = parent_run_id is None
        parent = self.runs.get(parent_run_id)
        if parent is not None:
            propagated = propagated_to(parent)
            span = tracing.begin(name, kind, parent.span, propagated)
        else:
            self.runs.step_out()
            of_trace = trace.said_of(kind, metadata, tags) if is_root else None
            propagated = PROPAGATED.get() if of_trace is None else _propagate(tracing, *of_trace)
            span = tracing.begin(name, kind, self._within(metadata, asked), propagated)
        if span is None:
            return None
        is_hidden = kind != "generation" and tags is not None and _HIDDEN in tags
        shown = trace.metadata_of(kind, metadata, tags, is_root=is_root)
        span.update(None, asked, None, shown, None, "DEBUG" if is_hidden else None)
        run = Run(kind, span, parent, propagated)
        if parent is None:
            self.last_trace_id = span.trace_id
            run.resumed_by = resuming.key_of(metadata)
            if self._update_trace:
                Observation(span).update_trace(name=name, input=asked)
        self.runs.add(run_id, run)
        enter(run)
        return run

    def _within(self, metadata: Mapping[str, Any] | None, asked: Any) -> Any:
        """Return what a run begins within that is not a part of another: the place that is given, or what is current."""
        if self._trace_context is not None:
            return place_of(self._trace_context)
        if (current := innermost()) is not None:
            return current
        key = resuming.key_of(metadata)
        return None if key is None else self._interrupted.take(key, asked)

    def end(
        self, run_id: UUID, told: Mapping[str, Any], generation: Generation | None = None, **said: Any
    ) -> None:
        """End a run's observation, and put back what was current before it. A run that is not known has none.

        Args:
            run_id: the run.
            told: what else LangChain tells of its end. ``inputs`` are those of a stream, which were not known at its begin.
            generation: what there is to say of a model.
            **said: what else there is to say of it.
        """
        run = self.runs.pop(run_id)
        if run is None:
            return
        leave(run)
        span = run.span
        if generation is not None:
            usage, cost, model = generation
            span.update_generation(None, model, None, usage, cost)
        span.update(input=told.get("inputs"), **said)
        if run.parent is None and self._update_trace:
            Observation(span).update_trace(output=said.get("output"))
        if run.interrupted and run.resumed_by is not None:
            self._interrupted.add(run.resumed_by, span)
        span.end()

    def fail(
        self,
        run_id: UUID,
        error: BaseException,
        told: Mapping[str, Any],
        generation: Generation | None = None,
        **said: Any,
    ) -> None:
        """End a run's observation that raised. The arguments are those of :meth:`end`, and what it raised."""
        level = "ERROR"
        if isinstance(error, GeneratorExit):
            # A reader who has had enough of a stream closes it.
            level = "DEFAULT"
        elif resuming.is_control_flow(error):
            level = "DEFAULT"
            if (run := self.runs.get(run_id)) is not None:
                run.root.interrupted = True
        self.end(run_id, told, generation, level=level, status_message=_told_by(error), **said)


def _propagate(tracing: Tracer, said: Said, metadata: Mapping[str, Any] | None) -> Propagated | None:
    """Have this be said of all that begins within, and of what is around, as ``propagate_attributes`` does."""
    around, current = PROPAGATED.get(), in_progress()
    propagated = tracing.propagate(said, current, around, metadata)
    if propagated is not None and isinstance(current, Span):
        current.propagate(propagated)
    return propagated


def _told_by(error: BaseException) -> str:
    """Return what an exception says, or else what it is."""
    try:
        return str(error) or type(error).__name__
    except Exception:  # noqa: BLE001 - it is the app's own
        return type(error).__name__
