"""Which streams are recorded, and how much of each: by the plugin's rules, and by Envoy's routes."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.framework import bootstrap
from tests.framework.processes import free_port

from .support.configuration import off
from .support.upstreams import App, Upstream, answering
from .support.watched import Proxy, Watched

pytestmark = pytest.mark.anyio

CONFIG = {
    "service": {"name": "shop", "environment": "test", "release": "2026.11"},
    "capture": {"response_body": {"head": 4, "tail": 2}},
    "rule": [
        {"name": "quiet", "match": {"path": "/quiet/**"}, "record": False},
        {
            "name": "writes",
            "match": {"path": "/things/*", "method": ["POST"]},
            "request_body": {"head": 3, "tail": 0},
        },
        {"name": "nothing", "match": {"path": "/bare/*"}, "response_body": {"head": 0, "tail": 0}},
    ],
}


@pytest.fixture(scope="module")
def proxy(watched: Watched, app: Upstream[App]) -> Iterator[Proxy]:
    """One listener whose filter has rules, on whose route below `/off` it is off; and one with a configuration more."""
    routes = [off(bootstrap.route("off", prefix="/off")), bootstrap.route("on")]
    main = bootstrap.listener(free_port(), routes, [watched.filter(**CONFIG)])
    other = bootstrap.listener(free_port(), routes, [watched.filter(service={"name": "other"})])
    with watched.envoy({"main": main, "other": other}, [bootstrap.upstream(app.port)]) as running:
        yield running


async def assert_not_recorded(
    client: httpx.AsyncClient, app: Upstream[App], watched: Watched, path: str
) -> None:
    """The stream passes, and when one behind it is stored it is not."""
    assert (await client.get(path)).content == b"0123456789"
    behind = app.at(answering())
    await client.get(behind)
    await watched.event(path=behind)
    assert watched.events(path=path) == []


async def test_a_rule_that_says_so_leaves_streams_out(
    client: httpx.AsyncClient, app: Upstream[App], watched: Watched
) -> None:
    await assert_not_recorded(client, app, watched, app.at(answering(b"0123456789"), "/quiet/deep"))


async def test_a_route_on_which_the_filter_is_off_leaves_streams_out(
    client: httpx.AsyncClient, app: Upstream[App], watched: Watched
) -> None:
    await assert_not_recorded(client, app, watched, app.at(answering(b"0123456789"), "/off"))


async def test_a_rule_lays_its_limits_over_the_defaults(
    client: httpx.AsyncClient, app: Upstream[App], watched: Watched
) -> None:
    path = app.at(answering(b"0123456789"), "/things")
    await client.post(path, content=b"abcdef")
    event = await watched.event(path=path)
    asked, answered = event["request"]["body"], event["response"]["body"]
    assert event["rule"] == "writes"
    assert (asked["head"], asked["tail"], asked["size"]) == ("abc", "", 6)
    assert (answered["head"], answered["tail"], answered["size"]) == ("0123", "89", 10)


async def test_a_rule_for_another_method_is_not_for_this_one(
    client: httpx.AsyncClient, app: Upstream[App], watched: Watched
) -> None:
    path = app.at(answering(b"0123456789"), "/things")
    await client.put(path, content=b"abcdef")
    event = await watched.event(path=path)
    assert (event["rule"], event["request"]["body"]["head"]) == (None, "abcdef")


async def test_without_room_for_a_body_its_size_is_kept(
    client: httpx.AsyncClient, app: Upstream[App], watched: Watched
) -> None:
    path = app.at(answering(b"0123456789"), "/bare")
    await client.get(path)
    body = (await watched.event(path=path))["response"]["body"]
    assert (body["size"], body["kept"], body["head"], body["tail"]) == (10, 0, "", "")


async def test_events_name_the_service_that_the_configuration_names(
    client: httpx.AsyncClient, app: Upstream[App], watched: Watched
) -> None:
    path = app.at(answering())
    await client.get(path)
    event = await watched.event(path=path)
    assert (event["service"], event["environment"], event["release"]) == ("shop", "test", "2026.11")


async def test_each_listener_has_a_configuration_of_its_own(
    proxy: Proxy, app: Upstream[App], watched: Watched
) -> None:
    path = app.at(answering(b"0123456789"), "/quiet")
    async with httpx.AsyncClient(base_url=proxy.url("other")) as client:
        await client.get(path)
    event = await watched.event(path=path)
    assert (event["service"], event["response"]["body"]["head"]) == ("other", "0123456789")
