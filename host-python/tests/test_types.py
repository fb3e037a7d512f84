"""The types that users see: the package's own, and the stubs of the extension module."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support import python

USE = """
from collections.abc import Mapping
from pathlib import Path

import offpath
from fastapi import FastAPI
from offpath import ConfigError, OffpathMiddleware
from opentelemetry.sdk.trace import TracerProvider
from starlette.applications import Starlette
from starlette.middleware import Middleware

app = FastAPI()
app.add_middleware(OffpathMiddleware)
app.add_middleware(OffpathMiddleware, config="offpath.toml")
Starlette(middleware=[Middleware(OffpathMiddleware, config=Path("offpath.toml"))])
wrapped = OffpathMiddleware(app, config={"service": {"name": "chat-api"}})
OffpathMiddleware(wrapped)
version: str = offpath.__version__
flushed: bool = offpath.flush(1.0) and offpath.shutdown(timeout=1)
counters: Mapping[str, object] = offpath.status()
offpath.httpx.instrument()
offpath.httpx.instrument("offpath.toml")
offpath.httpx.uninstrument()
offpath.aiohttp.instrument({"service": {"name": "chat-api"}})
offpath.aiohttp.uninstrument()
provider: TracerProvider = offpath.langfuse.tracer_provider(sample_rate=0.5)
provider.add_span_processor(offpath.otel.OffpathSpanProcessor(config="offpath.toml"))
try:
    offpath.configure(None)
except ConfigError as error:
    first: tuple[str, str, str] = error.errors[0]
"""
#: What stubs and module may differ in.
DIFFERENT = r"""
offpath\._offpath\.__all__       # Made by pyo3; nobody imports * from it.
offpath\._offpath\.ConfigStatus  # The shape of a dict, which is there for types alone.
offpath\._offpath\.Place         # The shape of a tuple, likewise.
offpath\._offpath\.RingStatus    # The same.
offpath\._offpath\.Said          # The same.
offpath\._offpath\.Status        # The same.
offpath\._offpath\.Source        # The values that an argument may have, for types alone.
"""
MISUSE = """
from offpath import OffpathMiddleware, flush
OffpathMiddleware()
OffpathMiddleware(None, 7)
OffpathMiddleware(None, config=7)
flush("a while")
"""


def mypy(cwd: Path, *arguments: str, module: str = "mypy") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=cwd,
        env=python.environment(MYPY_CACHE_DIR=cwd / "cache") | {"PYTHONPATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("version", ["3.10", "3.13"])
def test_the_package_is_strictly_typed(tmp_path: Path, version: str) -> None:
    done = mypy(tmp_path, "--strict", "--python-version", version, "--package", "offpath")
    assert done.returncode == 0, done.stdout + done.stderr


def test_programs_that_use_it_are_strictly_typed(tmp_path: Path) -> None:
    (tmp_path / "use.py").write_text(USE)
    done = mypy(tmp_path, "--strict", "use.py")
    assert done.returncode == 0, done.stdout + done.stderr


def test_misuse_is_told(tmp_path: Path) -> None:
    (tmp_path / "misuse.py").write_text(MISUSE)
    done = mypy(tmp_path, "--strict", "misuse.py")
    lines = {line.split(":")[1] for line in done.stdout.splitlines() if ": error:" in line}
    assert lines == {"3", "4", "5", "6"}, done.stdout


def test_the_stubs_say_what_the_extension_module_has(tmp_path: Path) -> None:
    (tmp_path / "different").write_text(DIFFERENT)
    done = mypy(tmp_path, "--allowlist", "different", "offpath._offpath", module="mypy.stubtest")
    assert done.returncode == 0, done.stdout + done.stderr
