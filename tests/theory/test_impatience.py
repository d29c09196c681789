"""The fast engine finds what theory says of callers who leave a queue, over seeds 1 to 30; the first five run every time.

Three ways in which Parley's callers are impatient, each exact for one law of patience. A pod with `max_wait` drops whoever
waited longer: constant patience. A deadline of which a uniform part was spent on the way, with `drop_expired`: uniform.
And exponential, which is Erlang A: a caller gives up at once, and its cancel is as long on its way as the try; of two
exponential journeys that begin together the first to end leaves the other an exponential rest. So half of the tries meet
their cancel at the door and are no visits, and the others, still a Poisson stream, may be cancelled at any instant at
the same rate. A cancel ends work as well: what it leaves is Palm's queue with services that end for either cause.

No setting draws a patience of its own for each request: `max_wait` is its queue's and a `timeout` its route's, one constant each.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pytest

from sim.build import build_plane
from tests.theory import oracles
from tests.theory.test_closed_forms import MS, SEEDS, WIDER, Estimate, S
from tests.worlds import with_pods, world

VISITS, WARMUP_S = 250_000, 20
PATIENCE_MS = 20.0  # the mean, and of the uniform one half of its most


@dataclass(frozen=True)
class Case:
    """A world whose service `a` is the queue, and what theory says of it."""

    text: str
    rate: float  # of tries, per second
    arrivals: float  # of visits, per ms
    workers: int
    truth: oracles.Impatience
    lost: float  # share of visits that do not end well
    busy: float  # mean number of workers at work
    wait: float  # mean of what the pod counts as waiting, ms a visit


def constant(workers: int, rate: float) -> Case:
    """M/M/c+D: who is dropped when its turn comes has waited until then, so the pod counts offered waits."""
    truth = oracles.impatient(rate, 10, workers, oracles.constant_patience(PATIENCE_MS))
    pod = f"workers: {workers}, queue: {{max_wait: {PATIENCE_MS}ms}}, endpoints: {{x: [{{work: {{exponential: 10ms}}}}]}}"
    text = f"services: {{a: {{{pod}}}}}"
    return Case(text, 1000 * rate, rate, workers, truth, truth.abandoned, rate * 10 * (1 - truth.abandoned), truth.offered_wait)


def uniform(workers: int, rate: float) -> Case:
    """M/M/c+U: a deadline of which `way` has spent a uniform part; whoever's has passed when its turn comes is dropped."""
    most = 2 * PATIENCE_MS
    truth = oracles.impatient(rate, 10, workers, oracles.uniform_patience(most))
    text = f"""services:
  way: {{workers: 1000000, endpoints: {{x: [{{wait: {{uniform: {{low: 0ms, high: {most}ms}}}}}}, {{call: a.x}}]}}}}
  a: {{workers: {workers}, queue: {{drop_expired: true}}, endpoints: {{x: [{{work: {{exponential: 10ms}}}}]}}}}
routes: {{defaults: {{propagate_deadline: true}}, w -> way: {{timeout: {most}ms}}}}"""
    return Case(text, 1000 * rate, rate, workers, truth, truth.abandoned, rate * 10 * (1 - truth.abandoned), truth.offered_wait)


def exponential(workers: int, rate: float) -> Case:
    """Erlang A: services end at rate μ + θ, as a cancel takes the worker from its visit too; of those begun µ / (μ + θ) end well."""
    ended = 1 / (1 / 10 + 1 / PATIENCE_MS)
    truth = oracles.impatient(rate, ended, workers, oracles.exponential_patience(PATIENCE_MS))
    text = f"""network: {{cross_zone: {{exponential: {PATIENCE_MS}ms}}}}
cluster: {{zones: [here, there]}}
services: {{a: {{workers: {workers}, endpoints: {{x: [{{work: {{exponential: 10ms}}}}]}}}}}}
routes: {{w -> a: {{timeout: 1ns, cancel: true}}}}"""
    begun = 1 - truth.abandoned
    return Case(text, 2000 * rate, rate, workers, truth, 1 - begun * ended / 10, rate * ended * begun, truth.wait)


CASES = {
    "M/M/1+D": constant(1, 0.09),
    "M/M/4+D, overloaded": constant(4, 0.5),
    "M/M/4+U, overloaded": uniform(4, 0.5),
    "Erlang A, one server": exponential(1, 0.12),
    "Erlang A, overloaded": exponential(4, 0.8),
}
SETS = [pytest.param(name, size, marks=[pytest.mark.slow] if size == "full" else [], id=f"{name}, {size}")
        for size in SEEDS for name in CASES]  # fmt: skip


@cache
def run(name: str, seed: int) -> tuple[float, float, float, float]:
    """Of service `a` after the warm-up: visits a ms, share of them lost, workers at work, wait a visit in ms."""
    case = CASES[name]
    end = round(VISITS / case.arrivals / 1000) + WARMUP_S
    zone = "zone: there, " if "zones" in case.text else ""
    arrivals = f"workload: {{w: {{entry: {'way' if 'way:' in case.text else 'a'}.x, {zone}arrivals: {{poisson: {case.rate}/s}}}}}}"
    plane = with_pods(build_plane(world(f"{case.text}\nduration: {end}s\n{arrivals}\n"), seed, "fast"))
    pod, tallies = list(plane.layout.scenario.services).index("a"), []
    for time in (WARMUP_S, end):
        plane.advance(time * S)
        tallies.append(np.copy(plane.observe().pods[pod]))
    return figures(*tallies, seconds=end - WARMUP_S)


def figures(before: Any, after: Any, seconds: int) -> tuple[float, float, float, float]:
    """What a pod's books say of the time between two looks."""
    grown = {name: int(after[name] - before[name]) for name in after.dtype.names}
    visits, ns = grown["visits"], seconds * S
    lost = (grown["failed"] + grown["cancelled"]) / (grown["failed"] + grown["cancelled"] + grown["succeeded"])
    return visits / (ns / MS), lost, grown["working_area_ns"] / ns, grown["waiting_area_ns"] / visits / MS


@pytest.mark.parametrize(("name", "size"), SETS)
def test_impatience(name, size):
    """Share lost, workers at work and mean wait: |z| <= 4, and half-widths of at most 1 %."""
    case, found = CASES[name], np.array([run(name, seed) for seed in SEEDS[size]])
    for values, truth in zip(found.T, (case.arrivals, case.lost, case.busy, case.wait), strict=True):
        estimate = Estimate(values, truth)
        assert estimate.z <= 4
        assert estimate.half_width <= 0.01 * WIDER[size]
