"""Answers that Envoy makes itself: because its configuration says so, or because there is nobody else to."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.framework import bootstrap
from tests.framework.processes import free_port

from .support import http1
from .support.configuration import delay, direct, fault, forbidding, nobody, to_cluster_in_header
from .support.upstreams import App, Upstream, answering, unique
from .support.watched import Event, Proxy, Watched, until

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def proxy(watched: Watched, app: Upstream[App]) -> Iterator[Proxy]:
    """Nothing of `main` leads to the app; of `guarded` everything, by filters before ours."""
    routes = [
        direct("teapot", 418, "short and stout", prefix="/direct"),
        bootstrap.route("to-refusal", "refusal", prefix="/refused"),
        bootstrap.route("to-nobody", "nobody", prefix="/nobody"),
        bootstrap.route("to-busy", "busy", prefix="/busy"),
        to_cluster_in_header("x-cluster", prefix="/named"),
    ]
    main = bootstrap.listener(free_port(), routes, [watched.filter()])
    guards = [forbidding("x-forbidden"), fault("x-fault", 429), delay("x-delay", 600)]
    guarded = bootstrap.listener(free_port(), [bootstrap.route("to-app")], [*guards, watched.filter()])
    busy = bootstrap.upstream(app.port, "busy") | {
        "circuit_breakers": {"thresholds": [{"max_pending_requests": 0}]}
    }
    clusters = [
        bootstrap.upstream(free_port(), "refusal"),
        nobody("nobody"),
        busy,
        bootstrap.upstream(app.port),
    ]
    with watched.envoy({"main": main, "guarded": guarded}, clusters) as running:
        yield running


def why(event: Event) -> tuple[int | None, str, list[str]]:
    """Status, outcome and flags."""
    return event["status"], event["outcome"], event["proxy"]["response_flags"]


async def test_a_direct_response_is_an_answer(client: httpx.AsyncClient, watched: Watched) -> None:
    path = unique("/direct")
    assert (await client.get(path)).text == "short and stout"
    event = await watched.event(path=path)
    assert why(event) == (418, "completed", [])
    assert (event["route"], event["proxy"]["response_code_details"]) == ("teapot", "direct_response")
    assert event["response"]["body"]["head"] == "short and stout"


async def test_no_route_is_an_answer(client: httpx.AsyncClient, watched: Watched) -> None:
    path = unique("/nowhere")
    await client.get(path)
    event = await watched.event(path=path)
    assert why(event) == (404, "completed", ["NR"])
    assert (event["route"], event["error"], event["proxy"]["attempts"]) == (None, None, 0)
    assert event["proxy"]["response_code_details"] == "route_not_found"


async def test_an_upstream_that_refuses_connections_is_its_error(
    client: httpx.AsyncClient, watched: Watched
) -> None:
    path = unique("/refused")
    answer = await client.get(path)
    event = await watched.event(path=path)
    assert why(event) == (503, "upstream_error", ["UF"])
    assert event["error"]["type"] == "UpstreamConnectionFailure"
    assert event["error"]["message"].startswith(
        "upstream_reset_before_response_started{remote_connection_failure"
    )
    assert "Connection_refused" in event["error"]["message"]
    assert event["response"]["body"]["head"] == answer.text


async def test_no_healthy_upstream_is_its_error(client: httpx.AsyncClient, watched: Watched) -> None:
    path = unique("/nobody")
    await client.get(path)
    event = await watched.event(path=path)
    assert why(event) == (503, "upstream_error", ["UH"])
    assert event["error"] == {"type": "NoHealthyUpstream", "message": "no_healthy_upstream"}


async def test_an_upstream_that_has_no_room_is_its_error(client: httpx.AsyncClient, watched: Watched) -> None:
    path = unique("/busy")
    await client.get(path)
    event = await watched.event(path=path)
    assert why(event) == (503, "upstream_error", ["UO"])
    assert event["error"]["type"] == "UpstreamOverflow"


async def test_no_cluster_is_the_upstreams_error(client: httpx.AsyncClient, watched: Watched) -> None:
    path = unique("/named")
    await client.get(path, headers={"x-cluster": "unheard-of"})
    event = await watched.event(path=path)
    assert why(event) == (503, "upstream_error", ["NC"])
    assert event["error"] == {"type": "NoClusterFound", "message": "cluster_not_found"}


# --- answers of filters that come before ours -----------------------------------------------------------------------


async def test_a_request_that_an_earlier_filter_forbids_is_one_event(
    proxy: Proxy, app: Upstream[App], watched: Watched
) -> None:
    path = app.at(answering())
    async with httpx.AsyncClient(base_url=proxy.url("guarded")) as client:
        answer = await client.post(f"{path}?a=b", headers={"x-forbidden": "yes", "host": "api.example"})
    event = await watched.event(path=path)
    assert why(event) == (403, "completed", [])
    assert event["proxy"]["response_code_details"].startswith("rbac_access_denied")
    named = (event["method"], event["host"], event["query"], event["client"], event["http_version"])
    assert named == ("POST", "api.example", "a=b", "127.0.0.1", "1.1")
    assert event["response"]["body"]["size"] == len(answer.content)
    assert ["content-type", "text/plain"] in event["response"]["headers"]


async def test_a_fault_that_an_earlier_filter_makes_is_one_event(
    proxy: Proxy, app: Upstream[App], watched: Watched
) -> None:
    path = app.at(answering())
    async with httpx.AsyncClient(base_url=proxy.url("guarded"), http1=False, http2=True) as client:
        await client.get(path, headers={"x-fault": "yes"})
    event = await watched.event(path=path)
    assert why(event) == (429, "completed", ["FI"])
    assert (event["http_version"], event["proxy"]["response_code_details"]) == ("2", "fault_filter_abort")


async def test_a_client_that_goes_while_an_earlier_filter_holds_its_request_is_a_disconnect(
    proxy: Proxy, watched: Watched
) -> None:
    path = unique("/delayed")
    async with http1.connect(proxy.port("guarded")) as client:
        await client.request(path, b"x-delay: yes")
        await until("the request is held", lambda: proxy.envoy.stat("http.ingress.fault.active_faults") > 0)
    event = await watched.event(path=path)
    assert why(event) == (None, "client_disconnected", ["DI", "DC"])


async def test_secrets_of_a_request_that_an_earlier_filter_forbids_stay_behind(
    proxy: Proxy, app: Upstream[App], watched: Watched
) -> None:
    path = app.at(answering())
    async with httpx.AsyncClient(base_url=proxy.url("guarded")) as client:
        headers = {"x-forbidden": "yes", "authorization": "Bearer hush"}
        await client.get(path, headers=headers)
    event = await watched.event(path=path)
    assert "hush" not in str(event)


async def test_what_earlier_filters_let_through_is_as_ever(
    proxy: Proxy, app: Upstream[App], watched: Watched
) -> None:
    path = app.at(answering(b"hello"))
    async with httpx.AsyncClient(base_url=proxy.url("guarded")) as client:
        await client.get(path)
    event = await watched.event(path=path)
    assert why(event) == (200, "completed", [])
    assert event["response"]["body"]["head"] == "hello"


# --- what is no request ---------------------------------------------------------------------------------------------


async def test_bytes_that_are_no_request_are_answered_and_trouble_nobody(
    proxy: Proxy, client: httpx.AsyncClient, watched: Watched
) -> None:
    async with http1.connect(proxy.port()) as stranger:
        await stranger.send(b"\x16\x03\x01 this is no HTTP\r\n\r\n")
        assert (await stranger.answer()).status == 400
    path = unique("/direct")
    await client.get(path)
    await watched.event(path=path)
