"""Where a view's hosts are, and what their pods are known by."""

from __future__ import annotations

from typing import Any

from sim.draws import indexed_key
from sim.fast.compiling import part


@part
def row_of(s: Any, held: Any, serial: int) -> int:
    """The row of a view's host; -1 where it has left."""
    low, high = held.first, held.first + held.count
    while low < high:
        middle = (low + high) // 2
        if s.hosts[middle].serial < serial:
            low = middle + 1
        else:
            high = middle
    return low if low < held.first + held.count and s.hosts[low].serial == serial else -1


@part
def pod_address(s: Any, p: int) -> int:
    """What a pod is known by where hosts are hashed, dealt, or hash themselves: the key of its service and its number."""
    return indexed_key(s.services[s.pods[p].service].key, s.pods[p].number)
