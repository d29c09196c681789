"""No field is parsed and ignored: each names a tiny world and two values of itself that end in different runs."""

from __future__ import annotations

import json
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic.fields import FieldInfo

from scenarios.load import load
from scenarios.schema.changing import split
from scenarios.schema.model import Part, Witness
from scenarios.schema.placed import find
from scenarios.schema.scenario import Scenario
from scenarios.yaml_reading import read_yaml

WORLDS = Path(__file__).parents[1] / "house" / "worlds"
MOVES = {"digest", "summary", "verdict", "decisions", "messages", "manifest"}


def parts(annotation: Any) -> Iterator[type[Part]]:
    if isinstance(annotation, type) and issubclass(annotation, Part):
        yield annotation
    for argument in typing.get_args(annotation):
        yield from parts(argument)


def reachable() -> dict[type[Part], None]:
    found: dict[type[Part], None] = {Scenario: None}
    for model in (ahead := [Scenario]):
        new = [part for info in model.model_fields.values() for part in parts(info.annotation) if part not in found]
        found |= dict.fromkeys(new)
        ahead += dict.fromkeys(new)
    return found


def has_a_choice(info: FieldInfo) -> bool:
    """A field with one legal value, as `version`, cannot move anything."""
    return typing.get_origin(info.annotation) is not Literal or len(typing.get_args(info.annotation)) > 1


FIELDS = [
    pytest.param(info, id=f"{model.__name__}.{name}")
    for model in reachable() for name, info in model.model_fields.items() if has_a_choice(info)
]  # fmt: skip


def witness_of(info: FieldInfo) -> Witness:
    return next(meta for meta in info.metadata if isinstance(meta, Witness))


def test_every_model_is_reached() -> None:
    """The walk sees through unions, tuples and mappings down to the smallest part."""
    names = {model.__name__ for model in reachable()}
    assert {"ScalingPolicy", "Component", "RetryBudget", "RateFile", "Fallback", "LatencyGoal"} <= names


@pytest.mark.parametrize("info", FIELDS)
def test_every_field_has_a_witness_and_a_meaning(info: FieldInfo) -> None:
    """A witness, a line that says what the field is, two different values, and an output that is to differ."""
    witness = witness_of(info)
    assert info.description
    assert witness.moves in MOVES
    assert witness.values[0] != witness.values[1]


@pytest.mark.parametrize("info", FIELDS)
def test_every_witness_points_into_its_world_and_both_values_load(info: FieldInfo) -> None:
    """The place is written out in the world's file, and each value there makes a sound and different world."""
    witness = witness_of(info)
    file = WORLDS / f"{witness.world}.yaml"
    keys = [int(key) if key.isdecimal() else key for key in split(witness.at) or []]
    assert list(find(read_yaml(file.read_text(), file.name), tuple(keys)).path) == keys
    first, second = (load(file, [f"{witness.at}={json.dumps(value)}"], folder=WORLDS) for value in witness.values)
    assert first != second


def test_worlds_are_small() -> None:
    """Half a minute of simulated time at most, so that all of them can be run twice for each field."""
    assert all(load(file).duration <= 30 * 10**9 for file in WORLDS.glob("*.yaml"))
