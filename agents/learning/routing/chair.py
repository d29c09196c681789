"""Routing as a kind of task: what stands where for it."""

from __future__ import annotations

from agents.learning.chair import Chair, Column
from agents.learning.routing.actions import ACTION_SETS
from agents.learning.routing.features import ROUTING
from agents.learning.routing.seats import WaySeats

ROUTES = Chair(
    "routing", ROUTING, ACTION_SETS, WaySeats,
    (Column("calls", 6, lambda seen: f"{seen['share']:.0%}"), Column("pods", 5, lambda seen: f"{2 ** seen['pods'] - 1:.0f}"),
     Column("1/s a pod", 10, lambda seen: f"{2 ** seen['came'] - 1:.1f}"),
     Column("inside ms", 10, lambda seen: f"{2 ** seen['inside']:.0f}")),
    lambda seen: (1.0, seen["share"]),
)  # fmt: skip
