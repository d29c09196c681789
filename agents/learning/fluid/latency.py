"""How long requests take in a fluid: means and variances along their course, and a gamma distribution of the same for its tail.

Whoever comes joins the less busy of two of n servers; arrivals and work are exponential. Of one server that is M/M/1; of very many, by
Mitzenmacher's mean field (2001), the share of servers with k requests or more is rho^(2^k - 1), and who joins finds k or more with the
square of it. In between, mean and standard deviation of the wait are as much nearer to M/M/1 as n^(-7/6) says, which was fitted to
requests: of 2 to 16 servers at 60 to 90 %, means are within 6 %, and 99th percentiles within 12 %. Of branches that are all waited for,
the longest by Clark (1961), as if they were normal and independent.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from statistics import NormalDist
from typing import Any

import numpy as np

from agents.learning.fluid.worlds import Floats
from scenarios.flow import Flow, leaves_first
from scenarios.schema.programs import Call, Parallel, Step, Work
from scenarios.schema.scenario import Scenario
from scenarios.schema.units import NS_PER_S

NEARER = -7 / 6
CROWD = 2.0 ** np.arange(1, 9) - 1  # of k from 1 on: beyond, nobody waits
BUSIEST = 0.98  # utilization that the formula is asked for at most: beyond, the backlog tells
_ERFC, _INVERSE = np.frompyfunc(math.erfc, 1, 1), np.frompyfunc(NormalDist().inv_cdf, 1, 1)
Moments = tuple[Floats, Floats]  # mean and variance, in seconds, of each mesh


def waiting_s(work_s: Floats, servers: Floats, rho: Floats) -> tuple[Floats, Floats]:
    """(mean, variance) of the wait where the less busy of two of so many servers is joined."""
    busy, alone = np.clip(rho, 1e-6, BUSIEST), np.maximum(servers, 1.0) ** NEARER
    finds = busy[..., None] ** (2 * CROWD)  # k requests or more
    many, square = finds.sum(axis=-1), (finds * (2 * np.arange(1, len(CROWD) + 1) - 1)).sum(axis=-1)
    mean = many + (busy / (1 - busy) - many) * alone
    in_crowd = np.sqrt(many + square - many**2)  # each of those it finds takes an exponential time
    spread = in_crowd + (np.sqrt(busy * (2 - busy)) / (1 - busy) - in_crowd) * alone
    return work_s * mean, (work_s * spread) ** 2


@dataclass(frozen=True)
class _Node:
    """A step: work (meshes,), a call of a target, or branches."""

    work_s: Floats | None = None
    target: str = ""
    repeat: int = 1
    branches: tuple[tuple[_Node, ...], ...] = ()


class Courses:
    """The programs of some worlds that are alike but for their figures."""

    def __init__(self, worlds: Sequence[Scenario], services: Sequence[str]) -> None:
        self._place = {name: place for place, name in enumerate(services)}
        self._hop_s = np.array([2 * world.network.same_zone.mean_ns / NS_PER_S for world in worlds])
        first = worlds[0]
        targets = [f"{name}.{endpoint}" for name in services for endpoint in first.services[name].endpoints]
        self._programs = {target: _program(worlds, target) for target in leaves_first(Flow(first).calls, targets)}
        self._entries = [workload.entries for workload in first.workload.values()]

    def moments(self, waits: Moments) -> tuple[Moments, Moments]:
        """(of requests by class, of visits by service) from those of the wait of a visit, (..., meshes, services)."""
        found: dict[str, Moments] = {}
        for target, program in self._programs.items():
            place = self._place[target.split(".")[0]]
            mean, variance = self._steps(program, found)
            found[target] = waits[0][..., place] + mean, waits[1][..., place] + variance
        classes = [_blended([(weight, found[target]) for target, weight in entries.items()]) for entries in self._entries]
        services = [_blended([(1.0, moments) for target, moments in found.items() if target.split(".")[0] == name]) for name in self._place]
        return _stacked(classes), _stacked(services)

    def _steps(self, program: tuple[_Node, ...], found: Mapping[str, Moments]) -> Moments:
        mean: Any = 0.0
        variance: Any = 0.0
        for node in program:
            more = self._step(node, found)
            mean, variance = mean + more[0], variance + more[1]
        return mean, variance

    def _step(self, node: _Node, found: Mapping[str, Moments]) -> Moments:
        if node.work_s is not None:
            return node.work_s, node.work_s**2
        if node.target:
            mean, variance = found[node.target]
            return node.repeat * (mean + self._hop_s), node.repeat * variance
        return reduce(later, [self._steps(branch, found) for branch in node.branches])


def _program(worlds: Sequence[Scenario], target: str) -> tuple[_Node, ...]:
    service, endpoint = target.split(".")
    return _nodes([world.services[service].endpoints[endpoint] for world in worlds])


def _nodes(programs: Sequence[tuple[Step, ...]]) -> tuple[_Node, ...]:
    return tuple(_node(steps) for steps in zip(*programs, strict=True))


def _node(steps: Sequence[Step]) -> _Node:
    first = steps[0]
    if isinstance(first, Work):
        return _Node(work_s=np.array([step.work.mean_ns / NS_PER_S for step in steps if isinstance(step, Work)]))
    if isinstance(first, Call):
        return _Node(target=first.call, repeat=first.repeat)
    branches = zip(*(step.parallel for step in steps if isinstance(step, Parallel)), strict=True)
    return _Node(branches=tuple(_nodes(programs) for programs in branches))


def _blended(several: Sequence[tuple[float, Moments]]) -> Moments:
    """Of one of several, by weight."""
    total = sum(weight for weight, _ in several)
    mean = sum((weight / total * moments[0] for weight, moments in several), np.zeros(1))
    square = sum((weight / total * (moments[1] + moments[0] ** 2) for weight, moments in several), np.zeros(1))
    return mean, square - mean**2


def _stacked(several: Sequence[Moments]) -> Moments:
    return np.stack([one[0] for one in several], axis=-1), np.stack([one[1] for one in several], axis=-1)


def later(one: Moments, other: Moments) -> Moments:
    """Mean and variance of the larger of two, by Clark."""
    spread = np.sqrt(np.maximum(one[1] + other[1], 1e-18))
    alpha = (one[0] - other[0]) / spread
    above, density = _below(alpha), np.exp(-(alpha**2) / 2) / np.sqrt(2 * np.pi)
    mean = one[0] * above + other[0] * (1 - above) + spread * density
    square = (one[1] + one[0] ** 2) * above + (other[1] + other[0] ** 2) * (1 - above) + (one[0] + other[0]) * spread * density
    return mean, np.maximum(square - mean**2, 1e-18)


def quantile_s(moments: Moments, q: Floats | float) -> Floats:
    """Of the gamma distribution with these moments, by Wilson and Hilferty (1931): the cube root of it is almost normal."""
    mean, ninth = moments[0], _ninth(moments)
    found: Floats = mean * np.maximum(1 - ninth + _quantile(q) * np.sqrt(ninth), 0.0) ** 3
    return found


def beyond(moments: Moments, limit_s: Floats) -> Floats:
    """The share that takes longer; none is longer than for ever."""
    mean, ninth = moments[0], _ninth(moments)
    share: Floats = _below(-(np.cbrt(limit_s / np.maximum(mean, 1e-12)) - (1 - ninth)) / np.sqrt(ninth))
    return share


def _below(z: Floats) -> Floats:
    """The share of a standard normal distribution below z."""
    return np.asarray(_ERFC(-np.asarray(z) / math.sqrt(2)), dtype=np.float64) / 2


def _quantile(q: Floats | float) -> Floats:
    return np.asarray(_INVERSE(q), dtype=np.float64)


def _ninth(moments: Moments) -> Floats:
    """Of the inverse of the shape."""
    return np.maximum(moments[1], 1e-18) / np.maximum(moments[0] ** 2, 1e-18) / 9
