"""The cases, one module for each family or part of it; ``ALL`` has them by the folder of the corpus that they are for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from . import (
    anthropic_messages,
    bedrock_runtime,
    cohere_chat,
    gemini_generate,
    mistral_chat,
    ollama_chat,
    openai_chat,
)
from .case import Case

ALL: Final[Mapping[str, Sequence[Case]]] = {
    "anthropic": anthropic_messages.CASES,
    "bedrock": bedrock_runtime.CASES,
    "cohere": cohere_chat.CASES,
    "gemini": gemini_generate.GEMINI,
    "mistral": mistral_chat.CASES,
    "ollama": ollama_chat.CASES,
    "openai": openai_chat.CASES,
    "vertex": gemini_generate.VERTEX,
}
