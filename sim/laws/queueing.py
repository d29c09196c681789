"""Who may come in, and where a pod's time goes."""

from __future__ import annotations

from typing import Any

from sim.registry import law


@law
def is_admitted(free: int, waiting: int, size: int) -> bool:
    """Q1 A call is turned away when it would have to wait and `size` wait already; size -1 is no limit."""
    return free > 0 or size < 0 or waiting < size


@law
def pass_time(pod: Any, now_ns: int) -> None:
    """Q2 Bring the pod's areas (integrals over time) up to now."""
    elapsed = now_ns - pod.changed_ns
    if elapsed == 0:
        return
    pod.present_area_ns += elapsed * pod.present
    pod.waiting_area_ns += elapsed * pod.waiting
    pod.working_area_ns += elapsed * pod.working
    pod.slow_area_ns += elapsed * pod.slow_working
    pod.changed_ns = now_ns
