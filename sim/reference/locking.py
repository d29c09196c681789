"""Locks: keys that one strand at a time holds while its steps run."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import simpy

from sim.records import LOCK_TALLY
from sim.reference.life import Program, Strand
from sim.reference.turns import Turn

if TYPE_CHECKING:
    from sim.reference.engine import ReferencePlane

Process = Generator[simpy.Event, Any, Any]
Tally = LOCK_TALLY.make_class()
Held = dict[int, Turn]  # the keys of a space that are held, by whom, and who waits


def with_key(plane: ReferencePlane, strand: Strand, held: Held, tally: Any, key: int, steps: Program) -> Process:
    """S9: a lock step: wait until the key is free, do the steps, and hand it on however they end (S10)."""
    if key in held:
        tally.waits += 1
        began_ns = plane.now_ns
        yield from held[key].wait(plane, strand)
        tally.waited_ns += plane.now_ns - began_ns
    else:
        Turn(key, held).take(strand)
    tally.taken += 1
    succeeded = False
    if not strand.abandoned:
        succeeded = yield from steps()
    strand.turns.pop().hand_over(plane)
    return succeeded
