"""OpenAI's chat completions as others speak them: Azure, vLLM, OpenRouter, Groq, DeepSeek, xAI, Perplexity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.llm.clients import openai_ as client
from tests.llm.server import wire
from tests.llm.server.script import Call, Says, Script

from . import said
from .case import Case, assistant, expect, user, wanted

ASKED: Final = [user(said.QUESTION)]
STREAMED: Final = {"stream": True}
WITH_USAGE: Final = {"stream": True, "stream_options": {"include_usage": True}}
USAGE: Final = {"prompt_tokens": 50, "completion_tokens": 12, "total_tokens": 62}
COUNTED: Final = {"input": 50, "output": 12, "total": 62}
_TOOLS: Final = [{"type": "function", "function": {"name": "weather", "parameters": said.CITY}}]
_OSLO: Final = '{"city":"Oslo"}'


@dataclass(frozen=True)
class Host:
    """Whose API it is, where it is, and which model is asked there."""

    system: str
    host: str
    base: str
    model: str
    #: What it says it is.
    answered: str

    def case(
        self, name: str, shows: str, *choices: Says, asked: Mapping[str, Any] | None = None, **more: Any
    ) -> Case:
        """Make a case; what is not said is as in most."""
        told: dict[str, Any] = {"model": self.model, "messages": ASKED, **(asked or {})}
        given = {"id": f"chatcmpl-{name}", "model": self.answered, "usage": USAGE, **more.pop("script", {})}
        made = Script(choices, **given)
        answered = made.status < 400
        expected: dict[str, Any] = {
            "model": self.model,
            "input": ASKED,
            "output": [assistant(each.text) for each in choices],
            "response_id": made.id if answered else None,
            "response_model": made.model if answered else None,
            "stream": bool(told.get("stream")) and answered,
            "usage": COUNTED if answered else {},
            "finish": [each.finish for each in choices if answered],
            **more,
        }
        return Case(
            name=name,
            shows=shows,
            client="openai",
            host=self.host,
            ask=client.chat(base=self.base, **told),
            script=made,
            expected=expect(self.system, "chat", **expected),
        )

    def failing(
        self, name: str, shows: str, status: int, body: Any, failed: tuple[str, str | None, str]
    ) -> Case:
        """Make a case of an answer that is an error."""
        return self.case(name, shows, script={"status": status, "body": body}, failed=failed, output=[])


# --- Azure ----------------------------------------------------------------------------------------------------------

_AZURE: Final = Host("azure.ai.openai", "weather.openai.azure.com", "azure", "gpt-4o", "gpt-4o-2024-08-06")
_AZURE_V1: Final = Host(
    "azure.ai.openai", "weather.openai.azure.com", "/openai/v1", "gpt-4o", "gpt-4o-2024-08-06"
)
_SAFE: Final = {
    "hate": {"filtered": False, "severity": "safe"},
    "violence": {"filtered": False, "severity": "safe"},
}
_PROMPT_SAFE: Final = {"prompt_filter_results": [{"prompt_index": 0, "content_filter_results": _SAFE}]}
_FIRST: Final = wire.event(
    {"choices": [], "created": 0, "id": "", "model": "", "object": "", **_PROMPT_SAFE},
)
_FILTERED: Final = {
    "message": "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
    "type": None,
    "param": "prompt",
    "code": "content_filter",
    "status": 400,
    "innererror": {
        "code": "ResponsibleAIPolicyViolation",
        "content_filter_result": {**_SAFE, "violence": {"filtered": True, "severity": "medium"}},
    },
}
_SAFE_SAYS: Final = Says(said.ANSWER, finish="stop", extra={"content_filter_results": _SAFE})
_FILTERED_SAYS: Final = Says(
    "It ",
    finish="content_filter",
    extra={"content_filter_results": {"violence": {"filtered": True, "severity": "high"}}},
)

AZURE: Final = [
    _AZURE.case(
        "plain",
        "a deployment is asked; filters say what they found",
        _SAFE_SAYS,
        script={"extra": _PROMPT_SAFE},
    ),
    _AZURE.case(
        "streamed",
        "the first chunk is of the filters, and has no choice and no id",
        _SAFE_SAYS,
        asked=WITH_USAGE,
        script={"options": {"opening": [_FIRST]}},
    ),
    _AZURE.case(
        "tool-call-streamed",
        "a call, in parts",
        Says(calls=[Call("call_oslo", "weather", _OSLO)], finish="tool_calls"),
        asked={**WITH_USAGE, "tools": _TOOLS},
        script={"options": {"opening": [_FIRST]}},
        output=[assistant(None, tool_calls=[wanted("call_oslo", "weather", _OSLO)])],
    ),
    _AZURE.case(
        "answer-filtered-streamed",
        "the answer is stopped by a filter",
        _FILTERED_SAYS,
        asked=STREAMED,
        script={"options": {"opening": [_FIRST]}},
        usage={},
    ),
    _AZURE.failing(
        "error-content-filter",
        "the question is not let through",
        400,
        {"error": _FILTERED},
        ("content_filter", "content_filter", str(_FILTERED["message"])),
    ),
    _AZURE.failing(
        "error-authentication",
        "the key is wrong; the code is the status",
        401,
        {
            "error": {
                "code": "401",
                "message": "Access denied due to invalid subscription key or wrong API endpoint.",
            }
        },
        ("authentication", "401", "Access denied due to invalid subscription key or wrong API endpoint."),
    ),
    _AZURE.failing(
        "error-not-found",
        "there is no such deployment",
        404,
        {
            "error": {
                "code": "DeploymentNotFound",
                "message": "The API deployment for this resource does not exist.",
            }
        },
        ("not_found", "DeploymentNotFound", "The API deployment for this resource does not exist."),
    ),
    _AZURE_V1.case("v1", "the newer path, which names no deployment", _SAFE_SAYS),
]

# --- vLLM -----------------------------------------------------------------------------------------------------------

_VLLM: Final = Host("openai", "vllm.models.svc:8000", "/v1", "Qwen/Qwen3-8B", "Qwen/Qwen3-8B")
_THINKS: Final = Says(said.ANSWER, reasoning=said.THOUGHT, finish="stop", extra={"stop_reason": None})
_THOUGHT: Final = [assistant(said.ANSWER, reasoning=said.THOUGHT)]
_CONTINUOUS: Final = {
    "stream": True,
    "stream_options": {"include_usage": True, "continuous_usage_stats": True},
}
_TOO_LONG: Final = "This model's maximum context length is 32768 tokens. However, you requested 40000 tokens."

VLLM: Final = [
    _VLLM.case(
        "reasoning",
        "what the model thinks, and what else vLLM tells",
        _THINKS,
        script={"extra": {"prompt_logprobs": None, "kv_transfer_params": None}},
        output=_THOUGHT,
    ),
    _VLLM.case("reasoning-streamed", "the same, in parts", _THINKS, asked=WITH_USAGE, output=_THOUGHT),
    _VLLM.case(
        "reasoning-by-its-newer-name-streamed",
        "what was reasoning_content is reasoning in later versions",
        _THINKS,
        asked=WITH_USAGE,
        script={"options": {"reasoning": "reasoning"}},
        output=_THOUGHT,
    ),
    _VLLM.case(
        "usage-in-each-chunk",
        "each chunk has the tokens by then; the last ones hold",
        Says(said.ANSWER, finish="stop", extra={"stop_reason": None}),
        asked=_CONTINUOUS,
    ),
    _VLLM.case(
        "stop-reason",
        "it says which of the sequences it stopped at",
        Says("It is ", finish="stop", extra={"stop_reason": "7"}),
        asked={"stop": ["7"], "extra_body": {"top_k": 20, "min_p": 0.25}},
        parameters={"stop": ["7"], "top_k": 20, "min_p": 0.25},
    ),
    _VLLM.case(
        "tool-call-streamed",
        "a call, in parts",
        Says(calls=[Call("chatcmpl-tool-1", "weather", _OSLO)], finish="tool_calls"),
        asked={**WITH_USAGE, "tools": _TOOLS},
        output=[assistant(None, tool_calls=[wanted("chatcmpl-tool-1", "weather", _OSLO)])],
    ),
    _VLLM.failing(
        "error-context-length",
        "an error in vLLM's form, in an object of its own and not",
        400,
        {"object": "error", "message": _TOO_LONG, "type": "BadRequestError", "param": None, "code": 400},
        ("context_length", "BadRequestError", _TOO_LONG),
    ),
]

# --- OpenRouter -----------------------------------------------------------------------------------------------------

_ROUTER: Final = Host("openrouter", "openrouter.ai", "/api/v1", "openai/gpt-4o-mini", "openai/gpt-4o-mini")
_PROVIDER: Final = {"provider": "OpenAI"}
_NATIVE: Final = {"native_finish_reason": "stop"}
_PAID: Final = {**USAGE, "cost": 0.00014, "is_byok": False, "cost_details": {"upstream_inference_cost": None}}
_PROCESSING: Final = b": OPENROUTER PROCESSING\n\n"
_REASONED: Final = {
    "options": {"reasoning": "reasoning", "opening": [_PROCESSING, _PROCESSING], "usage": "last"}
}
_OVERLOADED: Final = {
    "code": 429,
    "message": "Provider returned error",
    "metadata": {"provider_name": "OpenAI"},
}
_ROUTED: Final = Says(said.ANSWER, finish="stop", extra=_NATIVE)

OPENROUTER: Final = [
    _ROUTER.case(
        "plain", "whose model it was, and what it cost", _ROUTED, script={"extra": _PROVIDER, "usage": _PAID}
    ),
    _ROUTER.case(
        "streamed",
        "comments come until the model has begun; the usage comes though nobody asked for it",
        _ROUTED,
        asked=STREAMED,
        script={"extra": _PROVIDER, "usage": _PAID, **_REASONED},
    ),
    _ROUTER.case(
        "reasoning-streamed",
        "what the model thinks",
        Says(said.ANSWER, reasoning=said.THOUGHT, finish="stop", extra=_NATIVE),
        asked=STREAMED,
        script={"extra": _PROVIDER, "usage": _PAID, **_REASONED},
        output=_THOUGHT,
    ),
    _ROUTER.case(
        "error-in-the-stream",
        "the provider fails when it has begun: a chunk with an error beside its choices",
        Says(said.ANSWER, finish="stop"),
        asked=STREAMED,
        script={
            "extra": _PROVIDER,
            "options": {"opening": [_PROCESSING]},
            "breaks_after": 5,
            "breaks_with": {
                "id": "chatcmpl-error-in-the-stream",
                "object": "chat.completion.chunk",
                "created": 1767323045,
                "model": "openai/gpt-4o-mini",
                "provider": "OpenAI",
                "error": {"code": "server_error", "message": "Provider disconnected unexpectedly"},
                "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "error"}],
            },
        },
        output=[assistant("It rains in")],
        usage={},
        finish=["error"],
        partial=True,
        failed=("server_error", "server_error", "Provider disconnected unexpectedly"),
    ),
    _ROUTER.failing(
        "error-rate-limit",
        "an error whose code is the status",
        429,
        {"error": _OVERLOADED, "user_id": "user_1"},
        ("rate_limit", "429", "Provider returned error"),
    ),
    _ROUTER.failing(
        "error-quota",
        "no money is left",
        402,
        {"error": {"code": 402, "message": "Insufficient credits. Add more and try again."}},
        ("quota", "402", "Insufficient credits. Add more and try again."),
    ),
]

# --- others ---------------------------------------------------------------------------------------------------------

_GROQ: Final = Host(
    "groq", "api.groq.com", "/openai/v1", "llama-3.3-70b-versatile", "llama-3.3-70b-versatile"
)
_DEEPSEEK: Final = Host("deepseek", "api.deepseek.com", "", "deepseek-reasoner", "deepseek-reasoner")
_XAI: Final = Host("x_ai", "api.x.ai", "/v1", "grok-4", "grok-4-0709")
_PERPLEXITY: Final = Host("perplexity", "api.perplexity.ai", "", "sonar", "sonar")
_HIT: Final = {
    "prompt_tokens": 50,
    "completion_tokens": 112,
    "total_tokens": 162,
    "prompt_tokens_details": {"cached_tokens": 32},
    "completion_tokens_details": {"reasoning_tokens": 100},
    "prompt_cache_hit_tokens": 32,
    "prompt_cache_miss_tokens": 18,
}

COMPATIBLE: Final = [
    _GROQ.case(
        "groq",
        "the usage has times beside its counts",
        Says(said.ANSWER, finish="stop"),
        script={
            "usage": {
                "queue_time": 0.25,
                "prompt_time": 0.125,
                "completion_time": 0.5,
                "total_time": 0.625,
                **USAGE,
            },
            "extra": {"x_groq": {"id": "req_01jd"}},
        },
    ),
    _GROQ.case(
        "groq-streamed",
        "the usage is in a place of its own",
        Says(said.ANSWER, finish="stop"),
        asked=STREAMED,
        script={"options": {"usage": "groq"}},
    ),
    _DEEPSEEK.case(
        "deepseek-streamed",
        "what the model thinks, and what of the prompt was cached",
        Says(said.ANSWER, reasoning=said.THOUGHT, finish="stop"),
        asked=WITH_USAGE,
        script={"usage": _HIT},
        output=_THOUGHT,
        usage={
            "input": 18,
            "input_cached_tokens": 32,
            "output": 12,
            "output_reasoning_tokens": 100,
            "total": 162,
        },
    ),
    _XAI.case("x-ai", "xAI's API", Says(said.ANSWER, finish="stop")),
    _PERPLEXITY.case(
        "perplexity",
        "where the answer was found is beside it",
        Says(said.ANSWER, finish="stop"),
        script={"extra": {"citations": ["https://weather.example/oslo"], "search_results": []}},
    ),
]
