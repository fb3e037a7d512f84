"""What probes and health checks are told while a backend is down: it shows, and nobody restarts anything for it."""

from __future__ import annotations

import subprocess
from urllib.error import HTTPError

import pytest

from tests.framework.http import get
from tests.framework.processes import BIN

from .conftest import Scraped


@pytest.fixture(name="address")
def _address(scraped: Scraped) -> str:
    """Where an exporter serves of which two sinks cannot deliver."""
    return (scraped.place.data / "http.addr").read_text(encoding="utf-8").strip()


def test_it_is_alive(address: str) -> None:
    assert get(f"http://{address}/healthz") == b"alive\n"


def test_it_is_not_ready_and_says_which_sinks_are_down(address: str) -> None:
    with pytest.raises(HTTPError) as refused:
        get(f"http://{address}/readyz")
    assert refused.value.code == 503
    problems = refused.value.read().decode().splitlines()
    assert [line.split(":")[0] for line in problems] == ["sink collector", "sink nowhere"]


def test_the_health_check_of_the_image_succeeds(address: str) -> None:
    subprocess.run(
        [str(BIN / "offpath"), "top", "--once", "--address", address], check=True, capture_output=True
    )


def test_the_health_check_of_the_image_fails_where_nobody_answers() -> None:
    check = [str(BIN / "offpath"), "top", "--once", "--address", "127.0.0.1:9"]
    assert subprocess.run(check, check=False, capture_output=True).returncode == 1
