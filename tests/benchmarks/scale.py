"""Nanoseconds of CPU per hop as the world grows: over services, and over replicas of one that is called.

- `services`: meshes of generated.py, each service as busy as in the smallest, so that traffic and what is pending grow
  along with the mesh.
- `replicas`: CALLERS callers, each with its own view, call a service of more and more replicas by least_request (power
  of two choices) with always the same traffic: what is pending stays the same, so whatever grows is the balancer's, or
  that of a larger memory.
- `replicas_loaded`: the same with every replica as busy as in the smallest, so that all grows: traffic, agenda, views.

A world is built once (told apart), runs in until its arrays have grown, then advances a turn each round, all worlds
one after the other. Only advancing is timed. What an observation of everything takes is told apart as well:
windows and scrapes make one, so often in simulated time and not in hops; in these worlds nobody scrapes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from scenarios.flow import Flow
from scenarios.schema.scenario import Scenario
from scenarios.schema.units import NS_PER_S
from sim.mesh import Mesh
from tests.benchmarks import generated
from tests.benchmarks.turns import Effort, Figures, kept, undisturbed, worst_over_best

HOPS_A_TURN = 1_000_000
CALLERS, CALLER_WORKERS = 8, 4
REPLICA_WORKERS, REPLICA_WORK_S, BUSY = 4, 0.010, 0.5
SMALLEST = 10  # replicas
TARGET = 1.5  # DESIGN section 8: worst over best


@dataclass(frozen=True)
class Series:
    """Worlds by size, and the simulated time after which one of them has settled."""

    name: str
    title: str
    sizes: tuple[int, ...]
    world: Callable[[int], dict[str, Any]]
    run_in_s: float


class Growing:
    """One world of a series, advanced turn by turn."""

    def __init__(self, series: Series, size: int) -> None:
        scenario = Scenario.model_validate(series.world(size))
        began = time.process_time()
        self.mesh = Mesh(scenario, 1)
        self.building_s = time.process_time() - began
        self.size, self.ns_per_hop = size, list[float]()
        self._hops_per_s = sum(Flow(scenario).visits().values())
        self.mesh.advance(round(series.run_in_s * NS_PER_S))

    def turn(self, hops: int) -> None:
        """Advance by about so many hops."""
        until_ns, before = self.mesh.now_ns + round(hops / self._hops_per_s * NS_PER_S), self._hops()
        began = time.process_time()
        self.mesh.advance(until_ns)
        spent = time.process_time() - began
        self.ns_per_hop.append(NS_PER_S * spent / (self._hops() - before))

    def figures(self) -> Figures:
        """Cost of a hop in every turn, and what is told apart."""
        began = time.process_time()
        pods = len(self.mesh.plane.observe().pods)
        looking_s = time.process_time() - began
        return {"size": self.size, "pods": pods, "ns_per_hop": kept(self.ns_per_hop, 1),
                "building_s": round(self.building_s, 4), "observing_s": round(looking_s, 6)}  # fmt: skip

    def _hops(self) -> int:
        return int(self.mesh.plane.glance().pods["visits"].sum())


def with_replicas(replicas: int, loaded: int = SMALLEST) -> dict[str, Any]:
    """Callers in front of so many replicas, with the traffic that keeps `loaded` of them half busy."""
    rate = BUSY * REPLICA_WORKERS * loaded / REPLICA_WORK_S
    caller_workers = CALLER_WORKERS * loaded // SMALLEST
    caller_work_s = BUSY * CALLERS * caller_workers / rate
    return {
        "version": 1, "name": "replicas",
        "duration": generated.LONG_ENOUGH, "telemetry": {"scrape_interval": generated.LONG_ENOUGH},
        "network": {"same_zone": "500us"},
        "services": {
            "front": {"replicas": CALLERS, "workers": caller_workers, "endpoints": {
                "get": [{"work": {"exponential": f"{round(caller_work_s * NS_PER_S)}ns"}}, {"call": "back.get"}]}},
            "back": {"replicas": replicas, "workers": REPLICA_WORKERS, "endpoints": {
                "get": [{"work": {"exponential": f"{round(REPLICA_WORK_S * NS_PER_S)}ns"}}]}},
        },
        "workload": {"clients": {"entry": "front.get", "arrivals": {"poisson": f"{rate:g}/s"}}},
    }  # fmt: skip


REPLICAS = (10, 100, 1_000, 10_000)
SERIES = (
    Series("services", "services (each as busy)", (3, 10, 100, 500, 2_000), generated.world, 1.0),
    Series("replicas", "replicas (the same traffic)", REPLICAS, with_replicas, 0.2),
    Series("replicas_loaded", "replicas (each as busy)", REPLICAS, lambda size: with_replicas(size, size), 0.1),
)


def measure(effort: Effort, all_series: tuple[Series, ...] = SERIES) -> Figures:
    """Cost of a hop by series and size."""
    Growing(all_series[0], all_series[0].sizes[0])  # what compiles does so now
    worlds = {series: [Growing(series, size) for size in series.sizes] for series in all_series}
    with undisturbed() as settle:
        for _ in range(effort.rounds):
            for world in (one for of_series in worlds.values() for one in of_series):
                settle()
                world.turn(effort.of(HOPS_A_TURN))
    return {"target": TARGET, "series": {series.name: _summary(series, grown) for series, grown in worlds.items()}}


def tables(figures: Figures) -> list[Table]:
    """A table for each series."""
    return [_table(series) for series in figures["series"].values()]


def sentence(figures: Figures) -> str:
    """How flat each series is."""
    spans = [f"{s['worst_over_best']:.2f}x over {s['points'][0]['size']:,} to {s['points'][-1]['size']:,} {s['title']}"
             for s in figures["series"].values()]  # fmt: skip
    return f"Cost of a hop, dearest over cheapest: {'; '.join(spans)}."


def _summary(series: Series, worlds: list[Growing]) -> Figures:
    points = [world.figures() for world in worlds]
    if series.world is generated.world:
        for point in points:
            point["graph"] = generated.shape(generated.grown(point["size"]))
    flat = worst_over_best([point["ns_per_hop"]["median"] for point in points])
    return {"title": series.title, "points": points, "worst_over_best": flat}


def _table(series: Figures) -> Table:
    table = Table(series["title"], title=f"cost of a hop; worst over best {series['worst_over_best']:.2f}x")
    for column in ("pods", "ns per hop", "building, s", "observing, ms"):
        table.add_column(column, justify="right")
    for point in series["points"]:
        table.add_row(f"{point['size']:,}", f"{point['pods']:,}", f"{point['ns_per_hop']['median']:,.0f}",
                      f"{point['building_s']:.2f}", f"{1e3 * point['observing_s']:.2f}")  # fmt: skip
    return table
