"""One of each backend for all tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.framework.processes import free_port

from .peer import Peer, served


@pytest.fixture(scope="session")
def phoenix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    """Phoenix, with a project for the tests."""
    port, directory = free_port(), tmp_path_factory.mktemp("phoenix")
    env = {
        "PHOENIX_HOST": "127.0.0.1",
        "PHOENIX_PORT": str(port),
        "PHOENIX_GRPC_PORT": str(free_port()),
        "PHOENIX_WORKING_DIR": str(directory),
        "PHOENIX_TELEMETRY_ENABLED": "false",
    }
    with served("phoenix", ["serve"], directory, port, env) as url:
        yield Peer(url, f'[sinks.peer]\ntype = "phoenix"\nendpoint = "{url}"\nproject = "chat"\n')


@pytest.fixture(scope="session")
def mlflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    """MLflow, with its default experiment."""
    port, directory = free_port(), tmp_path_factory.mktemp("mlflow")
    store = f"sqlite:///{Path(directory) / 'mlflow.db'}"
    arguments = ["server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    env = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
    with served("mlflow", [*arguments, "--backend-store-uri", store], directory, port, env) as url:
        yield Peer(url, f'[sinks.peer]\ntype = "mlflow"\nendpoint = "{url}"\n')
