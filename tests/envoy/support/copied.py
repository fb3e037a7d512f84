"""The files of envoy/, with what they say of the reader's machine exchanged for what a test has."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from tests.framework.bootstrap import EXPORTER, FILTER
from tests.framework.processes import ROOT

FOLDER: Final = ROOT / "envoy"

#: Where the files say that the filter and the exporter's socket are.
DOCUMENTED_FILTER: Final = "/etc/envoy/offpath-envoy.wasm"
DOCUMENTED_SOCKET: Final = "/run/offpath/ingest.sock"

_FILTER_KEYS: Final = {"typed_config", "config_discovery"}

Address = tuple[str, int]


def documents(path: str) -> list[Any]:
    """Return what is in a file of envoy/."""
    return list(yaml.safe_load_all((FOLDER / path).read_text(encoding="utf-8")))


def bootstrap(path: str) -> dict[str, Any]:
    """Return a configuration of the plain Envoy, with the filter that is built here."""
    (config,) = documents(path)
    moved: dict[str, Any] = with_paths(config, {DOCUMENTED_FILTER: str(FILTER)})
    return moved


def with_paths(config: Any, paths: Mapping[str, str]) -> Any:
    """Return the configuration with these texts exchanged wherever they are a whole value; each is there."""
    assert set(paths) <= set(_texts(config)), f"one of {set(paths)} is not in the configuration"

    def exchanged(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: exchanged(each) for key, each in value.items()}
        if isinstance(value, list):
            return [exchanged(each) for each in value]
        return paths.get(value, value) if isinstance(value, str) else value

    return exchanged(config)


def with_ports(config: dict[str, Any], ports: Mapping[Address, int]) -> dict[str, Any]:
    """Return the configuration with each address, all of which are named here, moved to a port of this machine."""
    made: dict[str, Any] = json.loads(json.dumps(config))
    sockets = list(_found(made, "socket_address"))
    assert {(each["address"], each["port_value"]) for each in sockets} == set(ports)
    for each in sockets:
        port = ports[each["address"], each["port_value"]]
        each.update(address="127.0.0.1", port_value=port)
    return made


def plugins(config: Any) -> list[dict[str, Any]]:
    """Return every filter's configuration, as Envoy has it."""
    return [each for each in _found(config, "config") if "vm_config" in each]


def http_filters(config: Any, name: str) -> list[dict[str, Any]]:
    """Return every HTTP filter of this name."""
    return [each for each in _maps(config) if each.get("name") == name and _FILTER_KEYS & set(each)]


def exporter_cluster(config: Any) -> dict[str, Any]:
    """Return the cluster of the exporter, which is there once."""
    (found,) = [each for each in _maps(config) if each.get("name") == EXPORTER and "load_assignment" in each]
    return found


def resources(kind: str) -> list[tuple[str, dict[str, Any]]]:
    """Return every Kubernetes resource of this kind in envoy/, each with the name of its file."""
    files = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.yaml"))
    found = [(path, each) for path in files for each in documents(path)]
    return [(path, each) for path, each in found if each.get("kind") == kind]


def write(config: dict[str, Any], path: Path) -> Path:
    """Write a configuration as Envoy reads it."""
    path.write_text(json.dumps(config), encoding="utf-8")
    return path


def _maps(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for each in children:
        yield from _maps(each)


def _found(value: Any, key: str) -> Iterator[dict[str, Any]]:
    return (each[key] for each in _maps(value) if isinstance(each.get(key), dict))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for each in children:
        yield from _texts(each)
