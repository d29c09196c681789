"""A dump loads to the same world; the first file loads; editors get a schema that says what the loader says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.checking import check
from scenarios.first_file import SCHEMA_FILE, first_file
from scenarios.load import load, loads
from scenarios.schema.scenario import Scenario
from scenarios.writing import as_data, as_yaml, json_schema
from tests.scenarios.shop import SHOP

FILES = sorted([*Path(__file__).parents[1].glob("house/worlds/*.yaml"), *Path(__file__).parents[2].glob("scenarios/*.yaml")])

durations = st.integers(0, 10**13).map(lambda ns: f"{ns}ns")
counts = st.integers(1, 1000)
spreads = st.fixed_dictionaries({"mean": durations, "cv": st.floats(0.01, 100)})
lengths = st.one_of(
    durations,
    st.fixed_dictionaries({"exponential": durations}),
    st.fixed_dictionaries({"lognormal": spreads}),
    st.fixed_dictionaries({"gamma": spreads}),
    st.fixed_dictionaries({"uniform": st.tuples(durations, durations).map(
        lambda pair: dict(zip(("low", "high"), sorted(pair, key=lambda text: int(text[:-2])), strict=True)))}),
)  # fmt: skip
names = st.from_regex(r"[a-z][a-z0-9_-]{0,5}", fullmatch=True).filter(lambda name: name not in ("defaults", "people"))
programs = st.lists(
    st.one_of(st.fixed_dictionaries({"work": lengths}), st.fixed_dictionaries({"wait": lengths}),
              st.lists(st.fixed_dictionaries({"work": lengths}), min_size=1, max_size=3).map(lambda b: {"parallel": b})),
    min_size=1, max_size=3,
)  # fmt: skip
services = st.fixed_dictionaries(
    {"endpoints": st.dictionaries(names, programs, min_size=1, max_size=2)},
    optional={"replicas": counts, "workers": counts, "model": st.sampled_from(["async", "thread"]), "startup": lengths,
              "queue": st.fixed_dictionaries({"size": counts})},
)  # fmt: skip


@st.composite
def worlds(draw: st.DrawFn) -> dict[str, Any]:
    made = draw(st.dictionaries(names, services, min_size=1, max_size=3))
    first = next(iter(made))
    entry = f"{first}.{next(iter(made[first]['endpoints']))}"
    load = draw(st.floats(0, 1e6))
    question = draw(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20))
    routes = {"people -> " + first: {"timeout": f"{draw(counts)}ms", "request_bytes": draw(counts)}}
    workload = {"people": {"entry": entry, "load": load, "arrivals": {"poisson": f"{draw(st.floats(0, 1e9))!r}/s"}}}
    return {"version": 1, "name": "made", "question": question, "duration": "1h", "services": made, "routes": routes,
            "workload": workload}  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(worlds())
def test_a_dump_loads_to_the_same_world(data: dict[str, Any]) -> None:
    """To the last bit, whatever the numbers, names and texts."""
    world = Scenario.model_validate(data)
    again = loads(as_yaml(world))
    assert again == world
    assert as_data(again) == as_data(world)


@pytest.mark.parametrize("question", ["1e3", "0o17", "on", "null", "~", "# no comment", "a: b", "1_000", "é", ".inf", " x ", "'"])
def test_texts_that_look_like_something_else_stay_texts(question: str) -> None:
    """The dump quotes what YAML 1.2 would read as a number, and what 1.1 would."""
    world = loads(SHOP).with_(question=question)
    assert loads(as_yaml(world)).question == question


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_file_dumps_to_its_own_world(file: Path) -> None:
    """Rate files and timestamps included: their paths are absolute."""
    assert loads(as_yaml(load(file))) == load(file)


def test_the_first_file_loads_and_is_sound() -> None:
    """What `parley init` writes has no warning, teaches in under 50 lines, and names the schema for editors."""
    text = first_file("my-shop", "my_shop.yaml")
    world = loads(text)
    assert world.name == "my-shop"
    assert check(world).warnings == ()
    assert text.startswith(f"# yaml-language-server: $schema={SCHEMA_FILE}\n")
    assert "parley run my_shop.yaml" in text
    assert len(text.splitlines()) < 50


@pytest.fixture(scope="module")
def editor() -> jsonschema.Draft202012Validator:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("text", [SHOP, first_file(), *(file.read_text() for file in FILES)])
def test_an_editor_finds_no_fault_with_what_the_loader_takes(editor: jsonschema.Draft202012Validator, text: str) -> None:
    """Short forms, bare branches and named choices included."""
    assert [error.message for error in editor.iter_errors(yaml.safe_load(text))] == []


@pytest.mark.parametrize(
    ("old", "new"),
    [("replicas: 6", "replica: 6"), ("replicas: 6", "replicas: -1"), ("name: shop", "name: a/b"), ("least_request,", "last_request,"),
     ("{mean: 3ms, cv: 0.8}", "3ms"), ("poisson:", "poison:"), ("call: cart.get", "call: cart"), ("p: 99", "p: 100")],
)  # fmt: skip
def test_an_editor_underlines_what_the_schema_can_see(editor: jsonschema.Draft202012Validator, old: str, new: str) -> None:
    """Keys, ranges, names and choices; rules between parts are the loader's."""
    assert list(editor.iter_errors(yaml.safe_load(SHOP.replace(old, new, 1))))


def test_every_key_of_the_schema_says_what_it_means() -> None:
    """An editor shows the line when the pointer rests on a key."""
    schema = json_schema()
    parts = [schema, *(part for part in schema["$defs"].values())]
    objects = [alternative for part in parts for alternative in (part, *part.get("anyOf", [])) if "properties" in alternative]
    assert all("description" in value for part in objects for value in part["properties"].values())
