"""OpenAI's completions, embeddings, moderations, images and audio."""

from __future__ import annotations

import io
from typing import Any, Final

from tests.llm.clients import openai_ as client
from tests.llm.clients.heard import Ask
from tests.llm.server.script import Says, Script

from . import said
from .case import Case, assistant, expect, user


def case(  # noqa: PLR0913 - what its cases differ in
    name: str,
    shows: str,
    ask: Ask,
    script: Script,
    *,
    operation: str,
    model: str,
    **expected: Any,
) -> Case:
    """Make a case; what is not said is as in most."""
    defaults: dict[str, Any] = {
        "input": [user(said.QUESTION)],
        "response_id": script.id or None,
        "response_model": script.model or None,
    }
    return Case(
        name=name,
        shows=shows,
        client="openai",
        host="api.openai.com",
        ask=ask,
        script=script,
        expected=expect("openai", operation, model, **{**defaults, **expected}),
    )


_INSTRUCT: Final = "gpt-3.5-turbo-instruct"
_EMBED: Final = "text-embedding-3-small"
_COMPLETED: Final = {"prompt_tokens": 6, "completion_tokens": 12, "total_tokens": 18}
_COMPLETED_COUNTED: Final = {"input": 6, "output": 12, "total": 18}


def _completion(name: str, shows: str, choices: list[Says], **more: Any) -> Case:
    asked = {"model": _INSTRUCT, "prompt": said.QUESTION, **more.pop("asked", {})}
    made = Script(choices, id=f"cmpl-{name}", model=_INSTRUCT, usage=_COMPLETED)
    expected = {
        "stream": bool(asked.get("stream")),
        "output": [assistant(each.text) for each in choices],
        "usage": _COMPLETED_COUNTED,
        "finish": [each.finish for each in choices],
        **more,
    }
    return case(
        name,
        shows,
        client.completions(**asked),
        made,
        operation="text_completion",
        model=_INSTRUCT,
        **expected,
    )


def _vectors(*vectors: Any) -> dict[str, Any]:
    return {
        "object": "list",
        "data": [
            {"object": "embedding", "index": index, "embedding": each} for index, each in enumerate(vectors)
        ],
        "model": _EMBED,
        "usage": {"prompt_tokens": 8, "total_tokens": 8},
    }


def _embedding(name: str, shows: str, asked: Any, read: list[Any], body: Any, **more: Any) -> Case:
    ask = client.other("embeddings.create", model=_EMBED, input=asked, **more)
    # The client asks for base64 unless it is told otherwise.
    parameters = {"encoding_format": "base64", **more}
    return case(
        name,
        shows,
        ask,
        Script(model=_EMBED, body=body),
        operation="embeddings",
        model=_EMBED,
        input=read,
        parameters=parameters,
        usage={"input": 8, "total": 8},
    )


_FLAGGED: Final = {
    "id": "modr-1",
    "model": "omni-moderation-latest",
    "results": [
        {
            "flagged": True,
            "categories": {"violence": True, "hate": False},
            "category_scores": {"violence": 0.75, "hate": 0.125},
            "category_applied_input_types": {"violence": ["text"], "hate": ["text"]},
        }
    ],
}
#: What is known of images and sounds is little.
_METADATA: Final[dict[str, Any]] = {
    "unsure": ["input", "output", "parameters", "finish_reasons"],
    "input": [],
}
_DRAWN: Final = {
    "created": 1767323045,
    "data": [{"b64_json": said.PNG_BASE64}],
    "usage": {
        "total_tokens": 100,
        "input_tokens": 50,
        "output_tokens": 50,
        "input_tokens_details": {"text_tokens": 10, "image_tokens": 40},
    },
}


def _sound() -> io.BytesIO:
    file = io.BytesIO(said.WAV)
    file.name = "question.wav"
    return file


CASES: Final = [
    _completion("completion", "a prompt and what follows it", [Says("It rains.", finish="stop")]),
    _completion(
        "completion-choices-streamed",
        "two prompts, what follows each in parts, and the usage at the end",
        [Says("It rains all day.", finish="stop"), Says("Snow", finish="length")],
        asked={
            "prompt": [said.QUESTION, "And in Bergen?"],
            "stream": True,
            "stream_options": {"include_usage": True},
            "max_tokens": 5,
        },
        input=[user(said.QUESTION), user("And in Bergen?")],
        parameters={"max_tokens": 5},
    ),
    _embedding(
        "embedding",
        "one text becomes a vector, which the client wants as base64",
        said.QUESTION,
        [user(said.QUESTION)],
        _vectors("AACAPgAAAL8="),
    ),
    _embedding(
        "embeddings",
        "two texts become vectors of numbers",
        [said.QUESTION, said.ODD_QUESTION],
        [user(said.QUESTION), user(said.ODD_QUESTION)],
        _vectors([0.25, -0.5], [0.5, 0.125]),
        encoding_format="float",
        dimensions=2,
    ),
    case(
        "moderation",
        "a text is judged",
        client.other("moderations.create", model="omni-moderation-latest", input=said.QUESTION),
        Script(id="modr-1", model="omni-moderation-latest", body=_FLAGGED),
        operation="moderation",
        model="omni-moderation-latest",
    ),
    case(
        "image",
        "an image is made; of it, only what it cost in tokens is known",
        client.other("images.generate", model="gpt-image-1", prompt="A cat", n=1, size="1024x1024"),
        Script(body=_DRAWN),
        operation="image_generation",
        model="gpt-image-1",
        usage={"input": 50, "output": 50, "total": 100},
        **_METADATA,
    ),
    case(
        "image-refused",
        "the prompt is not let through",
        client.other("images.generate", model="gpt-image-1", prompt="A cat"),
        Script(
            status=400,
            body={
                "error": {
                    "message": "Your request was rejected by the safety system.",
                    "type": "image_generation_user_error",
                    "param": None,
                    "code": "moderation_blocked",
                }
            },
        ),
        operation="image_generation",
        model="gpt-image-1",
        failed=("content_filter", "moderation_blocked", "Your request was rejected by the safety system."),
        **_METADATA,
    ),
    case(
        "speech",
        "a text is spoken; the answer is a sound",
        client.other("audio.speech.create", model="gpt-4o-mini-tts", voice="alloy", input=said.ANSWER),
        Script(body=said.WAV, options={"media": "audio/wav"}),
        operation="speech",
        model="gpt-4o-mini-tts",
        **_METADATA,
    ),
    case(
        "transcription",
        "a sound is written down; the model is named in a form that is not kept",
        client.other("audio.transcriptions.create", model="gpt-4o-transcribe", file=_sound()),
        Script(
            body={
                "text": said.QUESTION,
                "usage": {
                    "type": "tokens",
                    "input_tokens": 14,
                    "input_token_details": {"text_tokens": 0, "audio_tokens": 14},
                    "output_tokens": 45,
                    "total_tokens": 59,
                },
            }
        ),
        operation="transcription",
        model="gpt-4o-transcribe",
        **{**_METADATA, "unsure": [*_METADATA["unsure"], "request_model", "usage"]},
    ),
]
