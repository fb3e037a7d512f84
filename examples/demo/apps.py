"""The processes of the demo: a model server, and two apps that ask it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.framework.processes import ROOT, free_port, running, uvicorn

EXAMPLES = ROOT / "examples"
CHAT_CONFIG = EXAMPLES / "fastapi-chat" / "offpath.toml"
ASSISTANT_CONFIG = EXAMPLES / "demo" / "assistant.toml"


@dataclass(frozen=True)
class Apps:
    """Where the apps listen, and the environment to start more of them in."""

    chat: int
    assistant: int
    env: dict[str, str]


@contextmanager
def apps(folder: Path, env: Mapping[str, str], under: Sequence[str] = ()) -> Iterator[Apps]:
    """Run the model server and both apps, with what they print in this folder.

    Args:
        folder: where they run.
        env: their environment, of which OFFPATH_DIR says where their rings are.
        under: what the chat app is the command of, if it is to be under an exporter.
    """
    with model_server(folder, {**env, "PYTHONPATH": str(ROOT)}) as port:
        known = {**env, "PYTHONPATH": str(ROOT), "MODEL_URL": f"http://127.0.0.1:{port}/v1"}
        with (
            chat_app(folder, "chat", {**known, "OFFPATH_CONFIG": str(CHAT_CONFIG)}, under) as chat,
            assistant(folder, {**known, "OFFPATH_CONFIG": str(ASSISTANT_CONFIG)}) as other,
        ):
            yield Apps(chat, other, known)


@contextmanager
def model_server(folder: Path, env: Mapping[str, str]) -> Iterator[int]:
    """Run the model server; yields its port."""
    port = free_port()
    command = uvicorn("model_server:app", port, "--app-dir", str(EXAMPLES / "model-server"))
    with running(command, folder / "model-server.log", env, cwd=folder, port=port):
        yield port


@contextmanager
def chat_app(folder: Path, name: str, env: Mapping[str, str], under: Sequence[str] = ()) -> Iterator[int]:
    """Run the chat app; yields its port."""
    port = free_port()
    command = uvicorn("main:app", port, "--app-dir", str(EXAMPLES / "fastapi-chat"))
    with running([*under, *command], folder / f"{name}.log", env, cwd=folder, port=port):
        yield port


@contextmanager
def assistant(folder: Path, env: Mapping[str, str]) -> Iterator[int]:
    """Run the assistant; yields its port."""
    port = free_port()
    command = uvicorn("examples.demo.assistant:app", port)
    with running(command, folder / "assistant.log", env, cwd=folder, port=port):
        yield port
