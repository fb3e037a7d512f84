"""A configuration file that changes while the app runs: what is good is taken, what is not is told of."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import offpath
import pytest
from conftest import Recording
from offpath import OffpathMiddleware
from support.asgi import OK, body, exchange, http_scope, start
from support.waiting import eventually

#: An event shows by its rule which of the files it was recorded under.
CONFIG = """
[service]
name = "{service}"
[[rule]]
name = "{name}"
"""
WRONG = (
    CONFIG
    + """
match = {{ path = "no-slash" }}
[capture]
record = "yes"
"""
)


class Followed:
    """A file, and an app that is recorded under it."""

    def __init__(self, file: Path, service: str, log: list[logging.LogRecord]) -> None:
        self.file = file
        self._service, self._log = service, log
        self.write("1")
        self.app = OffpathMiddleware(OK, config=file)

    def text(self, name: str, template: str = CONFIG) -> str:
        return template.format(service=self._service, name=name)

    def write(self, name: str, template: str = CONFIG) -> None:
        """Put another file in its place, as an editor does that does not want to lose anything."""
        other = self.file.with_suffix(".new")
        other.write_text(self.text(name, template))
        other.replace(self.file)

    def logged(self, level: int = logging.INFO) -> list[str]:
        """What was logged of this file at this level."""
        told = [record.getMessage() for record in self._log if record.levelno == level]
        return [message for message in told if str(self.file) in message]

    def exchange(self, path: str = "/") -> None:
        asyncio.run(exchange(self.app, http_scope(path)))

    def taken(self, change: Callable[[], object]) -> None:
        """Change it, and wait until it is taken."""
        before = len(self.logged())
        change()
        eventually(lambda: len(self.logged()) > before, "the change is taken")

    def refused(self, change: Callable[[], object]) -> dict[str, Any]:
        """Change it, and wait until it is refused; returns what is told of it."""
        assert self.status()["ok"]
        change()
        eventually(lambda: not self.status()["ok"], "the change is refused")
        return self.status()

    @staticmethod
    def status() -> dict[str, Any]:
        status: Any = offpath.status()
        config: dict[str, Any] = status["config"]
        return config


@pytest.fixture
def log() -> Iterator[list[logging.LogRecord]]:
    """What the logger `offpath` is told."""
    records: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = records.append  # type: ignore[method-assign]
    logger = logging.getLogger("offpath")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield records
    logger.setLevel(logging.NOTSET)
    logger.removeHandler(handler)


@pytest.fixture
def followed(tmp_path: Path, recording: Recording, log: list[logging.LogRecord]) -> Followed:
    return Followed(tmp_path / "offpath.toml", recording.service, log)


def names(recording: Recording) -> list[str]:
    return [event["rule"] for event in recording.events()]


def in_place(file: Path, text: str) -> None:
    file.write_text(text)


def renamed(file: Path, text: str) -> None:
    other = file.with_suffix(".swp")
    other.write_text(text)
    other.replace(file)


def removed_and_made_again(file: Path, text: str) -> None:
    file.unlink()
    file.write_text(text)


def half_and_then_the_rest(file: Path, text: str) -> None:
    """The first half alone would be taken too."""
    half = text.index("[[rule]]")
    with file.open("w") as out:
        out.write(text[:half])
        out.flush()
        out.write(text[half:])


def behind_a_symlink(file: Path, text: str) -> None:
    """A file of a mounted ConfigMap is a link to one in a folder, which is a link that is replaced."""
    versions = file.parent / "versions"
    folder = versions / str(len(list(versions.iterdir()))) if versions.exists() else versions / "0"
    folder.mkdir(parents=True)
    (folder / file.name).write_text(text)
    link = file.parent / "..data_tmp"
    link.symlink_to(folder)
    link.replace(file.parent / "..data")
    if not file.is_symlink():
        file.unlink()
        file.symlink_to(Path("..data") / file.name)


WAYS = [in_place, renamed, removed_and_made_again, half_and_then_the_rest, behind_a_symlink]


@pytest.mark.parametrize("change", WAYS)
def test_the_exchange_after_a_change_is_recorded_under_it(
    recording: Recording, followed: Followed, change: Callable[[Path, str], None]
) -> None:
    followed.exchange()
    for name in ("2", "3"):
        followed.taken(lambda name=name: change(followed.file, followed.text(name)))
        followed.exchange()
    assert names(recording) == ["1", "2", "3"]
    assert len(followed.logged()) == 3


def test_what_was_taken_is_told_with_the_version_of_its_rules(followed: Followed) -> None:
    before = followed.status()
    assert (before["ok"], before["error"], before["path"]) == (True, None, str(followed.file))
    followed.taken(lambda: followed.write("2"))
    after = followed.status()
    assert after["rules"] != before["rules"]
    assert after == before | {"rules": after["rules"]}
    told = [f"offpath: took {followed.file} (rules {rules})" for rules in (before["rules"], after["rules"])]
    assert followed.logged() == told


def test_events_carry_the_version_that_status_tells(recording: Recording, followed: Followed) -> None:
    versions = [followed.status()["rules"]]
    followed.exchange()
    followed.taken(lambda: followed.write("2"))
    versions.append(followed.status()["rules"])
    followed.exchange()
    assert [event["rules"] for event in recording.events()] == versions


def test_an_exchange_ends_under_the_rules_that_it_began_under(
    recording: Recording, followed: Followed
) -> None:
    async def reloading(scope: Any, receive: Any, send: Any) -> None:
        await send(start())
        if scope["path"] == "/long":
            followed.taken(lambda: followed.write("2"))
        await send(body(b"hello"))

    followed.app.app = reloading
    followed.exchange("/long")
    followed.exchange("/short")
    assert [(event["path"], event["rule"]) for event in recording.events()] == [
        ("/long", "1"),
        ("/short", "2"),
    ]


def test_a_refused_file_leaves_the_rules_in_force_and_is_told_once_with_all_its_errors(
    recording: Recording, followed: Followed
) -> None:
    rules = followed.status()["rules"]
    status = followed.refused(lambda: followed.write("2", WRONG))
    lines = status["error"].splitlines()
    assert len(lines) == 2
    assert f'{followed.file}: capture.record: must be true or false, got "yes"' in lines
    assert any(line.startswith(f"{followed.file}: rule[0].match.path: ") for line in lines)
    assert (status["rules"], status["path"]) == (rules, str(followed.file))
    followed.exchange()
    followed.taken(lambda: followed.write("3"))
    assert followed.status()["ok"]
    followed.exchange()
    assert names(recording) == ["1", "3"]
    (told,) = followed.logged(logging.ERROR)
    assert told == f"offpath: refused, the rules {rules} stay in force:\n{status['error']}"


def not_utf8(file: Path) -> None:
    file.write_bytes(b"\xff\xfe")


def vanished(file: Path) -> None:
    file.unlink()


def a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def a_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def a_device(file: Path) -> None:
    file.unlink()
    file.symlink_to("/dev/zero")


def no_toml(file: Path) -> None:
    file.write_text("[capture")


def emptied(file: Path) -> None:
    file.write_text("# nothing yet\n\n")


NOT_REGULAR = "must be a file that can be read: not a regular file"


@pytest.mark.parametrize(
    ("break_it", "rule"),
    [
        (not_utf8, "must be a file that can be read: stream did not contain valid UTF-8"),
        (vanished, "must be a file that can be read: No such file or directory (os error 2)"),
        (a_folder, NOT_REGULAR),
        (a_pipe, NOT_REGULAR),
        (a_device, NOT_REGULAR),
        (no_toml, "must be TOML: "),
        (emptied, "is empty, where there were settings; to go back to the defaults write [capture]"),
    ],
)
def test_what_cannot_be_read_leaves_the_rules_in_force_until_it_can(
    recording: Recording, followed: Followed, break_it: Callable[[Path], None], rule: str
) -> None:
    before = followed.status()
    status = followed.refused(lambda: break_it(followed.file))
    assert status["error"].startswith(f"{followed.file}: {rule}")
    assert status["rules"] == before["rules"]
    followed.exchange()
    if followed.file.is_dir():
        followed.file.rmdir()
    followed.taken(lambda: followed.write("1"))
    assert followed.status() == before
    followed.exchange()
    assert names(recording) == ["1", "1"]
    assert len(followed.logged(logging.ERROR)) == 1


def test_the_defaults_are_taken_where_they_are_meant(followed: Followed) -> None:
    followed.taken(lambda: followed.write("", "[capture]\n"))
    assert followed.status()["ok"]


def test_another_size_of_the_ring_waits_for_a_restart_and_the_rest_does_not(
    recording: Recording, followed: Followed
) -> None:
    capacity = offpath.status()["ring"]["capacity"]
    followed.taken(lambda: followed.write("2", CONFIG + '[ring]\nsize = "64KiB"\n'))
    eventually(lambda: followed.logged(logging.WARNING), "a warning")
    assert followed.logged(logging.WARNING) == [
        f"offpath: {followed.file}: ring.size: changes when the app starts again; the rest is in force"
    ]
    followed.exchange()
    assert names(recording) == ["2"]
    assert offpath.status()["ring"]["capacity"] == capacity


def test_limits_of_the_sandbox_change_with_the_file(followed: Followed, counted: Any) -> None:
    followed.taken(lambda: followed.write("2", CONFIG + "[sandbox]\nfuel = 1\n"))
    followed.exchange()
    assert counted() == {"traps": 1, "dropped.trap": 1}


def test_the_key_of_hashes_comes_from_the_environment_as_it_is_then(
    followed: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyed = CONFIG + '[capture]\nredact = {{ hash_key = "${{OFFPATH_TEST_KEY}}" }}\n'
    status = followed.refused(lambda: followed.write("2", keyed))
    assert "needs the environment variable OFFPATH_TEST_KEY, which is not set" in status["error"]
    monkeypatch.setenv("OFFPATH_TEST_KEY", "a key that is long enough")
    followed.taken(lambda: followed.write("3", keyed))
    assert followed.status()["ok"]


def test_a_relative_path_is_followed_where_it_was(
    tmp_path: Path, followed: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = OffpathMiddleware(OK, config="offpath.toml")
    monkeypatch.chdir("/")
    before = len(followed.logged())
    followed.write("2")
    eventually(lambda: len(followed.logged()) == before + 2, "both have taken it")
    assert followed.status()["path"] == str(followed.file)
    del app


def test_what_can_be_read_only_once_is_not_followed(tmp_path: Path, recording: Recording) -> None:
    reading, writing = os.pipe()
    os.write(writing, CONFIG.format(service=recording.service, name="1").encode())
    os.close(writing)
    app = OffpathMiddleware(OK, config=f"/dev/fd/{reading}")
    os.close(reading)
    asyncio.run(exchange(app))
    assert names(recording) == ["1"]
    assert Followed.status()["path"] is None


def test_a_pipe_that_was_read_before_is_no_configuration() -> None:
    """A second worker that opens it would record under the defaults."""
    reading, writing = os.pipe()
    os.close(writing)
    with pytest.raises(
        offpath.ConfigError, match="is a pipe with nothing in it, or one that was read before"
    ):
        OffpathMiddleware(OK, config=f"/dev/fd/{reading}")
    os.close(reading)


def test_guests_that_were_replaced_leave_no_memory(
    tmp_path: Path, recording: Recording, log: list[logging.LogRecord]
) -> None:
    """Each guest has a region of memory of its own, so that one which stayed would show."""
    all_of_them = []
    for number in range(20):
        folder = tmp_path / str(number)
        folder.mkdir()
        all_of_them.append(Followed(folder / "offpath.toml", recording.service, log))

    def change(times: int) -> int:
        for followed in all_of_them:
            followed.exchange()
            followed.write(str(times))
        count = len(all_of_them) * times
        eventually(
            lambda: sum(len(followed.logged()) for followed in all_of_them) == count, "all have taken it"
        )
        with Path("/proc/self/maps").open() as maps:
            return sum(1 for _ in maps)

    before = change(2)
    for times in range(3, 8):
        after = change(times)
    # A guest has three regions; the allocator's own come and go.
    assert after - before < len(all_of_them)
