"""deploy/docker: as Compose and Dockerfiles are specified. No image is built here, for there is no Docker engine."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

from compose_spec import PyCompose

from tests.framework.processes import ROOT

from .support.deployed import DEPLOY, assert_taken, documents

FOLDER = DEPLOY / "docker"
TEXT = (FOLDER / "compose.yaml").read_text(encoding="utf-8")
[COMPOSE] = documents("docker/compose.yaml")
EXPORTER: dict[str, Any] = COMPOSE["services"]["exporter"]
APP: dict[str, Any] = COMPOSE["services"]["app"]


def stage(dockerfile: str) -> list[str]:
    """Return the instructions of the last stage."""
    text = (FOLDER / dockerfile).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    first = max(number for number, line in enumerate(lines) if line.startswith("FROM "))
    return lines[first:]


def test_it_is_a_compose_file() -> None:
    PyCompose.from_yaml(TEXT).validate()


def test_compose_takes_it_where_there_is_one() -> None:
    docker = shutil.which("docker")
    has_compose = docker and subprocess.run([docker, "compose", "version"], capture_output=True, check=False)
    if docker and has_compose and has_compose.returncode == 0:
        subprocess.run([docker, "compose", "config", "--quiet"], cwd=FOLDER, check=True)


def test_app_and_exporter_are_one_user_and_meet_in_memory() -> None:
    assert APP["user"] == EXPORTER["user"]
    directory = APP["environment"]["OFFPATH_DIR"]
    assert directory == EXPORTER["environment"]["OFFPATH_DIR"]
    for service in (APP, EXPORTER):
        [mount] = [volume for volume in service["volumes"] if volume.startswith("rings:")]
        assert directory.startswith(mount.removeprefix("rings:") + "/")
    assert COMPOSE["volumes"]["rings"]["driver_opts"]["type"] == "tmpfs"
    uid = APP["user"].partition(":")[0]
    assert f"uid={uid}" in COMPOSE["volumes"]["rings"]["driver_opts"]["o"]


def test_the_app_does_not_wait_for_the_exporter() -> None:
    assert "depends_on" not in APP


def test_langfuse_is_where_a_variable_says_and_keys_are_files() -> None:
    assert "${LANGFUSE_BASE_URL:-https://cloud.langfuse.com}" in TEXT
    assert set(EXPORTER["secrets"]) == set(COMPOSE["secrets"])
    assert "secrets" not in APP


def test_the_exporter_takes_its_configuration(tmp_path: Path) -> None:
    config = (FOLDER / "offpath.toml").read_text(encoding="utf-8")
    assert_taken(config, tmp_path, "/run/secrets/langfuse_")


def test_images_run_as_the_user_of_the_rings_and_the_exporter_s_has_no_shell() -> None:
    for dockerfile in ("Dockerfile", "app.Dockerfile"):
        assert f"USER {APP['user']}" in stage(dockerfile)
    exporter = stage("Dockerfile")
    assert "distroless" in exporter[0]
    for line in exporter:
        if line.split()[0] in {"CMD", "ENTRYPOINT", "HEALTHCHECK"}:
            assert "[" in line, f"needs a shell: {line}"


def test_what_a_build_copies_is_there() -> None:
    for dockerfile in ("Dockerfile", "app.Dockerfile"):
        ignore = (FOLDER / f"{dockerfile}.dockerignore").read_text(encoding="utf-8").splitlines()
        kept = [line.removeprefix("!") for line in ignore if line.startswith("!")]
        assert kept
        for path in kept:
            assert "*" in path or (ROOT / path).exists(), path


def test_what_a_build_of_the_exporter_copies_is_all_that_cargo_needs(tmp_path: Path) -> None:
    ignore = (FOLDER / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    kept = [line.removeprefix("!") for line in ignore if line.startswith("!")]
    left_out = shutil.ignore_patterns(
        *(line.removeprefix("**/") for line in ignore if line.startswith("**/"))
    )
    for path in kept:
        if (ROOT / path).is_dir():
            shutil.copytree(ROOT / path, tmp_path / path, ignore=left_out)
        else:
            shutil.copy(ROOT / path, tmp_path / path)
    read = ["cargo", "metadata", "--locked", "--no-deps", "--format-version=1"]
    subprocess.run(read, cwd=tmp_path, check=True, capture_output=True)
