"""The API is what its own description says, whatever one asks it."""

from __future__ import annotations

import json
import os
import subprocess
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.framework.http import get_json
from tests.framework.processes import BIN

from .stores import REQUESTS, Demo, Served

#: For each operation. They are the same in each run.
EXAMPLES = 40


#: What a value must be beside others, no schema says: a time before another, the cursor of the page before.
CHECKS = "[checks.positive_data_acceptance]\nexpected-statuses = [200, 400, 404]\n"


def run(served: Served, folder: Path, known: dict[str, list[str]]) -> None:
    """Ask all operations what their description allows and what it does not, and hold the answers to it.

    Args:
        served: whom to ask.
        folder: where the configuration goes.
        known: values for parameters of paths; there, anything is asked for unless it is here.
    """
    config = folder / "schemathesis.toml"
    values = "\n".join(f"{name} = {json.dumps(values)}" for name, values in known.items())
    config.write_text(f"{CHECKS}\n[parameters]\n{values}\n", encoding="utf-8")
    command = [str(BIN / "schemathesis"), "--config-file", str(config), "run"]
    command += [f"{served.url}/api/v1/openapi.json", "--checks=all", "--no-color", "--warnings=off"]
    command += [f"--max-examples={EXAMPLES}", "--generation-deterministic"]
    # What it learns of failures it keeps where it is run.
    ran = subprocess.run(command, cwd=folder, env=os.environ, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_whatever_is_asked_the_answer_is_one_that_the_description_has(demo: Demo, tmp_path: Path) -> None:
    run(demo, tmp_path, {})


def test_of_what_is_in_the_store_too(demo: Demo, tmp_path: Path) -> None:
    known = {"id": "id", "trace_id": "trace_id", "session_id": "session_id"}
    rows = demo.place.query(
        f"SELECT {', '.join(known.values())} FROM events WHERE {REQUESTS} AND session_id != ''"
    )
    run(demo, tmp_path, {name: sorted({row[at] for row in rows})[:5] for at, name in enumerate(known)})


def test_of_what_strangers_wrote_too(attacked: Served, tmp_path: Path) -> None:
    rows = attacked.place.query(
        f"SELECT id, trace_id, session_id FROM events WHERE {REQUESTS} AND session_id != ''"
    )
    ids, traces, sessions = zip(*rows, strict=True)
    run(
        attacked,
        tmp_path,
        {"id": [*ids], "trace_id": [*traces], "session_id": [quote(each) for each in sessions]},
    )


def test_every_operation_is_described_with_its_problems(demo: Demo) -> None:
    described = get_json(f"{demo.url}/api/v1/openapi.json")
    assert set(described["paths"]) == {
        f"/api/v1/{path}"
        for path in (
            "events",
            "events/{id}",
            "live",
            "traces/{trace_id}",
            "overview",
            "facets",
            "sessions",
            "sessions/{session_id}",
            "status",
        )
    }
    operations = [operation for path in described["paths"].values() for operation in path.items()]
    assert {method for method, _ in operations} == {"get"}
    for _, operation in operations:
        problems = [answer for status, answer in operation["responses"].items() if status >= "400"]
        assert problems
        assert all("application/problem+json" in answer["content"] for answer in problems)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nothing_can_be_changed(demo: Demo, method: str) -> None:
    asked = urllib.request.Request(f"{demo.url}/api/v1/events", method=method)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(asked)
    with refused.value as answer:
        assert answer.status == 405
