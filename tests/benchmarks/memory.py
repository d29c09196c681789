"""Cost of a hop and resident memory over the number of requests of one run: three tiers, from 10^5 requests on.

It is the mesh alone that is measured, without a run folder being written.

Each run has an interpreter of its own (`python -m tests.benchmarks.memory REQUESTS`), so that what is resident is its
own; it advances in STRETCHES and reads after each what is resident. The highest of these readings is the figure;
`peak_mb` is the highest that the process ever was, imports included.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

from rich.table import Table

from scenarios.load import load
from scenarios.schema.units import NS_PER_S
from sim.mesh import Mesh
from tests.benchmarks.turns import Effort, Figures, kept, percent, worst_over_best

ROOT = Path(__file__).parents[2]
SCENARIO, REQUESTS_PER_S = "three_tier", 500
SIZES, WHOLE = (100_000, 1_000_000, 10_000_000), (100_000_000,)
REQUESTS_ALL_ROUNDS = 30_000_000  # a size has so many rounds that they stay below this, and one at least
STRETCHES = 100
COMPARED_WITH = 1_000_000  # DESIGN section 8: memory of the largest within 5 % of this one's
TARGET, TARGET_MEMORY = 1.5, 0.05


def measure(effort: Effort) -> Figures:
    """Runs by number of requests, each in a process of its own, the sizes taking turns."""
    sizes = [effort.of(size) for size in (*SIZES, *(WHOLE if effort.whole else ()))]
    runs: dict[int, list[Figures]] = {size: [] for size in sizes}
    for turn in range(effort.rounds):
        for size in sizes:
            if turn == 0 or (turn + 1) * size <= REQUESTS_ALL_ROUNDS:
                runs[size].append(_in_its_own_process(size))
    points = [_point(size, found) for size, found in runs.items()]
    resident = {point["requests"]: point["resident_mb"]["median"] for point in points}
    return {
        "title": "requests", "target": TARGET, "target_memory": TARGET_MEMORY, "points": points,
        "worst_over_best": worst_over_best([point["ns_per_hop"]["median"] for point in points]),
        "compared_with": effort.of(COMPARED_WITH),
        "growth": round(resident[sizes[-1]] / resident[effort.of(COMPARED_WITH)] - 1, 4),
    }  # fmt: skip


def tables(figures: Figures) -> list[Table]:
    """Cost and memory by number of requests."""
    growth = f"memory {percent(figures['growth'])} more than with {figures['compared_with']:,} requests"
    table = Table("requests", title=f"one long run; worst over best {figures['worst_over_best']:.2f}x; {growth}")
    for column in ("ns per hop", "resident, MB", "peak, MB", "runs"):
        table.add_column(column, justify="right")
    for point in figures["points"]:
        table.add_row(
            f"{point['requests']:,}", f"{point['ns_per_hop']['median']:,.0f}", f"{point['resident_mb']['median']:.1f}",
            f"{point['peak_mb']['median']:.1f}", str(len(point["resident_mb"]["rounds"])))  # fmt: skip
    return [table]


def sentence(figures: Figures) -> str:
    """How flat the series is, and what memory does."""
    first, last = figures["points"][0]["requests"], figures["points"][-1]["requests"]
    flat, growth = figures["worst_over_best"], percent(figures["growth"])
    return (f"Over {first:,} to {last:,} requests in one run: {flat:.2f}x; resident memory grows by {growth} from "
            f"{figures['compared_with']:,} requests on.")  # fmt: skip


def run_of(requests: int) -> Figures:
    """One run in this process: hops, CPU-seconds, and memory in megabytes as it was read after each stretch."""
    until_ns = round(requests / REQUESTS_PER_S * NS_PER_S)
    mesh = Mesh(load(SCENARIO).with_(duration=f"{until_ns}ns", warmup=0), 1)
    mesh.advance(0)
    spent, resident = 0.0, []
    for stretch in range(1, STRETCHES + 1):
        began = time.process_time()
        mesh.advance(until_ns * stretch // STRETCHES)
        spent += time.process_time() - began
        resident.append(_status_mb("VmRSS"))
    hops = int(mesh.plane.observe().pods["visits"].sum())
    return {"hops": hops, "cpu_s": spent, "resident_mb": max(resident), "peak_mb": _status_mb("VmHWM")}


def _in_its_own_process(requests: int) -> Figures:
    command = [sys.executable, "-m", "tests.benchmarks.memory", str(requests)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    found: Figures = json.loads(done.stdout)
    return found


def _point(requests: int, runs: list[Figures]) -> Figures:
    costs = [NS_PER_S * run["cpu_s"] / run["hops"] for run in runs]
    memory = {name: kept([run[name] for run in runs], 2) for name in ("resident_mb", "peak_mb")}
    return {"requests": requests, "hops": runs[0]["hops"], "ns_per_hop": kept(costs, 1), **memory}


def _status_mb(field: str) -> float:
    """A line of /proc/self/status; elsewhere the peak, which is all there is."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:")) / 1024


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run_of(int(sys.argv[1]))))
