"""Breaking as a kind of task: what stands where for it."""

from __future__ import annotations

from agents.learning.breaking.actions import ACTION_SETS
from agents.learning.breaking.features import BREAKING
from agents.learning.breaking.seats import RouteSeats
from agents.learning.chair import Chair, Column


def _bars(seen: dict[str, float]) -> tuple[float, ...]:
    """Tries in flight, and of them those that fail."""
    wide = seen["in_flight"] / 8
    return wide, wide * seen["failures"]


BREAKS = Chair(
    "breaking", BREAKING, ACTION_SETS, RouteSeats,
    (Column("1/s", 7, lambda seen: f"{2 ** seen['rate'] - 1:.0f}"),
     Column("in flight", 9, lambda seen: f"{2 ** seen['in_flight'] - 1:.0f}"),
     Column("failed", 6, lambda seen: f"{seen['failures']:.0%}"), Column("queue", 6, lambda seen: f"{2 ** seen['queue'] - 1:.0f}"),
     Column("bound", 6, lambda seen: f"{seen['bound']:.0%}")),
    _bars,
)  # fmt: skip
