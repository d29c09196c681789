"""Two runs in two threads beside one alone, in wall time: compiled code holds no lock, so two cores do twice as much.

Each repetition runs one seed alone, then both seeds at once; worlds are built before. The ratio of each repetition, and
the median of the ratios, is the figure: 1 means that the second run costs no time, 2 that it costs all of its own. What
the machine has to give stands beside it: the same ratio of processes that only count and share nothing.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Sequence

from rich.table import Table

from scenarios.load import load
from scenarios.schema.units import NS_PER_S
from sim.mesh import Mesh
from tests.benchmarks.turns import Effort, Figures, kept
from tests.benchmarks.workloads import WORKLOADS, Workload

NAMES = ("W2", "W3")
HOPS_A_TURN = 6_000_000
TARGET = 1.1  # DESIGN section 8: two within 10 % of one
COUNTED = 10_000_000  # by a process that only counts
COUNTING = """
import sys, time
began = time.perf_counter()
for _ in range(int(sys.argv[1])):
    pass
print(time.perf_counter() - began)
"""


def measure(effort: Effort) -> Figures:
    """Seconds alone and together, by workload."""
    chosen = {workload.name: workload for workload in WORKLOADS if workload.name in NAMES}
    for workload in chosen.values():
        _seconds(workload, 0.001, (1,))  # what compiles does so now
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in chosen}
    counting: list[tuple[float, float]] = []
    for _ in range(effort.rounds):
        counting.append((_counted(effort, 1), _counted(effort, 2)))
        for name, workload in chosen.items():
            until_s = effort.of(HOPS_A_TURN) / workload.hops_per_s
            taken[name].append((_seconds(workload, until_s, (1,)), _seconds(workload, until_s, (1, 2))))
    found = {name: _summary(pairs) for name, pairs in taken.items()}
    return {"target": TARGET, "workloads": found, "processes_that_count": _summary(counting)}


def tables(figures: Figures) -> list[Table]:
    """Alone, together, and the ratio."""
    table = Table("workload", title=f"two runs in two threads; to reach {figures['target']:.2f}x")
    for column in ("one alone, s", "two at once, s", "ratio"):
        table.add_column(column, justify="right")
    for name, found in {**figures["workloads"], "only counting": figures["processes_that_count"]}.items():
        table.add_row(name, f"{found['alone_s']['median']:.2f}", f"{found['together_s']['median']:.2f}",
                      f"{found['ratio']['median']:.2f}x")  # fmt: skip
    return [table]


def sentence(figures: Figures) -> str:
    """What two threads take."""
    ratios = [f"{found['ratio']['median']:.2f}x ({name})" for name, found in figures["workloads"].items()]
    possible = figures["processes_that_count"]["ratio"]["median"]
    return (f"Two runs in two threads take {' and '.join(ratios)} the time of one, where two processes that share "
            f"nothing take {possible:.2f}x.")  # fmt: skip


def _seconds(workload: Workload, until_s: float, seeds: Sequence[int]) -> float:
    """Wall time from the moment all threads are ready until the last is done."""
    until_ns = round(until_s * NS_PER_S)
    scenario = load(workload.scenario).with_(duration=f"{until_ns}ns", warmup=0)
    meshes = [Mesh(scenario, seed) for seed in seeds]
    ready = threading.Barrier(len(meshes) + 1)

    def advance(mesh: Mesh) -> None:
        ready.wait()
        mesh.advance(until_ns)

    threads = [threading.Thread(target=advance, args=(mesh,)) for mesh in meshes]
    for thread in threads:
        thread.start()
    ready.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    return time.perf_counter() - began


def _counted(effort: Effort, processes: int) -> float:
    """Seconds that so many processes count for, the slowest of them."""
    command = [sys.executable, "-c", COUNTING, str(effort.of(COUNTED))]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(processes)]
    return max(float(process.communicate()[0]) for process in running)


def _summary(pairs: Sequence[tuple[float, float]]) -> Figures:
    ratios = [together / alone for alone, together in pairs]
    alone, together = ([pair[place] for pair in pairs] for place in (0, 1))
    return {"alone_s": kept(alone, 3), "together_s": kept(together, 3), "ratio": kept(ratios, 3)}
