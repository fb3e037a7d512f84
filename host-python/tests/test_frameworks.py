"""The frameworks: recorded alike, each with what it tells of its routes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from importlib import import_module
from typing import Any

import httpx2
import pytest
from conftest import Recording
from fastapi import APIRouter, FastAPI
from litestar import Litestar, Router, get
from offpath import OffpathMiddleware

#: Route templates of /echo/{name} and /sync/{name}. Quart and Django leave none in the scope.
TEMPLATES = {
    "fastapi": "/{endpoint}/{{name}}",
    "starlette": "/{endpoint}/{{name}}",
    "litestar": "/{endpoint}/{{name}}",
    "quart": None,
    "django": None,
}

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(params=TEMPLATES)
def framework(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def client_of(app: Any) -> httpx2.AsyncClient:
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    return httpx2.AsyncClient(transport=transport, base_url="http://api.example")


@pytest.fixture
async def client(recording: Recording, framework: str) -> AsyncIterator[httpx2.AsyncClient]:
    async with client_of(recording.wrap(import_module(f"apps.{framework}_app").app)) as client:
        yield client


def template(framework: str, endpoint: str) -> str | None:
    pattern = TEMPLATES[framework]
    return pattern and pattern.format(endpoint=endpoint)


async def test_bodies_both_ways(recording: Recording, framework: str, client: httpx2.AsyncClient) -> None:
    response = await client.post("/echo/ada", content=b"question " * 2000)
    assert response.status_code == 201
    event = recording.event()
    assert (event["method"], event["path"], event["status"]) == ("POST", "/echo/ada", 201)
    assert event["route"] == template(framework, "echo")
    for side in ("request", "response"):
        assert event[side]["body"]["size"] == 18_000
        assert event[side]["body"]["head"].startswith("question question")
    assert event["outcome"] == "completed"


async def test_endpoints_in_the_thread_pool(
    recording: Recording, framework: str, client: httpx2.AsyncClient
) -> None:
    assert (await client.get("/sync/ada?token=s3cret")).text == "hello ada"
    event = recording.event()
    assert (event["path"], event["query"], event["status"]) == ("/sync/ada", "token=[redacted]", 200)
    assert event["route"] == template(framework, "sync")
    assert event["response"]["body"]["head"] == "hello ada"


async def test_streamed_responses(recording: Recording, client: httpx2.AsyncClient) -> None:
    assert (await client.get("/stream")).content == b"onetwo"
    answered = recording.event()["response"]
    assert (answered["body"]["head"], answered["chunks"]) == ("onetwo", 2)


async def test_exceptions_in_the_app(
    recording: Recording, framework: str, client: httpx2.AsyncClient
) -> None:
    assert (await client.get("/boom")).status_code == 500
    event = recording.event()
    assert event["status"] == 500
    # Starlette and FastAPI raise it again after their response; the others handle it.
    if framework in {"fastapi", "starlette"}:
        assert (event["outcome"], event["error"]) == (
            "app_error",
            {"type": "ValueError", "message": "of the app"},
        )
    else:
        assert (event["outcome"], event["error"]) == ("completed", None)


async def test_what_no_route_matches_has_no_template(
    recording: Recording, client: httpx2.AsyncClient
) -> None:
    assert (await client.get("/nowhere")).status_code == 404
    event = recording.event()
    assert (event["status"], event["route"]) == (404, None)


async def test_templates_have_the_prefix_of_an_included_router(recording: Recording) -> None:
    app, outer, inner = FastAPI(), APIRouter(prefix="/outer"), APIRouter(prefix="/inner")
    inner.add_api_route("/items/{item}", lambda item: item)
    outer.include_router(inner, prefix="/between")
    app.include_router(outer, prefix="/api")
    async with client_of(recording.wrap(app)) as client:
        assert (await client.get("/api/outer/between/inner/items/7")).status_code == 200
    assert recording.event()["route"] == "/api/outer/between/inner/items/{item}"


async def test_templates_have_the_prefix_of_a_mounted_app(recording: Recording) -> None:
    app, sub = FastAPI(), FastAPI()
    sub.add_api_route("/items/{item}", lambda item: item)
    app.mount("/shop", sub)
    async with client_of(recording.wrap(app)) as client:
        assert (await client.get("/shop/items/7")).status_code == 200
    assert recording.event()["route"] == "/shop/items/{item}"


async def test_a_parameter_in_the_prefix_of_a_mounted_app_has_its_name_and_not_its_value(
    recording: Recording,
) -> None:
    app, sub = FastAPI(), FastAPI()
    sub.add_api_route("/items/{item}", lambda item: item)
    app.mount("/tenants/{tenant}", sub)
    async with client_of(recording.wrap(app)) as client:
        assert (await client.get("/tenants/acme/items/7")).status_code == 200
    assert recording.event()["route"] == "/tenants/{tenant}/items/{item}"


async def test_templates_do_not_have_the_prefix_that_a_proxy_strips(recording: Recording) -> None:
    app = FastAPI()
    app.add_api_route("/items/{item}", lambda item: item)
    transport = httpx2.ASGITransport(recording.wrap(app), root_path="/behind/proxy")
    async with httpx2.AsyncClient(transport=transport, base_url="http://api.example") as client:
        assert (await client.get("/items/7")).status_code == 200
    assert recording.event()["route"] == "/items/{item}"


async def test_templates_have_the_prefix_of_a_litestar_router(recording: Recording) -> None:
    @get("/items/{item:int}")
    async def items() -> str:
        return "here"

    app = Litestar([Router("/api", route_handlers=[items])], logging_config=None, openapi_config=None)
    async with client_of(recording.wrap(app)) as client:
        assert (await client.get("/api/items/7")).status_code == 200
    assert recording.event()["route"] == "/api/items/{item}"


async def test_the_way_of_the_readme(recording: Recording) -> None:
    app = FastAPI()
    app.add_middleware(OffpathMiddleware, config={"service": {"name": recording.service}})
    app.add_api_route("/items/{item}", lambda item: item)
    async with client_of(app) as client:
        assert (await client.get("/items/7")).json() == "7"
    event = recording.event()
    assert (event["route"], event["response"]["body"]["head"]) == ("/items/{item}", '"7"')
