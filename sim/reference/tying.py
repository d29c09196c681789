"""Two tries of a call that know of each other: the one that begins to work calls the other off (Dean and Barroso, 2013)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.clock import OUTRUN, Moment, rank
from sim.laws.retrying import CANCELLED

if TYPE_CHECKING:
    from sim.reference.engine import ReferencePlane
    from sim.reference.life import Try


def tie(plane: ReferencePlane, first: Try, second: Try) -> None:
    """G6: the second of two tries leaves while the first is open. Word that the first has begun may be there before it."""
    if first.pod is None or second.pod is None:
        return
    first.twin, second.twin = second, first
    if first.started_ns >= 0:
        due = plane.network.word_ns(first, second, first.started_ns)
        if due <= plane.now_ns:
            second.served, second.is_outrun = CANCELLED, True
        else:
            _send_word(plane, second, due)


def tell_twin(plane: ReferencePlane, one: Try) -> None:
    """G7: a visit begins to work, and tells its twin."""
    if one.twin is not None:
        _send_word(plane, one.twin, plane.network.word_ns(one, one.twin, plane.now_ns))


def _send_word(plane: ReferencePlane, one: Try, due_ns: int) -> None:
    word = Moment(plane.env)
    word.callbacks.append(lambda _: plane.outrun(one))
    word.fall(due_ns, rank(OUTRUN, one.request.number, one.number))
