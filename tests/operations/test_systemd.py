"""deploy/systemd: units that systemd takes, and a sandbox in which the real exporter works."""

from __future__ import annotations

import configparser
import shutil
import subprocess
from pathlib import Path

import pytest

from .support.deployed import DEPLOY, assert_taken

FOLDER = DEPLOY / "systemd"

#: Drains of intake, sinks and spool, each 10 s at most.
DRAIN = 30


class Unit(configparser.RawConfigParser):
    """A unit, as far as no key of it counts twice."""

    def __init__(self, name: str) -> None:
        super().__init__(strict=False, delimiters=("=",), comment_prefixes=("#",))
        self.read(FOLDER / name, encoding="utf-8")

    def optionxform(self, optionstr: str) -> str:
        """Leave names as they are."""
        return optionstr


UNITS = pytest.mark.parametrize("name", ["offpath@.service", "offpath.service"])


def analyze(*arguments: str) -> str:
    """Return what systemd-analyze says."""
    command = shutil.which("systemd-analyze")
    if command is None:
        pytest.fail("there is no systemd-analyze (Debian, Ubuntu: sudo apt-get install systemd)")
    done = subprocess.run([command, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def installed(name: str, folder: Path) -> str:
    """Return the path of a unit with a command that is there."""
    text = (FOLDER / name).read_text(encoding="utf-8")
    for command in ("/usr/local/bin/offpath", "%h/.local/bin/offpath"):
        text = text.replace(command, "/bin/true")
    unit = folder / name.replace("@.", "@chat.")
    unit.write_text(text, encoding="utf-8")
    return str(unit)


@UNITS
def test_systemd_knows_every_setting(name: str, tmp_path: Path) -> None:
    assert analyze("verify", "--man=no", installed(name, tmp_path)) == ""


def test_the_sandbox_leaves_little_exposed(tmp_path: Path) -> None:
    analyze("security", "--offline=yes", "--threshold=20", installed("offpath@.service", tmp_path))


@UNITS
def test_rings_outlive_the_exporter_which_comes_back_and_has_time_to_drain(name: str) -> None:
    service = Unit(name)["Service"]
    assert service["RuntimeDirectoryPreserve"] == "yes"
    assert service["RuntimeDirectoryMode"] == "0700"
    assert service["Restart"] == "always"
    assert int(service["TimeoutStopSec"]) > DRAIN


@UNITS
def test_the_exporter_looks_for_rings_in_its_runtime_directory(name: str) -> None:
    service = Unit(name)["Service"]
    assert service["Environment"] == f"OFFPATH_DIR=%t/{service['RuntimeDirectory']}"


def test_the_exporter_takes_its_configuration(tmp_path: Path) -> None:
    config = (FOLDER / "chat.toml").read_text(encoding="utf-8")
    assert (
        f'data_dir = "/var/lib/{Unit("offpath@.service")["Service"]["StateDirectory"]}"'.replace("%i", "chat")
        in config
    )
    assert_taken(config, tmp_path, "/etc/offpath/chat.")
