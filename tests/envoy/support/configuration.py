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
