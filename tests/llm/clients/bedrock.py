"""The client ``boto3``, for Bedrock's runtime."""

from __future__ import annotations

import json
from typing import Any

import boto3
from botocore.config import Config

from .heard import Ask, Heard, asking


def _client(url: str) -> Any:
    return boto3.client(
        "bedrock-runtime",
        region_name="us-east-1",
        endpoint_url=url,
        aws_access_key_id="not-a-key",
        aws_secret_access_key="not-a-key",
        config=Config(retries={"max_attempts": 0}),
    )


def converse(**asked: Any) -> Ask:
    """``converse``."""

    def ask(url: str, heard: Heard) -> None:
        answer = _client(url).converse(**asked)
        for block in answer["output"]["message"]["content"]:
            heard.text(0, block.get("text"))
            heard.thought(0, block.get("reasoningContent", {}).get("reasoningText", {}).get("text"))
            if use := block.get("toolUse"):
                heard.call(0, len(heard.calls.get(0, ())), use["name"], use["input"])
        heard.ended(0, answer["stopReason"])
        heard.total = answer["usage"]["totalTokens"]

    return asking(ask)


def converse_stream(**asked: Any) -> Ask:
    """``converse_stream``."""

    def ask(url: str, heard: Heard) -> None:
        for event in _client(url).converse_stream(**asked)["stream"]:
            _event(heard, event)

    return asking(ask)


def _event(heard: Heard, event: Any) -> None:
    if "contentBlockStart" in event:
        start = event["contentBlockStart"]
        heard.call(0, start["contentBlockIndex"], start["start"]["toolUse"]["name"], "")
    elif "contentBlockDelta" in event:
        delta = event["contentBlockDelta"]["delta"]
        heard.text(0, delta.get("text"))
        heard.thought(0, delta.get("reasoningContent", {}).get("text"))
        if "toolUse" in delta:
            heard.call(0, event["contentBlockDelta"]["contentBlockIndex"], None, delta["toolUse"]["input"])
    elif "messageStop" in event:
        heard.ended(0, event["messageStop"]["stopReason"])
    elif "metadata" in event:
        heard.total = event["metadata"]["usage"]["totalTokens"]


def invoke(model: str, body: dict[str, Any]) -> Ask:
    """``invoke_model``, which hands over the model's own answer as it is."""

    def ask(url: str, heard: Heard) -> None:
        answer = _client(url).invoke_model(
            modelId=model, body=json.dumps(body), contentType="application/json"
        )
        heard.id = json.loads(answer["body"].read()).get("id")

    return asking(ask)


def invoke_stream(model: str, body: dict[str, Any]) -> Ask:
    """``invoke_model_with_response_stream``; its events are the model's own."""

    def ask(url: str, _heard: Heard) -> None:
        client = _client(url)
        told = json.dumps(body)
        answer = client.invoke_model_with_response_stream(
            modelId=model, body=told, contentType="application/json"
        )
        for event in answer["body"]:
            json.loads(event["chunk"]["bytes"])

    return asking(ask)
