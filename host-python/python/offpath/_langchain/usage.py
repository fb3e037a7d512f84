"""How many tokens a call of a model took, by the names that Langfuse has for them.

Each integration of LangChain tells them at another place and by other names. What comes out has ``input`` and ``output``
without the parts that are told beside them (``input_cache_read``, ``output_reasoning``, ...), so that each token is
counted, and charged for, once.

Sources:
    https://python.langchain.com/api_reference/core/messages/langchain_core.messages.ai.UsageMetadata.html
    https://platform.openai.com/docs/api-reference/chat/object
    https://docs.claude.com/en/api/messages
    https://cloud.google.com/vertex-ai/generative-ai/docs/reference/rest/v1/GenerateContentResponse
    https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeGuard

#: What integrations name the sums.
_SUMS: Final = {
    "input_tokens": "input",
    "output_tokens": "output",
    "total_tokens": "total",
    # OpenAI, and Bedrock's first chat API.
    "prompt_tokens": "input",
    "completion_tokens": "output",
    # Gemini.
    "prompt_token_count": "input",
    "candidates_token_count": "output",
    "total_token_count": "total",
    # Bedrock's invocation metrics.
    "inputTokenCount": "input",
    "outputTokenCount": "output",
    "totalTokenCount": "total",
    # watsonx.
    "input_token_count": "input",
    "generated_token_count": "output",
}

#: Where parts of a sum are told by kind, what they are parts of, and how the names of the kinds begin.
_PARTS: Final = {
    "input_token_details": ("input", "input_"),
    "output_token_details": ("output", "output_"),
    "prompt_tokens_details": ("input", "input_"),
    "completion_tokens_details": ("output", "output_"),
}

#: The same for lists of ``{"modality": ..., "token_count": ...}``.
_MODALITIES: Final = {
    "prompt_tokens_details": ("input", "input_modality_"),
    "candidates_tokens_details": ("output", "output_modality_"),
    "cache_tokens_details": ("input", "cached_modality_"),
}


def usage_of(response: Any) -> dict[str, int] | None:
    """Return what a response says of tokens; None if nothing.

    What a message or a generation says goes before what the whole response does: it is there for streams too.

    Args:
        response: an ``LLMResult``.
    """
    for told in _told_by(response):
        if isinstance(told, Mapping) and (counted := by_name(told)):
            return counted
    return None


def _told_by(response: Any) -> Iterator[Any]:
    """Yield where tokens may be told, the best place first."""
    for generations in reversed(response.generations):
        for generation in generations:
            info = generation.generation_info or {}
            yield info.get("usage_metadata")
            message = getattr(generation, "message", None)
            metadata = getattr(message, "response_metadata", None) or {}
            yield metadata.get("usage")
            yield metadata.get("amazon-bedrock-invocationMetrics")
            yield getattr(message, "usage_metadata", None)
            yield metadata.get("token_usage")
    output = response.llm_output or {}
    for key in ("token_usage", "usage"):
        told = output.get(key)
        # An object of the model's own client, as some integrations leave there.
        yield told if isinstance(told, Mapping) else getattr(told, "__dict__", None)


def by_name(told: Mapping[str, Any]) -> dict[str, int]:
    """Return these counts of an integration by Langfuse's names; empty if there are none."""
    counted: dict[str, int] = {}
    for key, value in told.items():
        name = _SUMS.get(key)
        if name is not None and isinstance(value, list):
            # Bedrock has one for each chunk of a stream.
            counted[name] = sum(each for each in value if _is_count(each))
        elif _is_count(value):
            counted[name or key] = value
    for key, (whole, prefix) in _PARTS.items():
        if isinstance(parts := told.get(key), Mapping):
            for kind, count in parts.items():
                if _is_count(count):
                    counted[prefix + kind] = count
                    # What was served with priority is told once more by what it was.
                    if kind != "priority" and not kind.startswith("priority_"):
                        _take(counted, whole, count)
    for key, (whole, prefix) in _MODALITIES.items():
        if isinstance(parts := told.get(key), list):
            _by_modality(counted, parts, whole, prefix)
    if isinstance(parts := told.get("cache_creation"), Mapping):
        # Anthropic tells what was written to its caches by how long it stays there.
        kept = {f"cache_creation_{kind}": count for kind, count in parts.items() if _is_count(count)}
        counted |= kept
        if sum(kept.values()):
            counted.setdefault("cache_creation_input_tokens", sum(kept.values()))
    return counted


def _by_modality(counted: dict[str, int], parts: list[Any], whole: str, prefix: str) -> None:
    for part in parts:
        if not isinstance(part, Mapping) or "modality" not in part:
            continue
        count = part.get("token_count")
        if _is_count(count):
            counted[f"{prefix}{part['modality']}"] = count
            _take(counted, whole, count)
            if prefix == "cached_modality_":
                _take(counted, f"input_modality_{part['modality']}", count)


def _is_count(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _take(counted: dict[str, int], name: str, count: int) -> None:
    if name in counted:
        counted[name] = max(0, counted[name] - count)
