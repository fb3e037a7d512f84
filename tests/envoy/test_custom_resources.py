"""What envoy/ has for Istio and Envoy Gateway fits their resources, field by field.

The published definitions are not part of this project. With OFFPATH_CRDS naming a directory that has them (for Istio
`manifests/charts/base/files/crd-all.gen.yaml`, for Envoy Gateway its `crds/generated/*.yaml`, under any names that end in
.yaml), both the files and what support/custom_resources.py says of the definitions are compared with them too.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from .support import copied
from .support.custom_resources import KINDS, Schema, differences

RESOURCES = [(kind, path, each) for kind in KINDS for path, each in copied.resources(kind)]
NAMES = [f"{path} {kind} {each['metadata']['name']}" for kind, path, each in RESOURCES]

#: Of Kubernetes itself.
WELL_KNOWN = {"ConfigMap", "Deployment"}


def test_every_kind_in_envoy_has_a_schema() -> None:
    files = [path.relative_to(copied.FOLDER).as_posix() for path in copied.FOLDER.rglob("*.yaml")]
    kinds = {each.get("kind") for file in files for each in copied.documents(file)}
    # Envoy's and Prometheus' own files, and values of a Helm chart, are of no kind.
    assert kinds - {None} - WELL_KNOWN == set(KINDS)


@pytest.mark.parametrize(("kind", "path", "resource"), RESOURCES, ids=NAMES)
def test_a_resource_has_only_fields_that_are_published(
    kind: str, path: str, resource: dict[str, Any]
) -> None:
    jsonschema.validate(resource, KINDS[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_a_field_that_is_not_published_is_refused(kind: str) -> None:
    resource = json.loads(json.dumps(copied.resources(kind)[0][1]))
    resource["spec"]["nosuch"] = True
    with pytest.raises(jsonschema.ValidationError, match="nosuch"):
        jsonschema.validate(resource, KINDS[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_said_of_a_definition_is_what_is_published(kind: str) -> None:
    assert list(differences(KINDS[kind]["properties"]["spec"], published(kind), kind)) == []


@pytest.mark.parametrize(("kind", "path", "resource"), RESOURCES, ids=NAMES)
def test_a_resource_fits_the_published_definition(kind: str, path: str, resource: dict[str, Any]) -> None:
    jsonschema.validate(resource["spec"], closed(published(kind)))


def published(kind: str) -> Schema:
    """What the published definition says of this kind's `spec`."""
    folder = os.environ.get("OFFPATH_CRDS")
    if not folder:
        pytest.skip("OFFPATH_CRDS names no directory with the published definitions")
    for file in sorted(Path(folder).glob("*.yaml")):
        for each in yaml.safe_load_all(file.read_text(encoding="utf-8")):
            if each and each["spec"]["names"]["kind"] == kind:
                # Several versions have one schema.
                spec: Schema = each["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
                return spec
    pytest.fail(f"no definition of {kind} in {folder}")


def closed(schema: Any) -> Any:
    """The schema with fields refused that it does not name, as `kubectl --validate=strict` refuses them."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: closed(each) for key, each in schema.items()}
    is_open = "additionalProperties" in made or made.get("x-kubernetes-preserve-unknown-fields")
    if made.get("type") == "object" and isinstance(made.get("properties"), dict) and not is_open:
        made["additionalProperties"] = False
    return made


# --- what no schema says --------------------------------------------------------------------------------------------


def pods() -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Every pod in which there is an exporter: where it is written, its spec, and Envoy's container."""
    found = []
    for path, each in copied.resources("Deployment"):
        template = each["spec"]["template"]
        mounts = json.loads(template["metadata"]["annotations"]["sidecar.istio.io/userVolumeMount"])
        envoy = {"volumeMounts": [{"name": name, **mount} for name, mount in mounts.items()]}
        found.append((path, template["spec"], envoy))
    (values,) = copied.documents("istio/gateway-values.yaml")
    found.append(("istio/gateway-values.yaml", values, values))
    for path, each in copied.resources("EnvoyProxy"):
        deployment = each["spec"]["provider"]["kubernetes"]["envoyDeployment"]
        spec = {"initContainers": deployment["initContainers"], "volumes": deployment["pod"]["volumes"]}
        found.append((path, spec, deployment["container"]))
    return found


@pytest.mark.parametrize(("path", "spec", "envoy"), pods(), ids=[path for path, _, _ in pods()])
def test_envoy_and_exporter_share_the_directory_of_the_socket_and_every_volume_is_there(
    path: str, spec: dict[str, Any], envoy: dict[str, Any]
) -> None:
    (exporter,) = [each for each in spec["initContainers"] if each["name"] == "offpath"]
    folder = str(Path(copied.DOCUMENTED_SOCKET).parent)
    (shared,) = [each for each in envoy["volumeMounts"] if each["mountPath"] == folder]
    assert shared in exporter["volumeMounts"]
    mounted = {each["name"] for each in [*exporter["volumeMounts"], *envoy["volumeMounts"]]}
    assert mounted == {each["name"] for each in spec["volumes"]}


@pytest.mark.parametrize(
    "path", [path for path, _, _ in pods()] + [path for path, _ in copied.resources("EnvoyFilter")]
)
def test_the_files_of_one_role_are_of_one_namespace(path: str) -> None:
    namespaces = {each["metadata"]["namespace"] for each in copied.documents(path) if "metadata" in each}
    assert len(namespaces) <= 1
