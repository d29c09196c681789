"""The four workloads of DESIGN section 8, and how Parley runs them in the bench."""

from __future__ import annotations

import time
from dataclasses import dataclass

from parley.recording.recording import window_ns
from parley.recording.spans import TAIL, span_share
from scenarios.load import load
from scenarios.schema.units import NS_PER_S
from sim.mesh import Mesh


@dataclass(frozen=True)
class Workload:
    """A scenario, how many hops a simulated second makes, and what the fast engine is to reach."""

    name: str
    scenario: str
    says: str
    hops_per_s: int
    target: float  # hops per CPU-second
    target_ratio: float  # times idiomatic SimPy in the same run


WORKLOADS = (
    Workload("W1", "mm8", "one queue", 800, 6e6, 48),
    Workload("W2", "three_tier", "three tiers", 1_500, 5e6, 46),
    Workload("W2t", "three_tier_retries", "W2 with time-outs", 1_500, 4.5e6, 60),
    Workload("W3", "fan_out", "fan-out of ten", 2_200, 5e6, 60),
)


def parley_hops(workload: Workload, until_s: float, full_s: float, engine: str = "fast",
                spans: str = "none") -> tuple[int, float]:  # fmt: skip
    """Hops done and CPU-seconds of a shipped scenario prolonged to `until_s`; building not counted.

    Balancer, histogram, digest and conservation counters are always on. The plane is looked at, and its spans are
    taken, at the ends of the windows that `parley run` would keep in a run of `full_s`; the same share of requests
    leaves spans as in a run of the scenario as it is shipped.
    """
    shipped, until_ns = load(workload.scenario), round(until_s * NS_PER_S)
    window, scenario = window_ns(round(full_s * NS_PER_S)), shipped.with_(duration=f"{until_ns}ns", warmup=0)
    mesh = Mesh(scenario, 1, engine, span_share=span_share(shipped, spans), span_tail=spans == TAIL)
    began = time.process_time()
    for end_ns in [*range(window, until_ns, window), until_ns]:
        mesh.advance(end_ns)
        seen = mesh.plane.glance()
        mesh.plane.take_spans()
    return int(seen.pods["visits"].sum()), time.process_time() - began
