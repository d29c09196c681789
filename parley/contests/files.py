"""What a contest is of: events, who sits in their chair, whom they are measured against, what is told, and who may lie."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from parley.shipped import file_or_shipped
from scenarios.errors import ScenarioError
from scenarios.naming import suggestion
from scenarios.schema.changing import dumped
from scenarios.schema.mistakes import validated
from scenarios.schema.model import Part, field
from scenarios.schema.units import Number, Share
from scenarios.schema.words import Whole
from scenarios.source_files import SHIPPED as SCENARIOS
from scenarios.source_files import read_text
from scenarios.yaml_reading import read_yaml

SHIPPED = SCENARIOS / "contests"
VALUE = "negotiation.value_per_hour"  # by which the loss against the reference is counted

Names = tuple[str, ...]


class Told(Part):
    """A figure that is told of every run."""

    figure: str = field(says="its path in summary.json; of a path above several figures their sum")
    better: Literal["less", "more"] | None = field(None, says="which is better; neither if absent, and then there is no verdict")
    shown: Literal["number", "percent", "index"] = field("number", says="how it is written; an index with three digits behind the point")


class Chair(Part):
    """A world in which somebody takes a seat."""

    scenario: str = field(says="a file, or the name of a shipped one")
    set: dict[str, Any] = field({}, says="changes for everybody, by path")
    chair: str = field(says="the path at which one alternative or another stands")
    seats: dict[str, Any] = field({}, says="by alternative, what stands in this chair, where the contest's do not fit into it")
    only: Names = field((), says="alternatives that take part; all if absent")
    without: Names = field((), says="alternatives that do not")

    def seated(self, alternatives: Mapping[str, Any]) -> dict[str, Any]:
        """Who takes part, in order, and what stands in the chair then."""
        return {name: value for name, value in (self.seats or alternatives).items()
                if (not self.only or name in self.only) and name not in self.without}  # fmt: skip


class Other(Part):
    """An alternative that is more than somebody else in the chair."""

    scenario: str | None = field(None, says="another world; the event's if absent")
    set: dict[str, Any] = field({}, says="changes, by path")


class Event(Chair):
    """A world in which alternatives meet the same seeds."""

    says: str = field("", says="what it asks of them, in a sentence", max_length=300)
    others: dict[str, Other] = field({}, says="alternatives of this event alone, before those in the chair")
    baseline: str | None = field(None, says="the contest's if absent")
    reference: str | None = field(None, says="the contest's if absent")

    def names(self, alternatives: Mapping[str, Any]) -> list[str]:
        """All that take part."""
        return [*self.others, *self.seated(alternatives)]


class Lie(Chair):
    """A member that says more or less than the truth; of some values the best for it is looked for."""

    says: str = field("", says="who lies about what, in a sentence", max_length=300)
    path: str = field(says="of the factor by which it lies")
    values: Annotated[tuple[Number, ...], Field(min_length=2)] = field(says="factors that are tried")
    truth: Number = field(1.0, says="the factor that is no lie")
    shown: Number = field(3.0, says="the factor of which it is told who pays for it")
    liar: str = field(says="whose payments count: its name in negotiation.paid")
    earns: str = field(says="the class whose good answers it takes for its own merit")

    @model_validator(mode="after")
    def _with_truth(self) -> Lie:
        for one in (self.truth, self.shown):
            if one not in self.values:
                raise ValueError(f"values must have {one:g} among them, for differences are taken from runs under the same seeds")
        return self


class Claim(Part):
    """What ought to be so, and is held against the runs."""

    event: str = field(says="in which")
    of: str = field(says="the alternative")
    loss: Share | None = field(None, says="the share of the reference's worth that it loses at most")
    against: str | None = field(None, says="the alternative than which it is no worse, by the first figure")

    @model_validator(mode="after")
    def _one(self) -> Claim:
        if (self.loss is None) == (self.against is None):
            raise ValueError("claims one thing: a loss, or against whom it is no worse")
        return self


class ContestFile(Part):
    """A contest: `parley contest FILE` holds it."""

    question: str = field("", says="what the contest answers", max_length=500)
    alternatives: Annotated[dict[str, Any], Field(min_length=2)] = field(says="by name, what stands in the chair")
    baseline: str = field(says="what the others are measured against")
    reference: str = field(says="what nobody could do better than, or nearly: losses are counted from it")
    figures: Annotated[dict[str, Told], Field(min_length=1)] = field(says="by what they are called; the first is the one drawn")
    seeds: Whole = field(20, says="runs of each alternative in each event", ge=2, le=10_000)
    events: Annotated[dict[str, Event], Field(min_length=1)] = field(says="by what they are called")
    lies: dict[str, Lie] = field({}, says="by what they are called")
    claims: dict[str, Claim] = field({}, says="by what they say")

    @model_validator(mode="after")
    def _known(self) -> ContestFile:
        for place, chair in {**self.events, **self.lies}.items():
            for name in (*chair.only, *chair.without):
                _require(name, chair.seats or self.alternatives, f"{place}: only and without")
        for name, event in self.events.items():
            takes_part = event.names(self.alternatives)
            for role, given in (("baseline", self.baseline_of(event)), ("reference", self.reference_of(event))):
                _require(given, takes_part, f"{name}: the {role}")
        for says, claim in self.claims.items():
            _require(claim.event, self.events, f"{says!r}: event")
            for who in (claim.of, claim.against):
                if who is not None:
                    _require(who, self.events[claim.event].names(self.alternatives), f"{says!r}: {claim.event}")
        return self

    @property
    def main(self) -> str:
        """The name of the figure that is drawn, and that claims are about."""
        return next(iter(self.figures))

    def baseline_of(self, event: Event) -> str:
        """Of an event."""
        return event.baseline or self.baseline

    def reference_of(self, event: Event) -> str:
        """Of an event."""
        return event.reference or self.reference


def _require(name: str, known: Collection[str], place: str) -> None:
    if name not in known:
        raise ValueError(f"{place} names {name!r}, which there is not{suggestion(name, list(known))}")


def contest_file(source: str | os.PathLike[str], seeds: int | None = None) -> ContestFile:
    """The contest in a file, or the shipped one of that name; with other seeds, if they are given. Raises ParleyError."""
    path = file_or_shipped(source, SHIPPED, "contest")
    data = read_yaml(read_text(path, path.name), path.name)
    made = parsed(data if seeds is None or not isinstance(data, Mapping) else {**data, "seeds": seeds})
    return made.model_copy(update={
        "events": {name: _beside(path, one) for name, one in made.events.items()},
        "lies": {name: _beside(path, one) for name, one in made.lies.items()},
    })  # fmt: skip


def _beside(path: Path, one: Chair) -> Chair:
    """With files that lie beside the contest's own named so that they are found."""
    changes: dict[str, Any] = {"scenario": str(path.parent / one.scenario)} if (path.parent / one.scenario).is_file() else {}
    if isinstance(one, Event):
        changes["others"] = {
            name: other.model_copy(update={"scenario": str(path.parent / other.scenario)})
            if other.scenario is not None and (path.parent / other.scenario).is_file() else other
            for name, other in one.others.items()
        }  # fmt: skip
    return one.model_copy(update=changes)


def parsed(data: Any) -> ContestFile:
    """A contest from plain data. Raises ScenarioError with place, value and rule."""
    if not isinstance(data, Mapping):
        raise ScenarioError("a contest is a mapping with 'alternatives:' and 'events:'")
    return validated(ContestFile, data, "a contest")


def as_plain(made: ContestFile) -> dict[str, Any]:
    """A contest as its file would say it."""
    return dumped(made)


