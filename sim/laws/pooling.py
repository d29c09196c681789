"""Connection pools: when one more connection is opened, and how long one is kept."""

from __future__ import annotations

from typing import Any

from sim.laws.retrying import CANCELLED, LOST, REFUSED, TIMED_OUT
from sim.registry import law, seldom


@law
def opens_connection(waiting: int, opening: int, connections: int, most: int) -> bool:
    """X6 One more is opened while more wait than are being opened, and there is room for one."""
    return waiting > opening and connections < most


@seldom
@law
def is_spent(connection: Any, rule: Any, now_ns: int) -> bool:
    """X7 Whether a connection is at the end of its life, by age or by use."""
    is_old = rule.life_ns > 0 and now_ns - connection.opened_ns >= rule.life_ns
    return is_old or (rule.uses > 0 and connection.uses >= rule.uses)


@law
def is_idle(connection: Any, rule: Any, now_ns: int) -> bool:
    """X7 Whether a free connection has been free for too long."""
    return rule.idle_ns > 0 and now_ns - connection.freed_ns >= rule.idle_ns


@law
def is_kept(outcome: int) -> bool:
    """X7 Whether a try's connection outlives it: one that was answered leaves it clean, one that was given up or reset does not."""
    return outcome not in (TIMED_OUT, CANCELLED, LOST, REFUSED)
