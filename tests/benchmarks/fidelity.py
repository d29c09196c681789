"""How far a fluid is from requests: what it pays policies that always choose the same multiple of a rule, on the same episodes.

A policy is trained in the fluid to be good on requests. For that the order in which the two pay policies matters, and the distance
between neighbours more than what either pays as such.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from rich.table import Table
from scipy.stats import spearmanr

from agents.learning.judging import scores
from agents.learning.tasks import FIDELITIES, SCALE_V0, Task
from tests.benchmarks.turns import Effort, Figures, kept

TICKS = 240
FOLLOWS = SCALE_V0.action_set.follows  # the action that is the rule itself
FIRST = 900_201  # of the episodes, one a round


def measure(effort: Effort) -> Figures:
    """What each multiple is paid a tick at each fidelity, episode for episode, and how alike the two order them."""
    task = SCALE_V0.changed(ticks=effort.of(TICKS))
    episodes = range(FIRST, FIRST + effort.rounds)
    paid = {word: {fidelity: kept(_paid(task.changed(fidelity=fidelity), episodes, action), 4) for fidelity in FIDELITIES}
            for action, word in enumerate(task.action_set.labels)}  # fmt: skip
    medians = [[found[fidelity]["median"] for found in paid.values()] for fidelity in FIDELITIES]
    return {"ticks": task.ticks, "follows": task.action_set.labels[FOLLOWS], "multiples": paid,
            "rank_correlation": round(float(spearmanr(*medians).statistic), 3)}  # fmt: skip


def tables(figures: Figures) -> list[Table]:
    """Multiple for multiple."""
    table = Table("always", title=f"reward of a tick; orders correlate at {figures['rank_correlation']:.2f} (Spearman)")
    for fidelity in FIDELITIES:
        table.add_column(fidelity, justify="right")
    for word, found in figures["multiples"].items():
        table.add_row(word, *(f"{found[fidelity]['median']:.3f}" for fidelity in FIDELITIES))
    return [table]


def sentence(figures: Figures) -> str:
    """How alike, and how far apart for the rule itself."""
    rule = {fidelity: figures["multiples"][figures["follows"]][fidelity]["median"] for fidelity in FIDELITIES}
    return (f"A fluid orders the eight multiples of a rule as requests do at a rank correlation of {figures['rank_correlation']:.2f}; "
            f"the rule itself it pays {rule['fluid']:.3f} a tick, where requests pay {rule['requests']:.3f}.")  # fmt: skip


def _paid(task: Task, episodes: range, action: int) -> list[float]:
    def always(_: Any, masks: Any) -> Any:
        return np.where(masks[:, action], action, FOLLOWS)

    return [one.reward for one in scores(task, episodes, always)]
