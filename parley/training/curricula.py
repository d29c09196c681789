"""Curricula as people write them: stages by name, each with its share of the training, ranges and changes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, model_validator

from agents.learning.curriculum import Curriculum, Stage
from parley.shipped import file_or_shipped
from parley.sweeps.axes import as_text
from parley.sweeps.ranges import range_of
from scenarios.errors import ScenarioError
from scenarios.schema.mistakes import validated
from scenarios.schema.model import Part, field
from scenarios.schema.units import Share
from scenarios.source_files import SHIPPED as SCENARIOS
from scenarios.source_files import read_text
from scenarios.yaml_reading import read_yaml

SHIPPED = SCENARIOS / "curricula"


class StageOfFile(Part):
    """One stage."""

    share: Share = field(says="of the training's decisions")
    varied: dict[str, str] = field({}, says="ranges drawn for every episode, by path, laid over those of the task")
    set: dict[str, Any] = field({}, says="changes of the scenario, by path")


class CurriculumFile(Part):
    """`parley train --curriculum FILE`."""

    says: str = field("", says="what it is for, in a sentence", max_length=500)
    stages: Annotated[dict[str, StageOfFile], Field(min_length=1)] = field(says="by name, in order; what is left is for the task itself")

    @model_validator(mode="after")
    def _within_a_training(self) -> CurriculumFile:
        if (total := sum(one.share for one in self.stages.values())) > 1 + 1e-9:
            raise ValueError(f"has stages that come to {total:.0%} of a training; they come to 100% at most")
        if (empty := next((name for name, one in self.stages.items() if one.share == 0), None)) is not None:
            raise ValueError(f"has a stage {empty!r} with no share of the training")
        return self


def curriculum_text(source: str | os.PathLike[str]) -> str:
    """What a file says, or the shipped one of that name. Raises UsageError, and ScenarioError where nobody can read it."""
    path = file_or_shipped(source, SHIPPED, "curriculum")
    return read_text(path, path.name)


def curriculum_of(text: str) -> Curriculum:
    """Raises ScenarioError with place, value and rule, and UsageError for a range that is none."""
    data = read_yaml(text, "curriculum")
    if not isinstance(data, Mapping):
        raise ScenarioError("a curriculum is a mapping with stages")
    made = validated(CurriculumFile, data, "a curriculum")
    return Curriculum(tuple(
        Stage(name, one.share, {path: range_of(path, spec) for path, spec in one.varied.items()},
              tuple(f"{path}={as_text(value)}" for path, value in one.set.items()))
        for name, one in made.stages.items()
    ))  # fmt: skip
