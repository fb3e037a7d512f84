"""Envoy's configuration in pieces: clusters, routes, filters, listeners, and the bootstrap that holds them.

Each function returns a message of Envoy's API as JSON; what it does not name can be added to what it returns.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from .processes import ROOT

Message = dict[str, Any]

#: The filter that `make wasm` builds.
FILTER: Final = ROOT / "dist" / "offpath-envoy.wasm"

#: The cluster that the filter sends to, unless its configuration names another.
EXPORTER: Final = "offpath_exporter"

_TYPES: Final = "type.googleapis.com"
_HTTP: Final = f"{_TYPES}/envoy.extensions.filters.http"


# --- clusters -------------------------------------------------------------------------------------------------------


def cluster(name: str, address: Message, *, http2: bool = False) -> Message:
    """Requests to this name go to the one endpoint at this address."""
    made: Message = {
        "name": name,
        "type": "STATIC",
        "connect_timeout": "0.25s",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}],
        },
    }
    if http2:
        made["typed_extension_protocol_options"] = {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": f"{_TYPES}/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                "explicit_http_config": {"http2_protocol_options": {}},
            }
        }
    return made


def upstream(port: int, name: str = "app", *, http2: bool = False) -> Message:
    """Requests to this name go to the app on this port."""
    return cluster(name, _loopback(port), http2=http2)


def exporter(socket: Path, name: str = EXPORTER, *, http2: bool = False) -> Message:
    """Batches of events go to the exporter's socket."""
    return cluster(name, {"pipe": {"path": str(socket)}}, http2=http2)


def _loopback(port: int) -> Message:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


# --- routes ---------------------------------------------------------------------------------------------------------


def route(name: str, cluster_name: str = "app", *, prefix: str = "/", **action: Any) -> Message:
    """Requests whose path begins so go to this cluster; the rest is the fields of Envoy's RouteAction."""
    return {
        "name": name,
        "match": {"prefix": prefix},
        "route": {"cluster": cluster_name, "timeout": "0s", **action},
    }


def connect_route(name: str, cluster_name: str = "app") -> Message:
    """CONNECT opens a tunnel to this cluster, and what is in the tunnel is TCP."""
    return {
        "name": name,
        "match": {"connect_matcher": {}},
        "route": {
            "cluster": cluster_name,
            "timeout": "0s",
            "upgrade_configs": [{"upgrade_type": "CONNECT", "connect_config": {}}],
        },
    }


# --- filters --------------------------------------------------------------------------------------------------------


def wasm_filter(configuration: Mapping[str, Any] | str = "", wasm: Path = FILTER) -> Message:
    """offpath, or another filter, with its configuration: an object, or the text as it is."""
    text = configuration if isinstance(configuration, str) else json.dumps(configuration)
    return {
        "name": "offpath",
        "typed_config": {
            "@type": f"{_HTTP}.wasm.v3.Wasm",
            "config": {
                "name": "offpath",
                "root_id": "offpath",
                "fail_open": True,
                "configuration": {"@type": f"{_TYPES}/google.protobuf.StringValue", "value": text},
                "vm_config": {
                    "vm_id": "offpath",
                    "runtime": "envoy.wasm.runtime.v8",
                    "code": {"local": {"filename": str(wasm)}},
                },
            },
        },
    }


def _router() -> Message:
    return {"name": "envoy.filters.http.router", "typed_config": {"@type": f"{_HTTP}.router.v3.Router"}}


# --- listeners ------------------------------------------------------------------------------------------------------


def listener(
    port: int,
    routes: Sequence[Message],
    filters: Sequence[Message] = (),
    *,
    upgrades: Sequence[str] = (),
    **manager: Any,
) -> Message:
    """HTTP/1.1 and HTTP/2 on this port, through these filters and then the router.

    ``upgrades`` are those that are let through: ``websocket``, ``CONNECT``. The rest is the fields of Envoy's
    HttpConnectionManager.
    """
    connection_manager = {
        "@type": f"{_TYPES}/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "ingress",
        "codec_type": "AUTO",
        "http2_protocol_options": {"allow_connect": True},
        "upgrade_configs": [{"upgrade_type": each} for each in upgrades],
        "http_filters": [*filters, _router()],
        "route_config": {
            "name": "routes",
            "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": list(routes)}],
        },
        **manager,
    }
    filter_ = {"name": "envoy.filters.network.http_connection_manager", "typed_config": connection_manager}
    return {
        "name": f"port_{port}",
        "address": _loopback(port),
        "filter_chains": [{"filters": [filter_]}],
    }


# --- all of it ------------------------------------------------------------------------------------------------------


def bootstrap(admin_port: int, clusters: Sequence[Message], listeners: Path) -> Message:
    """What Envoy starts with; the listeners are in a file of their own, which it reads again when it is replaced."""
    return {
        "node": {"id": "offpath", "cluster": "offpath"},
        "admin": {"address": _loopback(admin_port)},
        "static_resources": {"clusters": list(clusters)},
        "dynamic_resources": {
            "lds_config": {"resource_api_version": "V3", "path_config_source": {"path": str(listeners)}}
        },
    }


def discovery(listeners: Sequence[Message]) -> Message:
    """What is in the file of the listeners."""
    type_ = f"{_TYPES}/envoy.config.listener.v3.Listener"
    return {"resources": [{"@type": type_, **each} for each in listeners]}
