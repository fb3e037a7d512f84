"""Each example by its one command."""

from __future__ import annotations

import base64
import json
import os
import struct
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.framework.http import get_json
from tests.framework.place import Place
from tests.framework.processes import free_port, running, uvicorn

from .by_command import EXAMPLES, by_its_command


@pytest.fixture(scope="module")
def model_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = free_port()
    command = uvicorn("model_server:app", port, "--app-dir", str(EXAMPLES / "model-server"))
    with running(command, tmp_path_factory.mktemp("model") / "log", os.environ, port=port):
        yield f"http://127.0.0.1:{port}"


def ask(url: str, **more: Any) -> tuple[int, str]:
    """Ask for a chat completion; return the status and the body."""
    return post(
        f"{url}/v1/chat/completions",
        {"model": "demo", "max_tokens": 3, "messages": [{"role": "user", "content": "two words"}], **more},
    )


def post(url: str, body: dict[str, Any]) -> tuple[int, str]:
    """Post JSON; return the status and the body."""
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def chunks(body: str) -> list[dict[str, Any]]:
    """Return the objects of a stream that has ended well."""
    events = body.removesuffix("\n\n").split("\n\n")
    assert events.pop() == "data: [DONE]"
    return [json.loads(event.removeprefix("data: ")) for event in events]


def test_the_model_server_says_as_many_words_as_it_is_asked_for(model_server: str) -> None:
    status, body = ask(model_server)
    assert status == 200
    assert json.loads(body)["choices"][0]["message"]["content"].split() == ["another", "process", "does"]


def test_the_model_server_counts_what_it_says(model_server: str) -> None:
    _, body = ask(model_server)
    assert json.loads(body)["usage"] == {"prompt_tokens": 2, "completion_tokens": 3, "total_tokens": 5}


def test_the_model_server_streams_a_chunk_for_each_word(model_server: str) -> None:
    _, body = ask(model_server, stream=True)
    said = [chunk["choices"][0]["delta"].get("content") for chunk in chunks(body)]
    assert said == ["", "another ", "process ", "does ", None]


def test_the_model_server_streams_usage_when_asked_to(model_server: str) -> None:
    _, body = ask(model_server, stream=True, stream_options={"include_usage": True})
    assert chunks(body)[-1]["usage"]["total_tokens"] == 5


def test_the_model_server_fails_on_demand(model_server: str) -> None:
    status, body = ask(model_server, model="error-503")
    assert (status, json.loads(body)["error"]["type"]) == (503, "api_error")


def test_the_model_server_refuses_what_is_no_request(model_server: str) -> None:
    status, _ = ask(model_server, messages=7)
    assert status == 400


TOOL = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
        },
    },
}
SPOKEN = [{"role": "user", "content": "How is the weather in Oslo?"}]
CALLED = {"name": "weather", "arguments": '{"city": "Oslo", "days": 1}'}


def test_the_model_server_calls_a_tool_that_it_is_offered(model_server: str) -> None:
    _, body = ask(model_server, messages=SPOKEN, tools=[TOOL])
    choice = json.loads(body)["choices"][0]
    assert choice["finish_reason"] == "tool_calls"
    assert [call["function"] for call in choice["message"]["tool_calls"]] == [CALLED]


def test_the_model_server_streams_the_call_of_a_tool(model_server: str) -> None:
    _, body = ask(model_server, messages=SPOKEN, tools=[TOOL], stream=True)
    choices = [chunk["choices"][0] for chunk in chunks(body)]
    calls = [call["function"] for choice in choices for call in choice["delta"].get("tool_calls", [])]
    assert [call["name"] for call in calls if "name" in call] == ["weather"]
    assert "".join(call["arguments"] for call in calls) == CALLED["arguments"]
    assert choices[-1]["finish_reason"] == "tool_calls"


def test_the_model_server_answers_when_a_tool_has_spoken(model_server: str) -> None:
    spoken = [*SPOKEN, {"role": "tool", "tool_call_id": "call_1", "content": "It rains."}]
    _, body = ask(model_server, messages=spoken, tools=[TOOL])
    assert json.loads(body)["choices"][0]["finish_reason"] == "stop"


def test_the_model_server_embeds_texts_with_words_in_common_alike(model_server: str) -> None:
    texts = ["how does a ring work", "a ring is memory", "nothing of it"]
    _, body = post(f"{model_server}/v1/embeddings", {"model": "demo", "input": texts})
    vectors = [each["embedding"] for each in json.loads(body)["data"]]
    alike, unlike = (sum(a * b for a, b in zip(vectors[0], other, strict=True)) for other in vectors[1:])
    assert alike > unlike


def test_the_model_server_packs_embeddings_when_asked_to(model_server: str) -> None:
    asked = {"model": "demo", "input": "ring", "dimensions": 4}
    _, plain = post(f"{model_server}/v1/embeddings", asked)
    _, packed = post(f"{model_server}/v1/embeddings", {**asked, "encoding_format": "base64"})
    vector = base64.b64decode(json.loads(packed)["data"][0]["embedding"])
    assert list(struct.unpack("<4f", vector)) == json.loads(plain)["data"][0]["embedding"]


@contextmanager
def chat(place: Place, model_server: str) -> Iterator[str]:
    """Run the chat example; yields its address."""
    with by_its_command("fastapi-chat", place, {"MODEL_URL": f"{model_server}/v1"}) as url:
        yield url


def test_the_chat_example_records_what_it_answers(place: Place, model_server: str) -> None:
    with chat(place, model_server) as url:
        assert [ask(url)[0], ask(url, stream=True)[0], ask(url, model="error-429")[0]] == [200, 200, 429]
    rows = place.query(
        "SELECT route, status, outcome FROM events WHERE kind = 'exchange' ORDER BY start_time"
    )
    route = "/v1/chat/completions"
    assert rows == [(route, 200, "completed"), (route, 200, "completed"), (route, 429, "completed")]


def test_the_chat_example_passes_on_what_the_model_says(place: Place, model_server: str) -> None:
    with chat(place, model_server) as url:
        _, body = ask(url)
        _, streamed = ask(url, stream=True)
    assert json.loads(body)["usage"]["total_tokens"] == 5
    assert "".join(
        chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks(streamed)
    ).split() == [
        "another",
        "process",
        "does",
    ]


def test_the_chat_example_does_not_record_health_checks(place: Place, model_server: str) -> None:
    with chat(place, model_server) as url:
        assert get_json(f"{url}/health") == {"status": "ok"}
        ask(url)
    assert place.query("SELECT path FROM events WHERE kind = 'exchange'") == [("/v1/chat/completions",)]


def test_every_example_says_what_it_is() -> None:
    folders = [path for path in EXAMPLES.iterdir() if path.is_dir() and path.name != "__pycache__"]
    assert [path.name for path in folders if not (Path(path) / "README.md").is_file()] == []
