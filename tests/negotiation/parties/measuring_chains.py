"""What each mechanism makes of `retry_credits` over paired seeds: `python -m tests.negotiation.parties.measuring_chains [SEEDS]`."""

from __future__ import annotations

import statistics
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields

from agents.control_plane import ControlPlane
from parley.contests.files import contest_file
from parley.sweeps.axes import as_text
from scenarios.flow import Flow
from scenarios.load import load
from scenarios.schema.negotiation_rules import agent_names
from scenarios.schema.scenario import Scenario
from sim.mesh import Mesh
from sim.plane import Observation

MECHANISMS = ("none", "proportional", "strict_priority", "{credits: {passes_on: false}}", "credits", "planner",
              "{planner: {view: clairvoyant}}")  # fmt: skip
CROWD = contest_file("negotiation").events["retries along a chain"]
BY_HAND = {name: tuple(f"{path}={as_text(value)}" for path, value in other.set.items()) for name, other in CROWD.others.items()}
MUTE = "control_network.loss=0%"  # stands for faults that cut every agent off from all others: see `world_of`
WORLDS: dict[str, tuple[str, ...]] = {
    "the crowd": (),
    "the crowd, and 90 buyers a second": ("workload.buyers.arrivals={poisson: 90/s}",),
    "no crowd, one try in twenty fails": (
        "workload.visitors.arrivals={poisson: 50/s}", "faults={ill: {at: 20s, errors: {service: stock, fraction: 100%, rate: 5%}}}"),
    "no crowd, one of two pods five times slower for 60 s": (
        "workload.visitors.arrivals={poisson: 50/s}",
        "faults={slow: {at: 60s, for: 60s, slow: {service: stock, fraction: 50%, factor: 5}}}"),
    "the crowd, scraped every 15 s": ("telemetry.scrape_interval=15s",),
    "the crowd, no message arrives from second 75 to 135": (MUTE,),
    "no crowd, no message arrives from second 75 to 135": ("workload.visitors.arrivals={poisson: 50/s}", MUTE),
}  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """Of one run, from its first second on."""

    buyers_good: float  # share of those that came
    visitors_good: float
    good_per_s: float
    wasted_edge: float  # share of its visits that were part of no successful request's one course
    wasted_orders: float
    wasted_stock: float
    tries: float  # that left for the stock, for one request that came
    messages: int


def outcome(by: str, changes: tuple[str, ...], seed: int) -> Outcome:
    """One run."""
    world = world_of(by, changes)
    mesh = Mesh(world, seed)
    plane = ControlPlane(mesh)
    mesh.advance(world.duration)
    seen = mesh.plane.observe()
    share = {name: row["good"] / row["offered"] for name, row in zip(world.workload, seen.workloads, strict=True)}
    wasted = wasted_work(world, seen)
    left = sum(int(row["attempts"] - row["refused"]) for route, row in zip(mesh.plane.layout.routes, seen.routes, strict=True)
               if route.callee == "stock")  # fmt: skip
    return Outcome(share["buyers"], share["visitors"], int(seen.workloads["good"].sum()) / (world.duration / 1e9), wasted["edge"],
                   wasted["orders"], wasted["stock"], left / int(seen.workloads["offered"].sum()), len(plane.network.log))  # fmt: skip


def world_of(by: str, changes: tuple[str, ...]) -> Scenario:
    """The scenario under a mechanism, changed."""
    world = load("retry_credits", [*([] if by in BY_HAND else [f"negotiations.relief.credits.by={by}"]), *BY_HAND.get(by, ()), *changes])
    if MUTE not in changes:
        return world
    cut = {f"mute_{name}": {"at": "75s", "for": "60s", "control_partition": {"agents": [name]}} for name in agent_names(world)}
    return world.with_(faults=cut)


def wasted_work(world: Scenario, seen: Observation) -> dict[str, float]:
    """By service, the share of visits beyond those that a request which succeeded needs; programs here have no branches."""
    flow, needed = Flow(world), dict.fromkeys(world.services, 0.0)
    for name, row in zip(world.workload, seen.workloads, strict=True):
        for target, count in flow.visits_of_one(name).items():
            needed[target.split(".", maxsplit=1)[0]] += count * int(row["succeeded"])
    found = {}
    for index, service in enumerate(world.services):
        visits = int(seen.pods["visits"][seen.pod_service == index].sum())
        found[service] = 1 - needed[service] / visits if visits else 0.0
    return found


def table(changes: tuple[str, ...], seeds: int) -> str:
    """One row a mechanism: means over seeds, with half the width of their 95 % intervals (normal) where it shows."""
    names = [one.name for one in fields(Outcome)]
    lines = ["| by | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    with ProcessPoolExecutor(2) as pool:
        runs = {by: [pool.submit(outcome, by, changes, seed) for seed in range(1, seeds + 1)] for by in (*MECHANISMS, *BY_HAND)}
        for by, found in runs.items():
            cells = []
            for name in names:
                values = [float(getattr(one.result(), name)) for one in found]
                half = 1.96 * statistics.stdev(values) / len(values) ** 0.5 if len(values) > 1 else 0.0
                mean = statistics.mean(values)
                cells.append(f"{mean:.0f}" if name == "messages" else f"{mean:.3g} ±{half:.1g}")
            lines.append(f"| {by} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    for title, changed in WORLDS.items():
        sys.stdout.write(f"\n{title}\n\n{table(changed, int(sys.argv[1]) if len(sys.argv) > 1 else 10)}\n")
        sys.stdout.flush()
