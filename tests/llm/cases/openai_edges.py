"""OpenAI's chat completions: kinds of tokens, answers that are empty or long, texts that are more than ASCII."""

from __future__ import annotations

from typing import Final

from tests.llm.server import wire
from tests.llm.server.script import Says

from . import said
from .case import assistant, user
from .openai_chat import COUNTED, USAGE, WITH_USAGE, case, plain, script

_DETAILED: Final = {
    "prompt_tokens": 2006,
    "completion_tokens": 300,
    "total_tokens": 2306,
    "prompt_tokens_details": {"cached_tokens": 1920, "audio_tokens": 16, "cache_write_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 192, "audio_tokens": 8},
}
_DETAILS_COUNTED: Final = {
    "input": 70,
    "input_cached_tokens": 1920,
    "input_audio_tokens": 16,
    "output": 100,
    "output_reasoning_tokens": 192,
    "output_audio_tokens": 8,
    "total": 2306,
}

CASES: Final = [
    plain(
        "tokens-of-all-kinds",
        "cached, audio and reasoning tokens",
        script={"usage": _DETAILED},
        usage=_DETAILS_COUNTED,
    ),
    plain(
        "tokens-of-all-kinds-streamed",
        "the same, in parts",
        asked=WITH_USAGE,
        script={"usage": _DETAILED},
        usage=_DETAILS_COUNTED,
    ),
    plain(
        "tokens-written-into-the-cache",
        "what is written into the cache is apart, as OpenAI tells it of newer models",
        script={
            "usage": {
                **USAGE,
                "prompt_tokens": 1100,
                "total_tokens": 1112,
                "prompt_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 1024},
            }
        },
        usage={"input": 76, "input_cache_creation": 1024, "output": 12, "total": 1112},
    ),
    case(
        "empty",
        "the model says nothing",
        script=script("empty", Says("", finish="stop")),
        output=[assistant("")],
        usage=COUNTED,
        finish=["stop"],
    ),
    case(
        "empty-streamed",
        "the same, in parts",
        asked=WITH_USAGE,
        script=script("empty-streamed", Says("", finish="stop")),
        output=[assistant("")],
        usage=COUNTED,
        finish=["stop"],
    ),
    case(
        "unicode",
        "texts that are more than ASCII",
        asked={"messages": [user(said.ODD_QUESTION)]},
        script=script("unicode", Says(said.ODD_ANSWER, finish="stop")),
        output=[assistant(said.ODD_ANSWER)],
        usage=COUNTED,
        finish=["stop"],
    ),
    case(
        "unicode-escaped",
        "the same where the server writes ASCII: characters are halves of a surrogate pair",
        asked={"messages": [user(said.ODD_QUESTION)]},
        script=script("unicode-escaped", Says(said.ODD_ANSWER, finish="stop"), changes=[wire.indented]),
        output=[assistant(said.ODD_ANSWER)],
        usage=COUNTED,
        finish=["stop"],
    ),
    case(
        "unicode-streamed",
        "the same, in parts that end within characters",
        asked={"messages": [user(said.ODD_QUESTION)], **WITH_USAGE},
        script=script(
            "unicode-streamed", Says(said.ODD_ANSWER, finish="stop"), piece=2, changes=[wire.in_pieces_of(61)]
        ),
        output=[assistant(said.ODD_ANSWER)],
        usage=COUNTED,
        finish=["stop"],
    ),
    case(
        "long",
        "50 KB are asked, and 50 KB answered",
        asked={"messages": [user(said.LONG)]},
        script=script("long", Says(said.LONG, finish="stop")),
        output=[assistant(said.LONG)],
        usage=COUNTED,
        finish=["stop"],
    ),
    case(
        "long-streamed",
        "50 KB, in parts",
        asked=WITH_USAGE,
        script=script("long-streamed", Says(said.LONG, finish="stop"), piece=1024),
        output=[assistant(said.LONG)],
        usage=COUNTED,
        finish=["stop"],
    ),
]
