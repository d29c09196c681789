"""Which pods a view knows, where it is to know a few of them only. Twin of `chosen_pods` in reference/subsetting.py."""

from __future__ import annotations

from typing import Any

from sim.draws import indexed_key
from sim.fast.compiling import feature, part
from sim.fast.host_rows import pod_address
from sim.laws.subsetting import subset_round, subset_start, subset_word
from sim.words import M64


@feature
def choose_subset(s: Any, held: Any, rules: Any, view: int, service: int) -> None:
    """B25: between which words, in an order of a key, the pods lie that the view knows."""
    listed, size = s.services[service], rules.subset_size
    n, start = listed.count, 0
    held.subset_key, held.subset_low, held.subset_high = s.views[view].key, 0, M64
    if n <= size:
        return
    if rules.is_dealt == 1:
        held.subset_key = indexed_key(s.routes[held.route].key, subset_round(held.viewer, n, size))
        start = subset_start(held.viewer, n, size)
    for i in range(n):
        s.fillers[i].address = pod_word(s, held.subset_key, s.ready[listed.first + i])
    for i in range(n // 2 - 1, -1, -1):
        sink_word(s, i, n)
    for last in range(n - 1, 0, -1):
        s.fillers[0].address, s.fillers[last].address = s.fillers[last].address, s.fillers[0].address
        sink_word(s, 0, last)
    held.subset_low, held.subset_high = s.fillers[start].address, s.fillers[start + size - 1].address


@part
def pod_word(s: Any, key: int, p: int) -> int:
    """Where a pod stands in an order."""
    return subset_word(key, pod_address(s, p))


@part
def is_chosen(s: Any, key: int, low: int, high: int, p: int) -> bool:
    """Whether a pod lies between two words of an order."""
    word = pod_word(s, key, p)
    return low <= word and word <= high


@part
def sink_word(s: Any, place: int, n: int) -> None:
    """A word goes down a heap of n, the greatest above, to where it belongs."""
    while True:
        below = 2 * place + 1
        if below >= n:
            return
        if below + 1 < n and s.fillers[below].address < s.fillers[below + 1].address:
            below += 1
        one, other = s.fillers[place].address, s.fillers[below].address
        if one >= other:
            return
        s.fillers[place].address, s.fillers[below].address = other, one
        place = below
