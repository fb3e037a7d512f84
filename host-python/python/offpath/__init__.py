"""offpath traces LLM and HTTP APIs without standing on their request path.

    from fastapi import FastAPI
    from offpath import OffpathMiddleware

    app = FastAPI()
    app.add_middleware(OffpathMiddleware)

Then run the app under the exporter: ``offpath run -- uvicorn main:app``.
"""

from . import aiohttp, httpx, langfuse, otel
from ._native import ConfigError, __version__
from .client import Langfuse, get_client
from .middleware import OffpathMiddleware
from .observation import Observation
from .observe import observe
from .process import configure, flush, shutdown, status
from .propagation import continue_trace, propagate_attributes, trace_headers, traceparent

__all__ = [
    "ConfigError",
    "Langfuse",
    "Observation",
    "OffpathMiddleware",
    "__version__",
    "aiohttp",
    "configure",
    "continue_trace",
    "flush",
    "get_client",
    "httpx",
    "langfuse",
    "observe",
    "otel",
    "propagate_attributes",
    "shutdown",
    "status",
    "trace_headers",
    "traceparent",
]
