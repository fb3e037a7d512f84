"""A model that is asked by OpenAI's API or by Anthropic's, and says the same each time.

uvicorn tests.e2e.models:app
"""

from __future__ import annotations

from typing import Final

from tests.llm.server.app import Message, Receive, Send, alone
from tests.llm.server.script import Says, Script

ANSWER: Final = "Two words."

_OPENAI: Final = alone(
    "openai",
    Script(
        [Says(ANSWER, finish="stop")],
        usage={"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8},
        model="gpt-4o-mini",
        id="chatcmpl-1",
    ),
)
_ANTHROPIC: Final = alone(
    "anthropic",
    Script(
        [Says(ANSWER, finish="end_turn")],
        usage={"input_tokens": 5, "output_tokens": 3},
        model="claude-sonnet-4-5",
        id="msg_1",
    ),
)


async def app(scope: Message, receive: Receive, send: Send) -> None:
    """Answer by the API that the path is of."""
    await (_ANTHROPIC if scope["path"].endswith("/messages") else _OPENAI)(scope, receive, send)
