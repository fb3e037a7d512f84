"""Rules in a file of their own: Envoy follows it while it serves, and keeps what it has if it cannot be taken."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle, groupby, islice
from pathlib import Path
from typing import Any, Final

from tests.framework import bootstrap
from tests.framework.delivered import assert_delivered_once
from tests.framework.envoy import Envoy
from tests.framework.load import Load
from tests.framework.processes import eventually

from .support.load import ReconnectingLoad
from .support.rules_file import RulesFile, text, version
from .support.site import ROOM, Site

#: How long after the file an exchange may begin that still follows the one before it, in nanoseconds.
SOON: Final = 2_000_000_000

CHANGES: Final = 6
REQUESTS: Final = 200

DISCOVERY: Final = "extension_config_discovery.http_filter.offpath"


def rules(head: int) -> dict[str, Any]:
    """Rules of which each event tells by this many bytes of its response which they were."""
    return {"egress": ROOM, "rule": [{"match": {"path": "/*/*"}, "response_body": {"head": head, "tail": 0}}]}


OLD, NEW = rules(10), rules(20)
BAD: dict[str, Any] = {**OLD, "rule": [{"match": {"paths": "/a"}}]}


@contextmanager
def following(site: Site, file: RulesFile) -> Iterator[Envoy]:
    """Run an Envoy that follows the file."""
    routes = [bootstrap.route("held", "held", prefix="/held"), bootstrap.route("all")]
    with site.envoy([bootstrap.listener(site.port, routes, [file.filter])]) as envoy:
        yield envoy


def recorded(site: Site) -> list[tuple[int, str, int]]:
    """Of each exchange in the order in which they began: when, under which rules, and how much of its response is kept."""
    rows = site.place.query(
        "SELECT start_time, json FROM events WHERE kind = 'exchange' ORDER BY start_time, rowid"
    )
    events = [(start, json.loads(event)) for start, event in rows]
    return [(start, event["rules"], event["response"]["body"]["kept"]) for start, event in events]


def has_taken(envoy: Envoy, versions: int) -> None:
    """Wait until so many versions of the file were taken."""
    eventually("Envoy has the file", lambda: envoy.stat(f"{DISCOVERY}.update_success") >= versions)


def test_another_file_holds_within_two_seconds_and_nothing_is_lost_or_there_twice(
    site: Site, tmp_path: Path
) -> None:
    told = {10: version(OLD, tmp_path), 20: version(NEW, tmp_path)}
    file = RulesFile(tmp_path / "rules.yaml", OLD)
    changed = []
    with site.place.exporter(), following(site, file) as envoy:
        with ReconnectingLoad(site.port, "load").running() as load:
            for number, config in enumerate(islice(cycle([NEW, OLD]), CHANGES), 2):
                more_is_answered(load)
                changed.append(file.replace(config))
                has_taken(envoy, number)
            more_is_answered(load)
        site.all_arrives(envoy, len(load.answered))
    assert_delivered_once(site.place, load.answered)
    events = recorded(site)
    assert all(rules == told[kept] for _, rules, kept in events)
    # One run of exchanges for each file, and each begins when its file does.
    runs = [list(run) for _, run in groupby(events, key=lambda event: event[2])]
    assert [run[0][2] for run in runs] == list(islice(cycle([10, 20]), CHANGES + 1))
    for moved, before, after in zip(changed, runs, runs[1:], strict=False):
        assert moved <= after[0][0]
        assert before[-1][0] < moved + SOON


def test_a_bad_file_is_refused_with_its_errors_in_the_log_and_the_old_rules_stay(
    site: Site, tmp_path: Path
) -> None:
    file = RulesFile(tmp_path / "rules.yaml", OLD)
    load = Load(site.port, "load")
    with site.place.exporter(), following(site, file) as envoy:
        load.make(REQUESTS)
        for refused, bad in enumerate([text(BAD), text([]), "{", "resources: []\n"], 1):
            assert_refused(envoy, file, bad, refused)
            load.make(REQUESTS)
        site.all_arrives(envoy, len(load.answered))
        assert "wasm log offpath: rule[0].match.paths: is unknown" in envoy.printed()
    assert_delivered_once(site.place, load.answered)
    assert {rules for _, rules, _ in recorded(site)} == {version(OLD, tmp_path)}


def test_without_its_file_envoy_keeps_the_rules_and_takes_a_good_one_when_it_comes(
    site: Site, tmp_path: Path
) -> None:
    file = RulesFile(tmp_path / "rules.yaml", OLD)
    load = Load(site.port, "load")
    with site.place.exporter(), following(site, file) as envoy:
        load.make(REQUESTS)
        file.path.unlink()
        load.make(REQUESTS)
        file.replace(NEW)
        has_taken(envoy, 2)
        load.make(REQUESTS)
        site.all_arrives(envoy, 3 * REQUESTS)
    assert_delivered_once(site.place, load.answered)
    kept = [kept for _, _, kept in recorded(site)]
    assert kept[: 2 * REQUESTS] == [10] * 2 * REQUESTS
    assert kept[2 * REQUESTS :] == [20] * REQUESTS


def test_an_exchange_that_is_open_when_the_file_changes_ends_under_the_rules_that_it_began_with(
    site: Site, tmp_path: Path
) -> None:
    file = RulesFile(tmp_path / "rules.yaml", rules(3))
    with site.place.exporter(), following(site, file) as envoy:
        with site.stream("open") as stream:
            file.replace(rules(4))
            has_taken(envoy, 2)
            assert stream.finish()
        site.all_arrives(envoy, 1)
    ((_, told, kept),) = recorded(site)
    assert (told, kept) == (version(rules(3), tmp_path), 3)


def test_a_config_map_is_followed_by_its_folder(site: Site, tmp_path: Path) -> None:
    """As the kubelet does: the file is a link into a folder that is a link itself, which alone is exchanged."""
    data = tmp_path / "..data"
    for name, config in (("old", OLD), ("new", NEW)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "rules.yaml").write_text(text(config), encoding="utf-8")
    data.symlink_to("old")
    file = RulesFile(tmp_path / "at-first.yaml", OLD)
    file.path = tmp_path / "rules.yaml"
    file.path.symlink_to("..data/rules.yaml")
    filter_ = file.filter
    source = filter_["config_discovery"]["config_source"]["path_config_source"]
    source["watched_directory"] = {"path": str(tmp_path)}
    routes = [bootstrap.route("all")]
    with (
        site.place.exporter(),
        site.envoy([bootstrap.listener(site.port, routes, [filter_])]) as envoy,
    ):
        (tmp_path / "..data_tmp").symlink_to("new")
        (tmp_path / "..data_tmp").rename(data)
        has_taken(envoy, 2)
        Load(site.port, "load").make(1)
        site.all_arrives(envoy, 1)
    assert [kept for _, _, kept in recorded(site)] == [20]


def assert_refused(envoy: Envoy, file: RulesFile, bad: str, times: int) -> None:
    """Move what is no good to the file's name: Envoy refuses it, as the so-and-so-manieth."""
    new = file.path.with_suffix(".bad")
    new.write_text(bad, encoding="utf-8")
    taken = envoy.stat(f"{DISCOVERY}.update_success")
    new.rename(file.path)
    refused = ("update_rejected", "update_failure")
    eventually(
        "Envoy has refused the file",
        lambda: sum(envoy.stat(f"{DISCOVERY}.{each}") for each in refused) == times,
    )
    assert envoy.stat(f"{DISCOVERY}.update_success") == taken


def more_is_answered(load: Load) -> None:
    """Wait until there was some more load."""
    before = len(load.answered)
    eventually("more is answered", lambda: len(load.answered) >= before + REQUESTS)
