"""Configuration: where it comes from, and what is said of a wrong one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import Recording
from offpath import ConfigError, OffpathMiddleware, configure
from support import python
from support.asgi import OK, exchange

WRONG: dict[str, Any] = {
    "service": {"environment": "Langfuse!"},
    "capture": {"record": "yes", "request_body": {"head": "8XB"}, "hedders": {}},
    "rule": [{"match": {"path": "no-slash", "method": [""]}}, {"record": 1}],
    "ring": {"size": "3MiB"},
}
WRONG_FIELDS = [
    "service.environment",
    "capture.record",
    "capture.request_body.head",
    "capture.hedders",
    "rule[0].match.path",
    "rule[0].match.method",
    "rule[1].record",
    "ring.size",
]
WRONG_TOML = """
[service]
environment = "Langfuse!"
[capture]
record = "yes"
request_body = { head = "8XB" }
hedders = {}
[ring]
size = "3MiB"
[[rule]]
match = { path = "no-slash", method = [""] }
[[rule]]
record = 1
"""


def refused(config: Any) -> ConfigError:
    with pytest.raises(ConfigError) as raised:
        OffpathMiddleware(OK, config=config)
    return raised.value


def test_every_error_is_told_at_once_with_field_rule_and_value() -> None:
    error = refused(WRONG)
    errors: list[tuple[str, str, str]] = error.errors
    assert sorted(field for field, _, _ in errors) == sorted(WRONG_FIELDS)
    told = {field: (rule, value) for field, rule, value in errors}
    assert told["capture.record"] == ("must be true or false", '"yes"')
    assert told["capture.hedders"] == ('is unknown; did you mean "headers"?', "")
    assert told["rule[0].match.path"][1] == '"no-slash"'
    lines = str(error).splitlines()
    assert len(lines) == len(errors)
    assert 'capture.record: must be true or false, got "yes"' in lines


def test_errors_of_a_file_name_it(tmp_path: Path) -> None:
    file = tmp_path / "offpath.toml"
    file.write_text(WRONG_TOML)
    error = refused(file)
    assert sorted(field for field, _, _ in error.errors) == sorted(WRONG_FIELDS)
    assert all(line.startswith(f"{file}: ") for line in str(error).splitlines())


def test_the_path_may_be_a_string(tmp_path: Path) -> None:
    file = tmp_path / "other.toml"
    file.write_text("nonsense = 1")
    assert [field for field, _, _ in refused(str(file)).errors] == ["nonsense"]


def test_the_environment_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "named.toml"
    file.write_text(WRONG_TOML)
    monkeypatch.setenv("OFFPATH_CONFIG", str(file))
    program = """
        import offpath
        try:
            offpath.OffpathMiddleware(None)
        except offpath.ConfigError as error:
            print(len(error.errors), error)
    """
    env = python.environment(OFFPATH_CONFIG=file, OFFPATH_DIR=tmp_path / "rings")
    done = python.run(program, cwd=tmp_path, env=env)
    assert done.stdout.startswith(f"{len(WRONG_FIELDS)} {file}: ")


def test_the_file_in_the_working_directory_is_taken(tmp_path: Path) -> None:
    (tmp_path / "offpath.toml").write_text("[capture]\nrecord = 7\n")
    program = """
        import json, offpath
        try:
            offpath.configure()
        except offpath.ConfigError as error:
            print(json.dumps(error.errors))
    """
    env = python.environment(OFFPATH_DIR=tmp_path / "rings")
    assert python.result(program, cwd=tmp_path, env=env) == [["capture.record", "must be true or false", "7"]]


@pytest.mark.parametrize("text", ["[capture", "= 1", "a = 1\na = 2", "\x00"])
def test_broken_toml_is_told_with_the_file_and_the_reason(tmp_path: Path, text: str) -> None:
    file = tmp_path / "broken.toml"
    file.write_text(text)
    error = refused(file)
    ((field, rule, _),) = error.errors
    assert field == str(file)
    assert rule.startswith("must be TOML: ")


@pytest.mark.parametrize("kind", ["missing", "directory", "no-utf8"])
def test_a_file_that_cannot_be_read_is_told_with_its_name(tmp_path: Path, kind: str) -> None:
    file = tmp_path / kind
    if kind == "directory":
        file.mkdir()
    elif kind == "no-utf8":
        file.write_bytes(b"\xff\xfe")
    error = refused(file)
    ((field, rule, _),) = error.errors
    assert field == str(file)
    assert rule.startswith("must be a file that can be read")
    assert str(error).startswith(f"{file}: must be a file that can be read")


@pytest.mark.parametrize(
    "value", [{1, 2}, object(), b"bytes", float("nan")], ids=["set", "object", "bytes", "nan"]
)
def test_a_mapping_of_what_json_has_not_is_refused(value: Any) -> None:
    error = refused({"capture": {"record": value}})
    assert isinstance(error, ValueError)
    assert len(error.errors) == 1


def test_a_mapping_that_holds_itself_is_refused() -> None:
    itself: dict[str, Any] = {}
    itself["capture"] = itself
    assert len(refused(itself).errors) == 1


@pytest.mark.parametrize("config", [[], 7, object()], ids=["list", "number", "object"])
def test_a_configuration_of_another_type_is_refused(config: Any) -> None:
    assert len(refused(config).errors) == 1


def test_what_belongs_to_the_exporter_is_left_to_it() -> None:
    OffpathMiddleware(OK, config={"exporter": {"listen": "?"}, "sinks": {"a": {"type": "?"}}, "intake": {}})


@pytest.mark.parametrize("config", [{}, None])
def test_nothing_needs_to_be_configured(config: Any) -> None:
    OffpathMiddleware(OK, config=config)


def test_configure_again_without_a_configuration_keeps_the_first(tmp_path: Path) -> None:
    program = """
        import json, offpath
        from offpath import process
        offpath.configure({"service": {"name": "first"}})
        first = process._defaults["asgi"]
        offpath.configure()
        print(json.dumps(process._defaults["asgi"] is first))
    """
    env = python.environment(OFFPATH_DIR=tmp_path / "rings")
    assert python.result(program, cwd=tmp_path, env=env) is True


def test_configure_refuses_what_the_middleware_refuses() -> None:
    with pytest.raises(ConfigError) as raised:
        configure(WRONG)
    assert len(raised.value.errors) == len(WRONG_FIELDS)


@pytest.mark.anyio
async def test_a_refused_configuration_leaves_those_that_are_in_use_alone(recording: Recording) -> None:
    app = recording.wrap(OK)
    refused(WRONG)
    await exchange(app)
    assert recording.event()["outcome"] == "completed"


@pytest.mark.anyio
async def test_service_environment_and_release_are_in_the_events(recording: Recording) -> None:
    service = {"environment": "staging", "release": "2026.11.1"}
    await exchange(recording.wrap(OK, service=service))
    event = recording.event()
    assert (event["environment"], event["release"]) == ("staging", "2026.11.1")
