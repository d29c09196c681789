"""From a file, a shipped name or a text to a Scenario; the one door for descriptions that people wrote.

`extends` and `--set` are resolved here, and of uncertain numbers (guessing.py) the guess stays; every rule of a world is the
schema's (schema/scenario.py).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scenarios.errors import Mistake, ScenarioError, quoted
from scenarios.guessing import Guess, guesses_in, settled, understood
from scenarios.naming import suggestion
from scenarios.schema.changing import Change, assigned, laid_over
from scenarios.schema.mistakes import broken
from scenarios.schema.placed import Place, PlacedList, PlacedMapping, copied, place_of
from scenarios.schema.scenario import Scenario
from scenarios.schema.workload import RateFile, Timestamps
from scenarios.series import check_readable
from scenarios.source_files import SIZE_MAX, find_source, kind_of, read_text, shipped
from scenarios.yaml_reading import Budget, read_yaml

__all__ = ["guesses", "load", "loads", "shipped"]

EXTENDS_DEPTH_MAX = 16
FILES_MAX = 64  # in one scenario, counted each time one is read


def load(
    source: str | os.PathLike[str],
    set: Sequence[str] = (),  # noqa: A002  # the word of the command line
    folder: Path | None = None,
) -> Scenario:
    """The scenario in a file, or the shipped one of that name (`flash_crowd`), with `path=value` changes laid over it.

    Relative paths in a file are relative to it; those in `set`, and `source` itself, to `folder` (the working folder).
    Raises ScenarioError for whatever is wrong, with file, line and column.
    """
    here = folder or Path.cwd()
    return _world(_described(source, set, here), here)


def guesses(
    source: str | os.PathLike[str],
    set: Sequence[str] = (),  # noqa: A002  # the word of the command line
    folder: Path | None = None,
) -> tuple[Guess, ...]:
    """Every number of a scenario that is written as `{guess: 8ms, low: 5ms, high: 14ms}`, in the order of the file.

    What is given, and raised, is as for `load`.
    """
    here = folder or Path.cwd()
    data = _described(source, set, here)
    _world(data, here)
    return tuple(guesses_in(Scenario, data))


def loads(text: str, set: Sequence[str] = (), folder: Path | None = None) -> Scenario:  # noqa: A002  # the word of the command line
    """The scenario in a text; relative paths are relative to `folder` (the working folder). Raises ScenarioError."""
    here = folder or Path.cwd()
    data = _extended(_mapping(text, "<text>", Budget()), _File(here / "<text>", "<text>", ()), _Reading())
    return _world(_changed(data, set), here)


def _described(source: str | os.PathLike[str], changes: Sequence[str], folder: Path) -> PlacedMapping:
    """What a file, all that it extends and the changes say together."""
    path, name = find_source(source, folder)
    return _changed(_File(path, name, ()).data(_Reading()), changes)


def _changed(data: PlacedMapping, changes: Sequence[str]) -> PlacedMapping:
    for change in [changes] if isinstance(changes, str) else changes:  # one change alone needs no list
        path, equals, value = change.partition("=")
        label = f"--set {change}" if len(change) <= 120 else f"--set {change[:117]}..."
        if not equals:
            raise ScenarioError(f"{label}: write path=value, as services.cart.replicas=5")
        data = assigned(Scenario, data, Change(path.strip(), read_yaml(value, label, lines=False), Place(label)))
        if "guess" in value:
            data = understood(Scenario, data)
    return data


def _world(data: PlacedMapping, folder: Path) -> Scenario:
    data = settled(_anchored(data, folder))
    world = Scenario.model_validate(data)
    mistakes = list(_unreadable(world))
    if mistakes:
        raise broken(mistakes, data)
    return world


@dataclass
class _Reading:
    """What is left of the bounds on all files of one scenario together."""

    budget: Budget = field(default_factory=Budget)
    size: int = SIZE_MAX
    files: int = FILES_MAX


@dataclass(frozen=True)
class _File:
    """A file to be read; `above` are the files that led to it."""

    path: Path
    name: str  # as messages call it
    above: tuple[Path, ...]

    def data(self, reading: _Reading) -> PlacedMapping:
        """What the file and all that it extends say together."""
        reading.files -= 1
        text = read_text(self.path, self.name, reading.size)
        reading.size -= len(text)
        return _extended(_mapping(text, self.name, reading.budget), self, reading)

    def other(self, name: str, place: Place) -> _File:
        """A file that this one names. Raises ScenarioError where that leads in a circle or too far."""
        path = Path(os.path.realpath(self.path.parent / name))
        above = (*self.above, Path(os.path.realpath(self.path)))
        if path in above:
            circle = " -> ".join(step.name for step in [*above[above.index(path) :], path])
            raise ScenarioError(f"{place}: extends goes in a circle: {circle}")
        if len(above) > EXTENDS_DEPTH_MAX:
            raise ScenarioError(f"{place}: extends goes more than {EXTENDS_DEPTH_MAX} files deep")
        if not kind_of(path):
            near = [found.name for found in path.parent.glob("*.yaml")] if kind_of(path.parent) == "folder" else []
            raise ScenarioError(f"{place}: extends {name!r}, which is not there{suggestion(path.name, near)}")
        return _File(path, os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path), above)


def _mapping(text: str, name: str, budget: Budget) -> PlacedMapping:
    data = read_yaml(text, name, budget)
    if data is None:
        raise ScenarioError(f"{name}: the file is empty; `parley init` writes a first one")
    if not isinstance(data, PlacedMapping):
        raise ScenarioError(f"{name}:1:1: a scenario is a mapping that begins with 'version: 1', not {quoted(data)}")
    return understood(Scenario, data) if "guess" in text else data


def _extended(data: PlacedMapping, file: _File, reading: _Reading) -> PlacedMapping:
    """The files that `extends` names, merged in order, and this one over them."""
    base: Any = PlacedMapping(data.here)
    for name, place in _extends(data, Place(file.name)):
        if reading.files == 0:
            raise ScenarioError(f"{place}: more than {FILES_MAX} files are read")
        base = laid_over(Scenario, base, file.other(name, place).data(reading))
    own = copied(data)
    own.pop("extends", None)
    merged = laid_over(Scenario, base, _anchored(own, file.path.parent)) if base else _anchored(own, file.path.parent)
    merged.here = data.here
    return copied(merged)


def _extends(data: PlacedMapping, file: Place) -> Iterator[tuple[str, Place]]:
    value = data.get("extends", [])
    names = value if isinstance(value, PlacedList) else [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(name, str) and name and "\0" not in name for name in names):
        raise ScenarioError(f"{data.places['extends']}: extends must be a list of files, not {quoted(value)}")
    for index, name in enumerate(names):
        yield name, place_of(value, index) or place_of(data, "extends") or file


def _anchored(data: PlacedMapping, folder: Path) -> PlacedMapping:
    """Relative paths of rate files, timestamps and policies made absolute; data that has none is left alone."""
    for chapter, part, made in (("workload", "arrivals", _with_paths), ("agents", "policy", _absolute)):
        named = data.get(chapter)
        if not isinstance(named, dict):
            continue
        data = copied(data)
        data[chapter] = copied(named)
        for name, one in named.items():
            if isinstance(one, dict) and one.get(part) is not None:
                data[chapter][name] = copied(one)
                data[chapter][name][part] = made(one[part], folder)
    return data


def _with_paths(data: Any, folder: Path) -> Any:
    """A copy in which whatever `rate_file` or `timestamps` names is absolute."""
    if not isinstance(data, dict):
        return data
    copy = copied(data)
    for key, value in data.items():
        if key in ("rate_file", "timestamps"):
            copy[key] = _absolute(value, folder)
        elif key in ("poisson", "constant"):
            copy[key] = _with_paths(value, folder)
    return copy


def _absolute(value: Any, folder: Path) -> Any:
    if isinstance(value, str):
        return str((folder / value).absolute())
    if isinstance(value, dict) and isinstance(value.get("path"), str):
        copy = copied(value)
        copy["path"] = _absolute(value["path"], folder)
        return copy
    return value


def _unreadable(world: Scenario) -> Iterator[Mistake]:
    """A mistake for each file that arrivals need and that cannot be read."""
    for name, workload in world.workload.items():
        arrivals = workload.arrivals
        shape = arrivals.poisson or arrivals.constant
        spec: RateFile | Timestamps | None = arrivals.timestamps or (shape.rate_file if shape else None)
        inner = ("rate_file",) if shape else ()
        if spec is not None:
            try:
                check_readable(spec)
            except ScenarioError as fault:
                yield Mistake(("workload", name, "arrivals", arrivals.kind, *inner, "path"), f"cannot be used: {fault}")
