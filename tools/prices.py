"""Writes ``exporter/enrich/src/prices.toml``: what models cost, from the data of the package ``genai-prices``.

    pip install genai-prices
    python tools/prices.py > exporter/enrich/src/prices.toml

The package collects what providers publish (https://github.com/pydantic/genai-prices, MIT); the pages that it names are
kept with the figures. Run it when prices have changed, and read the difference before it is committed.
"""

from __future__ import annotations

import datetime
import json
import re
from importlib.metadata import version
from typing import Any

from genai_prices.data import providers

#: Whose prices these are, as ``gen_ai.provider.name`` names them.
SYSTEMS = {
    "openai": ["openai"],
    "azure": ["azure.ai.openai", "azure.ai.inference"],
    "anthropic": ["anthropic"],
    "google": ["gcp.gemini", "gcp.vertex_ai"],
    "aws": ["aws.bedrock"],
    "mistral": ["mistral_ai"],
    "cohere": ["cohere"],
    "deepseek": ["deepseek"],
    "groq": ["groq"],
    "x-ai": ["x_ai"],
    "perplexity": ["perplexity"],
    "moonshotai": ["moonshot_ai"],
    "together": ["together"],
    "fireworks": ["fireworks"],
}
#: Kinds of tokens, and what the package calls their prices.
KINDS = {
    "input": "input_mtok",
    "output": "output_mtok",
    "input_cached_tokens": "cache_read_mtok",
    "input_cache_creation": "cache_write_mtok",
    "input_audio_tokens": "input_audio_mtok",
    "output_audio_tokens": "output_audio_mtok",
}

HEAD = """\
# What tokens cost, in US dollars a million, by kind: see `usage` in docs/llm.md. Of several entries that match a model, the
# one with the longest pattern holds. `above`: prices of all tokens of a call with more tokens of input than that.
#
# Written by tools/prices.py from {package} ({date}), which names the providers' pages below as its sources.
"""


def patterns(clause: Any) -> list[str]:
    """Return patterns for what a clause takes: the longest that fits holds.

    Where two clauses must hold, the first decides; an expression has no pattern.
    """
    kind = type(clause).__name__.removeprefix("Clause")
    inner = {"Or": "or_", "And": "and_"}.get(kind)
    if inner is not None:
        clauses = getattr(clause, inner)
        return [pattern for each in clauses[: 1 if kind == "And" else None] for pattern in patterns(each)]
    around = {"Equals": ("", "equals", ""), "StartsWith": ("", "starts_with", "*")}
    around |= {"EndsWith": ("*", "ends_with", ""), "Contains": ("*", "contains", "*")}
    if kind not in around:
        return []
    before, name, behind = around[kind]
    return [before + getattr(clause, name) + behind]


def price(told: Any, start: int | None) -> float | None:
    """Return a price, in the tier that begins with so many tokens."""
    if told is None or not hasattr(told, "tiers"):
        return None if told is None else float(told)
    tier = next((tier.price for tier in told.tiers if tier.start == start), told.base)
    return float(tier)


def number(value: float) -> str:
    """Return a number as it is written by hand."""
    return f"{value:.6f}".rstrip("0").rstrip(".")


def entry(model: Any, now: datetime.datetime) -> str | None:
    """Return the line of a model; None if no price of tokens is known."""
    told = model.get_prices(now)
    tiers = {
        tier.start for kind in KINDS.values() for tier in getattr(getattr(told, kind, None), "tiers", [])
    }

    def prices(start: int | None) -> str:
        known = ((kind, price(getattr(told, name, None), start)) for kind, name in KINDS.items())
        return ", ".join(f"{kind} = {number(value)}" for kind, value in known if value is not None)

    named = [pattern.lower() for pattern in patterns(model.match)]
    if not named or not prices(None):
        return None
    matches = json.dumps(named, ensure_ascii=False)
    above = ", ".join(f"{{ tokens = {start}, {prices(start)} }}" for start in sorted(tiers))
    return f"  {{ match = {matches}, {prices(None)}{f', above = [{above}]' if above else ''} }},"


def main() -> None:
    """Write the file to standard output."""
    now = datetime.datetime.now(tz=datetime.UTC)
    print(HEAD.format(package=f"genai-prices {version('genai-prices')}", date=now.date()))
    print(f'date = "{now.date()}"')
    for provider in providers:
        if provider.id not in SYSTEMS:
            continue
        lines = [line for model in provider.models if (line := entry(model, now))]
        print(f"\n[[prices]]\nsystem = {json.dumps(SYSTEMS[provider.id])}")
        print(f"source = {json.dumps([re.sub('#.*', '', url) for url in provider.pricing_urls or []])}")
        print("models = [", *lines, "]", sep="\n")


if __name__ == "__main__":
    main()
