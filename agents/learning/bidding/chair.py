"""Bidding as a kind of task: what stands where for it."""

from __future__ import annotations

from agents.learning.bidding.actions import ACTION_SETS
from agents.learning.bidding.features import BIDDING
from agents.learning.bidding.seats import BidSeats
from agents.learning.chair import Chair, Column


def _bars(seen: dict[str, float]) -> tuple[float, ...]:
    """What would be worth its price, and what is leased: shares of the pool."""
    return seen["held"] * 2 ** max(0.0, seen["short"]), seen["held"]


BIDS = Chair(
    "bidding", BIDDING, ACTION_SETS, BidSeats,
    (Column("1/s", 7, lambda seen: f"{2 ** seen['rate'] - 1:.0f}"), Column("held", 5, lambda seen: f"{seen['held']:.0%}"),
     Column("wanted", 7, lambda seen: f"x{2 ** seen['short']:.2f}"), Column("marginal", 9, lambda seen: f"{2 ** seen['marginal']:.2f}"),
     Column("bids", 6, lambda seen: f"x{2 ** seen['multiple']:g}")),
    _bars,
)  # fmt: skip
