"""What is proposed to calibrate a controller: numbers of each service and of all, as Optuna finds them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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
    """Proposes, and learns what came of it."""

    def __init__(self, controller: Controller, services: Sequence[str], seed: int) -> None:
        """Raises UsageError where Optuna is not installed, or ends are none."""
        assert controller.calibrated is not None, "a controller without anything to look for is not calibrated"
        self._each, self._all, self._services = controller.calibrated.each, controller.calibrated.all, services
        named = {f"{path}{BETWEEN}{service}": shared(spec)[0] for path, spec in self._each.items() for service in services}
        self._dimensions = dimensions_of({**named, **{path: shared(spec)[0] for path, spec in self._all.items()}})
        self._search = Search(self._dimensions, GOAL, seed)
        for first in self._first(controller.scaling):
            self._search.begin_with(first)

    def ask(self) -> tuple[Any, Chosen]:
        """(a proposal to tell of, what it is)."""
        trial, changes = self._search.ask()
        texts = dict(change.rsplit("=", 1) for change in changes)
        each = {path: {service: texts[f"{path}{BETWEEN}{service}"] + shared(spec)[1] for service in self._services}
                for path, spec in self._each.items()}  # fmt: skip
        return trial, Chosen(each, {path: texts[path] + shared(spec)[1] for path, spec in self._all.items()})

    def tell(self, trial: Any, value: float) -> None:
        """What it came to."""
        self._search.tell(trial, value, ())

    def _first(self, scaling: Any) -> Iterator[dict[str, Any]]:
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
