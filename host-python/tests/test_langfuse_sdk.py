"""Langfuse's own SDK, of versions 3, 4 and 5, with its spans recorded by offpath: all but the transport is as it was."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import offpath
import pytest
from support import python, ring
from support.langfuse_server import IMAGE, LangfuseServer, langfuse_server
from support.waiting import PATIENCE

PEERS = python.TESTS.parent.parent / ".cache" / "peers"
#: Of the newest there is none for CPython 3.10.
NEWEST = ["langfuse-5"] if sys.version_info >= (3, 11) else []
VERSIONS = ["langfuse-3", "langfuse-3-otel-1.33", "langfuse-4", *NEWEST]
#: Those that mask and upload at export, and mark the root of the app.
TRANSFORMING = ["langfuse-4", *NEWEST]
INTEGRATED = ["langfuse-3", "langfuse-4", *NEWEST]


@dataclass(frozen=True)
class Ran:
    """What a scenario left behind."""

    report: dict[str, Any]
    spans: list[ring.Span]
    exchanges: list[ring.Exchange]
    server: LangfuseServer

    def named(self, name: str) -> ring.Span:
        """The only span of this name."""
        [span] = [span for span in self.spans if span.name == name]
        return span


@pytest.fixture(scope="module")
def server() -> Iterator[LangfuseServer]:
    with langfuse_server() as server:
        yield server


def run(version: str, scenario: str, directory: Path, server: LangfuseServer, **variables: object) -> Ran:
    """Run a scenario in the environment of a version, with no exporter, and hold what is true of all."""
    site = directory / "site"
    site.mkdir()
    (site / "offpath").symlink_to(Path(offpath.__file__).parent)
    env = python.environment(
        OFFPATH_DIR=directory / "rings", LANGFUSE_BASE_URL=server.url, IMAGE=IMAGE, **variables
    )
    env["PYTHONPATH"] = f"{site}:{python.TESTS}"
    server.requests.clear()
    command = [str(PEERS / version / "bin" / "python"), "-m", "apps.langfuse_scenarios", scenario]
    done = subprocess.run(
        command, cwd=directory, env=env, capture_output=True, text=True, timeout=2 * PATIENCE, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout.splitlines()[-1])
    assert (report["threads"], report["errors"]) == ([], 0)
    assert server.asked("POST", "/otel/") == []
    assert "Failed to detach context" not in done.stderr
    rings = directory / "rings"
    return Ran(report, ring.spans(rings), ring.exchanges(rings), server)


@pytest.mark.parametrize("version", VERSIONS)
def test_decorators_give_the_tree_that_they_always_gave(
    version: str, tmp_path: Path, server: LangfuseServer
) -> None:
    ran = run(version, "decorators", tmp_path, server)
    route, service, generation = (ran.named(name) for name in ("route", "service", "generation"))
    assert (route.parent, service.parent, generation.parent) == ("", route.span_id, service.span_id)
    assert {route.trace_id} == {service.trace_id, generation.trace_id}
    assert generation.attributes["langfuse.observation.type"] == "generation"
    assert generation.attributes["langfuse.observation.model.name"] == "m"
    assert json.loads(generation.attributes["langfuse.observation.usage_details"]) == {"input": 3}
    assert generation.attributes["langfuse.observation.output"] == "WHY"
    assert json.loads(route.attributes["langfuse.observation.output"]) == {"answer": "WHY"}
    assert "one" in service.attributes["langfuse.observation.metadata.step"]
    outer = ran.named("outer")
    assert {span.parent for span in ran.spans if span.name == "inner"} == {outer.span_id}
    assert sum(span.name == "inner" for span in ran.spans) == 2
    assert {"generator", "async_generator"} <= {span.name for span in ran.spans}
    failing = ran.named("failing")
    assert (failing.otlp.status.code, failing.attributes["langfuse.observation.level"]) == (2, "ERROR")
    assert failing.attributes["langfuse.observation.status_message"] == "broken"
    assert route.scope.name == "langfuse-sdk"
    assert ring.values(route.scope.attributes)["public_key"] == "pk-1"


@pytest.mark.parametrize("version", VERSIONS)
def test_attributes_of_the_trace_are_propagated(version: str, tmp_path: Path, server: LangfuseServer) -> None:
    child = run(version, "propagated", tmp_path, server).named("child")
    assert (child.attributes["user.id"], child.attributes["session.id"]) == ("u1", "s1")
    assert child.attributes["langfuse.trace.tags"] == ["t1"]


@pytest.mark.parametrize("version", INTEGRATED)
def test_the_drop_in_for_openai_works(version: str, tmp_path: Path, server: LangfuseServer) -> None:
    ran = run(version, "openai_drop_in", tmp_path, server)
    [span] = ran.spans
    assert span.attributes["langfuse.observation.type"] == "generation"
    assert "Paris" in span.attributes["langfuse.observation.output"]
    assert json.loads(span.attributes["langfuse.observation.usage_details"])["total_tokens"] == 6


@pytest.mark.skipif(not NEWEST, reason="LangChain is for CPython 3.11 and later")
@pytest.mark.parametrize("version", INTEGRATED)
def test_langchains_callback_handler_works(version: str, tmp_path: Path, server: LangfuseServer) -> None:
    [span] = run(version, "langchain", tmp_path, server).spans
    assert span.attributes["langfuse.observation.type"] == "generation"
    assert "Paris" in span.attributes["langfuse.observation.output"]


@pytest.mark.parametrize("version", VERSIONS)
def test_scores_and_prompts_go_to_langfuse_as_ever(
    version: str, tmp_path: Path, server: LangfuseServer
) -> None:
    ran = run(version, "scores_and_prompts", tmp_path, server)
    judged = ran.named("judged")
    sent = b"".join(request.body for request in server.requests if request.method == "POST").decode()
    assert "quality" in sent
    assert "mood" in sent
    assert judged.trace_id in sent
    assert judged.span_id in sent
    assert ran.named("prompted").attributes["langfuse.observation.prompt.name"] == "greeting"
    assert ran.named("prompted").attributes["langfuse.observation.prompt.version"] == 3


@pytest.mark.parametrize("version", VERSIONS)
def test_what_the_sdk_masks_is_masked(version: str, tmp_path: Path, server: LangfuseServer) -> None:
    masked = run(version, "masked", tmp_path, server).named("masked")
    assert masked.attributes["langfuse.observation.input"] == "***"
    assert masked.attributes["langfuse.observation.output"] == "***"


@pytest.mark.parametrize("version", TRANSFORMING)
def test_spans_are_masked_before_they_are_recorded_and_left_out_where_that_fails(
    version: str, tmp_path: Path, server: LangfuseServer
) -> None:
    [span] = run(version, "masked_spans", tmp_path, server).spans
    assert (span.name, span.attributes["langfuse.observation.input"]) == ("masked", "***")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_rate_keeps_whole_traces(version: str, tmp_path: Path, server: LangfuseServer) -> None:
    spans = run(version, "sampled", tmp_path, server).spans
    roots = {span.trace_id for span in spans if span.parent == ""}
    assert 60 < len(roots) < 140
    assert {span.trace_id for span in spans if span.parent != ""} == roots


@pytest.mark.parametrize("version", VERSIONS)
def test_a_rate_of_the_environment_holds(version: str, tmp_path: Path, server: LangfuseServer) -> None:
    assert run(version, "propagated", tmp_path, server, LANGFUSE_SAMPLE_RATE=0).spans == []


@pytest.mark.parametrize("version", VERSIONS)
def test_media_are_uploaded_and_not_recorded(version: str, tmp_path: Path, server: LangfuseServer) -> None:
    ran = run(version, "media", tmp_path, server)
    media = ran.named("media")
    for key in ("langfuse.observation.input", "langfuse.observation.output"):
        assert "@@@langfuseMedia:" in media.attributes[key]
    assert len(server.asked("PUT", "/upload")) >= 2
    if version in TRANSFORMING:
        foreign = ran.named("foreign")
        assert "@@@langfuseMedia:" in foreign.attributes["input.value"]
    assert all(IMAGE not in str(span.attributes) for span in ran.spans if span.name != "foreign")


@pytest.mark.parametrize("version", VERSIONS)
def test_each_client_has_the_spans_of_its_project_and_others_come_once(
    version: str, tmp_path: Path, server: LangfuseServer
) -> None:
    ran = run(version, "scopes", tmp_path, server)
    keys = {
        span.name: ring.values(span.scope.attributes).get("public_key")
        for span in ran.spans
        if span.name.startswith("of ")
    }
    assert keys == {"of a": "pk-a", "of b": "pk-b", "of either": None}
    assert len({span.span_id for span in ran.spans}) == len(ran.spans)
    # Version 3 exports all that it is not told to block.
    assert ("no model" in {span.name for span in ran.spans}) == (version not in TRANSFORMING)


@pytest.mark.parametrize("version", VERSIONS)
def test_what_the_app_does_not_want_exported_is_not_recorded(
    version: str, tmp_path: Path, server: LangfuseServer
) -> None:
    assert [span.name for span in run(version, "chosen", tmp_path, server).spans] == ["kept"]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_forked_child_records_and_has_no_thread_for_spans(
    version: str, tmp_path: Path, server: LangfuseServer
) -> None:
    ran = run(version, "forked", tmp_path, server)
    assert sorted(span.name for span in ran.spans) == ["before", "in the child"]
    assert ran.report["status"] == 0


@pytest.mark.parametrize("version", VERSIONS)
def test_flush_and_shutdown_wait_for_nobody_where_no_exporter_runs(
    version: str, tmp_path: Path, server: LangfuseServer
) -> None:
    assert run(version, "flushed", tmp_path, server).report["seconds"] < 5


@pytest.mark.parametrize("version", VERSIONS)
def test_the_provider_does_not_become_the_global_one(
    version: str, tmp_path: Path, server: LangfuseServer
) -> None:
    assert run(version, "not_global", tmp_path, server).report["global"] == "ProxyTracerProvider"


@pytest.mark.parametrize("version", VERSIONS)
def test_spans_in_a_request_are_of_its_trace_and_the_request_is_their_root(
    version: str, tmp_path: Path, server: LangfuseServer
) -> None:
    ran = run(version, "in_an_exchange", tmp_path, server)
    [exchange] = ran.exchanges
    first, second = (span for span in ran.spans if span.name == "handler")
    assert (first.trace_id, first.parent) == (exchange.trace_id, exchange.span_id)
    assert (second.parent, second.trace_id == first.trace_id) == ("", False)
    assert ran.report["trace"] == exchange.trace_id
    marks = [span.attributes.get("langfuse.internal.is_app_root") for span in (first, second)]
    assert marks == ([False, True] if version in TRANSFORMING else [None, None])


@pytest.mark.parametrize("version", VERSIONS)
def test_nothing_is_left_of_ten_thousand_spans(version: str, tmp_path: Path, server: LangfuseServer) -> None:
    assert run(version, "kept_alive", tmp_path, server).report["more"] < 1000


def test_where_offpath_is_off_the_sdk_sends_its_spans_itself(tmp_path: Path, server: LangfuseServer) -> None:
    env = python.environment(LANGFUSE_BASE_URL=server.url, OFFPATH_ENABLED=0)
    server.requests.clear()
    program = """
from langfuse import Langfuse
import offpath, os
provider = offpath.langfuse.tracer_provider()
client = Langfuse(public_key="pk", secret_key="sk", host=os.environ["LANGFUSE_BASE_URL"], tracer_provider=provider)
client.start_observation(name="s", as_type="span").end()
client.flush()
"""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "offpath").symlink_to(Path(offpath.__file__).parent)
    env["PYTHONPATH"] = str(tmp_path / "site")
    command = [str(PEERS / "langfuse-4" / "bin" / "python"), "-c", program]
    subprocess.run(command, cwd=tmp_path, env=env, check=True, capture_output=True, timeout=PATIENCE)
    assert len(server.asked("POST", "/otel/")) == 1
