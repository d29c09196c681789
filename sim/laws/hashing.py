"""Consistent hashing, as Envoy has it: a ring, Maglev's table, and bounded loads on either.

An *address* is a pod's own key, the same for every caller; a *word* is what a request's key hashes to.
"""

from __future__ import annotations

import math
from typing import Any

from sim.draws import HASHED, SHUFFLE, bits, pick, unit
from sim.registry import law, seldom
from sim.words import M64, unsigned


@law
def hashed(key: int) -> int:
    """B10 What a request's key hashes to: 64 bits, whose place in a ring or table decides."""
    return bits(key, HASHED, 0)


@law
def ring_mark(address: int, n: int) -> int:
    """B11 Where the n-th entry of a host lies on the ring."""
    return bits(address, HASHED, n)


@law
def ring_scale(least_share: float, minimum: int, maximum: int) -> float:
    """B11 Entries for all the weight: as many as give the least host a whole number of them, and no more than `maximum`."""
    return min(math.ceil(least_share * minimum) / least_share, float(maximum))


@law
def entries_up_to(target: float) -> int:
    """B11 Entries of the hosts up to one: the running sum of their shares of the scale, rounded up."""
    return math.ceil(target)


@law
def ring_entry(marks: Any, first: int, size: int, word: int) -> int:
    """B11 The first entry at or after a word, around the ring; marks are in order."""
    low, high = 0, size
    while low < high:
        middle = (low + high) // 2
        if marks[first + middle] < word:
            low = middle + 1
        else:
            high = middle
    return low if low < size else 0


@law
def later_entry(entry: int, again: int, size: int) -> int:
    """B11 Who picks again (R9) takes the entry so many further on, whosever it is."""
    return (entry + again) % size


@law
def maglev_slot(word: int, size: int) -> int:
    """B12 The slot of a word. By way of a float, which holds it: compiled code would mix signed and unsigned."""
    return int((word % unsigned(size)) * 1.0)


@law
def maglev_word(word: int, again: int) -> int:
    """B12 Who picks again (R9) takes the slot of the word with its upper bits turned, which is anywhere else."""
    return word ^ ((M64 - unsigned(again) + unsigned(1)) & M64) if again > 0 else word


@law
def maglev_place(address: int, size: int) -> int:
    """B12 Where a host's permutation of the slots begins."""
    return maglev_slot(bits(address, HASHED, 0), size)


@law
def maglev_skip(address: int, size: int) -> int:
    """B12 And by how much it goes on: 1 ... size - 1, which meets every slot of a prime number."""
    return maglev_slot(bits(address, HASHED, 1), size - 1) + 1


@law
@seldom
def fill_maglev(owners: Any, first: int, size: int, fillers: Any, n: int, most: float) -> None:
    """B12 Fill the slots (Eisenbud et al. 2016): host by host in rounds, each with the next free one of its permutation.

    In round k a host moves only if k times its share has reached its target, which grows by the largest share `most` with
    every move. `fillers` are MAGLEV records in order of pod number.
    """
    for i in range(first, first + size):
        owners[i] = -1
    filled, turn = 0, 1
    while filled < size:
        for i in range(n):
            filler = fillers[i]
            if filled < size and turn * filler.share >= filler.target:
                filler.target += most
                while owners[first + filler.place] >= 0:
                    filler.place = (filler.place + filler.skip) % size
                owners[first + filler.place] = filler.host
                filled += 1
        turn += 1


@law
def bounded_slots(active: int, factor: int, share: float) -> int:
    """B13 Tries in flight that a host may have: `factor` percent of its share of all, this one counted; at least one."""
    return max(1, math.ceil(((active + 1) * factor + 99) // 100 * share))


@law
def overload(active: int, slots: int) -> float:
    """B13 How loaded a host is: up to 1 it takes another try."""
    return active / slots


@law
def shuffled_place(word: int, i: int, n: int) -> int:
    """B13 Of the n - i hosts not looked at yet, which comes next: the same sequence for the same word."""
    return i + pick(unit(word, SHUFFLE, i), n - i)
