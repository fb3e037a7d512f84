"""All scenarios, played by a program in the environment that has the official SDK, and what came of them."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from tests.framework.http import get_json
from tests.framework.place import Place, place
from tests.framework.processes import PATIENCE, ROOT, eventually, free_port, running, uvicorn

Variant = Literal["official", "bridged", "offpath"]

PYTHON: Final = ROOT / ".cache" / "peers" / "ecosystem" / "bin" / "python"
_MODEL_SERVER: Final = ROOT / "examples" / "model-server"
_KEYS: Final = {"LANGFUSE_PUBLIC_KEY": "pk-lf-test", "LANGFUSE_SECRET_KEY": "sk-lf-test"}
_SINK: Final = """[sinks.langfuse]
type = "langfuse"
base_url = "{url}"
public_key = "{LANGFUSE_PUBLIC_KEY}"
secret_key = "{LANGFUSE_SECRET_KEY}"
batch = {{ max_age = "100ms" }}
"""
_BACKLOG: Final = 'offpath_sink_backlog_events{sink="langfuse"}'


@dataclass(frozen=True)
class Played:
    """One scenario, as it was played."""

    fixed: list[str]
    ordered: bool
    #: The traceback of what it raised.
    raised: str | None
    spans: list[dict[str, Any]]
    scores: list[dict[str, Any]]


def play_all(variant: Variant, directory: Path) -> dict[str, Played]:
    """Play every scenario in this way; return what the receiver was sent for each.

    Args:
        variant: by whose names, and by which way.
        directory: for what the processes print.
    """
    if not PYTHON.exists():
        raise FileNotFoundError(f"{PYTHON} is not there: make .cache/peers/ecosystem/.wheel")
    with (
        _receiver(directory) as url,
        _model(directory) as model,
        place(_SINK.format(url=url, **_KEYS)) as made,
    ):
        env = {**_clean(os.environ), **_KEYS, "LANGFUSE_BASE_URL": url, "MODEL_URL": model}
        if variant == "official":
            windows = _program(variant, {**env, "PYTHONPATH": str(ROOT)}, directory)
        else:
            with _exporting(made):
                own = {key: made.env[key] for key in ("OFFPATH_DIR", "OFFPATH_CONFIG", "PYTHONPATH")}
                windows = _program(variant, {**env, **own}, directory)
        received = get_json(f"{url}/received")
    return {window["scenario"]: _played(window, received) for window in windows}


@contextmanager
def _exporting(made: Place) -> Iterator[None]:
    with made.exporter():
        yield
        eventually("every ring is taken", lambda: made.rings_left() == 0)
        eventually("every event is delivered", lambda: made.metric(_BACKLOG) == 0)


def _program(variant: Variant, env: Mapping[str, str], directory: Path) -> list[dict[str, Any]]:
    command = [str(PYTHON), "-m", "tests.ecosystem.play", variant]
    done = subprocess.run(
        command, env=dict(env), cwd=ROOT, capture_output=True, text=True, timeout=4 * PATIENCE, check=False
    )
    (directory / f"{variant}.err").write_text(done.stderr, encoding="utf-8")
    if done.returncode:
        raise RuntimeError(f"{variant} ended with {done.returncode}\n{done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def _played(window: Mapping[str, Any], received: Mapping[str, Any]) -> Played:
    """Return what came of one scenario: the spans that began in its time, and the scores of their traces.

    A score of a trace that no scenario has made, or of a session, is of the scenario that names it.
    """
    begun, ended = window["begun"], window["ended"]
    spans = [span for span in received["spans"] if begun <= span["start"] <= ended]
    traces = {span["trace"] for span in spans}
    everyones = {span["trace"] for span in received["spans"]}
    scores = [
        score
        for score in received["scores"]
        if score.get("traceId") in traces
        or (window["scenario"] == "scored.from_outside" and score.get("traceId") not in everyones)
    ]
    return Played(window["fixed"], window["ordered"], window["raised"], spans, scores)


@contextmanager
def _receiver(directory: Path) -> Iterator[str]:
    port = free_port()
    command = [str(PYTHON), "-m", "tests.ecosystem.receiver", str(port)]
    with running(command, directory / "receiver.log", os.environ, port=port):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def _model(directory: Path) -> Iterator[str]:
    port = free_port()
    log = directory / "model.log"
    with running(uvicorn("model_server:app", port), log, os.environ, cwd=_MODEL_SERVER, port=port):
        yield f"http://127.0.0.1:{port}/v1"


def _clean(env: Mapping[str, str]) -> dict[str, str]:
    """Return an environment that says nothing of where to send."""
    return {
        key: value for key, value in env.items() if not key.startswith(("LANGFUSE_", "OTEL_", "OFFPATH_"))
    }
