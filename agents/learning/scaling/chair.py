"""Joint scaling as a kind of task: what stands where for it."""

from __future__ import annotations

from agents.learning.chair import Chair, Column
from agents.learning.scaling.actions import ACTION_SETS
from agents.learning.scaling.features import SCALING
from agents.learning.scaling.guided import GuidedSeats

PODS = 77  # as wide as the picture


def _bars(seen: dict[str, float]) -> tuple[float, ...]:
    """Pods asked for, of them ready, and of those in use."""
    pods = 2 ** seen["asked"] / PODS
    return pods, pods * seen["ready"], pods * seen["ready"] * seen["utilization"]


SCALES = Chair(
    "scaling", SCALING, ACTION_SETS, GuidedSeats,
    (Column("pods", 5, lambda seen: f"{2 ** seen['asked']:.0f}"), Column("ready", 6, lambda seen: f"{seen['ready']:.0%}"),
     Column("CPU", 5, lambda seen: f"{seen['utilization']:.0%}"), Column("1/s a pod", 10, lambda seen: f"{2 ** seen['rate'] - 1:.1f}")),
    _bars,
)  # fmt: skip
