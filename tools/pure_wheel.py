"""Makes the wheel for platforms that offpath does not record on, from one for a platform that it does.

    python tools/pure_wheel.py dist/offpath-0.1.0-cp310-abi3-….whl dist

It holds the same package without the extension module and without the command: there the package imports, says once
that it records nothing, and lets every request pass. Wheels are described in
https://packaging.python.org/en/latest/specifications/binary-distribution-format/.
"""

from __future__ import annotations

import argparse
import base64
import csv
import hashlib
import io
import zipfile
from pathlib import Path, PurePosixPath

TAG = "py3-none-any"
#: Every file has it, so that the same sources make the same wheel.
DATE = (1980, 1, 1, 0, 0, 0)


def main() -> None:
    """Write the wheel, and print its path."""
    parser = argparse.ArgumentParser(
        description="Make the wheel for platforms that offpath does not record on."
    )
    parser.add_argument("wheel", type=Path)
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    print(pure_wheel(arguments.wheel, arguments.folder))


def pure_wheel(platform_wheel: Path, folder: Path) -> Path:
    """Write the pure wheel beside others in the folder, and return its path."""
    name, version = platform_wheel.name.split("-")[:2]
    target = folder / f"{name}-{version}-{TAG}.whl"
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(platform_wheel) as wheel:
        files = {each: wheel.read(each) for each in wheel.namelist() if _is_pure(each)}
    files[f"{info}/WHEEL"] = (
        f"Wheel-Version: 1.0\nGenerator: offpath\nRoot-Is-Purelib: true\nTag: {TAG}\n".encode()
    )
    files[f"{info}/RECORD"] = _record(files, f"{info}/RECORD")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as wheel:
        for each, content in files.items():
            wheel.writestr(zipfile.ZipInfo(each, DATE), content, zipfile.ZIP_DEFLATED)
    return target


def _is_pure(name: str) -> bool:
    path = PurePosixPath(name)
    is_of_this_wheel = path.name in {"RECORD", "WHEEL"} or "sboms" in path.parts
    is_for_the_platform = path.suffix == ".so" or ".data/" in name or ".libs/" in name
    return not (is_of_this_wheel or is_for_the_platform)


def _record(files: dict[str, bytes], own: str) -> bytes:
    """Return the list of files with their digests and sizes; its own line has neither."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    for name, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        lines.writerow([name, f"sha256={digest}", len(content)])
    lines.writerow([own, "", ""])
    return text.getvalue().encode()


if __name__ == "__main__":
    main()
