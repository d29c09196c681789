"""Faults that a caller's proxy injects into its calls: a delay, then an abort."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import simpy

from sim.clock import RETRIED, Moment, rank
from sim.draws import ABORTED, DELAYED
from sim.laws.injecting import abort_outcome, is_injected
from sim.laws.retrying import OK
from sim.reference.life import Strand
from sim.reference.route import Route
from sim.reference.waiting import Waiting

if TYPE_CHECKING:
    from sim.reference.engine import ReferencePlane


def inject(plane: ReferencePlane, strand: Strand, route: Route, key: int) -> Generator[simpy.Event, Any, int]:
    """I2, I3: what stands before a call with this key of its first try. Returns OK where the call may leave, else its outcome."""
    fault = route.policy.fault
    if fault is None:
        return OK
    if fault.delay is not None and is_injected(key, DELAYED, fault.delay.percentage):
        waiting = strand.waiting = Waiting(plane.env)
        over = Moment(plane.env)
        over.callbacks.append(lambda _: waiting.end("over"))
        over.fall(plane.now_ns + fault.delay.fixed_delay, rank(RETRIED, strand.request.number, strand.request.number_call()))
        yield waiting.event
    if fault.abort is not None and is_injected(key, ABORTED, fault.abort.percentage):
        return abort_outcome(fault.abort.http_status)
    return OK
