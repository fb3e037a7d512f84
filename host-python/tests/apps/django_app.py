"""The four endpoints in Django, a project in one file: echo, sync (in the thread pool), stream, boom."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import django
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path

settings.configure(ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, SECRET_KEY="of the tests", USE_TZ=True)


async def echo(request: HttpRequest, name: str) -> HttpResponse:
    return HttpResponse(request.body, status=201, content_type="text/plain")


def sync(request: HttpRequest, name: str) -> HttpResponse:
    return HttpResponse(f"hello {name}")


async def stream(request: HttpRequest) -> StreamingHttpResponse:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"one"
        yield b"two"

    return StreamingHttpResponse(chunks())


def boom(request: HttpRequest) -> HttpResponse:
    raise ValueError("of the app")


urlpatterns = [
    path("echo/<str:name>", echo),
    path("sync/<str:name>", sync),
    path("stream", stream),
    path("boom", boom),
]

django.setup()
app: Any = get_asgi_application()
