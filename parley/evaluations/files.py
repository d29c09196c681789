"""What an evaluation is of: families of worlds, who controls them, what is calibrated, and what is claimed beforehand."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from parley.shipped import file_or_shipped
from scenarios.errors import ScenarioError
from scenarios.naming import suggestion
from scenarios.schema.changing import dumped
from scenarios.schema.mistakes import validated
from scenarios.schema.model import Part, field
from scenarios.schema.units import Duration, Number, Share
from scenarios.schema.words import Whole
from scenarios.source_files import SHIPPED as SCENARIOS
from scenarios.source_files import read_text
from scenarios.yaml_reading import read_yaml

SHIPPED = SCENARIOS / "evaluations"
LEARNED = "learned"  # what policies of a training are called, all seeds together
TRAIN, VALIDATION, TEST = "train", "validation", "test"

Names = tuple[str, ...]


class Family(Part):
    """Worlds of one kind: an episode is one of them under one seed."""

    role: Literal["train", "validation", "test"] = field(TEST, says="what it may be used for: to learn, to choose, or only to judge")
    says: str = field("", says="what it asks, in a sentence", max_length=300)
    scenario: str | None = field(None, says="a file, or the name of a shipped one; the evaluation's if absent")
    set: dict[str, Any] = field({}, says="changes, by path; services.*. is every service")
    varied: dict[str, str] | None = field(None, says="ranges drawn for every episode, by path; the evaluation's if absent")
    ticks: Whole | None = field(None, says="decisions of an episode; the evaluation's if absent", gt=0)
    seeds: Whole | None = field(None, says="episodes at most, where they are dear; the evaluation's if absent", ge=2)
    most: Whole | None = field(None, says="pods of a service at most; the evaluation's if absent", gt=0)
    is_usual: bool = field(False, says="its demand is usual here: timetables are made of it, and not of what there is in training")
    digest: str | None = field(None, says="of all that it resolves to: what was frozen once must not change")


class Calibrated(Part):
    """What is looked for, within which ends."""

    each: dict[str, str] = field({}, says="by path below `scaling`, ends of a number of each service: 40%..95%, 1..9, 10s..60s")
    all: dict[str, str] = field({}, says="the same of a number that all services share")

    @model_validator(mode="after")
    def _something(self) -> Calibrated:
        if not self.each and not self.all:
            raise ValueError("looks for nothing: give each or all")
        return self


class Controller(Part):
    """Who decides how many pods there are."""

    says: str = field("", says="what it is, in a sentence", max_length=300)
    scaling: Any = field(None, says="what stands in every service's chair, as agents.<service>.scaling would say it; with two words "
                         "more, `66% of capacity` for requests a second, and `timetable` for schedules. The world's own rules if absent")
    replicas: Whole | None = field(None, says="pods that services begin with; the world's if absent", ge=0)
    calibrated: Calibrated | None = field(None, says="what is calibrated; nothing if absent")
    best_of: dict[str, tuple[str, ...]] = field({}, says="by path below `scaling`, values of which in every family the one "
                                                "counts that costs least there: hindsight, for a reference alone")

    @model_validator(mode="after")
    def _one_way(self) -> Controller:
        if self.best_of and self.calibrated is not None:
            raise ValueError("is either calibrated or the best of several in hindsight, not both")
        if len(self.best_of) > 1 or any(len(values) < 2 for values in self.best_of.values()):
            raise ValueError("best_of needs one path, with two values or more")
        return self


class Pods(Part):
    """Bounds of whoever decides."""

    least: Whole = field(1, says="pods of a service at least", ge=1)
    most: Whole = field(says="pods of a service at most", ge=1)


class Calibration(Part):
    """The budget of who is calibrated: the same for each controller, whose weightings share it."""

    decisions: Whole = field(300_000, says="of single services, on requests", gt=0)
    episodes: Whole = field(4, says="of the family in training, that each proposal meets", gt=0)
    finalists: Whole = field(3, says="best proposals that meet the family for validation; the best there is taken", gt=0)


class Weighting(Part):
    """Prices of the terms of the reward; what is not said is as in training."""

    slo: Number | None = field(None, says="of lateness", ge=0)
    drop: Number | None = field(None, says="of failures", ge=0)
    cost: Number | None = field(None, says="of pods", ge=0)
    churn: Number | None = field(None, says="of moves", ge=0)


class Hypothesis(Part):
    """What is claimed before anything is run."""

    of: str = field(LEARNED, says="the controller")
    against: str = field(says="the one that it is better than")
    families: Names = field((), says="in which, all alike; all for tests if absent")
    better_by: Share = field(0.0, says="share of the other's J that it saves at least")


class EvaluationFile(Part):
    """An evaluation: `parley evaluate FILE` makes it."""

    question: str = field("", says="what it answers", max_length=500)
    scenario: str = field(says="the world of all families that name none")
    tick: Duration = field(15_000_000_000, says="from one decision to the next, and from one measurement to the next", gt=0)
    ticks: Whole = field(240, says="of an episode", gt=0)
    pods: Pods = field(says="bounds of all controllers")
    varied: dict[str, str] = field({}, says="ranges drawn for every episode, by path")
    families: Annotated[dict[str, Family], Field(min_length=1)] = field(says="by name")
    controllers: Annotated[dict[str, Controller], Field(min_length=2)] = field(says="by name, the order of tables")
    default: str = field(says="the controller whose score is 0")
    calibrated: str = field(says="the controller that others are told against")
    reference: str = field(says="the controller whose score is 1, which knows what nobody can")
    ordering: Names = field((), says="controllers from the best to the worst, as they must stand in every family")
    calibration: Calibration = field(Calibration(), says="the budget")
    weightings: Annotated[dict[str, Weighting], Field(min_length=1)] = field({"as trained": Weighting()}, says="by name; the first is told")
    over_weightings: Names = field((), says="families in which the other weightings are judged, too")
    seeds: Whole = field(20, says="episodes of each controller in each family", ge=2)
    hypotheses: dict[str, Hypothesis] = field({}, says="by what they say")

    @model_validator(mode="after")
    def _known(self) -> EvaluationFile:
        for role in (TRAIN, VALIDATION):
            if sum(one.role == role for one in self.families.values()) != 1:
                raise ValueError(f"must have exactly one family for {role}")
        for place, name in (("default", self.default), ("calibrated", self.calibrated), ("reference", self.reference),
                            *(("ordering", name) for name in self.ordering)):  # fmt: skip
            require_named(name, self.controllers, place)
        for name in self.over_weightings:
            require_named(name, self.tests, "over_weightings")
        for says, one in self.hypotheses.items():
            for who in (one.of, one.against):
                require_named(who, [*self.controllers, LEARNED], repr(says))
            for name in one.families:
                require_named(name, self.tests, repr(says))
        if (clever := next((name for name, one in self.controllers.items() if one.best_of and name != self.reference), None)) is not None:
            raise ValueError(f"{clever!r} is the best of several in hindsight, which only the reference may be")
        if LEARNED in self.controllers:
            raise ValueError(f"a controller cannot be called {LEARNED!r}: policies are")
        return self

    def family_of(self, role: str) -> str:
        """The name of the one for training, or for validation."""
        return next(name for name, one in self.families.items() if one.role == role)

    @property
    def first(self) -> str:
        """The weighting that is told of; policies are trained for it."""
        return next(iter(self.weightings))

    def seeds_of(self, family: str) -> int:
        """Episodes of each controller in a family."""
        return min(self.seeds, self.families[family].seeds or self.seeds)

    @property
    def tests(self) -> list[str]:
        """Families that are only for judging."""
        return [name for name, one in self.families.items() if one.role == TEST]


def require_named(name: str, known: Collection[str], place: str) -> None:
    """Raises ValueError, with the nearest name, for one that there is not."""
    if name not in known:
        raise ValueError(f"{place} names {name!r}, which there is not{suggestion(name, list(known))}")


def evaluation_file(source: str | os.PathLike[str]) -> EvaluationFile:
    """The evaluation in a file, or the shipped one of that name; scenarios beside it are found. Raises ParleyError."""
    path, data = read_evaluation(source)
    made = parsed(data)
    return made.model_copy(update={
        "scenario": beside(path, made.scenario),
        "families": {name: one.model_copy(update={"scenario": beside(path, one.scenario)}) if one.scenario is not None else one
                     for name, one in made.families.items()},
    })  # fmt: skip


def read_evaluation(source: str | os.PathLike[str]) -> tuple[Path, Any]:
    """(where it is, what it says) of an evaluation of any kind: a file, or a shipped one's name. Raises ParleyError."""
    path = file_or_shipped(source, SHIPPED, "evaluation")
    return path, read_yaml(read_text(path, path.name), path.name)


