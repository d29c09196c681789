"""Hosts by weight: Envoy's schedule of earliest deadlines, with weights that may shrink with the requests in flight."""

from __future__ import annotations

import math

from sim.draws import ROTATION, unit
from sim.registry import law


@law
def busy_weight(weight: float, active: int, bias: float) -> float:
    """B8 least_request among unequal hosts: weight over (requests in flight + 1)^bias; a bias of 0 sees no requests."""
    return weight / math.pow(active + 1.0, bias)


@law
def warming_weight(weight: float, age_ns: int, window_ns: int, aggression: float, least: float) -> float:
    """B15 A host younger than the window weighs (age/window)^(1/aggression) of its weight, and no less than `least` of it.

    A host is at least a millisecond old, and a window of 0 holds nobody back.
    """
    if age_ns >= window_ns:
        return weight
    share = max(age_ns, 1_000_000) / window_ns
    return weight * max(share if aggression == 1.0 else math.pow(share, 1.0 / aggression), least)


@law
def early_weight(weight: float) -> float:
    """B7 While a schedule is new a host weighs a trifle more, so that of a tie the host not picked yet comes first."""
    return weight + 1e-13


@law
def next_deadline(reached: float, weight: float) -> float:
    """B7 A host that is picked, or new, comes again 1/weight after the deadline the schedule has reached."""
    return reached + 1.0 / weight


@law
def is_due_before(deadline: float, turn: int, other_deadline: float, other_turn: int) -> bool:
    """B7 The least deadline is next; of equal ones that which was queued first."""
    return deadline < other_deadline or (deadline == other_deadline and turn < other_turn)


@law
def early_picks(view_key: int, changes: int, total: float) -> int:
    """B7 A new schedule has made so many picks already, drawn below a whole round, so that views do not march in step."""
    return int(unit(view_key, ROTATION, changes) * total)


@law
def early_share(picks: int, weight: float, total: float) -> int:
    """B7 Of a new schedule's early picks those that surely fell to a host: its share, rounded down, and less than the share."""
    share = int(weight * picks / total)
    return share - 1 if share > 0 and share / weight >= picks / total else share
