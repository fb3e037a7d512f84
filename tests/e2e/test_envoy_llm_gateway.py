"""The LLM gateway by its one command, called by the `openai` client of the example."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import urllib.error
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.framework.http import get
from tests.framework.place import Place, place
from tests.framework.processes import eventually, free_port, running, uvicorn

from .by_command import EXAMPLES, by_its_command, kill

NAME = "envoy-llm-gateway"
EXAMPLE = EXAMPLES / NAME
KEY = "sk-for-the-provider-alone"
CALLS = 3


@dataclass(frozen=True)
class Seen:
    """What a run of the example has printed, and left when it had ended."""

    client: str
    """What the client got."""
    rows: list[dict[str, str]]
    """What is shown of the calls, by the names of the columns."""
    columns: list[tuple[Any, ...]]
    """Source, service, path, outcome, first byte, first token and duration of each call, as the store has them."""
    files: dict[Path, bytes]
    """All that is in the folder of the data."""

    def tokens(self) -> list[tuple[str, str]]:
        """Return how many tokens the client was told of, in and out, by call."""
        return re.findall(r"(\d+) tokens in, (\d+) out", self.client)


def printed(program: str, *arguments: str, **env: str) -> str:
    """Run a Python program of the example, and return what it prints."""
    command = [sys.executable, str(EXAMPLE / program), *arguments]
    done = subprocess.run(command, env={**os.environ, **env}, capture_output=True, check=False, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def call(place: Place, env: Mapping[str, str]) -> Seen:
    """Run the gateway, call it, and end it."""
    with by_its_command(NAME, place, env) as url:
        client = printed("client.py", GATEWAY_URL=f"{url}/v1", OPENAI_API_KEY=KEY)
        eventually("every call is stored", lambda: place.count() == CALLS)
    head, *lines = printed("generations.py", str(place.data / "offpath.db")).splitlines()
    columns = "source, service, path, outcome, first_byte_ns, first_token_ns, duration_ns"
    return Seen(
        client,
        [dict(zip(head.split(), line.split(), strict=True)) for line in lines],
        place.query(f"SELECT {columns} FROM events WHERE kind = 'exchange' ORDER BY start_time"),
        {path: path.read_bytes() for path in place.data.rglob("*") if path.is_file()},
    )


@pytest.fixture(scope="module")
def seen() -> Iterator[Seen]:
    with place() as made:
        yield call(made, {"MODEL_PORT": str(free_port())})


def test_the_client_gets_whole_and_streamed_answers_and_refusals(seen: Seen) -> None:
    assert re.findall(r"^\w+", seen.client, re.MULTILINE) == ["whole", "streamed", "refused"]


def test_every_generation_is_shown_as_what_it_was(seen: Seen) -> None:
    names = ("status", "model", "stream", "finish")
    assert [tuple(row[name] for name in names) for row in seen.rows] == [
        ("200", "demo", "no", "stop"),
        ("200", "demo", "yes", "stop"),
        ("404", "error-404", "no", "not_found"),
    ]


def test_the_tokens_shown_are_those_that_the_client_was_told_of(seen: Seen) -> None:
    shown = [(row["in"], row["out"]) for row in seen.rows]
    assert shown == [*seen.tokens(), ("-", "-")]
    assert len(seen.tokens()) == 2
    assert seen.rows[1]["total"] == str(sum(map(int, seen.tokens()[1])))


def test_envoy_has_recorded_them_for_the_service_that_its_configuration_names(seen: Seen) -> None:
    expected = ("envoy", "llm-gateway", "/v1/chat/completions", "completed")
    assert [columns[:4] for columns in seen.columns] == [expected] * CALLS


def test_the_first_token_of_a_stream_comes_after_its_first_byte_and_before_its_end(seen: Seen) -> None:
    *_, first_byte, first_token, duration = seen.columns[1]
    assert 0 < first_byte <= first_token < duration
    assert seen.rows[1]["first-token"] == f"{first_token / 1e6:.1f}ms"


def test_the_provider_s_key_is_nowhere_in_the_data(seen: Seen) -> None:
    assert seen.files
    assert [path for path, content in seen.files.items() if KEY.encode() in content] == []


def test_a_kill_ends_all_that_it_has_started(place: Place) -> None:
    with by_its_command(NAME, place, {"MODEL_PORT": str(free_port())}, kill):
        assert (place.data / "ingest.sock").is_socket()
    assert not (place.data / "ingest.sock").exists()


def test_a_model_server_that_is_another_s_is_not_called(place: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        env = {**place.env, "MODEL_PORT": str(other.getsockname()[1])}
        done = subprocess.run(
            EXAMPLE / "run.sh", cwd=place.path, env=env, capture_output=True, check=False, text=True
        )
    assert done.returncode == 1
    assert "the model server's port is taken" in done.stderr


@contextmanager
def https_model_server(place: Place, name: str) -> Iterator[dict[str, str]]:
    """Run a model server on localhost with a certificate of this name; yields what leads the gateway to it."""
    key, certificate, port = place.path / "key.pem", place.path / "certificate.pem", free_port()
    made_out = ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"]
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", *made_out]
    subprocess.run([*make, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    tls = ["--ssl-keyfile", str(key), "--ssl-certfile", str(certificate)]
    model_server = uvicorn("model_server:app", port, "--app-dir", str(EXAMPLES / "model-server"), *tls)
    with running(model_server, place.log("model"), os.environ, port=port):
        yield {"MODEL_URL": f"https://localhost:{port}/v1", "SSL_CERT_FILE": str(certificate)}


def test_a_provider_behind_https_is_called(place: Place) -> None:
    with https_model_server(place, "localhost") as env:
        seen = call(place, env)
    assert [row["status"] for row in seen.rows] == ["200", "200", "404"]


def test_a_provider_that_cannot_prove_its_name_gets_no_key(place: Place) -> None:
    with https_model_server(place, "elsewhere") as env, by_its_command(NAME, place, env) as url:
        with pytest.raises(urllib.error.HTTPError):
            get(f"{url}/v1/models")
        eventually("the call is stored", lambda: place.count() == 1)
    ((status, json),) = place.query("SELECT status, json FROM events WHERE kind = 'exchange'")
    assert status == 503
    assert "CERTIFICATE_VERIFY_FAILED" in json


def test_a_provider_that_is_no_address_is_refused(place: Place) -> None:
    command = [EXAMPLE / "run.sh"]
    env = {**place.env, "MODEL_URL": "api.openai.com"}
    done = subprocess.run(command, cwd=place.path, env=env, capture_output=True, check=False, text=True)
    assert done.returncode == 64
    assert "MODEL_URL must be like https://api.openai.com, got api.openai.com" in done.stderr