def words_of(source: str | os.PathLike[str] | Mapping[str, Any], policies: Sequence[str | os.PathLike[str]] = (),
             calibration: str | os.PathLike[str] | None = None, seeds: int | None = None) -> list[str]:  # fmt: skip
    """What was asked for, as a command takes it; what was no file is called an evaluation."""
    words = ["evaluation" if isinstance(source, Mapping) else os.fspath(source)]
    words += [word for one in policies for word in ("--policies", os.fspath(one))]
    words += ["--calibration", os.fspath(calibration)] if calibration is not None else []
    return words + (["--seeds", str(seeds)] if seeds else [])


def beside(path: Path, scenario: str) -> str:
    """A scenario that lies beside the evaluation, named so that it is found; beside a shipped one it always is."""
    return str(path.parent / scenario) if path.parent != SHIPPED and (path.parent / scenario).is_file() else scenario


def parsed(data: Any) -> EvaluationFile:
    """An evaluation from plain data. Raises ScenarioError with place, value and rule."""
    if not isinstance(data, Mapping):
        raise ScenarioError("an evaluation is a mapping with 'families:' and 'controllers:'")
    return validated(EvaluationFile, data, "an evaluation")


def as_plain(made: EvaluationFile) -> dict[str, Any]:
    """An evaluation as its file would say it."""
    return dumped(made)
