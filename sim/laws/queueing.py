"""Who may come in, and where a pod's time goes."""

from __future__ import annotations

from typing import Any

from sim.registry import law


@law
def is_admitted(free: int, waiting: int, size: int) -> bool:
    """Q1 A call is turned away when it would have to wait and `size` wait already; size -1 is no limit."""
    return free > 0 or size < 0 or waiting < size


@law
def area_ns(moments_ns: Any, count: Any, now_ns: int) -> Any:
    """Q2 The integral of a count over time up to now: count * now, less the moment of every one that was added.

    So nothing has to be done while time passes. While a pod runs, its `..._area_ns` hold the (negative) sum of moments.
    """
    return moments_ns + count * now_ns


@law
def shift_present(pod: Any, by: int, now_ns: int) -> None:
    """Q2 So many more are inside from now on."""
    pod.present += by
    pod.present_area_ns -= by * now_ns


@law
def shift_waiting(pod: Any, by: int, now_ns: int) -> None:
    """Q2 So many more wait from now on."""
    pod.waiting += by
    pod.waiting_area_ns -= by * now_ns


@law
def shift_working(pod: Any, by: int, now_ns: int) -> None:
    """Q2 So many more cores are at work from now on."""
    pod.working += by
    pod.working_area_ns -= by * now_ns


@law
def shift_slow(pod: Any, by: int, now_ns: int) -> None:
    """Q2 The fractional core is at work from now on (1), or no longer (-1)."""
    pod.slow_working += by
    pod.slow_area_ns -= by * now_ns
