"""What the tests share: the exporter, an ASGI peer, servers, and patience."""
