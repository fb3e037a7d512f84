"""``propagate_attributes``: whose a trace is, said once for all spans within; and how a trace goes on elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from . import current, tracer
from ._native import AVAILABLE, Remote, Span, logger, native
from .current import CURRENT, PROPAGATED

if TYPE_CHECKING:
    from ._offpath import Said

#: Longest value, in characters, and what an environment is made of: Langfuse's limits
#: (https://langfuse.com/docs/observability/features/sessions, …/environments).
LONGEST = 200
_ENVIRONMENT = re.compile(r"(?!langfuse)[a-z0-9_-]{1,40}")
#: https://www.w3.org/TR/trace-context/#traceparent-header
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_BAGGAGE = "langfuse_"


@contextmanager
def propagate_attributes(
    *,
    user_id: str | None = None,
    session_id: str | None = None,
    metadata: dict[str, Any] | None = None,
    version: str | None = None,
    tags: list[str] | None = None,
    trace_name: str | None = None,
    environment: str | None = None,
    prompt: Any = None,
    as_baggage: bool = False,
) -> Iterator[None]:
    """Say of the span in progress, and of all that begin within, whose they are.

    Args:
        user_id: at most 200 characters, as session_id, version and trace_name.
        session_id: what belongs together, such as a conversation.
        version: of what the spans within are a part of.
        trace_name: what the trace is called.
        metadata: of the trace; members are added to what is said further out.
        tags: added to what is said further out.
        environment: at most 40 of ``a-z 0-9 _ -``, not beginning with ``langfuse``.
        prompt: a managed prompt, or anything with a ``name`` and a ``version``; generations within are linked to it.
        as_baggage: taken for the official SDK's sake. To other services it goes by :func:`trace_headers` alone.

    What is of another form is left out, and a warning is logged. The exchange in progress, the whole of a request, takes
    user, session, tags and name where it has none yet.
    """
    said = _said(
        user_id=user_id,
        session_id=session_id,
        version=version,
        tags=tags,
        trace_name=trace_name,
        environment=environment,
        prompt=prompt,
    )
    tracing = tracer.current()
    if tracing is None:
        yield
        return
    before, progress = PROPAGATED.get(), current.in_progress()
    members = metadata if isinstance(metadata, dict) else None
    within = tracing.propagate(said, progress, before, members)
    if within is None:
        yield
        return
    if isinstance(progress, Span):
        progress.propagate(within)
    token = PROPAGATED.set(within)
    try:
        yield
    finally:
        current.leave(PROPAGATED, token, before)


def traceparent() -> str | None:
    """Return the W3C ``traceparent`` of what is in progress, or None: to hand on to what this library does not reach."""
    place = native.place(current.innermost()) if AVAILABLE else None
    if place is None:
        return None
    trace_id, span_id, flags = place
    return f"00-{trace_id:032x}-{span_id:016x}-{flags & 1:02x}" if span_id else None


def trace_headers(headers: MutableMapping[str, str] | None = None) -> MutableMapping[str, str]:
    """Return headers, or add them, by which another service or a worker's task goes on with the trace in progress.

    They are ``traceparent``, and ``baggage`` (https://www.w3.org/TR/baggage/) with what ``propagate_attributes`` says, but
    for metadata. Whoever gets them sees user and session: hand them to nobody else than yourself.
    """
    headers = {} if headers is None else headers
    parent = traceparent()
    if parent is not None:
        headers["traceparent"] = parent
    propagated = PROPAGATED.get()
    entries = propagated.baggage() if propagated is not None else []
    if entries:
        headers["baggage"] = ",".join(f"{name}={quote(value, safe='')}" for name, value in entries)
    return headers


@contextmanager
def continue_trace(headers: Mapping[str, str] | str | None) -> Iterator[None]:
    """Go on with a trace that began elsewhere: spans within become a part of it.

    Args:
        headers: what :func:`trace_headers` gave there, or the value of a ``traceparent`` alone. What is neither begins a
            trace of its own.
    """
    lower = _lower(headers)
    place = parse_traceparent(lower.get("traceparent"))
    if place is None or not AVAILABLE:
        yield
        return
    before = CURRENT.get()
    token = CURRENT.set(Remote(*place))
    entered = current.bridge.enter(CURRENT.get()) if current.bridge is not None else None
    try:
        with propagate_attributes(**_from_baggage(lower.get("baggage"))):
            yield
    finally:
        if current.bridge is not None and entered is not None:
            current.bridge.leave(entered)
        current.leave(CURRENT, token, before)


def _lower(headers: Any) -> dict[str, Any]:
    if isinstance(headers, str):
        return {"traceparent": headers}
    try:
        return {str(name).lower(): value for name, value in headers.items()} if headers is not None else {}
    except Exception:  # noqa: BLE001 - they may be of any type
        return {}


def parse_traceparent(value: object) -> tuple[int, int, int] | None:
    """Return trace id, span id and flags of a ``traceparent``; None if it is none."""
    found = _TRACEPARENT.fullmatch(value.strip().lower()) if isinstance(value, str) else None
    if found is None:
        return None
    trace_id, span_id, flags = (int(part, 16) for part in found.group(1, 2, 3))
    return (trace_id, span_id, flags) if trace_id and span_id else None


def prompt_link(prompt: Any) -> tuple[str, int] | None:
    """Return name and version of a managed prompt; None if there is nothing to link to."""
    if prompt is None:
        return None
    names = ("name", "version", "is_fallback")
    is_mapping = isinstance(prompt, Mapping)
    try:
        name, version, is_fallback = (
            prompt.get(key) if is_mapping else getattr(prompt, key, None) for key in names
        )
    except Exception:  # noqa: BLE001 - it may be of any type
        return None
    if isinstance(version, str) and version.isdigit():
        version = int(version)
    if is_fallback or not isinstance(name, str) or not name:
        return None
    if not isinstance(version, int) or isinstance(version, bool) or not 0 <= version < 1 << 32:
        return None
    return whole_characters(name[:LONGEST]), version


def text_within_limits(name: str, value: Any) -> str | None:
    """Return a text that Langfuse takes; None, and a warning, for what is none."""
    if value is None:
        return None
    if isinstance(value, str) and len(value) <= LONGEST:
        return whole_characters(value)
    logger.warning("offpath: %s: must be a string of at most %d characters; it is left out", name, LONGEST)
    return None


def whole_characters(text: str) -> str:
    """Return it without halves of surrogate pairs, which UTF-8 does not have."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode(errors="replace").decode()
    return text


def _said(*, tags: Any, environment: Any, prompt: Any, **texts: Any) -> Said:
    said: Any = {name: text_within_limits(name, value) for name, value in texts.items()}
    if isinstance(tags, str):
        tags = [tags]
    elif tags is not None and not isinstance(tags, (list, tuple, set, frozenset)):
        logger.warning("offpath: tags: must be a list of strings; they are left out")
        tags = None
    checked = [text_within_limits("tags", tag) for tag in tags or ()]
    said["tags"] = [tag for tag in checked if tag is not None]
    if environment is not None and not (isinstance(environment, str) and _ENVIRONMENT.fullmatch(environment)):
        logger.warning(
            'offpath: environment: must be at most 40 of a-z, 0-9, "_" and "-", and not begin with "langfuse"; '
            "it is left out"
        )
        environment = None
    said["environment"] = environment
    said["prompt"] = prompt_link(prompt)
    if prompt is not None and said["prompt"] is None:
        logger.debug("offpath: prompt: has no name and version that could be linked to")
    return said  # type: ignore[no-any-return]


def said_of_trace(**texts: Any) -> Said:
    """Return what ``update_current_trace`` says, in the same form and within the same limits."""
    return _said(environment=None, prompt=None, **texts)


def _from_baggage(baggage: Any) -> dict[str, Any]:
    entries: dict[str, Any] = {}
    for entry in baggage.split(",") if isinstance(baggage, str) else ():
        name, separator, value = entry.split(";")[0].partition("=")
        if separator and name.strip().startswith(_BAGGAGE):
            entries[name.strip().removeprefix(_BAGGAGE)] = unquote(value.strip())
    names = ("user_id", "session_id", "trace_name", "version", "environment")
    said = {name: entries[name] for name in names if name in entries}
    if "tags" in entries:
        said["tags"] = entries["tags"].split(",")
    if "prompt_name" in entries:
        said["prompt"] = {"name": entries["prompt_name"], "version": entries.get("prompt_version")}
    return said
