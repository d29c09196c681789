"""What a survival is of: a world, kicks by loads, who stands in it, and whose basin is claimed to be wider than whose."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from parley.errors import UsageError
from parley.evaluations.files import LEARNED, beside, evaluation_file, read_evaluation, require_named
from parley.maps.axes import ruler
from parley.maps.files import MapAxis, Outcome
from scenarios.errors import ScenarioError
from scenarios.schema.changing import dumped
from scenarios.schema.mistakes import validated
from scenarios.schema.model import Part, field
from scenarios.schema.units import Duration
from scenarios.schema.words import Whole

RULE, NEGOTIATED, REFERENCE = "rule", "negotiated", "reference"
MARK = "entrants"  # what only such a file says

Names = tuple[str, ...]


class Entrant(Part):
    """Who stands in the world."""

    says: str = field("", says="what it is, in a sentence", max_length=300)
    role: Literal["rule", "negotiated", "reference"] = field(RULE, says="rules are what claims are against, and references are not")
    controller: str | None = field(None, says="of the evaluation, who scales here as it was calibrated there; the one of the same name, "
                                   "or the world's own rules, if absent")
    values: dict[str, str] = field({}, says="by path below the controller's `scaling`, what is chosen of it")
    set: dict[str, Any] = field({}, says="changes that come with it, by path")


class Claim(Part):
    """What is claimed before anything is run: that one basin is wider than others, each for itself."""

    of: str = field(LEARNED, says="an entrant, or all policies")
    over: Names = field((), says="entrants; every rule if absent")


class SurvivalFile(Part):
    """A survival: `parley evaluate FILE` makes it."""

    question: str = field("", says="what it answers", max_length=500)
    evaluation: str = field(says="a file, or the name of a shipped one: whose controllers stand here, as they were calibrated for it")
    scenario: str = field(says="the world, a file or the name of a shipped one")
    set: dict[str, Any] = field({}, says="changes for all, by path")
    x: MapAxis = field(says="what is varied from left to right")
    y: MapAxis = field(says="what is varied from below to above")
    kick: Duration = field(says="when the kick begins: pods are counted then", gt=0)
    outcome: Outcome = field(says="what is looked at, since when, and the level from which on the mesh has survived")
    seeds: Whole = field(5, says="runs of each entrant in each cell", ge=2)
    entrants: Annotated[dict[str, Entrant], Field(min_length=2)] = field(says="by name, the order of tables")
    claims: dict[str, Claim] = field({}, says="by what they say")

    @model_validator(mode="after")
    def _possible(self) -> SurvivalFile:
        if self.outcome.level is None or self.outcome.start is None:
            raise ValueError("the outcome needs a level, from which on a mesh has survived, and a time since when it is looked at (from)")
        if self.outcome.start <= self.kick:
            raise ValueError("the outcome is looked at before the kick; only after it anybody has survived")
        if self.x.path == self.y.path:
            raise ValueError(f"varies {self.x.path} twice; x and y are two different things")
        return self

    @model_validator(mode="after")
    def _known(self) -> SurvivalFile:
        if LEARNED in self.entrants:
            raise ValueError(f"an entrant cannot be called {LEARNED!r}: policies are")
        for says, one in self.claims.items():
            for name in (one.of, *one.over):
                require_named(name, [*self.entrants, LEARNED], repr(says))
            if one.of in self.rivals(one):
                raise ValueError(f"{says!r} says that {one.of!r} is wider than itself")
        return self

    def rivals(self, claim: Claim) -> Names:
        """Whose basins are narrower, if a claim holds."""
        return claim.over or tuple(name for name, one in self.entrants.items() if one.role == RULE)


def is_survival(source: str | os.PathLike[str]) -> bool:
    """Whether a file, or a shipped one of that name, says who survives what, and not who costs what. Raises ParleyError."""
    _, data = read_evaluation(source)
    return isinstance(data, Mapping) and MARK in data


def survival_file(source: str | os.PathLike[str]) -> SurvivalFile:
    """The one in a file, or the shipped one of that name; what it names beside it is found. Raises ParleyError."""
    path, data = read_evaluation(source)
    if not isinstance(data, Mapping):
        return parsed(data)
    named = {key: beside(path, data[key]) for key in ("scenario", "evaluation") if isinstance(data.get(key), str)}
    return parsed({**data, **named})


def parsed(data: Any) -> SurvivalFile:
    """A survival from plain data. Raises ScenarioError with place, value and rule, and UsageError for axes that are none."""
    if not isinstance(data, Mapping):
        raise ScenarioError(f"a survival is a mapping with 'x:', 'y:' and '{MARK}:'")
    made = validated(SurvivalFile, data, "a survival")
    for side in (made.x, made.y):
        ruler(side)
    known = evaluation_file(made.evaluation).controllers
    for name, one in made.entrants.items():
        if one.controller is not None and one.controller not in known:
            raise UsageError(f"entrants.{name}.controller: {one.controller!r} is none of {made.evaluation}'s: {', '.join(known)}")
    return made


def as_plain(made: SurvivalFile) -> dict[str, Any]:
    """As its file would say it."""
    return dumped(made)
