"""The real exporter where it may write to two directories only, as another user, as units and pods have it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.framework.http import get
from tests.framework.processes import BIN, ROOT, Process, eventually, free_port, uvicorn

UID = 10001

#: All that is mounted becomes read-only, but the two directories that are named; then the command runs as the user.
SANDBOX = """
mount --make-rprivate /
for writable in "$1" "$2"; do mount --bind "$writable" "$writable"; done
findmnt --raw --noheadings --output TARGET | grep -v -e "^$1$" -e "^$2$" -e ^/proc -e ^/sys |
    while read -r mounted; do mount -o remount,bind,ro "$mounted" || true; done
shift 2
if touch "$HOME/written" 2>/dev/null; then echo "this is no sandbox" >&2; exit 1; fi
exec setpriv --reuid=10001 --regid=10001 --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all "$@"
"""


@pytest.fixture(name="volumes")
def _volumes() -> Iterator[tuple[Path, Path]]:
    """Directories as the kubelet makes volumes: root's, anyone may write, and what is made there is of their group."""
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        pytest.skip("only root can become another user")
    rings, data = (Path(tempfile.mkdtemp(prefix="offpath-", dir=where)) for where in ("/dev/shm", "/var/tmp"))
    for volume in (rings, data):
        os.chown(volume, 0, UID)
        volume.chmod(0o2777)
    yield rings, data
    for volume in (rings, data):
        shutil.rmtree(volume)


def test_app_and_exporter_of_one_user_meet_below_a_volume_that_is_root_s(volumes: tuple[Path, Path]) -> None:
    rings, data = volumes
    lines = data / "state" / "lines.jsonl"
    config = data / "offpath.toml"
    sink = f'[sinks.lines]\ntype = "jsonl"\npath = "{lines}"\n'
    config.write_text(
        f'[exporter]\nlisten = "127.0.0.1:0"\ndata_dir = "{data}/state"\n{sink}', encoding="utf-8"
    )
    env = {
        "OFFPATH_DIR": str(rings / "rings"),
        "OFFPATH_CONFIG": str(config),
        "HOME": "/root",
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
    }

    def start(command: Sequence[str], log: str) -> Process:
        sandbox = ["unshare", "--mount", "sh", "-c", SANDBOX, "sandbox", str(rings), str(data)]
        return Process([*sandbox, *command], data / log, env, cwd=Path("/"))

    port = free_port()
    app = start(uvicorn("tests.framework.app:app", port), "app.log")
    exporter = start([str(BIN / "offpath"), "run", "--config", str(config)], "exporter.log")
    try:
        app.wait_for_port(port)
        get(f"http://127.0.0.1:{port}/")
        exporter.wait_for(
            "the request is delivered", lambda: lines.exists() and lines.read_text().count("\n") == 1
        )
        assert json.loads(lines.read_text())["status"] == 200
        [ring] = (rings / "rings").glob("*.ring")
        assert (ring.stat().st_uid, ring.stat().st_mode & 0o777) == (UID, 0o600)
        assert (rings / "rings").stat().st_mode & 0o777 == 0o700
        address = (data / "state" / "http.addr").read_text().strip()
        eventually("it is ready", lambda: get(f"http://{address}/readyz") == b"ready\n")
        check = [str(BIN / "offpath"), "top", "--once", "--address", address]
        subprocess.run(check, check=True, capture_output=True)
    finally:
        app.stop()
        assert exporter.stop() == 0
    assert subprocess.run(check, check=False, capture_output=True).returncode == 1
