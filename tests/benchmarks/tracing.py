"""What spans cost: a whole `parley.run` of three tiers into a temporary folder, with no spans, sampled ones, the tail, and all.

Building, windows, summary and all writing count, in wall time, because a disk is waited for and not computed with; the
speed in CPU time, of all threads, stands beside it. The modes take turns; a cost is the share of the speed that `none`
had in the same round and this mode had not.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from rich.table import Table

import parley
from parley.recording.spans import MODES
from scenarios.schema.units import NS_PER_S
from tests.benchmarks.turns import Effort, Figures, kept, percent
from tests.benchmarks.workloads import WORKLOADS

W2 = WORKLOADS[1]
HOPS_A_TURN = 3_000_000
ORDER = tuple(sorted(MODES, key=("none", "sample", "tail", "all").index))
TARGET_ALL = 0.4  # at most so much slower with all spans

Speeds = tuple[float, float]  # hops per wall-second, per CPU-second


def measure(effort: Effort) -> Figures:
    """Hops per wall-second of a whole run, by mode."""
    speeds: dict[str, list[Speeds]] = {mode: [] for mode in ORDER}
    with tempfile.TemporaryDirectory() as folder:
        _speeds(Path(folder, "warm-up"), "none", W2.hops_per_s)
        for turn in range(effort.rounds):
            for mode in ORDER:
                speeds[mode].append(_speeds(Path(folder, f"{mode}-{turn}"), mode, effort.of(HOPS_A_TURN)))
    return {"workload": W2.name, "target_all": TARGET_ALL, "modes": {mode: _summary(speeds, mode) for mode in ORDER}}


def tables(figures: Figures) -> list[Table]:
    """Speed and cost by mode."""
    table = Table("spans", title=f"a whole run of {figures['workload']}, written to disk")
    for column in ("thousand hops per second", "slower by", "per CPU-second", "slower by"):
        table.add_column(column, justify="right")
    for mode, found in figures["modes"].items():
        table.add_row(mode, f"{found['hops_per_s']['median'] / 1000:,.0f}", percent(found["cost"]),
                      f"{found['hops_per_cpu_s']['median'] / 1000:,.0f}", percent(found["cpu_cost"]))  # fmt: skip
    return [table]


def sentence(figures: Figures) -> str:
    """What spans cost a whole run."""
    modes = figures["modes"]
    speed, sampled, every = modes["none"]["hops_per_s"]["median"], modes["sample"]["cost"], modes["all"]["cost"]
    return (f"A whole run that is written to disk does {speed / 1e6:.2g} M hops per second; sampled spans make it "
            f"{percent(max(0.0, sampled))} slower, all spans {percent(max(0.0, every))}.")  # fmt: skip


def _speeds(folder: Path, mode: str, hops: float) -> Speeds:
    until = f"{round(hops / W2.hops_per_s * NS_PER_S)}ns"
    began, began_cpu = time.perf_counter(), time.process_time()
    run = parley.run(W2.scenario, spans=mode, set=[f"duration={until}", "warmup=0s"], out=folder)
    spent, spent_cpu = time.perf_counter() - began, time.process_time() - began_cpu
    done = sum(service["visits"] for service in run.summary["services"].values())
    return done / spent, done / spent_cpu


def _summary(speeds: dict[str, list[Speeds]], mode: str) -> Figures:
    summary: Figures = {}
    for place, (name, cost) in enumerate((("hops_per_s", "cost"), ("hops_per_cpu_s", "cpu_cost"))):
        mine, none = ([speed[place] for speed in speeds[which]] for which in (mode, "none"))
        summary[name] = kept(mine)
        summary[cost] = round(statistics.median(1 - one / other for one, other in zip(mine, none, strict=True)), 3)
    return summary
