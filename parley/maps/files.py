"""What a map is of: a scenario, two things that are varied, an outcome, panels and differences; from a file or the command line."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, model_validator

from parley.errors import UsageError
from parley.shipped import nearest
from parley.sweeps.axes import as_text
from scenarios.errors import ScenarioError
from scenarios.naming import suggestion
from scenarios.schema.changing import dumped
from scenarios.schema.mistakes import validated
from scenarios.schema.model import Part, field
from scenarios.schema.scenario import LATENCIES, SHARES
from scenarios.schema.units import Duration, Number, format_duration
from scenarios.schema.words import Whole
from scenarios.source_files import SHIPPED as SCENARIOS
from scenarios.source_files import read_text
from scenarios.yaml_reading import read_yaml

SHIPPED = SCENARIOS / "maps"
EXAMPLE = "--x PATH=VALUES --y PATH=VALUES --outcome good --level 50%"
OVER_TIME = (*SHARES, *LATENCIES)


class MapAxis(Part):
    """One of the two things that are varied."""

    path: str = field(says="of the scenario, as --set takes it")
    values: str | tuple[str | int | float, ...] = field(says="as --vary takes them: 0.4..2.0..0.1, or a list")
    label: str | None = field(None, says="what the axis is called; the path if absent")
    times: Number = field(1.0, says="what values are multiplied by on the picture: 0.5 makes a load of 2 a utilization of 1", gt=0)


class Outcome(Part):
    """What is looked at in every run."""

    figure: str = field(says=f"{', '.join(OVER_TIME)}, or a figure of summary.json by its path")
    start: Duration | None = field(None, says="since when requests count, by their arrival; after the warm-up if absent", alias="from")
    until: Duration | None = field(None, says="until when; to the end if absent")
    level: Number | None = field(None, says="where the frontier lies; may be left out where the map has differences")
    label: str | None = field(None, says="what it is called; the figure if absent")

    @model_validator(mode="after")
    def _possible(self) -> Outcome:
        if (self.start is not None or self.until is not None) and self.figure not in OVER_TIME:
            raise ValueError(f"looks at a time of the run, which is possible of {', '.join(OVER_TIME)}, not of {self.figure}")
        return self

    @property
    def is_expected(self) -> bool:
        """Whether the run is asked for it by an assertion of its own."""
        return self.start is not None or self.until is not None

    @property
    def column(self) -> str:
        """The figure's path among those of a cell."""
        return "expect.0.measured" if self.is_expected else self.figure

    def changes(self) -> list[str]:
        """What the scenario must be asked for."""
        if not self.is_expected:
            return []
        bound = ">= 0%" if self.figure in SHARES else ">= 0ms"
        times = {"from": self.start, "until": self.until}
        asked = {self.figure: bound} | {name: format_duration(ns) for name, ns in times.items() if ns is not None}
        return [f"expect={json.dumps([asked])}"]


class Theory(Part):
    """Where the frontier ought to be, as points of the plane from which straight lines are drawn."""

    says: str = field(says="why, in a few words")
    points: Annotated[tuple[tuple[Number, str | int | float], ...], Field(min_length=1)] = field(
        says="[x, y] pairs: x as on the picture, y one of its values")


class Subtraction(Part):
    """One panel minus another, seed by seed."""

    of: str = field(says="the panel whose outcome is counted")
    minus: str = field(says="the panel whose outcome is subtracted")


