"""Hops per CPU-second of Parley's engines beside SimPy and Ciw: `make bench`, or `python -m tests.benchmarks.bench`.

All run in one process, taking turns over several rounds, so that a busy machine slows everybody; the medians and their
ratios are what counts. A first short turn of each, not counted, lets compiled code compile. The table is printed and
written with the machine and the versions to results/published/speed/speed.json.
"""

from __future__ import annotations

import gc
import importlib.metadata
import json
import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from scenarios.load import load
from sim.mesh import Mesh
from tests.benchmarks.peers import PEERS

PUBLISHED = Path(__file__).parents[2] / "results" / "published" / "speed" / "speed.json"
ROUNDS = 5
BASELINE = "simpy"
LIBRARIES = ("parley", "simpy", "ciw", "numba", "numpy")
NS_PER_S = 1_000_000_000


@dataclass(frozen=True)
class Workload:
    """One workload of DESIGN section 8: its scenario, how many hops a simulated second makes, the ratio to reach."""

    name: str
    scenario: str
    hops_per_s: int
    target_ratio: float


WORKLOADS = (
    Workload("W1", "mm8", 800, 48),
    Workload("W2", "three_tier", 1_500, 46),
    Workload("W2t", "three_tier_retries", 1_500, 60),
    Workload("W3", "fan_out", 2_200, 60),
)
HOPS_A_TURN = {"fast": 3_000_000, "reference": 30_000, "simpy": 100_000, "ciw": 30_000}  # about a second each

Runner = Callable[[Workload, float], tuple[int, float]]  # (workload, simulated seconds) → hops, CPU-seconds


def parley_hops(scenario_name: str, until_ns: int, engine: str = "fast") -> tuple[int, float]:
    """Run a shipped scenario without spans up to `until_ns`; hops done and CPU-seconds, building not counted."""
    scenario = load(scenario_name).with_(duration=f"{until_ns}ns", warmup=0)
    mesh = Mesh(scenario, 1, engine)
    began = time.process_time()
    mesh.advance(until_ns)
    spent = time.process_time() - began
    return int(mesh.plane.observe().pods["visits"].sum()), spent


def runners() -> dict[str, dict[str, Runner]]:
    """Who runs what: by runner and workload."""
    table: dict[str, dict[str, Runner]] = {
        engine: {workload.name: _parley(engine) for workload in WORKLOADS} for engine in ("fast", "reference")
    }
    for peer, runs in PEERS.items():
        table[peer] = {name: _peer(run) for name, run in runs.items()}
    return table


def measure(who: dict[str, dict[str, Runner]], rounds: int = ROUNDS, share: float = 1.0) -> dict[str, dict[str, Any]]:
    """Hops per CPU-second by workload and runner: every round, the median, the ratio to the baseline's median.

    `share` shortens every turn. The runners take turns inside each round.
    """
    speeds: dict[tuple[str, str], list[float]] = {}
    for turn in range(rounds + 1):
        for workload in WORKLOADS:
            for runner, runs in who.items():
                if workload.name not in runs:
                    continue
                length = share * (0.02 if turn == 0 else 1.0)
                until_s = length * HOPS_A_TURN[runner] / workload.hops_per_s
                gc.collect()
                hops, cpu_s = runs[workload.name](workload, until_s)
                if turn > 0:
                    speeds.setdefault((workload.name, runner), []).append(hops / cpu_s)
    return {workload.name: _summary(workload, speeds) for workload in WORKLOADS}


def machine() -> dict[str, Any]:
    """What the figures depend on; nothing that names the machine or its owner."""
    return {
        "processor": _processor_model(),
        "architecture": platform.machine(),
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
    }


def versions() -> dict[str, str]:
    """The versions of what was measured."""
    return {name: importlib.metadata.version(name) for name in LIBRARIES}


def table_of(results: dict[str, dict[str, Any]]) -> Table:
    """The table that is printed: thousands of hops per CPU-second, and times the baseline in brackets."""
    table = Table(title="thousand hops per CPU-second (times idiomatic SimPy)")
    table.add_column("runner")
    for workload in WORKLOADS:
        table.add_column(workload.name, justify="right")
    for runner in HOPS_A_TURN:
        table.add_row(runner, *(_cell(results[workload.name]["runners"].get(runner)) for workload in WORKLOADS))
    table.add_row("to reach", *(f"({workload.target_ratio:g}x)" for workload in WORKLOADS))
    return table


def main() -> None:
    """Measure, print, publish."""
    results = measure(runners())
    Console().print(table_of(results))
    PUBLISHED.parent.mkdir(parents=True, exist_ok=True)
    report = {"format": 1, "rounds": ROUNDS, "machine": machine(), "versions": versions(), "workloads": results}
    PUBLISHED.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(f"written to {PUBLISHED.relative_to(PUBLISHED.parents[3])}")


def _parley(engine: str) -> Runner:
    return lambda workload, until_s: parley_hops(workload.scenario, round(until_s * NS_PER_S), engine)


def _peer(run: Callable[[float, int], Any]) -> Runner:
    def timed(_: Workload, until_s: float) -> tuple[int, float]:
        start = time.process_time()
        outcome = run(until_s, 1)
        return outcome.hops, time.process_time() - start

    return timed


def _summary(workload: Workload, speeds: dict[tuple[str, str], list[float]]) -> dict[str, Any]:
    of_this = {runner: rounds for (name, runner), rounds in speeds.items() if name == workload.name}
    baseline = statistics.median(of_this[BASELINE])
    return {
        "scenario": workload.scenario,
        "target_ratio": workload.target_ratio,
        "runners": {
            runner: {
                "hops_per_cpu_second": round(statistics.median(rounds)),
                "ratio": round(statistics.median(rounds) / baseline, 3),
                "rounds": [round(speed) for speed in rounds],
            }
            for runner, rounds in of_this.items()
        },
    }


def _cell(found: dict[str, Any] | None) -> str:
    if found is None:
        return "-"
    return f"{found['hops_per_cpu_second'] / 1000:,.0f} ({found['ratio']:.3g}x)"


def _processor_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux
        return platform.processor() or "unknown"
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")


if __name__ == "__main__":
    main()
