"""The client: ``get_client()`` and ``Langfuse(…)``, with the methods that Langfuse's SDK has for spans and scores.

docs/spans.md says of each public name of the official SDK whether it is the same here, differs, or is not here. Of those
that v3 and v4 had, what they did is done by their successors.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from datetime import datetime
from typing import Any

from . import process, tracer
from ._native import AVAILABLE, Remote, Span, logger, native
from .current import innermost
from .observation import Entering, Observation, begin
from .propagation import prompt_link, said_of_trace
from .scores import score

#: The one that was made last; empty: none was.
_clients: list[Langfuse] = []
_public_keys: set[str] = set()

#: What the exporter is configured with instead, and what there is nothing to configure of: it changes nothing here.
_OF_THE_EXPORTER = (
    "secret_key",
    "base_url",
    "host",
    "timeout",
    "httpx_client",
    "debug",
    "flush_at",
    "flush_interval",
    "media_upload_thread_count",
    "mask_otel_spans",
    "should_export_span",
    "blocked_instrumentation_scopes",
    "additional_headers",
    "tracer_provider",
    "id_generator",
    "span_exporter",
    "otel_compression",
)


def get_client(*, public_key: str | None = None) -> Langfuse:
    """Return the client, made if there is none. ``public_key`` says nothing: whose project it is, the exporter knows."""
    return _clients[0] if _clients else Langfuse(public_key=public_key)


class Langfuse:
    """Tells what the app does, into shared memory, from which the exporter takes it.

    Args:
        environment, release: in the place of ``[service]``; default ``LANGFUSE_TRACING_ENVIRONMENT``, ``LANGFUSE_RELEASE``.
        sample_rate: from 0 to 1, by the trace's id; default ``LANGFUSE_SAMPLE_RATE``, then ``[spans] sample``.
        mask: a function that is called with ``data=`` for all input, output and metadata; what it returns is kept.
        tracing_enabled: False: nothing is recorded. Default ``LANGFUSE_TRACING_ENABLED``.

    It takes the other arguments of the official SDK, too: where and how things are sent is the exporter's configuration.
    There is one of it in a process; what is said when another is made holds for both.
    """

    def __init__(
        self,
        *,
        public_key: str | None = None,
        tracing_enabled: bool | None = None,
        environment: str | None = None,
        release: str | None = None,
        sample_rate: float | None = None,
        mask: Any = None,
        **of_the_exporter: Any,
    ) -> None:
        unknown = sorted(set(of_the_exporter) - set(_OF_THE_EXPORTER))
        if unknown:
            raise TypeError(f"Langfuse() got unexpected arguments: {', '.join(unknown)}")
        said = {
            "tracing_enabled": tracing_enabled,
            "environment": environment,
            "release": release,
            "sample_rate": sample_rate,
            "mask": mask,
        }
        if any(value is not None for value in said.values()):
            tracer.configure(**said)
        if public_key:
            _public_keys.add(public_key)
            if len(_public_keys) == 2:
                logger.warning(
                    "offpath: clients of two projects were made, and all spans go wherever the exporter sends them; to keep "
                    "projects apart, use the official SDK with offpath.langfuse.tracer_provider()"
                )
        _clients[:] = [self]

    def start_observation(
        self, *, name: str, as_type: str = "span", trace_context: dict[str, str] | None = None, **said: Any
    ) -> Observation:
        """Begin an observation within what is in progress, or within ``trace_context``. It has to be ended.

        Args:
            name: what it is called.
            as_type: one of the ten types of Langfuse.
            trace_context: ``trace_id``, and maybe ``parent_span_id``, of a trace that began elsewhere.
            said: as :meth:`Observation.update`.
        """
        if as_type == "event":
            return self.create_event(name=name, trace_context=trace_context, **said)
        return begin(name, as_type, _within(trace_context), said)

    def start_as_current_observation(
        self,
        *,
        name: str,
        as_type: str = "span",
        trace_context: dict[str, str] | None = None,
        end_on_exit: bool | None = None,
        **said: Any,
    ) -> Entering:
        """Begin an observation that is in progress within the ``with``, and ends with it unless ``end_on_exit`` is False."""
        return Entering(lambda: begin(name, as_type, _within(trace_context), said), end_on_exit)

    def create_event(
        self, *, name: str, trace_context: dict[str, str] | None = None, **said: Any
    ) -> Observation:
        """Note something that took no time."""
        return begin(name, "event", _within(trace_context), said).end()

    def update_current_span(
        self,
        *,
        name: str | None = None,
        input: Any = None,
        output: Any = None,
        metadata: Any = None,
        version: str | None = None,
        level: str | None = None,
        status_message: str | None = None,
    ) -> None:
        """Say more of the observation in progress; nothing happens if there is none."""
        span = innermost()
        if isinstance(span, Span):
            span.update(name, input, output, metadata, version, level, status_message)

    def update_current_generation(
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
    ) -> None:
        """Say more of the observation in progress, and of what a model did in it; nothing happens if there is none."""
        span = innermost()
        if isinstance(span, Span):
            span.update(name, input, output, metadata, version, level, status_message)
            span.update_generation(
                completion_start_time,
                model,
                model_parameters,
                usage_details,
                cost_details,
                prompt_link(prompt),
            )

    def update_current_trace(
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
    ) -> None:
        """Say of the trace in progress whose it is and what it is called, as in v3; now ``propagate_attributes`` does."""
        span = innermost()
        if isinstance(span, Span):
            Observation(span).update_trace(
                name=name,
                user_id=user_id,
                session_id=session_id,
                version=version,
                input=input,
                output=output,
                metadata=metadata,
                tags=tags,
                public=public,
            )
        elif span is not None and AVAILABLE:
            # Of a request that no span is in yet.
            said = said_of_trace(
                trace_name=name, user_id=user_id, session_id=session_id, version=version, tags=tags
            )
            tracing = tracer.current()
            if tracing is not None:
                tracing.tell(said, span, metadata, bool(public))

    def set_current_trace_as_public(self) -> None:
        """Have everyone see the trace in progress who has a link to it."""
        self.update_current_trace(public=True)

    def set_current_trace_io(self, *, input: Any = None, output: Any = None) -> None:
        """Say what went into the trace and came out of it, as in v4: of the observation in progress."""
        self.update_current_span(input=input, output=output)

    def create_score(self, *, name: str, value: float | str, **said: Any) -> None:
        """Judge a trace (``trace_id``), one of its observations (``observation_id``, too), or a session (``session_id``).

        Args:
            name: what is judged.
            value: a number; a text of a category; of a ``BOOLEAN`` score 0 or 1.
            said: ``data_type`` (``NUMERIC``, ``CATEGORICAL``, ``BOOLEAN``, ``TEXT``; default by the value), ``comment``,
                ``config_id``, ``score_id``, ``metadata``, ``timestamp``, ``environment``.
        """
        score(name=name, value=value, **said)

    def score_current_span(self, *, name: str, value: float | str, **said: Any) -> None:
        """Judge the observation in progress; nothing happens if there is none."""
        span = innermost()
        if isinstance(span, Span):
            Observation(span).score(name=name, value=value, **said)
            return
        trace_id, observation_id = self.get_current_trace_id(), self.get_current_observation_id()
        if trace_id is not None and observation_id is not None:
            score(name=name, value=value, trace_id=trace_id, observation_id=observation_id, **said)

    def score_current_trace(self, *, name: str, value: float | str, **said: Any) -> None:
        """Judge the trace in progress; nothing happens if there is none."""
        span = innermost()
        if isinstance(span, Span):
            Observation(span).score_trace(name=name, value=value, **said)
            return
        trace_id = self.get_current_trace_id()
        if trace_id is not None:
            score(name=name, value=value, trace_id=trace_id, **said)

    @staticmethod
    def create_trace_id(*, seed: str | None = None) -> str:
        """Return a trace id: another each time, or always the same one of a seed."""
        return secrets.token_hex(16) if seed is None else hashlib.sha256(seed.encode()).digest()[:16].hex()

    @staticmethod
    def create_observation_id(*, seed: str | None = None) -> str:
        """Return an observation id: another each time, or always the same one of a seed."""
        return secrets.token_hex(8) if seed is None else hashlib.sha256(seed.encode()).digest()[:8].hex()

    def get_current_trace_id(self) -> str | None:
        """Return the id of the trace in progress, 32 hexadecimal digits; None if there is none."""
        place = native.place(innermost()) if AVAILABLE else None
        return f"{place[0]:032x}" if place is not None else None

    def get_current_observation_id(self) -> str | None:
        """Return the id of the observation or the exchange in progress, 16 hexadecimal digits; None if there is none."""
        place = native.place(innermost()) if AVAILABLE else None
        return f"{place[1]:016x}" if place is not None and place[1] else None

    def get_trace_url(self, *, trace_id: str | None = None) -> str | None:
        """Return where Langfuse shows a trace; None without one, or without ``LANGFUSE_BASE_URL`` (or ``LANGFUSE_HOST``).

        It asks nobody, so it does not know the project; Langfuse leads on from there.
        """
        trace_id = trace_id or self.get_current_trace_id()
        base = os.environ.get("LANGFUSE_BASE_URL") or os.environ.get("LANGFUSE_HOST")
        return f"{base.rstrip('/')}/trace/{trace_id}" if trace_id and base else None

    def auth_check(self) -> bool:
        """Return whether an exporter reads what is told. Keys are the exporter's, and ``offpath check`` looks at them."""
        status = process.status()
        return bool(status) and status.get("exporter_seen") is not None

    def flush(self) -> None:
        """Wait until the exporter has taken what was told, at most five seconds. There is no need to: it is not lost."""
        process.flush()

    def shutdown(self) -> None:
        """The same. The ring stays open for what else is recorded; it ends with the process."""
        process.flush()

    def start_span(
        self, *, name: str, trace_context: dict[str, str] | None = None, **said: Any
    ) -> Observation:
        """Begin a span, as in v3."""
        return self.start_observation(name=name, as_type="span", trace_context=trace_context, **said)

    def start_generation(
        self, *, name: str, trace_context: dict[str, str] | None = None, **said: Any
    ) -> Observation:
        """Begin a generation, as in v3."""
        return self.start_observation(name=name, as_type="generation", trace_context=trace_context, **said)

    def start_as_current_span(self, *, name: str, **said: Any) -> Entering:
        """Begin a span that is in progress within the ``with``, as in v3."""
        return self.start_as_current_observation(name=name, as_type="span", **said)

    def start_as_current_generation(self, *, name: str, **said: Any) -> Entering:
        """Begin a generation that is in progress within the ``with``, as in v3."""
        return self.start_as_current_observation(name=name, as_type="generation", **said)

    def __getattr__(self, name: str) -> Any:
        """Say of what is not here where it is."""
        if name in _OF_THE_OFFICIAL_SDK:
            raise AttributeError(
                f"{name}: prompts, datasets and experiments stay with the official SDK, beside this one: "
                f"langfuse.Langfuse(tracer_provider=offpath.langfuse.tracer_provider()).{name}"
            )
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")


_OF_THE_OFFICIAL_SDK = frozenset(
    {
        "api",
        "async_api",
        "clear_prompt_cache",
        "create_dataset",
        "create_dataset_item",
        "create_prompt",
        "delete_dataset_run",
        "get_dataset",
        "get_dataset_run",
        "get_dataset_runs",
        "get_prompt",
        "resolve_media_references",
        "run_batched_evaluation",
        "run_experiment",
        "update_prompt",
    }
)


def _within(trace_context: dict[str, str] | None) -> Any:
    """Return what an observation begins within: the place that a trace context names, or what is in progress."""
    if trace_context is None or not AVAILABLE:
        return innermost()
    try:
        trace_id, span_id = trace_context.get("trace_id"), trace_context.get("parent_span_id")
        if trace_id is None or len(trace_id) != 32:
            raise ValueError(trace_id)
        span = int(span_id, 16) if span_id and len(span_id) == 16 else 0
        return Remote(int(trace_id, 16), span)
    except Exception:  # noqa: BLE001 - it may be of any type
        logger.warning(
            "offpath: trace_context: trace_id must be 32 hexadecimal digits; a trace of its own begins"
        )
        return innermost()
