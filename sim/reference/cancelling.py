"""A cancel reaches a pod: the visit it is for stops, and so does what that visit waits for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.laws.hedging import gives_way
from sim.laws.retrying import CANCELLED, PENDING
from sim.reference.calling import call_off
from sim.reference.life import Strand, Try
from sim.reference.turns import lose_turns
from sim.trace import CANCELLED as ROW_CANCELLED

if TYPE_CHECKING:
    from sim.reference.engine import ReferencePlane


def take_cancel(plane: ReferencePlane, one: Try) -> None:
    """C2: a cancel finds its visit inside, or nothing any more, or nothing yet."""
    assert one.pod is not None
    if one.delivered_ns < 0:
        one.served, one.is_outrun = CANCELLED, False  # it is refused at the door, and nobody waits for it
    elif one.ended_ns < 0:
        stop_visit(plane, one)
        close(plane, one)


def take_word(plane: ReferencePlane, one: Try) -> None:
    """G7: word reaches a pod that a try's twin has begun: before the try, in time to stop its visit, or too late."""
    if one.delivered_ns < 0:
        if one.served == PENDING:
            one.served, one.is_outrun = CANCELLED, True  # it is refused at the door
    elif one.ended_ns < 0 and gives_way(one.started_ns):
        stop_visit(plane, one)
        plane.reply(one, CANCELLED)


def stop_visit(plane: ReferencePlane, one: Try) -> None:
    """C3: a visit stops."""
    assert one.pod is not None
    plane.row(ROW_CANCELLED, one.request.number, one.number, one.pod.ident, CANCELLED)
    one.is_lost = True
    for strand in one.strands:
        stop(plane, strand)
    one.pod.expel(one, one.strands)
    lose_turns(plane, one.strands)
    one.strands.clear()


def refuse(plane: ReferencePlane, one: Try) -> None:
    """C2, G7: a try reaches its pod after its cancel, or after word that its twin has begun; who is still waited for answers."""
    assert one.pod is not None
    plane.row(ROW_CANCELLED, one.request.number, one.number, one.pod.ident, CANCELLED)
    if one.is_outrun:
        plane.reply(one, CANCELLED)
    else:
        close(plane, one)


def close(plane: ReferencePlane, one: Try) -> None:
    """C2: nobody will answer a cancelled try."""
    one.served, one.ended_ns = CANCELLED, plane.now_ns
    one.route.tally.orphans -= 1
    one.route.tally.cancelled += 1
    plane.books.closed(one)


def stop(plane: ReferencePlane, strand: Strand) -> None:
    """C3: a strand of a cancelled visit waits no longer: it gives up its try, drops its back-off."""
    for one in strand.awaited:
        call_off(plane, one, CANCELLED)
        one.view.retrying -= one.attempt > 0
    if strand.backing_off is not None:
        strand.backing_off.retrying -= 1
    if strand.waiting is not None:
        strand.waiting.abandon()
