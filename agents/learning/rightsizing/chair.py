"""Rightsizing as a kind of task: what stands where for it."""

from __future__ import annotations

from agents.learning.chair import Chair, Column
from agents.learning.rightsizing.actions import ACTION_SETS
from agents.learning.rightsizing.features import RIGHTSIZING
from agents.learning.rightsizing.seats import SizingSeats

WIDE_MILLICORES = 2000  # of a pod, as wide as the picture


def _bars(seen: dict[str, float]) -> tuple[float, ...]:
    """What a pod requests, and of that what is in use."""
    request = 2 ** seen["request"] / WIDE_MILLICORES
    return request, request * seen["usage"]


SIZES = Chair(
    "rightsizing", RIGHTSIZING, ACTION_SETS, SizingSeats,
    (Column("request", 8, lambda seen: f"{2 ** seen['request']:.0f}m"),
     Column("VPA", 8, lambda seen: f"{2 ** (seen['request'] + seen['target']):.0f}m"),
     Column("CPU", 5, lambda seen: f"{seen['usage']:.0%}"), Column("throttled", 9, lambda seen: f"{seen['throttled']:.0%}"),
     Column("ready", 6, lambda seen: f"{seen['ready']:.0%}")),
    _bars,
)  # fmt: skip
