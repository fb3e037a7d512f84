"""An app that says the worst that strangers may write, and its traffic; `uvicorn tests.viewer.hostile:app`.

Each text would do something if it were shown as anything but text: run, load, turn what stands beside it around, or keep the
page from answering.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any, Final

import httpx
from offpath import OffpathMiddleware, get_client, observe, propagate_attributes
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

#: What a script of theirs would do, which no page may have done.
PWNED: Final = "window.pwned = true; alert(1)"

MARKUP: Final = {
    "script": f"<script>{PWNED}</script>",
    "image": f'<img src="http://127.0.0.1:9/pixel.png" onerror="{PWNED}">',
    "svg": f'<svg onload="{PWNED}"><animate onbegin="{PWNED}" attributeName="x" dur="1s"/></svg>',
    "frame": f'<iframe srcdoc="<script>parent.{PWNED}</script>"></iframe>',
    "link": f'<a href="javascript:{PWNED}" autofocus onfocus="{PWNED}">a link</a>',
    "style": "</style><style>* { display: none }</style>",
    "template": "${window.pwned = true} {{constructor.constructor('window.pwned = true')()}}",
    "attribute": f'" onmouseover="{PWNED}" x=\'',
}
#: What is not seen, or has others seen differently, and the mark that stands there instead.
UNSEEN: Final = {
    "ansi": ("\x1b[31mred\x1b[0m", "ESC"),
    "turned": ("invoice\u202egnp.exe", "U+202E"),
    "isolated": ("\u2066user\u2069", "U+2066"),
    "no width": ("pay\u200bpal", "U+200B"),
    "null": ("before\x00after", "NUL"),
    "bell": ("ding\x07", "BEL"),
    "tags": ("seen\U000e0041\U000e0042", "U+E0041"),
}
ROUTE: Final = "<img src=x onerror=alert(1)>"
BROKEN: Final = b"good \xff\xfe\xc3( bad"
DEEP: Final = "[" * 3000 + "]" * 3000
#: More than any view can show at once; offpath keeps the first and the last MiB of it.
HUGE: Final = "huge " * 1_000_000
SPANS: Final = 200

#: As much as may be kept, and names of users and sessions from where strangers have their say.
CONFIG: Final = """
[service]
name = "hostile"

[capture]
request_body = { head = "1MiB", tail = "1MiB" }
response_body = { head = "1MiB", tail = "1MiB" }
headers = { allow = ["*"] }
identity = { user = "header:x-user-id", session = "header:x-session-id" }

[spans]
input = "1MiB"
output = "1MiB"
json.max_depth = 100
"""


async def echo(request: Request) -> Response:
    """Say again what was said, with the same header."""
    said = {"content-type": request.headers["content-type"]}
    if "x-said" in request.headers:
        said["x-said"] = request.headers["x-said"]
    return Response(await request.body(), headers=said)


async def model(request: Request) -> Response:
    """Answer as a model that repeats what the user said, and calls a tool of that name."""
    asked = await request.json()
    said = asked["messages"][-1]["content"]
    call = {
        "id": "call_1",
        "type": "function",
        "function": {"name": said[:50], "arguments": json.dumps({said[:50]: said})},
    }
    message = {"role": "assistant", "content": said, "tool_calls": [call]}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    answer = {
        "id": "1",
        "object": "chat.completion",
        "model": asked["model"],
        "choices": [choice],
        "usage": usage,
    }
    return Response(json.dumps(answer), media_type="application/json")


async def spans(request: Request) -> Response:
    """Have many spans below one another and beside each other, each named and filled by a stranger."""
    names = [*MARKUP.values(), *(text for text, _ in UNSEEN.values())]
    with propagate_attributes(user_id=MARKUP["script"], session_id=MARKUP["image"], tags=[MARKUP["svg"]]):
        for index in range(SPANS // 2):
            name = names[index % len(names)]
            with get_client().start_as_current_observation(name=name, input={name: name}) as outer:
                outer.update(output=[name], metadata={name: [name]}, status_message=name)
                inner()
    return PlainTextResponse("done")


@observe(as_type="tool")
def inner() -> list[Any]:
    """Return what is nested as deeply as spans may be."""
    nested: list[Any] = []
    for _ in range(150):
        nested = [nested]
    return nested


async def fail(request: Request) -> Response:
    """Raise what a stranger worded."""
    raise ValueError((await request.body()).decode())


app = Starlette(
    routes=[
        Route("/echo", echo, methods=["POST"]),
        Route(f"/{ROUTE}/{{name}}", echo, methods=["POST"]),
        Route("/v1/chat/completions", model, methods=["POST"]),
        Route("/spans", spans, methods=["POST"]),
        Route("/fail", fail, methods=["POST"]),
    ]
)
app.add_middleware(OffpathMiddleware)


def attack(port: int) -> dict[str, str]:
    """Send all of it, and return the names of the requests with what each of them says."""
    return asyncio.run(_attack(port))


async def _attack(port: int) -> dict[str, str]:
    texts = {**MARKUP, **{name: text for name, (text, _) in UNSEEN.items()}}
    limits = httpx.Limits(max_keepalive_connections=0)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60, limits=limits) as client:

        async def post(path: str, name: str, content: str | bytes, kind: str, **headers: str) -> None:
            told = {"content-type": kind, "x-request-id": name, **headers}
            await client.post(path, content=content, headers=told)

        for name, text in texts.items():
            await post("/echo", f"text {name}", text, "text/html; charset=utf-8")
            await post(
                "/echo", f"json {name}", json.dumps({text: [text, {"deep": text}]}), "application/json"
            )
            asked = {"model": text, "messages": [{"role": "user", "content": text}]}
            await post("/v1/chat/completions", f"model {name}", json.dumps(asked), "application/json")
            await post("/fail", f"error {name}", text, "text/plain")
        for name, text in MARKUP.items():
            said = {"x-said": text, "x-user-id": text, "x-session-id": text, "user-agent": text}
            await post("/echo", f"header {name}", name, "text/plain", **said)
        await post(f"/{ROUTE}/{UNSEEN['turned'][0]}?said={MARKUP['script']}", "route", "", "text/plain")
        await post("/echo", "broken", BROKEN, "text/plain; charset=utf-8")
        await post("/echo", "deep", DEEP, "application/json")
        await post("/echo", "huge", HUGE, "text/plain")
        await post("/echo", "huge json", json.dumps({"huge": HUGE}), "application/json")
        asked = {"model": "gpt-4o", "messages": [{"role": "user", "content": HUGE[:900_000]}]}
        await post("/v1/chat/completions", "huge model", json.dumps(asked), "application/json")
        await post("/spans", "spans", "", "text/plain")
    return texts
