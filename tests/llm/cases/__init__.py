"""The cases, one module for each family or part of it; ``ALL`` has them by the folder of the corpus that they are for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from . import (
    anthropic_messages,
    bedrock_converse,
    bedrock_invoke,
    cohere_chat,
    compatible,
    endings,
    errors,
    gemini_generate,
    gemini_other,
    mistral_chat,
    ollama_chat,
    openai_chat,
    openai_edges,
    openai_other,
    openai_responses,
    openai_wire,
    plain_http,
)
from .case import Case

ALL: Final[Mapping[str, Sequence[Case]]] = {
    "anthropic": [*anthropic_messages.CASES, *endings.ANTHROPIC, *errors.ANTHROPIC],
    "azure": compatible.AZURE,
    "bedrock": [*bedrock_converse.CASES, *bedrock_invoke.CASES, *endings.BEDROCK, *errors.BEDROCK],
    "cohere": [*cohere_chat.CASES, *endings.COHERE, *errors.COHERE],
    "compatible": compatible.COMPATIBLE,
    "gemini": [*gemini_generate.CASES, *gemini_other.EMBEDDINGS, *endings.GEMINI, *errors.GEMINI],
    "mistral": [*mistral_chat.CASES, *endings.MISTRAL, *errors.MISTRAL],
    "ollama": [*ollama_chat.CASES, *endings.OLLAMA, *errors.OLLAMA],
    "openai": [*openai_chat.CASES, *openai_edges.CASES, *openai_wire.CASES],
    "openai-other": openai_other.CASES,
    "openai-responses": openai_responses.CASES,
    "openrouter": compatible.OPENROUTER,
    "plain": plain_http.CASES,
    "vertex": gemini_other.VERTEX,
    "vllm": compatible.VLLM,
}
