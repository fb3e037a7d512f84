"""What a call of a model says of the model: its name, and the parameters that it is called with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

#: What integrations name it, in what they are called with and in what they were made of.
_NAMES: Final = (
    "model_name",
    "model",
    "model_id",
    "azure_deployment",
    "deployment_name",
    "model_path",
    "model_uid",
)
_IN_REPR: Final = re.compile(r"\b(?:model_name|model|model_id|model_uid)='([^']+)'")

#: The parameters that change what a model answers. The rest, such as names of deployments and ways to retry, does not.
_PARAMETERS: Final = (
    "temperature",
    "max_tokens",
    "max_completion_tokens",
    "top_p",
    "frequency_penalty",
    "presence_penalty",
    "request_timeout",
    "decoding_method",
    "min_new_tokens",
    "max_new_tokens",
    "stop_sequences",
    "top_k",
    "seed",
    "stop",
    "reasoning_effort",
)


def name_of(
    serialized: Mapping[str, Any] | None, metadata: Mapping[str, Any] | None, invocation: Mapping[str, Any]
) -> str | None:
    """Return the name of the model that is called; None if nothing tells it.

    Args:
        serialized: what LangChain says of the object that calls it.
        metadata: of the run. Integrations of LangChain 0.3 and later tell the name there.
        invocation: what the model is called with.
    """
    if metadata and (name := metadata.get("ls_model_name")):
        return str(name)
    made_of = (serialized or {}).get("kwargs")
    for source in (invocation, made_of):
        if isinstance(source, Mapping):
            for key in _NAMES:
                if isinstance(name := source.get(key), str) and name:
                    return name
    shown = (serialized or {}).get("repr")
    found = _IN_REPR.search(shown) if isinstance(shown, str) else None
    return found[1] if found else None


def answered_by(response: Any) -> str | None:
    """Return the name that a response (an ``LLMResult``) has for the model; None if it has none."""
    name = (response.llm_output or {}).get("model_name")
    return str(name) if name else None


def parameters_of(invocation: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters that a model is called with."""
    # watsonx has them one level down.
    nested = invocation.get("params")
    given = {**invocation, **nested} if isinstance(nested, Mapping) else invocation
    return {name: value for name in _PARAMETERS if (value := given.get(name)) is not None}
