"""Instrumentations of OpenTelemetry as they are, with OffpathSpanProcessor: their spans and the exchanges are one trace."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

import offpath
import pytest
from support import python, ring
from support.langfuse_server import langfuse_server
from support.waiting import PATIENCE

PYTHON = python.TESTS.parent.parent / ".cache/peers/instrumentations/bin/python"
PROGRAM = """
import asyncio, json, os
import httpx, offpath, openai
from fastapi import FastAPI
from openinference.instrumentation.openai import OpenAIInstrumentor
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.instrumentation.sqlalchemy import SQLAlchemyInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from sqlalchemy import create_engine, text

provider = TracerProvider(shutdown_on_exit=False)
provider.add_span_processor(offpath.otel.OffpathSpanProcessor())
offpath.httpx.instrument()
OpenAIInstrumentor().instrument(tracer_provider=provider)
engine = create_engine("sqlite://")
SQLAlchemyInstrumentor().instrument(engine=engine, tracer_provider=provider)
model = openai.AsyncOpenAI(base_url=os.environ["MODEL"] + "/v1", api_key="k", max_retries=0)
app = FastAPI()

@app.get("/chat/{user}")
async def chat(user: str) -> str:
    with engine.connect() as connection:
        connection.execute(text("select 1"))
    messages = [{"role": "user", "content": "Capital of France?"}]
    completion = await model.chat.completions.create(model="m", messages=messages)
    return completion.choices[0].message.content

app.add_middleware(offpath.OffpathMiddleware)
FastAPIInstrumentor.instrument_app(app, tracer_provider=provider, exclude_spans=["receive", "send"])

async def main():
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
        assert (await client.get("/chat/ada")).json() == "Paris"

asyncio.run(main())
print(json.dumps(offpath.status()))
"""


@dataclass(frozen=True)
class Request:
    """What one request left behind."""

    spans: dict[str, ring.Span]
    exchanges: dict[tuple[str, str], ring.Exchange]


@pytest.fixture(scope="module")
def request_(tmp_path_factory: pytest.TempPathFactory) -> Request:
    directory = tmp_path_factory.mktemp("instrumentations")
    (directory / "site").mkdir()
    (directory / "site" / "offpath").symlink_to(Path(offpath.__file__).parent)
    with langfuse_server() as server:
        env = python.environment(OFFPATH_DIR=directory / "rings", MODEL=server.url)
        env["PYTHONPATH"] = str(directory / "site")
        done = subprocess.run(
            [str(PYTHON), "-c", PROGRAM],
            cwd=directory,
            env=env,
            capture_output=True,
            text=True,
            timeout=2 * PATIENCE,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["internal_errors"] == 0
    spans = {span.scope.name.rpartition(".")[2]: span for span in ring.spans(directory / "rings")}
    exchanges = {(each.source, each.path): each for each in ring.exchanges(directory / "rings")}
    return Request(spans, exchanges)


def test_fastapis_span_stands_outside_of_the_exchange(request_: Request) -> None:
    server, exchange = request_.spans["fastapi"], request_.exchanges["asgi", "/chat/ada"]
    assert (exchange.parent, exchange.trace_id) == (server.span_id, server.trace_id)
    assert server.otlp.kind == 2
    assert server.attributes["http.route"] == "/chat/{user}"


def test_sqlalchemys_span_is_a_part_of_the_exchange(request_: Request) -> None:
    exchange = request_.exchanges["asgi", "/chat/ada"]
    query = request_.spans["sqlalchemy"]
    assert (query.parent, query.trace_id) == (exchange.span_id, exchange.trace_id)


def test_openinferences_span_is_too_and_the_call_is_a_part_of_that(request_: Request) -> None:
    exchange = request_.exchanges["asgi", "/chat/ada"]
    generation = request_.spans["openai"]
    assert (generation.parent, generation.trace_id) == (exchange.span_id, exchange.trace_id)
    assert generation.attributes["openinference.span.kind"] == "LLM"
    assert "Paris" in generation.attributes["output.value"]
    call = request_.exchanges["httpx", "/v1/chat/completions"]
    assert (call.parent, call.trace_id) == (generation.span_id, generation.trace_id)
