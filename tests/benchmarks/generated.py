"""Generated meshes in the shape of Alibaba's call graphs, for the scale series: from three services to thousands.

What is kept of the published figures: 13 % of the services are entries, 48 % lie in the middle, 39 % call nobody
(Winchester et al. 2025, the v2022 trace); graphs grow like trees, few are large, and hot-spot services are shared by
many callers (Luo et al., SoCC'21). Depths of about four and a twentieth of hot spots are figures often cited; they
are aimed at, not claimed. Calls lead from lower to higher numbers only, so no request goes in a circle.

Every size carries the same load: VISITS_PER_SERVICE a second on average, and every worker of every service is busy
half of the time (who is asked more has more replicas, who is asked less works longer). Queues stay short, so a hop is
as much work in a large mesh as in a small one.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field
from typing import Any

import networkx as nx

ENTRY_SHARE, LEAF_SHARE, HOT_SHARE = 0.13, 0.39, 0.05  # of all services
LEVELS = (0.55, 0.25, 0.20)  # of the middle: how many sit one, two, three calls below an entry
SECOND_CALLER = 0.3  # how often a service has one more caller than its first
HOT_CALLS = (0.5, 0.3, 0.2)  # how often a caller asks one, two, three hot spots
FAN_OUT_MAX = 14  # different services that one service calls: the widest of the traces at hand
VISITS_PER_SERVICE = 100.0  # a second, on average
LONG_ENOUGH = "1000h"  # nobody reads what a scrape brings, and its cost goes with simulated time, not with hops
WORKERS, BUSY, WORK_S = 2, 0.5, 0.010  # of a pod; the share of time one works; mean work, longer for who is asked less


@dataclass
class Graph:
    """Who calls whom, by number: entries first, then the middle by level, then leaves, the hot ones first."""

    tiers: list[range]  # entries, each level of the middle, leaves
    calls: dict[int, list[int]] = field(default_factory=dict)

    @property
    def services(self) -> int:
        """How many."""
        return self.tiers[-1].stop

    def visits(self) -> list[float]:
        """Visits to each service for one request, every entry asked alike."""
        entries = self.tiers[0]
        visits = [1.0 / len(entries) if number in entries else 0.0 for number in range(self.services)]
        for caller in range(self.services):  # calls lead to higher numbers only
            for callee in self.calls.get(caller, ()):
                visits[callee] += visits[caller]
        return visits


def grown(services: int, seed: int = 1) -> Graph:
    """A graph of so many services, three or more: every one is called, and all but the leaves call."""
    rng = random.Random(f"{seed} {services}")
    graph = Graph(_tiers(services))
    for above, tier in zip(graph.tiers[:-2], graph.tiers[1:-1], strict=True):
        for number in tier:
            _attach(graph, rng, above, number)
    callers, leaves = range(graph.tiers[-1].start), graph.tiers[-1]
    for number in leaves:
        _attach(graph, rng, callers, number)
    hot = leaves[: math.ceil(HOT_SHARE * services)]
    for caller in callers:
        _ask_hot_spots(graph, rng, caller, hot)
    return graph


def world(services: int, seed: int = 1) -> dict[str, Any]:
    """A scenario of that graph, as a file would say it: half of the callers ask one after the other, half at once."""
    graph = grown(services, seed)
    visits = graph.visits()
    rate = VISITS_PER_SERVICE * services / sum(visits)
    return {
        "version": 1, "name": f"generated-{services}",
        "duration": LONG_ENOUGH, "telemetry": {"scrape_interval": LONG_ENOUGH},
        "network": {"same_zone": "500us"},
        "services": {name(number): _service(graph, number, rate * visits[number]) for number in range(services)},
        "workload": {"clients": {
            "mix": {f"{name(number)}.get": 1 for number in graph.tiers[0]},
            "arrivals": {"poisson": f"{rate:.3f}/s"},
        }},
    }  # fmt: skip


def shape(graph: Graph) -> dict[str, float]:
    """What a graph looks like, in the terms of the figures above."""
    edges = nx.DiGraph((caller, callee) for caller, callees in graph.calls.items() for callee in callees)
    callers = sorted((degree for _, degree in edges.in_degree()), reverse=True)
    hot = callers[: math.ceil(HOT_SHARE * graph.services)]
    depths = [1 + nx.dag_longest_path_length(edges.subgraph({e, *nx.descendants(edges, e)})) for e in graph.tiers[0]]
    sizes = [1 + len(nx.descendants(edges, entry)) for entry in graph.tiers[0]]
    return {
        "entry_share": len(graph.tiers[0]) / graph.services,
        "leaf_share": sum(degree == 0 for _, degree in edges.out_degree()) / graph.services,
        "depth_mean": sum(depths) / len(depths),
        "services_of_an_entry_mean": sum(sizes) / len(sizes), "services_of_an_entry_most": max(sizes),
        "fan_out_most": max(degree for _, degree in edges.out_degree()),
        "hot_share_of_edges": sum(hot) / edges.number_of_edges(),
        "hops_a_request": sum(graph.visits()),
    }  # fmt: skip


def name(number: int) -> str:
    """What a service is called."""
    return f"s{number}"


def _tiers(services: int) -> list[range]:
    """Numbers of the entries, of each level of the middle that has any, and of the leaves."""
    entries, leaves = max(1, round(ENTRY_SHARE * services)), max(1, round(LEAF_SHARE * services))
    middle = services - entries - leaves
    ends = [entries, *(entries + round(middle * sum(LEVELS[: level + 1])) for level in range(len(LEVELS))), services]
    tiers = [range(start, end) for start, end in zip([0, *ends[:-1]], ends, strict=True)]
    return [tier for tier in tiers if tier]


def _attach(graph: Graph, rng: random.Random, above: range, number: int) -> None:
    """A first caller, and sometimes a second; who calls many already is likelier to call one more."""
    for _ in range(1 + (rng.random() < SECOND_CALLER)):
        asked = [graph.calls.setdefault(caller, []) for caller in above]
        chances = [(1 + len(a)) * (len(a) + len(HOT_CALLS) < FAN_OUT_MAX and number not in a) for a in asked]
        if any(chances):
            rng.choices(asked, chances)[0].append(number)


def _ask_hot_spots(graph: Graph, rng: random.Random, caller: int, hot: range) -> None:
    """One to three different hot spots, the first of them most often."""
    asked = graph.calls.setdefault(caller, [])
    for _ in range(rng.choices(range(1, len(HOT_CALLS) + 1), HOT_CALLS)[0]):
        callee = rng.choices(hot, [1 / (1 + place) for place in range(len(hot))])[0]
        if callee not in asked:
            asked.append(callee)


def _service(graph: Graph, number: int, visits_per_s: float) -> dict[str, Any]:
    replicas = max(1, math.ceil(visits_per_s * WORK_S / (WORKERS * BUSY)))
    work_s = BUSY * WORKERS * replicas / visits_per_s
    steps: list[dict[str, Any]] = [{"work": {"exponential": f"{round(1e9 * work_s)}ns"}}]
    calls = [{"call": f"{name(callee)}.get"} for callee in graph.calls.get(number, ())]
    steps += [{"parallel": calls}] if len(calls) > 1 and number % 2 else calls
    return {"replicas": replicas, "workers": WORKERS, "endpoints": {"get": steps}}
