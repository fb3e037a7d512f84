"""Upstreams, clients, and the Envoy between them."""