class MapFile(Part):
    """A map: `parley map FILE` makes it."""

    scenario: str = field(says="a file, or the name of a shipped one")
    question: str = field("", says="what the map answers", max_length=500)
    set: dict[str, Any] = field({}, says="changes for all panels, by path")
    x: MapAxis = field(says="what is varied from left to right")
    y: MapAxis = field(says="what is varied from below to above")
    outcome: Outcome = field(says="what is looked at")
    seeds: Whole = field(10, says="runs of each cell", ge=1, le=10_000)
    panels: Annotated[dict[str, dict[str, Any]], Field(min_length=1, max_length=12)] = field(
        {"": {}}, says="changes by the panel's name: alternatives that are compared")
    differences: Annotated[dict[str, Subtraction], Field(max_length=12)] = field(
        {}, says="by name: a panel minus another under the same seeds")
    theory: dict[str, Theory] = field({}, says="by panel or difference")

    @model_validator(mode="after")
    def _known(self) -> MapFile:
        known = [*self.panels, *self.differences]
        for name in self.theory:
            if name not in known:
                raise ValueError(f"theory is of panel {name!r}, which there is not{suggestion(name, known)}")
        if self.x.path == self.y.path:
            raise ValueError(f"varies {self.x.path} twice; x and y are two different things")
        if self.outcome.level is None and not self.differences:
            raise ValueError("the outcome needs a level, where the frontier lies; only a map with differences may go without")
        return self

    @model_validator(mode="after")
    def _subtractable(self) -> MapFile:
        for name, one in self.differences.items():
            for panel in (one.of, one.minus):
                if panel not in self.panels:
                    raise ValueError(f"difference {name!r} is of panel {panel!r}, which there is not{suggestion(panel, list(self.panels))}")
            if one.of == one.minus:
                raise ValueError(f"difference {name!r} subtracts {one.of!r} from itself")
            if name in self.panels:
                raise ValueError(f"difference {name!r} is called as a panel is; give it a name of its own")
        return self


@dataclass(frozen=True)
class Asked:
    """What the command line may say of a map, over its file or instead of one."""

    x: str | None = None  # PATH=VALUES
    y: str | None = None
    outcome: str | None = None  # a figure
    level: float | None = None
    seeds: int | None = None


NOTHING_ASKED = Asked()


def map_file(source: str | os.PathLike[str], asked: Asked = NOTHING_ASKED) -> MapFile:
    """The map in a file, or the shipped one of that name; with both axes given, that of any scenario. Raises ParleyError."""
    path = _found(source)
    if path is None:
        if asked.x is None or asked.y is None or asked.outcome is None or asked.level is None:
            raise UsageError(f"{source}: is no map{nearest(source, SHIPPED)}. Of a scenario say what to vary and look at: {EXAMPLE}")
        return parsed({"scenario": os.fspath(source), "x": _axis("x", asked.x), "y": _axis("y", asked.y),
                       "outcome": {"figure": asked.outcome, "level": asked.level}, "seeds": asked.seeds or 10})  # fmt: skip
    made = parsed(read_yaml(read_text(path, path.name), path.name))
    near = path.parent / made.scenario
    changes: dict[str, Any] = {"scenario": str(near)} if near.is_file() else {}
    for name, given in (("x", asked.x), ("y", asked.y)):
        if given is not None:
            changes[name] = MapAxis(**_axis(name, given))
    if asked.seeds is not None:
        changes["seeds"] = asked.seeds
    if asked.outcome is not None or asked.level is not None:
        said = {"figure": asked.outcome, "level": asked.level}
        changes["outcome"] = made.outcome.model_copy(update={key: value for key, value in said.items() if value is not None})
    return made.model_copy(update=changes)


def parsed(data: Any) -> MapFile:
    """A map from plain data. Raises ScenarioError with place, value and rule."""
    if not isinstance(data, Mapping):
        raise ScenarioError("a map is a mapping that begins with 'scenario:'")
    return validated(MapFile, data, "a map")


def as_plain(made: MapFile) -> dict[str, Any]:
    """A map as its file would say it."""
    return dumped(made)


def as_changes(given: Mapping[str, Any]) -> list[str]:
    """Changes by path as `--set` would say them."""
    return [f"{path}={as_text(value)}" for path, value in given.items()]


def _axis(name: str, text: str) -> dict[str, Any]:
    path, equals, values = text.partition("=")
    if not equals or not path.strip():
        raise UsageError(f"--{name} {text}: write PATH=VALUES, as workload.jobs.load=0.2..1.2..0.1")
    return {"path": path.strip(), "values": values}


def _found(source: str | os.PathLike[str]) -> Path | None:
    """The file of a map; None where this is none, but maybe a scenario."""
    path = Path(source)
    if path.is_file():
        return path if "\nscenario:" in "\n" + path.read_text(encoding="utf-8", errors="replace") else None
    shipped = SHIPPED / f"{path}.yaml"
    return shipped if shipped.is_file() else None


def values_of(axis: MapAxis) -> Sequence[Any] | str:
    """As `sweep` takes them."""
    return axis.values if isinstance(axis.values, str) else list(axis.values)
