"""Tied requests and sizes find what theory has: two tied queues are one with two servers, and sizes make M/G/1 of M/D/1."""

from __future__ import annotations

import pytest

from sim.build import build_plane
from tests.theory import oracles
from tests.worlds import with_pods, world

S = 1_000_000_000


def mean_s(text: str, seconds: int, engine: str = "fast", seed: int = 1) -> float:
    """The mean latency of a class."""
    plane = with_pods(build_plane(world(f"duration: {seconds}s\n{text}"), seed, engine))
    plane.advance(seconds * S)
    (tally,) = plane.observe().workloads
    return int(tally["latency_ns"]) / int(tally["succeeded"]) / S


@pytest.mark.parametrize("rate", [100, 160])
def test_two_tied_queues_are_one_queue(rate):
    """G6, G7: where words take no time, the first pod that is free begins, as the first server of M/M/2 that is free."""
    tied = f"""
services: {{a: {{replicas: 2, workers: 1, endpoints: {{x: [{{work: {{exponential: 10ms}}}}]}}}}}}
routes: {{defaults: {{lb_policy: round_robin, hedge_policy: {{hedging_delay: 1ns, tied: true}}}}}}
workload: {{w: {{entry: a.x, arrivals: {{poisson: {rate}/s}}}}}}
"""
    assert mean_s(tied, 1500) == pytest.approx(oracles.mmc_mean(rate, 0.01, 2), rel=0.03)


@pytest.mark.parametrize(("size", "cv"), [("gamma: {cv: 2}", 2.0), ("lognormal: {cv: 0.5}", 0.5),
                                          ("mixture: [{weight: 1, of: 1}, {weight: 1, of: 3}]", 0.5)])  # fmt: skip
def test_sizes_make_a_queue_uneven(size, cv):
    """L14, L15, Pollaczek-Khinchine: works of 5 ms times a size of mean 1 and this cv."""
    sized = f"""
services: {{a: {{workers: 1, endpoints: {{x: [{{work: 5ms}}]}}}}}}
workload: {{w: {{entry: a.x, arrivals: {{poisson: 140/s}}, size: {{{size}}}}}}}
"""
    assert mean_s(sized, 1500) == pytest.approx(oracles.mg1_mean(140, 0.005, cv), rel=0.05)
