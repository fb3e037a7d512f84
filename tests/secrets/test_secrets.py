"""Secrets that were planted, through both hosts, in every output."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .cases import SEED, Case
from .kinds import Secret
from .outputs import Index, bodies, decoded, strictly
from .run import Run, asgi, through_envoy

HOSTS: dict[str, Callable[[], Run]] = {"asgi": asgi, "envoy": through_envoy}


@pytest.fixture(name="run", scope="module", params=HOSTS)
def _run(request: pytest.FixtureRequest) -> Run:
    """What one host made of all cases."""
    print(f"OFFPATH_TEST_SEED={SEED}")
    return HOSTS[request.param]()


def planted(cases: list[Case]) -> dict[Secret, str]:
    """Every secret of these cases, and where it was planted."""
    return {
        secret: f"case {case.number}, rule {case.rule.number}, {where}: {secret.text!r}"
        for case in cases
        for where, secret in case.secrets()
    }


def shown(run: Run, secrets: dict[Secret, str]) -> dict[str, set[Secret]]:
    """Which secrets each output shows."""
    index = Index(secrets)
    found = {output: index.shown(content) for output, content in run.outputs.items()}
    return {**found, "bodies, decoded": index.shown(b"\n".join(decoded(run.events)))}


def test_no_output_shows_a_secret(run: Run) -> None:
    secrets = planted([case for case in run.cases if not case.rule.is_open])
    written = sum(map(len, run.outputs.values()))
    print(f"{len(secrets):,} secrets in {len(run.cases):,} cases, {written:,} bytes written")
    found = [
        f"{output}: {secrets[secret]}" for output, all_ in shown(run, secrets).items() for secret in all_
    ]
    assert not found, f"OFFPATH_TEST_SEED={SEED}: {len(found)} shown:\n" + "\n".join(sorted(found)[:20])


def test_what_no_rule_names_is_shown_by_every_output(run: Run) -> None:
    # Of an app that failed: behind a proxy nobody knows why.
    secrets = planted([case for case in run.cases if case.rule.is_open and not case.error])
    found = shown(run, secrets)
    together = found.pop("bodies, decoded")
    for output, all_ in found.items():
        # What is in base64 there, or in the parts of a stream, is only to be seen where it is put together.
        missing = [secrets[secret] for secret in set(secrets) - all_ - together]
        assert not missing, f"{output}: {len(missing)} not shown:\n" + "\n".join(missing[:20])
        assert len(all_) > len(secrets) / 2, output


def test_each_case_is_recorded_once(run: Run) -> None:
    paths = sorted(event["path"].split("/")[2] for event in run.events)
    assert paths == sorted(str(case.number) for case in run.cases)


def test_what_is_said_to_be_json_is_json(run: Run) -> None:
    limited = {case.number for case in run.cases if case.rule.limits_json}
    checked = 0
    for event in run.events:
        for body in bodies(event):
            if body["json"]:
                strictly(body["head"])
                assert body["tail"] == ""
                checked += int(event["path"].split("/")[2]) in limited and body["kept"] < body["size"]
    assert checked > len(limited) / 10, "hardly any was cut"
