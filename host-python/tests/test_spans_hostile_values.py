"""Values whose own code raises, blocks or lies: none of it is called, and nothing raises."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import offpath
import pytest
from support.spans import Spans, content

called: list[str] = []


def trap(name: str) -> Callable[..., Any]:
    def method(*_: Any, **__: Any) -> Any:
        called.append(name)
        raise RuntimeError(f"{name} was called")

    return method


class Meta(type):
    __getattribute__ = trap("metaclass.__getattribute__")  # type: ignore[assignment]
    __instancecheck__ = trap("metaclass.__instancecheck__")
    __subclasscheck__ = trap("metaclass.__subclasscheck__")


HOSTILE: dict[str, Callable[[], Any]] = {
    method: lambda method=method: type("Hostile", (), {method: trap(method)})()  # type: ignore[misc]
    for method in (
        "__repr__",
        "__str__",
        "__getattr__",
        "__getattribute__",
        "__len__",
        "__iter__",
        "__hash__",
        "__eq__",
        "__bool__",
        "__getitem__",
        "keys",
        "items",
        "__index__",
        "__int__",
        "__float__",
        "__fspath__",
        "model_dump",
        "dict",
        "to_dict",
        "__json__",
        "isoformat",
        "tolist",
        "dtype",
    )
}
HOSTILE |= {
    f"property {name}": lambda name=name: type("Hostile", (), {name: property(trap(name))})()  # type: ignore[misc]
    for name in ("__dict__", "__class__", "shape", "args", "__pydantic_fields__", "name")
}
HOSTILE |= {
    f"{base.__name__} subclass {method}": lambda base=base, method=method: type(  # type: ignore[misc]
        "Hostile", (base,), {method: trap(method)}
    )()
    for base in (dict, list, tuple, set, frozenset, str, bytes, int, float, ValueError)
    for method in (
        "__iter__",
        "__len__",
        "__repr__",
        "__str__",
        "items",
        "keys",
        "__getitem__",
        "bit_length",
        "isascii",
    )
}
HOSTILE["a lying class"] = type("Hostile", (), {"__class__": dict})
HOSTILE["a class of an evil metaclass"] = lambda: Meta("Evil", (), {})
HOSTILE["an instance of an evil metaclass"] = lambda: object.__new__(Meta("Evil", (), {}))
HOSTILE["fields that are none"] = type("Hostile", (), {"__dataclass_fields__": 7})
HOSTILE["a model without fields"] = type("Hostile", (), {"__pydantic_fields__": {"a": 1}})
HOSTILE["attributes that are none"] = type("Hostile", (), {"__attrs_attrs__": (1, None)})
HOSTILE["a module that is none"] = type("Hostile", (), {"__module__": 7})
HOSTILE["slots that are unset"] = type("Hostile", (), {"__slots__": ("a", "b")})


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_of_it_is_called(spans: Spans, counted: Callable[[], dict[str, Any]], name: str) -> None:
    value = HOSTILE[name]()
    called.clear()
    client = offpath.get_client()
    client.start_observation(name="a", input=[value], output={"a": value}, metadata={"a": value}).end()
    assert called == []
    moved = counted()
    assert (moved.get("captured"), moved.get("internal_errors")) == (1, None)


@pytest.mark.parametrize("name", HOSTILE)
def test_observed_functions_take_and_return_it_as_it_is(
    spans: Spans, counted: Callable[[], dict[str, Any]], name: str
) -> None:
    value = HOSTILE[name]()
    called.clear()
    assert offpath.observe(name="f")(lambda value, **_: value)(value, named=value) is value
    assert called == []
    moved = counted()
    assert (moved.get("captured"), moved.get("internal_errors")) == (1, None)


def test_events_of_all_of_them_are_whole(spans: Spans) -> None:
    client = offpath.get_client()
    for name, make in HOSTILE.items():
        value = make()
        client.start_observation(name=name, input=[value], output={"a": value}, metadata={"a": value}).end()
    written = spans.all()
    assert [span["name"] for span in written] == list(HOSTILE)
    shapes = [[type(content(span[part])) for part in ("input", "output", "metadata")] for span in written]
    assert shapes == [[list, dict, dict]] * len(HOSTILE)


def test_a_repr_that_blocks_holds_up_nothing(spans: Spans) -> None:
    class Blocks:
        def __repr__(self) -> str:
            threading.Event().wait()
            raise AssertionError("never")

        __str__ = __repr__

    offpath.observe(name="f")(lambda value: value)(Blocks())
    assert content(spans.one()["output"]).startswith("<test_spans_hostile_values.")


ARGUMENTS: dict[str, Any] = {
    "name": 1, "input": 1, "output": 1, "metadata": 1, "version": 1, "level": 1, "status_message": 1,
    "completion_start_time": 1, "model": 1, "model_parameters": 1, "usage_details": 1, "cost_details": 1, "prompt": 1,
}  # fmt: skip
BAD = [
    7,
    b"x",
    object(),
    [],
    {},
    {"a": object()},
    {1: 2},
    {"input": -1},
    {"input": 2**70},
    float("nan"),
    True,
    "\ud800",
    Meta,
]


@pytest.mark.parametrize("argument", ARGUMENTS)
@pytest.mark.parametrize("bad", BAD, ids=lambda bad: repr(bad)[:20].encode("ascii", "replace").decode())
def test_attributes_of_any_type_raise_nothing(
    spans: Spans, counted: Callable[[], dict[str, Any]], argument: str, bad: Any
) -> None:
    client = offpath.get_client()
    said = {argument: bad}
    with client.start_as_current_observation(
        **({"name": "a", "as_type": "generation"} | said)
    ) as observation:
        observation.update(**said)
        client.update_current_generation(**said)
    moved = counted()
    assert (moved.get("captured"), moved.get("internal_errors")) == (1, None)


class Raising:
    """Whatever is asked of it raises."""

    __getattr__ = trap("__getattr__")
    __str__ = trap("__str__")


@pytest.mark.parametrize("argument", [*ARGUMENTS, "as_type", "end_time", "trace_context", "spam"])
def test_arguments_that_raise_when_they_are_asked_raise_nothing(spans: Spans, argument: str) -> None:
    client = offpath.get_client()
    if argument == "end_time":
        client.start_observation(name="a").end(end_time=Raising())  # type: ignore[arg-type]
    else:
        client.start_observation(**({"name": "a"} | {argument: Raising()})).end()
    assert len(spans.all()) == 1


def test_a_container_that_changes_while_it_is_written_does_no_harm(
    spans: Spans, counted: Callable[[], dict[str, Any]]
) -> None:
    mapping: dict[Any, Any] = {}
    items: list[Any] = []
    stop = threading.Event()

    def change() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            mapping[number % 50] = items
            items.append(number)
            if len(items) > 100:
                items.clear()
                mapping.clear()

    thread = threading.Thread(target=change)
    thread.start()
    try:
        for _ in range(500):
            offpath.get_client().start_observation(name="a", input=mapping, output=items).end()
    finally:
        stop.set()
        thread.join()
    written = spans.all()
    assert len(written) == 500
    assert all(isinstance(content(span["input"]), dict) for span in written)
    assert "internal_errors" not in counted()
