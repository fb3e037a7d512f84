"""What arguments and results look like in events: readable, whatever they are, and within the limits of ``[spans]``."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import decimal
import enum
import json
import math
import pathlib
import time
import uuid
from typing import Any

import attrs
import numpy as np
import offpath
import pydantic
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, HumanMessage
from support.spans import Spans, content


def shown(spans: Spans, value: Any) -> Any:
    """What became of one value."""
    offpath.get_client().start_observation(name="shown", input=[value]).end()
    [found] = content(spans.all()[-1]["input"])
    return found


class Model(pydantic.BaseModel):
    name: str
    code: pydantic.SecretStr
    hidden: int = pydantic.Field(default=1, exclude=True)


class Open(pydantic.BaseModel, extra="allow"):
    name: str


@dataclasses.dataclass
class Data:
    name: str
    items: list[int]


@dataclasses.dataclass(slots=True, frozen=True)
class Slotted:
    name: str


@attrs.define
class Attrs:
    name: str


class Color(enum.Enum):
    RED = "red"


class Size(enum.IntEnum):
    LARGE = 3


class Plain:
    def __init__(self) -> None:
        self.name = "n"
        self._private = 1


Point = collections.namedtuple("Point", ["x", "y"])
UTC = datetime.timezone.utc
MOMENT = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ID = uuid.UUID("12345678123456781234567812345678")


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (Model(name="n", code=pydantic.SecretStr("x")), {"name": "n", "code": "<secret>"}),
        (Open(name="n", more=1), {"name": "n", "more": 1}),  # type: ignore[call-arg]
        (Data("n", [1]), {"name": "n", "items": [1]}),
        (Slotted("n"), {"name": "n"}),
        (Attrs("n"), {"name": "n"}),
        (Plain(), {"name": "n"}),
        (np.zeros((3, 4), dtype="float32"), "<numpy.ndarray shape=(3, 4) dtype=float32>"),
        (np.float64(1.5), 1.5),
        (np.int32(7), 7),
        (np.bool_(True), True),
        (MOMENT, "2026-01-02T03:04:05Z"),
        (datetime.date(2026, 1, 2), "2026-01-02"),
        (datetime.timedelta(seconds=90), "0:01:30"),
        (ID, str(ID)),
        (b"text", "text"),
        (b"\xff\xfe", "<2 bytes>"),
        (bytearray(b"text"), "text"),
        (Color.RED, "red"),
        (Size.LARGE, 3),
        (Point(1, 2), [1, 2]),
        (decimal.Decimal("1.50"), "1.50"),
        (pathlib.PurePosixPath("/a/b"), "/a/b"),
        ({1}, [1]),
        (frozenset(["a"]), ["a"]),
        (collections.deque([1, 2]), [1, 2]),
        (collections.OrderedDict(a=1), {"a": 1}),
        (collections.defaultdict(list, a=[1]), {"a": [1]}),
        ((1, (2,)), [1, [2]]),
        (None, None),
        (True, True),
        (-7, -7),
        (2**53 - 1, 2**53 - 1),
        (2**60, str(2**60)),
        (2**100, str(2**100)),
        (-(2**100), str(-(2**100))),
        (2**5000, "<int of 5001 bits>"),
        (1.5, 1.5),
        (2.0, 2.0),
        (1e300, 1e300),
        (math.nan, "NaN"),
        (math.inf, "Infinity"),
        (-math.inf, "-Infinity"),
        (3 + 4j, "(3+4j)"),
        (range(3), "range(0, 3)"),
        ('quo"te\\ \n\t\x00 ü 😀', 'quo"te\\ \n\t\x00 ü 😀'),
        ("half \ud800", "half " + "\ufffd" * 3),
        (ValueError("no such"), "ValueError: no such"),
        (KeyError(), "KeyError"),
        (OSError(2, "no file"), "FileNotFoundError: 2"),
        (Plain, "<class test_spans_capture.Plain>"),
        (int, "<class int>"),
        (json, "<module json>"),
        (object(), "<object>"),
        (len, "<builtin_function_or_method len>"),
        ({1: "a", None: "b", (1, 2): "c", 1.5: "d"}, {"1": "a", "null": "b", "[… 2 items]": "c", "1.5": "d"}),
        ({ID: 1}, {str(ID): 1}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_value_is_readable(spans: Spans, value: Any, found: Any) -> None:
    assert shown(spans, value) == found


def test_a_function_is_told_by_its_name(spans: Spans) -> None:
    name = "test_a_function_is_told_by_its_name.<locals>.<lambda>"
    assert shown(spans, lambda: None) == f"<function {name}>"


def test_messages_of_langchain_are_their_fields(spans: Spans) -> None:
    human, ai = shown(spans, [HumanMessage("hello"), AIMessage("hi", id="1")])
    assert (human["type"], human["content"]) == ("human", "hello")
    assert (ai["type"], ai["content"], ai["id"]) == ("ai", "hi", "1")


def test_a_cycle_is_cut_where_it_closes(spans: Spans) -> None:
    mapping: dict[str, Any] = {"a": 1}
    mapping["self"] = mapping
    items: list[Any] = [1]
    items.append({"items": items})
    assert shown(spans, mapping) == {"a": 1, "self": "<circular dict>"}
    assert shown(spans, items) == [1, {"items": "<circular list>"}]


def test_the_same_object_twice_is_no_cycle(spans: Spans) -> None:
    one = {"a": 1}
    assert shown(spans, [one, one]) == [one, one]


def test_an_object_in_itself_is_cut(spans: Spans) -> None:
    plain = Plain()
    plain.me = plain  # type: ignore[attr-defined]
    assert shown(spans, plain) == {"name": "n", "me": "<circular Plain>"}


def test_what_is_deeper_than_the_limit_is_counted(spans: Spans) -> None:
    spans.configure(spans={"json": {"max_depth": 2}})
    assert shown(spans, {"a": [1, 2], "b": {"c": 1}, "d": []}) == {
        "a": "[… 2 items]",
        "b": "{… 1 member}",
        "d": [],
    }


def test_a_hundred_thousand_levels_are_no_trouble(spans: Spans) -> None:
    nested: Any = []
    for _ in range(100_000):
        nested = [nested]
    found, depth = shown(spans, nested), 0
    while isinstance(found, list):
        found, depth = found[0], depth + 1
    assert (found, depth) == ("[… 1 item]", 19)


def test_of_many_items_the_first_and_the_last_are_kept(spans: Spans) -> None:
    spans.configure(spans={"json": {"max_items": 3}})
    assert shown(spans, list(range(10))) == [0, 1, 2, "… 6 more items", 9]
    assert shown(spans, dict.fromkeys("abcdef", 1)) == {"a": 1, "b": 1, "c": 1, "…": "3 more"}


def test_a_string_in_a_value_says_how_much_of_it_is_cut(spans: Spans) -> None:
    spans.configure(spans={"json": {"max_string": 10}})
    assert shown(spans, "x" * 25) == "x" * 10 + "… (+15 characters)"
    assert shown(spans, "ü" * 11) == "ü" * 10 + "… (+1 character)"


@pytest.mark.parametrize("letter", ["x ", "ü", "😀"])
def test_text_as_a_whole_keeps_its_head_and_its_tail(spans: Spans, letter: str) -> None:
    spans.configure(spans={"input": "4KiB"})
    text = "begin" + letter * 100_000 + "end"
    offpath.get_client().start_observation(name="a", input=text).end()
    body = spans.one()["input"]
    assert body["head"].startswith("begin")
    assert body["tail"].endswith("end")
    assert body["kept"] <= 4096 < body["size"]
    assert set(body["head"][5:] + body["tail"][:-3]) == set(letter)


def test_a_limit_of_none_keeps_no_input(spans: Spans) -> None:
    spans.configure(spans={"input": 0, "metadata": 0})
    offpath.observe(name="f")(lambda number: number)(7)
    span = spans.one()
    assert (span["input"], content(span["output"])) == (None, 7)


@pytest.mark.parametrize("metadata", [{"a": "x" * 1000, "b": [1] * 500}, "x" * 1000, {"k" * 500: 1}])
def test_metadata_stays_within_its_limit(spans: Spans, metadata: Any) -> None:
    spans.configure(spans={"metadata": 256})
    offpath.get_client().start_observation(name="a", metadata=metadata).end()
    assert spans.one()["metadata"]["kept"] <= 256 + 220
    assert content(spans.one()["metadata"]) is not None


def test_configuration_says_whether_and_which_are_recorded(spans: Spans) -> None:
    spans.configure(spans={"sample": 0})
    offpath.observe(name="f")(lambda: None)()
    spans.configure(spans={"record": False})
    offpath.observe(name="g")(lambda: None)()
    assert spans.all() == []


def test_the_cost_follows_the_limit_and_not_the_object(spans: Spans) -> None:
    def state(messages: int) -> dict[str, Any]:
        # Nothing of it is cut for its number of items, or its depth.
        return {f"step {step}": [{"content": "x" * 1000}] * messages for step in range(10)}

    small, large = state(2), state(500)

    def least(value: Any) -> float:
        """Seconds of the quickest of many: others use this machine, too."""

        def once() -> float:
            begun = time.perf_counter()
            client.start_observation(name="a", input=value).end()
            return time.perf_counter() - begun

        return min(once() for _ in range(100))

    client = offpath.get_client()
    # Writing all of it would take 250 times as long.
    assert least(large) < 20 * least(small)
    assert all(span["input"]["kept"] <= 21 * 1024 for span in spans.all())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=200),
    lambda inner: st.lists(inner, max_size=12)
    | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=20), inner, max_size=12),
    max_leaves=30,
)  # fmt: skip


@settings(
    max_examples=50,
    deadline=None,
    derandomize=True,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
@given(
    batch=st.lists(st.lists(JSON, min_size=1, max_size=4), min_size=1, max_size=2),
    bytes_=st.integers(16, 4000),
    max_string=st.sampled_from([5, 50, 1000]),
    max_items=st.sampled_from([1, 3, 200]),
    max_depth=st.sampled_from([1, 3, 20]),
)
def test_it_is_json_within_its_limits_and_the_same_where_nothing_is_cut(  # noqa: PLR0913, PLR0917
    spans: Spans, batch: list[Any], bytes_: int, max_string: int, max_items: int, max_depth: int
) -> None:
    limits = {"max_string": max_string, "max_items": max_items, "max_depth": max_depth}
    spans.configure(spans={"input": bytes_, "json": limits})
    client = offpath.get_client()
    before = offpath.status()["truncated"]
    cuts = []
    for value in batch:
        client.start_observation(name="a", input=value).end()
        cuts.append(offpath.status()["truncated"] > before)
        before = offpath.status()["truncated"]
    written = spans.all()[-len(batch) :]
    for value, cut, span in zip(batch, cuts, written, strict=True):
        body = span["input"]
        found = json.loads(body["head"] + body["tail"])
        # Marks and what closes containers come on top.
        assert body["kept"] <= bytes_ + 48 * (depth(value) + 2)
        if not cut:
            assert found == value


def depth(value: Any) -> int:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(depth, inside), default=0)
