"""A run over time, as arrays: what the panels of a picture draw."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from parley.storage.tables import read_columns
from parley.wording import OF_NO_PODS
from scenarios.flow import settled
from scenarios.rates import Piece, mean_rate
from scenarios.saturation import pod_ns
from scenarios.schema.scenario import Scenario
from scenarios.schema.units import NS_PER_S

POINTS = 240  # along the time axis, at most, where windows may be added up
Array = NDArray[np.float64]
NONE = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class Series:
    """Columns of one class or service, a value a window."""

    name: str
    start_s: Array
    end_s: Array
    columns: dict[str, Any]

    @property
    def middle_s(self) -> Array:
        """The middle of each window."""
        return (self.start_s + self.end_s) / 2

    def per_second(self, column: str) -> tuple[Array, Array]:
        """(time, rate) of a counter, windows added up to POINTS at most."""
        first = self._firsts()
        length = np.add.reduceat(self.end_s - self.start_s, first)
        return self.start_s[first] + length / 2, np.add.reduceat(self.columns[column].astype(float), first) / length

    def mean(self, column: str) -> tuple[Array, Array]:
        """(time, mean) of a level, windows averaged to POINTS at most."""
        first, width = self._firsts(), self.end_s - self.start_s
        length = np.add.reduceat(width, first)
        level = np.nan_to_num(self.columns[column].astype(float))
        return self.start_s[first] + length / 2, np.add.reduceat(level * width, first) / length

    def _firsts(self) -> NDArray[np.int64]:
        return np.arange(0, len(self.start_s), -(-len(self.start_s) // POINTS))


class Timeline:
    """Windows, decisions and faults of a run folder; with `until_ns`, those windows that are over by then."""

    def __init__(self, path: Path, scenario: Scenario, until_ns: int | None = None) -> None:
        self.scenario = scenario
        self._windows = read_columns(path, "windows", where=None if until_ns is None else ("end_ns", "<=", until_ns))
        self.decisions = read_columns(path, "decisions")
        ends = self._windows["end_ns"]
        self.end_s = float(ends.max()) / 1e9 if len(ends) else scenario.duration / 1e9
        rows = self._rows_by_name()
        self.classes = [self._series(name, rows.get(("class", name), NONE)) for name in scenario.workload]
        self.services = [self._series(name, rows.get(("service", name), NONE)) for name in scenario.services]

    def offered(self, column: str = "offered") -> tuple[Array, Array]:
        """(time, rate) of a counter over all classes together."""
        rates = [one.per_second(column) for one in self.classes]
        return rates[0][0], np.sum([rate for _, rate in rates], axis=0)

    def capacity(self) -> tuple[Array, Array, list[str]]:
        """(time, requests per second, the service that limits them) at the mix of classes expected then; inf where nothing limits."""
        flow, when = settled(self.scenario), self.services[0].middle_s
        rates = np.array([_expected(parts, when) for parts in flow.arrivals.values()])  # (classes, windows)
        means = np.array([[mean_rate(parts)] for parts in flow.arrivals.values()])
        mix = np.where(rates.sum(axis=0) > 0, rates, means)
        visits = [flow.visits_of_one(name) for name in flow.arrivals]
        limits = []
        for one in self.services:
            busy = np.max([np.array(taken) @ mix for taken in zip(*(pod_ns(flow, one.name, each) for each in visits), strict=True)], axis=0)
            visited = np.array([sum(count for target, count in each.items() if target.split(".")[0] == one.name) for each in visits]) @ mix
            ready = one.columns["ready"].astype(float)
            most = np.divide(ready * NS_PER_S * mix.sum(axis=0), busy, out=np.full(len(when), np.inf), where=busy > 0)
            limits.append(np.where(ready > 0, most, np.where(visited > 0, 0.0, np.inf)))
        lowest = np.argmin(limits, axis=0)
        return when, np.min(limits, axis=0), [self.services[i].name for i in lowest]

    def moves(self, service: str) -> tuple[Array, Array, NDArray[np.bool_]]:
        """(time, pods asked for, whether more than before) of the decisions that took effect."""
        rows = self.decisions
        mine = (rows["service"] == service) & rows["applied"].astype(bool) & ~np.isin(rows["mind"], list(OF_NO_PODS))
        after = rows["after"][mine].astype(float)
        return rows["time_ns"][mine] / 1e9, after, after > rows["before"][mine]

    def busiest(self, most: int) -> list[Series]:
        """The visited services whose queue or number of pods goes highest, in the order of the file."""
        visited = [one for one in self.services if one.columns["visits"].sum() > 0] or self.services
        chosen = sorted(visited, key=_height, reverse=True)[:most]
        return [one for one in self.services if one in chosen]

    def _rows_by_name(self) -> dict[tuple[str, str], NDArray[np.int64]]:
        """Which rows are of a class or service: sorted once, so that thousands of services take no longer than few."""
        named = list(zip(self._windows["kind"], self._windows["name"], strict=True))
        place = {key: i for i, key in enumerate(dict.fromkeys(named))}
        codes = np.fromiter((place[key] for key in named), dtype=np.int64, count=len(named))
        order = np.argsort(codes, kind="stable")
        parts = np.split(order, np.searchsorted(codes[order], np.arange(1, len(place))))
        return dict(zip(place, parts, strict=False))

    def _series(self, name: str, mine: NDArray[np.int64]) -> Series:
        rows = self._windows
        return Series(name, rows["start_ns"][mine] / 1e9, rows["end_ns"][mine] / 1e9, {key: v[mine] for key, v in rows.items()})


def _expected(parts: list[Piece], when_s: Array) -> Array:
    """The rate of a class at each time, by the file; 0 without pieces."""
    if not parts:
        return np.zeros(len(when_s))
    start, end, first, last = np.array(parts, dtype=float).T
    place = np.searchsorted(start, 1e9 * when_s, side="right") - 1
    return np.asarray(first[place] + (last - first)[place] * (1e9 * when_s - start[place]) / (end - start)[place])


def _height(one: Series) -> tuple[float, float]:
    queue, pods = one.columns["waiting"], one.columns["ready"]
    return float(np.nanmax(queue, initial=0.0)), float(np.nanmax(pods, initial=0.0))
