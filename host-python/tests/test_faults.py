"""What goes wrong with the ring stays there: the app runs on unchanged, and every loss is counted."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.exporter import Exporter
from support.python import dropped, recording_program

RECORD_TWO = """
app = offpath.OffpathMiddleware(OK)
offpath.OffpathMiddleware(OK), offpath.configure()
drive(app, 2)
report()
"""


def test_without_an_exporter_events_wait_in_the_ring(tmp_path: Path) -> None:
    found = recording_program(RECORD_TWO, tmp_path)
    status = found["status"]
    assert (status["captured"], status["exporter_seen"], found["warnings"]) == (2, None, [])
    assert status["ring"]["used"] > 0
    exporter = Exporter(tmp_path)
    exporter.start()
    exporter.wait_for(2)
    exporter.stop()
    assert len(exporter.events()) == 2


def _file(directory: Path) -> Path:
    (directory / "in-the-way").write_text("a file")
    return directory / "in-the-way"


def _open_to_the_world(directory: Path) -> Path:
    rings = directory / "open"
    rings.mkdir()
    rings.chmod(0o777)
    return rings


def _below_a_file(directory: Path) -> Path:
    return _file(directory) / "rings"


def _without_permission(directory: Path) -> Path:
    # Where even root may not write.
    return Path("/proc/offpath")


@pytest.mark.parametrize("make", [_file, _below_a_file, _open_to_the_world, _without_permission])
def test_a_ring_directory_that_cannot_be_used_is_one_warning_and_a_count(tmp_path: Path, make: Any) -> None:
    directory = make(tmp_path)
    found = recording_program(RECORD_TWO, tmp_path, OFFPATH_DIR=directory)
    (warning,) = found["warnings"]
    assert warning.startswith("offpath: no events are kept until this is mended: ")
    assert str(directory) in warning
    assert dropped(found) == {"no_ring": 2}
    assert found["status"]["captured"] == 0
    assert found["status"]["ring"]["error"] in warning


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system too small for a ring."""
    place = tmp_path / "full"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m,mode=0700", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("only root may mount a file system to fill")
    yield place
    subprocess.run(["umount", place], check=True)


def test_a_full_file_system_is_one_warning_and_a_count(tmp_path: Path, full_disk: Path) -> None:
    found = recording_program(RECORD_TWO, tmp_path, OFFPATH_DIR=full_disk)
    assert len(found["warnings"]) == 1
    assert dropped(found) == {"no_ring": 2}
    assert not list(full_disk.glob("*.ring"))


def test_a_full_ring_drops_counted_to_the_number(tmp_path: Path) -> None:
    found = recording_program(
        """
app = offpath.OffpathMiddleware(OK, config={"ring": {"size": "64KiB"}})
drive(app, 50, content=b"x" * 8000)
report()
""",
        tmp_path,
    )
    captured, lost = found["status"]["captured"], dropped(found)
    assert captured > 0
    assert lost == {"ring_full": 50 - captured}
    assert found["warnings"] == []
    exporter = Exporter(tmp_path)
    exporter.start()
    exporter.wait_for(captured)
    exporter.stop()
    losses = [(event["reason"], event["count"]) for event in exporter.events() if event["kind"] == "loss"]
    assert len(exporter.exchanges()) == captured
    assert sum(count for reason, count in losses if reason == "ring_full") == 50 - captured


def test_an_event_larger_than_the_ring_takes_keeps_its_metadata(tmp_path: Path) -> None:
    """Four times less than the ring's size is the most that a record may have."""
    config = {"ring": {"size": "64KiB"}, "capture": {"request_body": {"head": "64KiB", "tail": "64KiB"}}}
    found = recording_program(
        f"""
app = offpath.OffpathMiddleware(OK, config={config!r})
drive(app, content=b"x" * 100_000)
report()
""",
        tmp_path,
    )
    assert (found["status"]["captured"], dropped(found)) == (1, {})
    exporter = Exporter(tmp_path)
    exporter.start()
    (event,) = exporter.wait_for(1)
    exporter.stop()
    assert (event["request"]["body"]["size"], event["request"]["body"]["kept"]) == (100_000, 0)


DAMAGED_RING = """
import struct, time
app = offpath.OffpathMiddleware(OK)
drive(app, path="/before")
assert offpath.flush(30)
ring = offpath.status()["ring"]["path"]
with open(ring, "r+b") as file:
    file.seek({position})
    file.write({damage})
end = time.monotonic() + 30
while {until} and time.monotonic() < end:
    time.sleep(0.01)
drive(app, 20, path="/after")
report(flushed=offpath.flush(30), moved=offpath.status()["ring"]["path"] != ring)
"""


@pytest.mark.parametrize(
    ("position", "damage"),
    [
        pytest.param(128, 'struct.pack("<Q", 1 << 60)', id="write-position-far-ahead"),
        pytest.param(128, "os.urandom(4096 - 128)", id="all-words-of-the-header"),
    ],
)
def test_a_ring_that_the_exporter_finds_damaged_is_left_for_another(
    beside: Exporter, tmp_path: Path, position: int, damage: str
) -> None:
    program = DAMAGED_RING.format(position=position, damage=damage, until="os.path.exists(ring)")
    found = recording_program(program, tmp_path)
    assert (found["moved"], found["flushed"], found["warnings"]) == (True, True, [])
    paths = beside.all_paths()
    assert paths.count("/before") == 1
    assert paths.count("/after") + sum(dropped(found).values()) == 20
    assert paths.count("/after") > 0


def test_a_read_position_that_cannot_be_keeps_the_app_running(beside: Exporter, tmp_path: Path) -> None:
    program = DAMAGED_RING.format(position=384, damage='struct.pack("<Q", 1 << 60)', until="False")
    found = recording_program(program, tmp_path)
    assert found["status"]["captured"] + sum(dropped(found).values()) == 21
    assert beside.all_paths().count("/after") == found["status"]["captured"] - 1
