"""When another try follows one that nobody has given up, and which answer ends the call."""

from __future__ import annotations

from sim.laws.retrying import OK
from sim.registry import law


@law
def hedges_left(attempt: int, attempts: int) -> bool:
    """G1 Whether a call that may make so many attempts may make another after this one, counted from 0."""
    return attempt + 1 < attempts


@law
def ends_race(outcome: int, is_named: bool) -> bool:
    """G3 Whether an answer ends a call though others of its tries may still succeed: success does, and what is not named."""
    return outcome == OK or not is_named


@law
def may_trigger(attempt: int, newest: int, is_backing_off: bool, is_delayed: bool) -> bool:
    """G4 Whether the failure of a try may be followed by another: after a delay any; else the newest, which was not followed yet."""
    return is_delayed or (attempt == newest and not is_backing_off)
