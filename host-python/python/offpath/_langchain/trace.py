"""What the metadata and tags of a run say of its trace, and what is left as metadata of its observation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from ..propagation import said_of_trace

if TYPE_CHECKING:
    from .._offpath import Said

#: What metadata says of the trace, by the names that Langfuse's handler has for it.
_OF_TRACE: Final = ("langfuse_session_id", "langfuse_user_id", "langfuse_tags", "langfuse_trace_name")
_PROMPT: Final = "langfuse_prompt"
_TAKEN: Final = frozenset((*_OF_TRACE, _PROMPT))


def metadata_of(
    kind: str, metadata: Mapping[str, Any] | None, tags: Sequence[str] | None, *, is_root: bool
) -> dict[str, Any] | None:
    """Return what is told of a run as its observation's metadata; None if nothing."""
    told: dict[str, Any] = {"tags": tags} if tags else {}
    if metadata:
        told.update(metadata)
        # A generation that is no part of a chain tells of its trace only here.
        for name in (_PROMPT,) if is_root and kind == "generation" else _TAKEN:
            told.pop(name, None)
    if is_root:
        told["is_langchain_root"] = True
    return told or None


def said_of(
    kind: str, metadata: Mapping[str, Any] | None, tags: Sequence[str] | None
) -> tuple[Said, dict[str, Any] | None] | None:
    """Return what a run that is nobody's child says of its trace, and metadata of that; None if it says nothing."""
    is_chain = kind in ("chain", "agent")
    given = list(tags or ()) if is_chain else []
    rest: dict[str, Any] = {}
    told: dict[str, str] = {}
    if metadata:
        for key, name in (
            ("langfuse_session_id", "session_id"),
            ("langfuse_user_id", "user_id"),
            ("langfuse_trace_name", "trace_name"),
        ):
            if isinstance(value := metadata.get(key), str):
                told[name] = value
        if isinstance(more := metadata.get("langfuse_tags"), list):
            given = [*more, *given]
        if is_chain:
            rest = {key: value for key, value in metadata.items() if key not in _TAKEN}
    if not (told or given or rest):
        return None
    names = ("user_id", "session_id", "trace_name", "version")
    texts = {name: told.get(name) for name in names}
    return said_of_trace(tags=list(map(str, given)), **texts), rest or None
