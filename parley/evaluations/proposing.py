"""What is proposed to calibrate a controller: numbers of each service and of all, as Optuna finds them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle
from typing import Any

from parley.evaluations.files import Controller
from parley.evaluations.seats import Chosen, shared
from parley.sweeps.axes import RANGE
from parley.tuning.dimensions import Dimension, Goal, dimensions_of
from parley.tuning.search import Search

GOAL = Goal("J", is_larger_better=False, bounds=())
LEVELS = (0.1, 0.3, 0.5, 0.7, 0.9)  # of the way between two ends, alike for all services, before anything is known
BETWEEN = " | "  # a path and a service, in the name of a dimension


class Proposals:
    """Proposes for one weighting after the other, and tells all of them what came of it.

    Proposals come from Optuna, one study for each weighting, after what the file says and a few settings that are alike for all services.
    """

    def __init__(self, controller: Controller, services: Sequence[str], weightings: Sequence[str], seed: int) -> None:
        """Raises ExtraMissing where Optuna is not installed."""
        assert controller.calibrated is not None, "a controller without anything to look for is not calibrated"
        self._each, self._all, self._services = controller.calibrated.each, controller.calibrated.all, services
        named = {f"{path}{BETWEEN}{service}": shared(spec)[0] for path, spec in self._each.items() for service in services}
        self._dimensions = dimensions_of({**named, **{path: shared(spec)[0] for path, spec in self._all.items()}})
        self._searches = {name: Search(self._dimensions, GOAL, seed + nth) for nth, name in enumerate(weightings)}
        self._turns = cycle(weightings)
        self._first = deque(self._firsts(controller.scaling))
        self._asked: tuple[str, Any, dict[str, Any]] = ("", None, {})  # a weighting, its trial, and the values in it

    def ask(self) -> tuple[str, Chosen]:
        """(the weighting that it is proposed for, what it is)."""
        weighting = next(self._turns)
        trial = None if self._first else self._searches[weighting].ask()[0]
        values = self._first.popleft() if trial is None else trial.params
        self._asked = weighting, trial, values
        texts = dict(one.change(values[one.path]).rsplit("=", 1) for one in self._dimensions)
        each = {path: {service: texts[f"{path}{BETWEEN}{service}"] + shared(spec)[1] for service in self._services}
                for path, spec in self._each.items()}  # fmt: skip
        return weighting, Chosen(each, {path: texts[path] + shared(spec)[1] for path, spec in self._all.items()})

    def tell(self, found: Mapping[str, float]) -> None:
        """What the last one came to under each weighting."""
        asked_by, trial, values = self._asked
        for weighting, search in self._searches.items():
            if weighting == asked_by and trial is not None:
                search.tell(trial, found[weighting], ())
            else:
                search.know(values, found[weighting])

    def _firsts(self, scaling: Any) -> Iterator[dict[str, Any]]:
        """What the file says, then levels for all services alike, with the rest as the file says it."""
        own = {one.path: _within(one, _said(scaling, one.path.split(BETWEEN)[0])) for one in self._dimensions}
        yield own
        for level in LEVELS:
            yield {**own, **{one.path: _at(one, level) for one in self._dimensions if BETWEEN in one.path}}


def _said(scaling: Mapping[str, Any], path: str) -> str:
    """What a controller says at a path; nothing where it is silent."""
    found: Any = scaling
    for key in path.split("."):
        found = found.get(key) if isinstance(found, Mapping) else None
    return "" if found is None else str(found)


def _within(one: Dimension, text: str) -> Any:
    """A text as a value of a dimension; its middle where it is none."""
    bare = shared(text)[0]
    match = RANGE.fullmatch(f"{bare}..{bare}")
    if match is None:
        return _at(one, 0.5)
    number = min(max(float(match[1]), float(one.low)), float(one.high))
    return int(number) if one.is_whole else number


def _at(one: Dimension, level: float) -> Any:
    low, high = float(one.low), float(one.high)
    value = low * (high / low) ** level if one.is_log else low + level * (high - low)
    return round(value) if one.is_whole else value
