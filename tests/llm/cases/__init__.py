"""The cases, one module for each family or part of it; ``ALL`` has them by the folder of the corpus that they are for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from . import (
    anthropic_messages,
    bedrock_runtime,
    cohere_chat,
    compatible,
    endings,
    errors,
    gemini_generate,
    mistral_chat,
    ollama_chat,
    openai_chat,
    openai_rest,
    openai_wire,
    plain_http,
)
from .case import Case

ALL: Final[Mapping[str, Sequence[Case]]] = {
    "anthropic": [*anthropic_messages.CASES, *endings.ANTHROPIC, *errors.ANTHROPIC],
    "azure": compatible.AZURE,
    "bedrock": [*bedrock_runtime.CASES, *endings.BEDROCK, *errors.BEDROCK],
    "cohere": [*cohere_chat.CASES, *endings.COHERE, *errors.COHERE],
    "compatible": compatible.COMPATIBLE,
    "gemini": [*gemini_generate.GEMINI, *endings.GEMINI, *errors.GEMINI],
    "mistral": [*mistral_chat.CASES, *endings.MISTRAL, *errors.MISTRAL],
    "ollama": [*ollama_chat.CASES, *endings.OLLAMA, *errors.OLLAMA],
    "openai": [*openai_chat.CASES, *openai_wire.CASES],
    "openai-other": openai_rest.OTHER,
    "openai-responses": openai_rest.RESPONSES,
    "openrouter": compatible.OPENROUTER,
    "plain": plain_http.CASES,
    "vertex": gemini_generate.VERTEX,
    "vllm": compatible.VLLM,
}
