"""Balancing and discovery as kinds of task: what stands where for them."""

from __future__ import annotations

from agents.learning.chair import Chair, Column
from agents.learning.hosts.actions import RANKS, WEIGHTS
from agents.learning.hosts.features import HOSTS
from agents.learning.hosts.seats import HostSeats

COLUMNS = (
    Column("weight", 6, lambda seen: f"{2 ** seen['weight'] - 1:.3g}"), Column("calls", 6, lambda seen: f"{seen['share']:.0%}"),
    Column("inside", 6, lambda seen: f"{2 ** seen['in_flight'] - 1:.0f}"),
    Column("time/median", 11, lambda seen: f"{2 ** seen['relative']:.1f}" if seen["listed"] else ""),
    Column("failed", 6, lambda seen: f"{seen['failed']:.0%}"),
)  # fmt: skip
WIDEST = 3.0  # times an equal part, as far as the picture goes


def _bars(seen: dict[str, float]) -> tuple[float, ...]:
    """Calls, and of them those that failed."""
    return seen["share"] * WIDEST, seen["share"] * WIDEST, seen["share"] * WIDEST * seen["failed"]


BALANCES = Chair("balancing", HOSTS, {WEIGHTS.name: WEIGHTS}, HostSeats, COLUMNS, _bars)
DISCOVERS = Chair("discovery", HOSTS, {RANKS.name: RANKS}, HostSeats, COLUMNS, _bars)
