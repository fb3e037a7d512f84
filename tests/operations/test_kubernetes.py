"""deploy/kubernetes: as Kubernetes' own schemas have it, and as the exporter takes it. In a cluster it was not tried."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest

from .support.deployed import assert_taken, documents

SIDECAR = documents("kubernetes/sidecar.yaml")
DAEMON_SET = documents("kubernetes/daemonset.yaml")
BOTH = pytest.mark.parametrize("file", [SIDECAR, DAEMON_SET], ids=["sidecar", "daemonset"])

#: The oldest that has all that is used, and the newest that there was.
VERSIONS = ["1.30", "1.37"]


def of_kind(file: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """Return the resources of a kind."""
    return [document for document in file if document["kind"] == kind]


def pods(file: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the specifications of all pods."""
    return [
        document["spec"]["template"]["spec"] for document in file if "template" in document.get("spec", {})
    ]


def containers(pod: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the containers that stay."""
    sidecars = [one for one in pod.get("initContainers", []) if one.get("restartPolicy") == "Always"]
    return [*sidecars, *pod["containers"]]


def variables(container: dict[str, Any]) -> dict[str, str]:
    """Return a container's environment."""
    return {variable["name"]: variable["value"] for variable in container["env"]}


@BOTH
@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_knows_every_field(file: list[dict[str, Any]], version: str) -> None:
    for document in file:
        kubernetes_validate.validate(document, version, strict=True)


@BOTH
def test_the_exporter_takes_its_configuration(file: list[dict[str, Any]], tmp_path: Path) -> None:
    [config] = of_kind(file, "ConfigMap")
    assert_taken(config["data"]["offpath.toml"], tmp_path, "/etc/offpath-secrets/")


@BOTH
def test_all_that_share_rings_are_one_user_in_one_directory(file: list[dict[str, Any]]) -> None:
    found = pods(file)
    assert {pod["securityContext"]["runAsUser"] for pod in found} == {10001}
    everyone = [container for pod in found for container in containers(pod)]
    assert len(everyone) == 2
    [directory] = {variables(container)["OFFPATH_DIR"] for container in everyone}
    for container in everyone:
        assert any(directory.startswith(mount["mountPath"]) for mount in container["volumeMounts"])


def test_rings_of_a_sidecar_are_in_memory_below_a_mount_that_is_root_s() -> None:
    [pod] = pods(SIDECAR)
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    assert volumes["rings"]["emptyDir"]["medium"] == "Memory"
    for container in containers(pod):
        [mount] = [mount["mountPath"] for mount in container["volumeMounts"] if mount["name"] == "rings"]
        assert variables(container)["OFFPATH_DIR"].startswith(mount + "/")


def test_what_is_mounted_is_a_volume() -> None:
    for file in (SIDECAR, DAEMON_SET):
        for pod in pods(file):
            volumes = {volume["name"] for volume in pod["volumes"]}
            for container in containers(pod) + pod.get("initContainers", []):
                assert {mount["name"] for mount in container["volumeMounts"]} <= volumes


def test_a_backend_that_is_down_takes_no_app_out_of_its_service() -> None:
    [pod] = pods(SIDECAR)
    [exporter] = [container for container in containers(pod) if container["name"] == "offpath"]
    assert "readinessProbe" not in exporter
    assert "startupProbe" not in exporter
    assert exporter["livenessProbe"]["httpGet"]["path"] == "/healthz"


def test_the_exporter_ends_after_the_app_with_time_to_drain() -> None:
    [pod] = pods(SIDECAR)
    [exporter] = pod["initContainers"]
    assert exporter["restartPolicy"] == "Always"
    assert pod["terminationGracePeriodSeconds"] > 30 + 30


@BOTH
def test_the_exporter_may_do_nothing_that_it_need_not(file: list[dict[str, Any]]) -> None:
    for pod in pods(file):
        for container in containers(pod):
            if container["name"] == "offpath":
                allowed = container["securityContext"]
                assert allowed["readOnlyRootFilesystem"]
                assert not allowed["allowPrivilegeEscalation"]
                assert allowed["capabilities"] == {"drop": ["ALL"]}


@BOTH
def test_the_volume_of_the_spool_is_larger_than_the_spool(file: list[dict[str, Any]]) -> None:
    for pod in pods(file):
        for volume in pod["volumes"]:
            if volume["name"] == "spool" and "emptyDir" in volume:
                assert volume["emptyDir"]["sizeLimit"] == "3Gi"
                assert 'max_size = "2GiB"' in of_kind(file, "ConfigMap")[0]["data"]["offpath.toml"]


@BOTH
def test_only_prometheus_reaches_what_is_recorded(file: list[dict[str, Any]]) -> None:
    [policy] = of_kind(file, "NetworkPolicy")
    exporter = [rule for rule in policy["spec"]["ingress"] if {"port": 8790} in rule["ports"]]
    assert exporter
    assert all(rule.get("from") for rule in exporter)


def test_prometheus_scrapes_the_port_under_the_name_that_alerts_look_for() -> None:
    [monitor] = documents("kubernetes/podmonitor.yaml")
    [endpoint] = monitor["spec"]["podMetricsEndpoints"]
    ports = [
        port["name"]
        for pod in pods(SIDECAR + DAEMON_SET)
        for one in containers(pod)
        for port in one.get("ports", [])
    ]
    assert endpoint["port"] in ports
    assert {"targetLabel": "job", "replacement": "offpath"} in endpoint["relabelings"]
