"""What is not recorded passes as if the middleware were not there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import offpath
import pytest
from conftest import Recording
from support import python
from support.asgi import OK, Peer, exchange, http_scope, websocket_scope

NOBODY = Peer()


class Seen:
    """An app that keeps what it was called with."""

    arguments: tuple[Any, ...] = ()

    async def __call__(self, *arguments: Any) -> None:
        self.arguments = arguments


async def _gets_the_very_same(middleware: Any, app: Seen, scope: Any) -> None:
    copy = dict(scope)
    receive, send = NOBODY.receive, NOBODY.send
    await middleware(scope, receive, send)
    assert app.arguments[0] is scope
    assert scope == copy
    assert app.arguments[1] is receive
    assert app.arguments[2] is send


@pytest.mark.anyio
@pytest.mark.parametrize("kind", ["lifespan", "http3.webtransport", "", None])
async def test_other_scopes_reach_the_app_with_the_very_same_objects(recording: Recording, kind: Any) -> None:
    app = Seen()
    await _gets_the_very_same(recording.wrap(app), app, {"type": kind, "asgi": {"version": "3.0"}})
    assert recording.events() == []


@pytest.mark.anyio
@pytest.mark.parametrize("scope", [http_scope(), websocket_scope()], ids=["http", "websocket"])
async def test_what_is_not_to_be_recorded_reaches_the_app_with_the_very_same_objects(
    recording: Recording, scope: Any
) -> None:
    app = Seen()
    await _gets_the_very_same(recording.wrap(app, capture={"record": False}), app, scope)
    assert recording.events() == []


@pytest.mark.anyio
async def test_disabled_it_passes_the_very_same_objects(
    recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OFFPATH_ENABLED", "0")
    app = Seen()
    await _gets_the_very_same(recording.wrap(app), app, http_scope())
    assert recording.events() == []


@pytest.mark.anyio
async def test_a_recorded_scope_is_the_very_same_object_and_unchanged(recording: Recording) -> None:
    app = Seen()
    scope = http_scope("/here", state={"of": "the app"}, extensions={"http.response.trailers": {}})
    copy = dict(scope)
    await recording.wrap(app)(scope, NOBODY.receive, NOBODY.send)
    assert app.arguments[0] is scope
    assert scope == copy


@pytest.mark.anyio
async def test_an_exception_in_a_lifespan_is_raised_untouched(recording: Recording) -> None:
    error = RuntimeError("no lifespan here")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise error

    with pytest.raises(RuntimeError) as raised:
        await exchange(recording.wrap(app), {"type": "lifespan"})
    assert raised.value is error


@pytest.mark.anyio
async def test_one_middleware_inside_another_records_each(recording: Recording) -> None:
    await exchange(recording.wrap(recording.wrap(OK)))
    assert len(recording.events()) == 2


def test_the_app_is_there_as_an_attribute(recording: Recording) -> None:
    assert recording.wrap(OK).app is OK


def test_the_package_says_what_it_is() -> None:
    assert offpath.__version__.count(".") == 2
    assert set(offpath.__all__) <= set(dir(offpath))


# The import of the extension module fails as it does where there is none for the platform.
WITHOUT_EXTENSION = """
    import asyncio, importlib.abc, json, logging, sys

    class Hidden(importlib.abc.MetaPathFinder):
        def find_spec(self, name, path, target=None):
            if name == "offpath._offpath":
                raise ImportError("no such module for this platform")

    sys.meta_path.insert(0, Hidden())
    records = []
    handler = logging.Handler()
    handler.emit = lambda record: records.append([record.levelname, record.getMessage()])
    logging.getLogger("offpath").addHandler(handler)

    import offpath
    from support.asgi import OK, exchange

    for config in (None, {"service": {"name": "x"}}, "no-such-file.toml"):
        offpath.configure(config)
        sent = asyncio.run(exchange(offpath.OffpathMiddleware(OK, config=config)))
        assert sent[1]["body"] == b"hello"
    print(json.dumps({
        "records": records, "status": offpath.status(), "version": offpath.__version__,
        "ends": [offpath.flush(), offpath.shutdown()], "error": issubclass(offpath.ConfigError, ValueError),
    }))
"""


def test_without_the_extension_module_everything_passes_and_it_says_so_once(tmp_path: Path) -> None:
    found = python.result(
        WITHOUT_EXTENSION, cwd=tmp_path, env=python.environment(OFFPATH_DIR=tmp_path / "rings")
    )
    assert len(found["records"]) == 1
    level, text = found["records"][0]
    assert level == "WARNING"
    assert "Linux" in text
    assert found["version"] == offpath.__version__
    assert (found["status"], found["ends"], found["error"]) == ({}, [True, True], True)
    assert not (tmp_path / "rings").exists()


def test_disabled_it_makes_no_ring(tmp_path: Path) -> None:
    program = """
        import asyncio, json, offpath
        from support.asgi import OK, exchange
        offpath.configure()
        asyncio.run(exchange(offpath.OffpathMiddleware(OK)))
        print(json.dumps([offpath.status(), offpath.flush(), offpath.shutdown()]))
    """
    env = python.environment(OFFPATH_DIR=tmp_path / "rings", OFFPATH_ENABLED=0)
    status, *ends = python.result(program, cwd=tmp_path, env=env)
    assert (status["captured"], status["ring"]["path"], ends) == (0, None, [True, True])
    assert not (tmp_path / "rings").exists()
