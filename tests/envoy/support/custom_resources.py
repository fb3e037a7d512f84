"""The fields of other projects' Kubernetes resources that envoy/ uses, as their published definitions have them.

Written down by reading, in a closed form: a field or a value that is not here is refused, whether it is published or not.
``differences`` compares this with the definitions themselves, for whoever has them (see test_custom_resources.py).

- Istio 1.30.3 (56df41f63e513f834c9a3af33d8aed82d1d961f2): manifests/charts/base/files/crd-all.gen.yaml
- Envoy Gateway 1.9.0 (39763b1c07ec30a5526fe70434a2cfe4181de642): charts/gateway-helm/charts/crds/crds/generated/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

Schema = dict[str, Any]

TEXT: Final[Schema] = {"type": "string"}
SHORT: Final[Schema] = {"type": "string", "minLength": 1, "maxLength": 253}
NUMBER: Final[Schema] = {"type": "integer"}
YES_OR_NO: Final[Schema] = {"type": "boolean"}
#: Objects of any fields: what they hold is not the definition's business.
OPEN: Final[Schema] = {"type": "object"}
#: Values that the definition says nothing about.
ANY: Final[Schema] = {}


def one_of(*values: str) -> Schema:
    """One of these texts."""
    return {"type": "string", "enum": list(values)}


def some(item: Schema, most: int | None = None) -> Schema:
    """A list."""
    return {"type": "array", "items": item} | ({} if most is None else {"maxItems": most})


def fields(**named: Schema) -> Schema:
    """An object of these fields and no others; those whose name ends in an underscore must be there."""
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {name.rstrip("_"): schema for name, schema in named.items()},
        "required": [name.rstrip("_") for name in named if name.endswith("_")],
    }


# --- Istio ----------------------------------------------------------------------------------------------------------

_WASM_PLUGIN: Final = fields(
    failStrategy=one_of("FAIL_CLOSE", "FAIL_OPEN", "FAIL_RELOAD"),
    match=some(
        fields(
            mode=one_of("UNDEFINED", "CLIENT", "SERVER", "CLIENT_AND_SERVER"),
            ports=some(fields(number_=NUMBER)),
        )
    ),
    phase=one_of("UNSPECIFIED_PHASE", "AUTHN", "AUTHZ", "STATS"),
    pluginConfig=OPEN,
    selector=fields(matchLabels=OPEN),
    sha256={"type": "string", "pattern": "(^$|^[a-f0-9]{64}$)"},
    url_={"type": "string", "minLength": 1},
)

_ENVOY_FILTER: Final = fields(
    configPatches=some(
        fields(
            applyTo=one_of("CLUSTER"),
            match=fields(context=one_of("ANY", "SIDECAR_INBOUND", "SIDECAR_OUTBOUND", "GATEWAY", "WAYPOINT")),
            patch=fields(
                operation=one_of("ADD"),
                value=OPEN,
            ),
        )
    ),
    workloadSelector=fields(labels=OPEN),
)

# --- Envoy Gateway --------------------------------------------------------------------------------------------------

_LABEL: Final = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_GROUP: Final[Schema] = {"type": "string", "maxLength": 253, "pattern": rf"^$|^{_LABEL}(\.{_LABEL})*$"}
_KIND: Final[Schema] = {
    "type": "string",
    "minLength": 1,
    "maxLength": 63,
    "pattern": "^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$",
}
_DURATION: Final[Schema] = {"type": "string", "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$"}

_EXTENSION_POLICY: Final = fields(
    targetRefs=some(
        fields(
            group_=_GROUP,
            kind_=_KIND,
            name_=SHORT,
        )
    ),
    wasm=some(
        fields(
            name=TEXT,
            rootID=TEXT,
            code_=fields(type_=one_of("HTTP", "Image"), image=fields(url_=TEXT, sha256=TEXT)),
            config=ANY,
            failOpen=YES_OR_NO,
        ),
        most=16,
    ),
)

_MOUNTS: Final = some(fields(mountPath_=TEXT, name_=TEXT))

_PROXY: Final = fields(
    bootstrap=fields(
        type=one_of("Merge", "Replace", "JSONPatch"),
        jsonPatches=some(
            fields(op_=one_of("add", "remove", "replace", "move", "copy", "test"), path=TEXT, value=ANY)
        ),
    ),
    shutdown=fields(minDrainDuration=_DURATION, drainTimeout=_DURATION),
    provider=fields(
        type_=one_of("Kubernetes", "Host"),
        kubernetes=fields(
            envoyDeployment=fields(
                container=fields(volumeMounts=_MOUNTS),
                initContainers=some(
                    fields(
                        name_=TEXT,
                        image=TEXT,
                        args=some(TEXT),
                        restartPolicy=TEXT,
                        securityContext=fields(runAsUser=NUMBER, runAsGroup=NUMBER, runAsNonRoot=YES_OR_NO),
                        volumeMounts=_MOUNTS,
                    )
                ),
                pod=fields(
                    volumes=some(
                        fields(
                            name_=TEXT,
                            emptyDir=fields(medium=TEXT, sizeLimit=ANY),
                            configMap=fields(name=TEXT),
                        )
                    )
                ),
            )
        ),
    ),
)

# --- all of them ----------------------------------------------------------------------------------------------------


def _resource(api_version: str, spec: Schema) -> Schema:
    return fields(
        apiVersion_={"const": api_version},
        kind_=TEXT,
        metadata_=fields(name_=TEXT, namespace_=TEXT),
        spec_=spec,
    )


#: The schema of every kind that is not Kubernetes' own.
KINDS: Final[dict[str, Schema]] = {
    "WasmPlugin": _resource("extensions.istio.io/v1alpha1", _WASM_PLUGIN),
    "EnvoyFilter": _resource("networking.istio.io/v1alpha3", _ENVOY_FILTER),
    "EnvoyExtensionPolicy": _resource("gateway.envoyproxy.io/v1alpha1", _EXTENSION_POLICY),
    "EnvoyProxy": _resource("gateway.envoyproxy.io/v1alpha1", _PROXY),
}


def differences(ours: Schema, published: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Say where a schema of this file lets pass what the published one refuses."""
    if not ours:
        return
    known = published.get("properties", {})
    if ours["type"] != published["type"]:
        yield f"{path} is of type {published['type']}"
    for rule in ("pattern", "minLength", "maxLength", "maxItems"):
        if ours.get(rule) != published.get(rule):
            yield f"{path} has {rule} {published.get(rule)}"
    if "enum" in ours and not set(ours["enum"]) <= _choices(published):
        yield f"{path} knows only {sorted(_choices(published))}"
    if "properties" in ours and (missing := set(published.get("required", ())) - set(ours["required"])):
        yield f"{path} needs {sorted(missing)}"
    for name, each in ours.get("properties", {}).items():
        if name in known:
            yield from differences(each, known[name], f"{path}.{name}")
        else:
            yield f"{path} has no {name}"
    if "items" in ours:
        yield from differences(ours["items"], published["items"], f"{path}[]")


def _choices(published: Mapping[str, Any]) -> set[str]:
    """What may stand there; where several rules say so, what all of them let pass."""
    rules = [each["enum"] for each in (published, *published.get("allOf", ())) if "enum" in each]
    return set.intersection(*map(set, rules)) if rules else set()
