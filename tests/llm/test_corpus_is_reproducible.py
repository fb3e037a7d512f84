"""The corpus is what ``record`` writes, and says nothing that docs/llm.md does not know."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, Final

import jsonschema
import pytest

from tests.framework.processes import ROOT

from .recorded import CORPUS

FILES: Final = sorted(CORPUS.glob("*/*.json"))
FAMILIES: Final = sorted({file.parent.name for file in FILES})
CLIENTS: Final = ROOT / ".cache" / "peers" / "llm-clients"

_TEXT: Final[dict[str, Any]] = {"type": "string"}
_OPTIONAL: Final[dict[str, Any]] = {"type": ["string", "null"]}
_COUNT: Final[dict[str, Any]] = {"type": "integer", "minimum": 1}
_CONTENT: Final[dict[str, Any]] = {"anyOf": [_TEXT, {"type": "object", "required": ["base64"]}]}
_HEADERS: Final[dict[str, Any]] = {
    "type": "array",
    "items": {"type": "array", "items": _TEXT, "minItems": 2, "maxItems": 2},
}

_PART: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["type"],
    "properties": {
        "type": {"enum": ["text", "image", "audio", "file"]},
        **dict.fromkeys(("text", "url", "media_type", "id", "data"), _TEXT),
    },
    "additionalProperties": False,
}
_CALL: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["type", "function"],
    "properties": {
        "id": _TEXT,
        "type": {"const": "function"},
        "function": {
            "type": "object",
            "required": ["name", "arguments"],
            "properties": {"name": _TEXT, "arguments": _TEXT},
            "additionalProperties": False,
        },
    },
    "additionalProperties": False,
}
_MESSAGE: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["role", "content"],
    "properties": {
        "role": {"enum": ["system", "developer", "user", "assistant", "tool"]},
        "content": {"anyOf": [_OPTIONAL, {"type": "array", "items": _PART}]},
        "tool_calls": {"type": "array", "items": _CALL},
        **dict.fromkeys(("name", "reasoning", "refusal", "tool_call_id"), _TEXT),
    },
    "additionalProperties": False,
}
_MESSAGES: Final[dict[str, Any]] = {"type": "array", "items": _MESSAGE}
KINDS: Final = (
    "input",
    "input_cached_tokens",
    "input_cache_creation",
    "input_audio_tokens",
    "output",
    "output_reasoning_tokens",
    "output_audio_tokens",
)
_LLM: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["system", "operation", "stream"],
    "properties": {
        "system": _TEXT,
        "operation": {
            "enum": [
                "chat",
                "text_completion",
                "embeddings",
                "moderation",
                "image_generation",
                "speech",
                "transcription",
                "translation",
                "generate_content",
                "rerank",
            ]
        },
        "request_model": _TEXT,
        "response_model": _OPTIONAL,
        "response_id": _OPTIONAL,
        "stream": {"type": "boolean"},
        "input": _MESSAGES,
        "output": _MESSAGES,
        "parameters": {"type": "object"},
        "usage": {
            "type": "object",
            "properties": dict.fromkeys((*KINDS, "total"), _COUNT),
            "additionalProperties": False,
        },
        "finish_reasons": {"type": "array", "items": _TEXT},
        "partial": {"type": "boolean"},
        "error_kind": {
            "enum": [
                None,
                "rate_limit",
                "context_length",
                "content_filter",
                "authentication",
                "permission",
                "not_found",
                "invalid_request",
                "quota",
                "overloaded",
                "timeout",
                "server_error",
            ]
        },
    },
    "additionalProperties": False,
}
_ERROR: Final[dict[str, Any]] = {
    "type": ["object", "null"],
    "required": ["type", "message"],
    "properties": {"type": _OPTIONAL, "message": _OPTIONAL},
    "additionalProperties": False,
}
SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["shows", "client", "request", "response", "expected"],
    "properties": {
        "shows": {"type": "string", "minLength": 5},
        "client": {"type": "object", "required": ["package", "version"]},
        "ending": {"enum": ["cut", "client_left"]},
        "request": {
            "type": "object",
            "required": ["method", "path", "query", "headers", "body", "host"],
            "properties": {"path": {"pattern": "^/"}, "headers": _HEADERS, "body": _CONTENT, "host": _TEXT},
        },
        "response": {
            "type": "object",
            "required": ["status", "headers", "chunks"],
            "properties": {
                "status": {"type": "integer"},
                "headers": _HEADERS,
                "chunks": {"type": "array", "items": _CONTENT},
            },
            "additionalProperties": False,
        },
        "expected": {
            "type": ["object", "null"],
            "required": ["llm", "error"],
            "properties": {"llm": _LLM, "error": _ERROR},
            "additionalProperties": False,
        },
    },
    "additionalProperties": False,
}


def _read(file: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return told


def _name(file: Path) -> str:
    return f"{file.parent.name}/{file.stem}"


@pytest.mark.parametrize("file", FILES, ids=_name)
def test_a_case_says_what_docs_llm_md_knows(file: Path) -> None:
    jsonschema.validate(_read(file), SCHEMA)


@pytest.mark.parametrize("file", FILES, ids=_name)
def test_tokens_add_up_to_their_total(file: Path) -> None:
    usage = ((_read(file)["expected"] or {}).get("llm") or {}).get("usage") or {}
    if "total" in usage:
        assert sum(usage.get(kind, 0) for kind in KINDS) == usage["total"]


@pytest.mark.parametrize("file", FILES, ids=_name)
def test_an_error_has_a_kind_and_a_kind_an_error(file: Path) -> None:
    expected = _read(file)["expected"]
    if expected and "error_kind" in expected["llm"]:
        assert (expected["error"] is None) == (expected["llm"]["error_kind"] is None)


def test_only_what_is_no_model_s_business_is_in_plain() -> None:
    assert {file.parent.name for file in FILES if _read(file)["expected"] is None} == {"plain"}


def test_the_clients_are_the_versions_that_are_pinned() -> None:
    lines = (ROOT / "tests" / "llm" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pinned = {line.partition(";")[0].strip().replace("==", " ") for line in lines if "==" in line}
    recorded = {" ".join(_read(file)["client"].values()) for file in FILES}
    assert recorded <= pinned


@pytest.fixture(name="again", scope="module")
def _again(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a case of each family is recorded anew."""
    program, to = CLIENTS / "bin" / "python", tmp_path_factory.mktemp("corpus")
    if not program.exists():
        raise FileNotFoundError(f"{program} is not there: make {CLIENTS.relative_to(ROOT)}/.installed")
    first = [next(_name(file) for file in FILES if file.parent.name == family) for family in FAMILIES]
    subprocess.run([str(program), "-m", "tests.llm.record", "--to", str(to), *first], check=True, cwd=ROOT)
    return to


@pytest.mark.parametrize("family", FAMILIES)
def test_a_case_that_is_recorded_again_is_the_same(family: str, again: Path) -> None:
    [file] = (again / family).iterdir()
    # For an older Python it may be an older client.
    assert _without_version(file) == _without_version(CORPUS / family / file.name)


def _without_version(file: Path) -> list[str]:
    lines = file.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if not line.startswith('  "version": ')]


def test_the_corpus_holds_the_cases_that_there_are() -> None:
    program = CLIENTS / "bin" / "python"
    command = [str(program), "-m", "tests.llm.record", "--list"]
    listed = subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.PIPE, text=True).stdout.split()
    assert sorted(listed) == sorted(map(_name, FILES))
