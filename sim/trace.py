"""The trace: one row an event, the digest over them, and the first difference between two traces."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from sim.laws.retrying import OUTCOMES

SEMANTICS = 2  # version of SEMANTICS.md; a change that moves traces raises it


class Kind(IntEnum):
    """What a row says (D7)."""

    ARRIVED = 0  # a request came; place: workload, value: entry
    SENT = 1  # a try left its caller; place: pod (-1: none ready), value: attempt
    REJECTED = 2  # a pod turned it away (or was gone); value: outcome
    STARTED = 3  # a core began to work on it; value: how long it will take, ns
    WORKED = 4  # the work or wait is done
    ANSWERED = 5  # the pod answered; value: outcome
    RETURNED = 6  # the caller has the answer; value: outcome
    GAVE_UP = 7  # the caller waits no longer; value: outcome
    DROPPED = 8  # an answer came to nobody
    FINISHED = 9  # the request is over; place: workload, value: outcome
    CANCELLED = 10  # a visit stopped, or a try was not let in, because its caller had called it off; value: outcome


ARRIVED, SENT, REJECTED, STARTED, WORKED, ANSWERED, RETURNED, GAVE_UP, DROPPED, FINISHED, CANCELLED = (int(k) for k in Kind)


TELLS_OUTCOME = {REJECTED, ANSWERED, RETURNED, GAVE_UP, DROPPED, FINISHED, CANCELLED}  # rows whose value is an outcome


class Row(NamedTuple):
    """One event of the trace."""

    time_ns: int
    kind: int
    request: int
    call: int
    place: int
    value: int

    def __str__(self) -> str:
        value = OUTCOMES[self.value] if self.kind in TELLS_OUTCOME else self.value
        return (f"{self.time_ns / 1e9:.9f} s  request {self.request} call {self.call}  "
                f"{Kind(self.kind).name.lower()}  place {self.place}  {value}")  # fmt: skip


def first_difference(one: list[Row], other: list[Row]) -> int | None:
    """Index of the first row that differs, or None where the traces are the same."""
    for index, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return index
    return None if len(one) == len(other) else min(len(one), len(other))
