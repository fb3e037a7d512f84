"""Answers of the other families that are errors, in the form that each has for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tests.llm.server.script import Script

from . import anthropic_messages, bedrock_converse, cohere_chat, gemini_generate, mistral_chat, ollama_chat
from .case import Case

# --- Anthropic ------------------------------------------------------------------------------------------------------


def _anthropic(
    name: str, status: int, type_: str, message: str, kind: str, *headers: tuple[str, str]
) -> Case:
    body = {
        "type": "error",
        "error": {"type": type_, "message": message},
        "request_id": "req_011CSHoEeqs5C35K2UUqR7Fy",
    }
    made = Script(status=status, body=body, headers=headers)
    return anthropic_messages.case(
        f"error-{name}", f"{type_} with status {status}", script=made, failed=(kind, type_, message)
    )


ANTHROPIC: Final = [
    _anthropic(
        "rate-limit",
        429,
        "rate_limit_error",
        "This request would exceed your rate limit.",
        "rate_limit",
        ("retry-after", "12"),
        ("anthropic-ratelimit-requests-reset", "2026-01-02T03:05:00Z"),
    ),
    _anthropic("overloaded", 529, "overloaded_error", "Overloaded", "overloaded"),
    _anthropic("authentication", 401, "authentication_error", "invalid x-api-key", "authentication"),
    _anthropic("permission", 403, "permission_error", "Your API key does not have permission.", "permission"),
    _anthropic("not-found", 404, "not_found_error", "model: claude-9", "not_found"),
    _anthropic(
        "context-length",
        400,
        "invalid_request_error",
        "prompt is too long: 200082 tokens > 200000 maximum",
        "context_length",
    ),
    _anthropic("invalid", 400, "invalid_request_error", "max_tokens: must be at least 1", "invalid_request"),
    _anthropic("billing", 402, "billing_error", "There is a problem with your billing.", "quota"),
    _anthropic("server", 500, "api_error", "Internal server error", "server_error"),
    _anthropic("timeout", 504, "timeout_error", "Request timed out.", "timeout"),
]

# --- Gemini ---------------------------------------------------------------------------------------------------------


def _gemini(name: str, code: int, status: str, message: str, kind: str, **more: Any) -> Case:
    made = Script(status=code, body={"error": {"code": code, "message": message, "status": status, **more}})
    return gemini_generate.case(
        f"error-{name}",
        f"{status} with status {code}",
        gemini_generate.generate(),
        made,
        failed=(kind, status, message),
    )


_RETRY: Final = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "21s"}]

GEMINI: Final = [
    _gemini(
        "rate-limit", 429, "RESOURCE_EXHAUSTED", "Resource has been exhausted.", "rate_limit", details=_RETRY
    ),
    _gemini("authentication", 401, "UNAUTHENTICATED", "Request had invalid credentials.", "authentication"),
    _gemini("permission", 403, "PERMISSION_DENIED", "Permission denied on resource.", "permission"),
    _gemini("not-found", 404, "NOT_FOUND", "models/gemini-9 is not found.", "not_found"),
    _gemini(
        "context-length",
        400,
        "INVALID_ARGUMENT",
        "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
        "context_length",
    ),
    _gemini(
        "invalid", 400, "INVALID_ARGUMENT", "Invalid value at 'generation_config.top_k'.", "invalid_request"
    ),
    _gemini(
        "overloaded", 503, "UNAVAILABLE", "The model is overloaded. Please try again later.", "overloaded"
    ),
    _gemini("timeout", 504, "DEADLINE_EXCEEDED", "The request timed out.", "timeout"),
    _gemini("server", 500, "INTERNAL", "An internal error has occurred.", "server_error"),
]

# --- Bedrock --------------------------------------------------------------------------------------------------------


def _bedrock(name: str, status: int, type_: str, message: str, kind: str) -> Case:
    # The type is in a header, and nowhere else.
    made = Script(status=status, body={"message": message}, headers=[("x-amzn-errortype", type_)])
    return bedrock_converse.case(
        f"error-{name}",
        f"{type_} with status {status}",
        bedrock_converse.converse(),
        made,
        failed=(kind, type_, message),
    )


BEDROCK: Final = [
    _bedrock("rate-limit", 429, "ThrottlingException", "Too many requests, please wait.", "rate_limit"),
    _bedrock(
        "context-length",
        400,
        "ValidationException",
        "Input is too long for requested model.",
        "context_length",
    ),
    _bedrock(
        "invalid", 400, "ValidationException", "The provided model identifier is invalid.", "invalid_request"
    ),
    _bedrock(
        "authentication",
        403,
        "UnrecognizedClientException",
        "The security token included in the request is invalid.",
        "authentication",
    ),
    _bedrock(
        "permission",
        403,
        "AccessDeniedException",
        "You don't have access to the model with that id.",
        "permission",
    ),
    _bedrock("not-found", 404, "ResourceNotFoundException", "Could not find the model.", "not_found"),
    _bedrock("timeout", 408, "ModelTimeoutException", "The model took too long.", "timeout"),
    _bedrock(
        "overloaded", 503, "ServiceUnavailableException", "Bedrock is unable to process it.", "overloaded"
    ),
    _bedrock("server", 500, "InternalServerException", "The system had an error.", "server_error"),
]

# --- Cohere, Mistral, Ollama: what they say beside the message differs from error to error -------------------------

_ONCE: Final = {"request_options": {"max_retries": 0}}


def _cohere(name: str, status: int, message: str, kind: str) -> Case:
    made = Script(status=status, body={"id": "8a2b", "message": message})
    ask = cohere_chat.chat(**_ONCE)
    shows = f"a message with status {status}"
    return cohere_chat.case(
        f"error-{name}", shows, ask, made, failed=(kind, None, message), unsure=["response_id"]
    )


COHERE: Final = [
    _cohere(
        "rate-limit",
        429,
        "You are using a Trial key, which is limited to 20 API calls a minute.",
        "rate_limit",
    ),
    _cohere("authentication", 401, "invalid api token", "authentication"),
    _cohere("not-found", 404, "model 'command-z' not found, make sure the model id is right", "not_found"),
    _cohere(
        "context-length", 400, "too many tokens: the total is 140000, the limit is 128000.", "context_length"
    ),
    _cohere("invalid", 422, "invalid request: temperature must be at most 1", "invalid_request"),
    _cohere("server", 500, "internal server error", "server_error"),
]


def _mistral(  # noqa: PLR0913 - what its errors differ in
    name: str, status: int, body: Mapping[str, Any], kind: str, *, type_: str | None, message: str | None
) -> Case:
    made = Script(status=status, body=body)
    return mistral_chat.case(
        f"error-{name}",
        f"an error with status {status}",
        mistral_chat.chat(),
        made,
        failed=(kind, type_, message),
    )


_MISSING: Final = {"type": "missing", "loc": ["body", "messages"], "msg": "Field required", "input": {}}

MISTRAL: Final = [
    _mistral(
        "rate-limit",
        429,
        {
            "object": "error",
            "message": "Service tier capacity exceeded for this model.",
            "type": "service_tier_capacity_exceeded",
            "param": None,
            "code": "3505",
        },
        "rate_limit",
        type_="service_tier_capacity_exceeded",
        message="Service tier capacity exceeded for this model.",
    ),
    _mistral(
        "authentication",
        401,
        {"detail": "Unauthorized"},
        "authentication",
        type_=None,
        message="Unauthorized",
    ),
    _mistral("invalid", 422, {"detail": [_MISSING]}, "invalid_request", type_=None, message=None),
    _mistral(
        "not-found",
        400,
        {
            "object": "error",
            "message": "Invalid model: mistral-nope",
            "type": "invalid_model",
            "param": None,
            "code": "1500",
        },
        "not_found",
        type_="invalid_model",
        message="Invalid model: mistral-nope",
    ),
]


def _ollama(name: str, status: int, message: str, kind: str) -> Case:
    made = Script(status=status, body={"error": message})
    shows = f"a message with status {status}"
    return ollama_chat.case(f"error-{name}", shows, ollama_chat.chat(), made, failed=(kind, None, message))


OLLAMA: Final = [
    _ollama("not-found", 404, 'model "llama9" not found, try pulling it first', "not_found"),
    _ollama("invalid", 400, "registry.ollama.ai/library/llama3.2 does not support tools", "invalid_request"),
    _ollama(
        "overloaded", 503, "server busy, please try again.  maximum pending requests exceeded", "overloaded"
    ),
    _ollama("server", 500, "llama runner process has terminated: exit status 2", "server_error"),
]
