"""docs/rules.md, and the rules in the README, by the letter."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.framework.processes import BIN, ROOT

from .documented import Example, Exchange, examples

DOCUMENT = ROOT / "docs" / "rules.md"
TEXT = DOCUMENT.read_text(encoding="utf-8")
#: Of sinks, `test_documented_settings` knows.
EXAMPLES = [
    example
    for document in (DOCUMENT, ROOT / "README.md")
    for example in examples(document)
    if example.heading != "Where it goes"
]
WITH_EXCHANGE = [example for example in EXAMPLES if example.diff is not None]
CONSOLES = re.findall(r"^```console\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)

#: What the examples find in their environment.
ENV = {**os.environ, "OFFPATH_HASH_KEY": "a key of sixteen bytes"}

#: Where the code has the lists that the document shows, and what it shows them after.
LISTS = {
    "headers::CREDENTIALS": r"\| headers \| (.+?) \|",
    "query::SECRETS": r"\| parameters of queries and forms \| (.+?) \|",
    "treatment::SECRET_KEYS": r"\| keys of JSON \| (.+?) \|",
    "headers::DEFAULT_ALLOW": r"Kept unless you say otherwise: (.+?)\.",
    "headers::URLS": r"headers that are URLs \((.+?)\)",
    "treatment::DEFAULT_PATTERNS": r"\| `redact\.patterns` \| `\[(.+?)\]` \|",
    "treatment::LLM_FORMATS": r"Or as one API, whatever the path: (.+?) \|",
}


def printed(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the command."""
    command = [str(BIN / "offpath"), *arguments]
    return subprocess.run(command, cwd=cwd, env=ENV, check=False, capture_output=True, text=True)


def tried(example: Example, folder: Path) -> dict[str, Any] | None:
    """Return the event that would be stored of the example's exchange."""
    save(example, folder)
    done = printed("try", "--json", "--config", "offpath.toml", "exchange.har", cwd=folder)
    assert done.returncode == 0, done.stderr
    event: dict[str, Any] | None = json.loads(done.stdout)["event"]
    return event


def save(example: Example, folder: Path, har: str = "exchange.har") -> None:
    (folder / "offpath.toml").write_text(example.rules, encoding="utf-8")
    (folder / har).write_text(json.dumps(example.before.har()), encoding="utf-8")


def laid_out(exchange: Exchange) -> Exchange:
    """Return it with all JSON laid out alike; its members stay as they came."""
    for part in (exchange.request, exchange.response):
        whole = _laid_out(part.body)
        part.body = whole or "\n".join(_laid_out(line) or line for line in part.body.splitlines())
    return exchange


def _laid_out(text: str) -> str | None:
    try:
        return json.dumps(json.loads(text, object_pairs_hook=tuple))
    except ValueError:
        return None


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.heading)
def test_the_rules_of_each_example_are_taken_without_a_warning(example: Example, tmp_path: Path) -> None:
    (tmp_path / "offpath.toml").write_text(example.rules, encoding="utf-8")
    assert re.fullmatch(r"offpath\.toml: ok, .*\n", printed("check", "offpath.toml", cwd=tmp_path).stdout)


@pytest.mark.parametrize("example", WITH_EXCHANGE, ids=lambda example: example.heading)
def test_of_each_example_is_stored_what_it_shows(example: Example, tmp_path: Path) -> None:
    event = tried(example, tmp_path)
    if example.after is None:
        assert event is None
        return
    assert event is not None
    assert laid_out(Exchange.stored(event)) == laid_out(example.after)
    assert {key: event[key] for key in example.event} == example.event


@pytest.mark.parametrize("console", CONSOLES, ids=["check", "try"])
def test_commands_print_what_is_shown(console: str, tmp_path: Path) -> None:
    save(WITH_EXCHANGE[0], tmp_path, "sign-up.har")
    for command, shown in re.findall(r"^\$ (.+)\n((?:(?!\$ ).*\n)*)", console, re.MULTILINE):
        program, *arguments = command.split()
        if program == "cat":
            (tmp_path / arguments[0]).write_text(shown, encoding="utf-8")
        else:
            assert printed(*arguments, cwd=tmp_path).stdout == shown


