"""offpath traces LLM and HTTP APIs without standing on their request path.

    from fastapi import FastAPI
    from offpath import OffpathMiddleware

    app = FastAPI()
    app.add_middleware(OffpathMiddleware)

Then run the app under the exporter: ``offpath run -- uvicorn main:app``.
"""

from . import aiohttp, httpx
from ._native import ConfigError, __version__
from .middleware import OffpathMiddleware
from .process import configure, flush, shutdown, status

__all__ = [
    "ConfigError",
    "OffpathMiddleware",
    "__version__",
    "aiohttp",
    "configure",
    "flush",
    "httpx",
    "shutdown",
    "status",
]
