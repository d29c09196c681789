"""When another try follows one that nobody has given up, and which answer ends the call."""

from __future__ import annotations

from sim.laws.retrying import CANCELLED, OK
from sim.registry import law

TWIN_PICKS = 8  # so often a tied try picks again while its pick is the other's pod


@law
def hedges_left(attempt: int, attempts: int) -> bool:
    """G1 Whether a call that may make so many attempts may make another after this one, counted from 0."""
    return attempt + 1 < attempts


@law
def ends_race(outcome: int, is_named: bool) -> bool:
    """G3 Whether an answer ends a call though others of its tries may still succeed: success does, and what is not named.

    G8: that a try was called off by its twin ends nothing.
    """
    return outcome == OK or not (is_named or outcome == CANCELLED)


@law
def gives_way(started_ns: int) -> bool:
    """G7 Whether a visit stops at the word that its twin has begun: as long as it has not begun itself."""
    return started_ns < 0


@law
def may_trigger(attempt: int, newest: int, is_backing_off: bool, is_delayed: bool) -> bool:
    """G4 Whether the failure of a try may be followed by another: after a delay any; else the newest, which was not followed yet."""
    return is_delayed or (attempt == newest and not is_backing_off)