def known_keys(config: dict[str, Any], folder: Path) -> dict[str, list[str]]:
    """Return what may stand in each table that has the key `no_such_key`, by what the errors say."""
    (folder / "probe.json").write_text(json.dumps(config), encoding="utf-8")
    errors = printed("check", "probe.json", cwd=folder).stdout
    found = re.findall(r": (\S+)\.no_such_key: is unknown; known here: (.+)$", errors, re.MULTILINE)
    return {table: keys.split(", ") for table, keys in found}


@pytest.fixture(scope="module", name="settings")
def _settings(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """All keys of `[capture]` and `[[rule]]` that hold a value, with a dot between levels."""
    folder = tmp_path_factory.mktemp("probe")
    probe = {"no_such_key": 1}
    tables = known_keys({"capture": probe, "rule": [probe]}, folder)
    capture, rule = tables["capture"], tables["rule[0]"]
    nested = known_keys(
        {"capture": dict.fromkeys(capture, probe), "rule": [dict.fromkeys(rule, probe)]}, folder
    )
    inner = {re.sub(r"^(capture|rule\[0\])\.", "", table): keys for table, keys in nested.items()}
    # A rate may stand in the place of the table.
    values = {*capture, *rule, "sample"} - {table for table in inner if table != "sample"}
    return values | {f"{table}.{key}" for table, keys in inner.items() for key in keys}


def test_every_setting_is_told_of_and_no_other(settings: set[str]) -> None:
    _, _, rest = TEXT.partition("\n## Settings\n")
    reference, _, _ = rest.partition("\n## ")
    assert set(re.findall(r"^\| `([a-z_.]+)` \|", reference, re.MULTILINE)) == settings


def test_every_setting_has_an_example(settings: set[str]) -> None:
    rules = "\n".join(example.rules for example in EXAMPLES)

    def is_shown(setting: str) -> bool:
        table, _, key = setting.rpartition(".")
        within = rf"\b{table}\b.*" if table else "^"
        return re.search(rf"{within}\b{key} *=", rules, re.MULTILINE) is not None

    assert {setting for setting in settings if not is_shown(setting)} == set()


def names(text: str) -> list[str]:
    """Return what stands in code, or in quotes within it."""
    return re.findall(r'["`]([^"`,]+)["`]', text)


@pytest.mark.parametrize("constant", LISTS)
def test_a_list_of_names_is_that_of_the_code(constant: str) -> None:
    module, _, name = constant.partition("::")
    code = (ROOT / "filter/core/src" / f"{module}.rs").read_text(encoding="utf-8")
    in_code = re.search(rf"\b{name}: &\[&str\] = *&\[(.+?)\];", code, re.DOTALL)
    shown = re.search(LISTS[constant], " ".join(TEXT.split()))
    assert in_code is not None
    assert shown is not None
    assert names(shown[1]) == names(in_code[1])


def section(heading: str) -> str:
    found = re.search(rf"^#+ {heading}\n(.*?)^#", TEXT, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def test_every_pattern_is_told_of() -> None:
    code = (ROOT / "filter/core/src/treatment.rs").read_text(encoding="utf-8")
    in_code = re.search(r"\bPATTERNS: &\[&str\] =\s*&\[(.+?)\];", code, re.DOTALL)
    assert in_code is not None
    assert re.findall(r"^\| `(\w+)` \|", section("Patterns"), re.MULTILINE) == names(in_code[1])


def test_every_beginning_of_a_key_is_told_of() -> None:
    code = (ROOT / "exporter/src/redact/finder/key.rs").read_text(encoding="utf-8")
    assert names(section("Keys of providers")) == re.findall(r'shape\("(.+?)"', code)


def test_every_reason_to_withhold_is_told_of() -> None:
    code = (ROOT / "exporter/src/redact.rs").read_text(encoding="utf-8")
    reasons = set(re.findall(r'const [A-Z_]+: &str = "(.+?)";', code))
    assert set(re.findall(r"^\| `(.+?)` \|", section("Withheld"), re.MULTILINE)) - {"withheld"} == reasons
