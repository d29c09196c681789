"""Hops per CPU-second of Parley's engines beside SimPy, Ciw and salabim, on the workloads of DESIGN section 8.

All run in one process and take turns inside each round, so that a busy machine slows everybody; medians over the rounds
and their ratios to idiomatic SimPy are what counts. A first short turn of each, not counted, lets compiled code
compile. CPU time is that of all threads of the process. Before every turn garbage is collected and what is left is
frozen, so that no peer's collector walks Parley's modules, or those of another peer.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from rich.table import Table

from tests.benchmarks.peers import PEERS
from tests.benchmarks.peers.outcome import Run
from tests.benchmarks.turns import Effort, Figures, kept, percent, undisturbed
from tests.benchmarks.workloads import WORKLOADS, Workload, parley_hops

BASELINE = "simpy"
WARM_UP = 0.02  # of a turn
ELSEWHERE = {  # PEERS section 3: a binary, so not in this process nor in this run
    "uqsim": {"title": "uqSim, C++ -O2", "W1": 523_789, "W2": 530_035, "W3": 384_615},
}

Turn = Callable[[Workload, float], tuple[int, float]]  # (workload, simulated seconds) → hops, CPU-seconds


@dataclass(frozen=True)
class Runner:
    """Who takes turns: what it is called, how many hops about a second takes, and what it runs."""

    name: str
    title: str
    hops_a_turn: int
    turns: dict[str, Turn]  # by workload


def _timed(run: Run) -> Turn:
    def turn(_: Workload, until_s: float) -> tuple[int, float]:
        start = time.process_time()
        outcome = run(until_s, 1)
        return outcome.hops, time.process_time() - start

    return turn


def parley_runner(name: str, title: str, hops_a_turn: int, engine: str, spans: str = "none") -> Runner:
    """One of the engines on all workloads."""
    full_s = {workload.name: hops_a_turn / workload.hops_per_s for workload in WORKLOADS}
    turns = {on: partial(parley_hops, full_s=length, engine=engine, spans=spans) for on, length in full_s.items()}
    return Runner(name, title, hops_a_turn, turns)


def peer_runner(name: str, title: str, hops_a_turn: int) -> Runner:
    """A peer on the workloads it has."""
    return Runner(name, title, hops_a_turn, {workload: _timed(run) for workload, run in PEERS[name].items()})


RUNNERS = (
    parley_runner("fast", "Parley, fast engine", 6_000_000, "fast"),
    parley_runner("fast_sampled", "… with sampled spans", 6_000_000, "fast", "sample"),
    parley_runner("reference", "Parley, readable engine", 15_000, "reference"),
    peer_runner("simpy", "SimPy, idiomatic", 100_000),
    peer_runner("ciw", "Ciw", 30_000),
    peer_runner("salabim", "salabim, yieldless", 5_000),
)


def measure(effort: Effort, runners: Sequence[Runner] = RUNNERS) -> Figures:
    """Hops per CPU-second by workload and runner: every round, the median, and the ratio to the baseline's median."""
    speeds: dict[tuple[str, str], list[float]] = {}
    order = [(workload, runner) for workload in WORKLOADS for runner in runners if workload.name in runner.turns]
    with undisturbed() as settle:
        for turn in range(effort.rounds + 1):
            for workload, runner in order:
                hops = effort.of(runner.hops_a_turn * (WARM_UP if turn == 0 else 1.0))
                settle()
                done, cpu_s = runner.turns[workload.name](workload, hops / workload.hops_per_s)
                if turn > 0:
                    speeds.setdefault((workload.name, runner.name), []).append(done / cpu_s)
    titles = {runner.name: runner.title for runner in runners}
    found = {workload.name: _summary(workload, speeds) for workload in WORKLOADS}
    return {"baseline": BASELINE, "titles": titles, "workloads": found, "elsewhere": ELSEWHERE}


def tables(figures: Figures) -> list[Table]:
    """Thousands of hops per CPU-second, and times the baseline in brackets."""
    table = Table("runner", title="thousand hops per CPU-second (times idiomatic SimPy)")
    for name in figures["workloads"]:
        table.add_column(name, justify="right")
    for runner, title in figures["titles"].items():
        table.add_row(title, *(_cell(workload["runners"].get(runner)) for workload in figures["workloads"].values()))
    table.add_section()
    table.add_row("to reach", *(_target(workload) for workload in figures["workloads"].values()))
    return [table]


def sentence(figures: Figures) -> str:
    """What sampled spans cost, where they cost most."""
    costs = {name: found["sampled_spans_cost"] for name, found in figures["workloads"].items()}
    dearest = max(costs, key=lambda name: costs[name])
    cost = percent(max(0.0, costs[dearest]))  # less than nothing is noise
    return f"Sampled spans, the default of `parley run`, cost at most {cost} of the speed ({dearest})."


def _summary(workload: Workload, speeds: dict[tuple[str, str], list[float]]) -> Figures:
    of_this = {runner: rounds for (name, runner), rounds in speeds.items() if name == workload.name}
    baseline = statistics.median(of_this[BASELINE])
    summary: Figures = {
        "scenario": workload.scenario, "says": workload.says,
        "target": workload.target, "target_ratio": workload.target_ratio,
        "runners": {
            runner: kept(rounds) | {"ratio": round(statistics.median(rounds) / baseline, 3)}
            for runner, rounds in of_this.items()
        },
    }  # fmt: skip
    pairs = zip(of_this["fast"], of_this["fast_sampled"], strict=True)  # their turns follow each other in every round
    summary["sampled_spans_cost"] = round(statistics.median(1 - sampled / off for off, sampled in pairs), 3)
    return summary


def _cell(found: Figures | None) -> str:
    return "-" if found is None else f"{found['median'] / 1000:,.0f} ({found['ratio']:.3g}x)"


def _target(workload: Figures) -> str:
    return f"{workload['target'] / 1000:,.0f} ({workload['target_ratio']:g}x)"
