"""A gRPC server whose methods take and give bytes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc

from .upstreams import Upstream


class _Methods(grpc.GenericRpcHandler):  # type: ignore[misc] # its base has no types
    """Each path is a method."""

    def __init__(self) -> None:
        self.upstream: Upstream[grpc.RpcMethodHandler] = Upstream(0)

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        """Find what a call is for."""
        return self.upstream.handler(handler_call_details.method)


@asynccontextmanager
async def methods() -> AsyncIterator[Upstream[grpc.RpcMethodHandler]]:
    """Serve gRPC."""
    made = _Methods()
    server = grpc.aio.server(handlers=[made])
    made.upstream.port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield made.upstream
    finally:
        await server.stop(None)
