"""Which pods a view knows, where it is to know a few of them only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from scenarios.schema.subsetting import Subset
from sim.draws import indexed_key
from sim.laws.subsetting import subset_round, subset_start, subset_word

if TYPE_CHECKING:
    from sim.reference.pod import Pod


def chosen_pods(policy: Subset | None, ready: Sequence[Pod], viewer: int, view_key: int, route_key: int) -> Sequence[Pod]:
    """B25: those of the ready pods that a view knows."""
    if policy is None or len(ready) <= policy.size:
        return ready
    key, start, n = view_key, 0, len(ready)
    if policy.method == "deterministic":
        key = indexed_key(route_key, subset_round(viewer, n, policy.size))
        start = subset_start(viewer, n, policy.size)
    return sorted(ready, key=lambda pod: subset_word(key, pod.address))[start : start + policy.size]
