"""Pieces of Envoy's configuration that only these tests need."""

from __future__ import annotations

from tests.framework import bootstrap
from tests.framework.bootstrap import Message

_TYPES = "type.googleapis.com/envoy"
_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


def raw_upstream(port: int, name: str = "raw") -> Message:
    """Requests to this name go to this port by HTTP/1.1, with trailers and more headers than usual."""
    made = bootstrap.upstream(port, name)
    made["typed_extension_protocol_options"] = {
        _OPTIONS: {
            "@type": f"type.googleapis.com/{_OPTIONS}",
            "explicit_http_config": {"http_protocol_options": {"enable_trailers": True}},
            "common_http_protocol_options": {"max_headers_count": 2000},
        }
    }
    return made


def off(route: Message) -> Message:
    """The route with offpath turned off."""
    disabled = {"@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig", "disabled": True}
    return {**route, "typed_per_filter_config": {"offpath": disabled}}


# --- routes that lead to no upstream --------------------------------------------------------------------------------


def direct(name: str, status: int, text: str, *, prefix: str) -> Message:
    """Envoy answers so itself."""
    answer = {"status": status, "body": {"inline_string": text}}
    return {"name": name, "match": {"prefix": prefix}, "direct_response": answer}


def to_cluster_in_header(header: str, *, prefix: str) -> Message:
    """The request says where it is to go."""
    return {"name": "named", "match": {"prefix": prefix}, "route": {"cluster_header": header}}


def nobody(name: str) -> Message:
    """A cluster with no endpoints."""
    return {**bootstrap.upstream(0, name), "load_assignment": {"cluster_name": name}}


# --- filters that answer themselves ---------------------------------------------------------------------------------


def forbidding(header: str) -> Message:
    """Requests with this header are forbidden."""
    policy = {
        "permissions": [{"header": {"name": header, "present_match": True}}],
        "principals": [{"any": True}],
    }
    rules = {"action": "DENY", "policies": {"forbidden": policy}}
    return _filter("rbac", "rbac.v3.RBAC", {"rules": rules})


def fault(header: str, status: int) -> Message:
    """Requests with this header are answered so, in place of the upstream."""
    abort = {"http_status": status, "percentage": {"numerator": 100}}
    return _filter(
        "fault", "fault.v3.HTTPFault", {"abort": abort, "headers": [{"name": header, "present_match": True}]}
    )


def delay(header: str, seconds: int) -> Message:
    """Requests with this header wait so long before they go on."""
    fixed = {"fixed_delay": f"{seconds}s", "percentage": {"numerator": 100}}
    return _filter(
        "delay", "fault.v3.HTTPFault", {"delay": fixed, "headers": [{"name": header, "present_match": True}]}
    )


def _filter(name: str, type_: str, config: Message) -> Message:
    type_url = f"type.googleapis.com/envoy.extensions.filters.http.{type_}"
    return {"name": name, "typed_config": {"@type": type_url, **config}}
