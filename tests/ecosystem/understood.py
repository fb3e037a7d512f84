"""What Langfuse would read in a span: which attribute it takes for what, the first that is there.

Sources: ``OtelIngestionProcessor.ts`` and ``attributes.ts`` in ``packages/shared/src/server/otel`` of
https://github.com/langfuse/langfuse, whose keys these are. Only what the scenarios use is here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

Span = Mapping[str, Any]
Understood = dict[str, Any]

#: Of what names no environment.
ENVIRONMENT: Final = "default"
_ERROR: Final = 2
_NAMESPACES: Final = ("langfuse.observation.metadata", "langfuse.trace.metadata", "langfuse.metadata")


def understood(span: Span) -> Understood:
    """Return what Langfuse would have as an observation: what is not told is not there."""
    attributes = span["attributes"]
    metadata = _metadata(span)

    def first(*keys: str) -> Any:
        return next((attributes[key] for key in keys if attributes.get(key) not in (None, "")), None)

    failed = span["status"]["code"] == _ERROR
    observation = {
        "type": first("langfuse.observation.type") or "span",
        "name": span["name"],
        "trace_name": first("langfuse.trace.name"),
        "input": parsed(first("langfuse.observation.input")),
        "output": parsed(first("langfuse.observation.output")),
        "level": first("langfuse.observation.level") or ("ERROR" if failed else "DEFAULT"),
        "status_message": first("langfuse.observation.status_message") or span["status"]["message"] or None,
        "model": first("langfuse.observation.model.name"),
        "model_parameters": parsed(first("langfuse.observation.model.parameters")),
        "usage": _usage(parsed(first("langfuse.observation.usage_details"))),
        "cost": parsed(first("langfuse.observation.cost_details")),
        "prompt": first("langfuse.observation.prompt.name", "langfuse.prompt.name"),
        "prompt_version": first("langfuse.observation.prompt.version", "langfuse.prompt.version"),
        "first_token": first("langfuse.observation.completion_start_time") is not None or None,
        "user": first("langfuse.user.id", "user.id") or metadata.get("langfuse_user_id"),
        "session": first("langfuse.session.id", "session.id") or metadata.get("langfuse_session_id"),
        "tags": sorted(first("langfuse.trace.tags", "langfuse.tags") or metadata.get("langfuse_tags") or []),
        "version": first("langfuse.version") or span["resource"].get("service.version"),
        "release": first("langfuse.release") or span["resource"].get("langfuse.release"),
        "environment": first("langfuse.environment", "deployment.environment.name")
        or span["resource"].get("langfuse.environment")
        or span["resource"].get("deployment.environment.name")
        or ENVIRONMENT,
        "public": first("langfuse.trace.public", "langfuse.public"),
        "metadata": metadata,
    }
    return {key: value for key, value in observation.items() if value not in (None, [], {})}


def _metadata(span: Span) -> dict[str, Any]:
    """Return what is told as metadata of the observation and of its trace."""
    told: dict[str, Any] = {}
    # Version 5 of the SDK tells all of it as JSON, and Langfuse knows.
    as_json = span["scope"]["name"].startswith("langfuse-sdk")
    for namespace in reversed(_NAMESPACES):
        whole = parsed(span["attributes"].get(namespace))
        told |= whole if isinstance(whole, dict) else {}
        for key, value in span["attributes"].items():
            if key.startswith(f"{namespace}."):
                name = key.removeprefix(f"{namespace}.")
                told[name] = parsed(value) if as_json else _structured(value)
    return told


def parsed(text: Any) -> Any:
    """Return what a text says in JSON; the text, if it is none."""
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _structured(text: Any) -> Any:
    """Return what a text says in JSON, if that is more than a text."""
    value = parsed(text)
    return text if isinstance(value, str) else value


def _usage(told: Any) -> Any:
    """Return counts by Langfuse's names, which it gives those in OpenAI's form, if they are all that there is."""
    plain = {"prompt_tokens", "completion_tokens", "total_tokens"}
    details = {"prompt_tokens_details", "completion_tokens_details"}
    if not isinstance(told, dict) or not plain <= told.keys() <= plain | details:
        return told
    counted = {
        "input": told["prompt_tokens"],
        "output": told["completion_tokens"],
        "total": told["total_tokens"],
    }
    for key, whole in (("prompt_tokens_details", "input"), ("completion_tokens_details", "output")):
        for kind, count in (told.get(key) or {}).items():
            if isinstance(count, int):
                counted[f"{whole}_{kind}"] = count
                counted[whole] = max(0, counted[whole] - count)
    return counted
