"""Times of the day: a schedule asks for pods between its start and its end, in every period (MECHANISMS 3, KEDA's cron scaler)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Schedule:
    """So many pods from start to end, counted from the beginning of each period; an end before the start is that of the next one."""

    start_ns: int
    end_ns: int
    period_ns: int
    replicas: int


def is_within(schedule: Schedule, now_ns: int) -> bool:
    """Whether it is between start (included) and end (excluded) of some period (H18)."""
    since_start = (now_ns - schedule.start_ns) % schedule.period_ns
    return since_start < (schedule.end_ns - schedule.start_ns) % schedule.period_ns


def scheduled(schedules: Sequence[Schedule], otherwise: int, now_ns: int) -> tuple[int, str]:
    """Pods at a time, the most of all schedules that hold then and of `otherwise`, and why (H18)."""
    held = [schedule.replicas for schedule in schedules if is_within(schedule, now_ns)]
    if not held or max(held) <= otherwise:
        return otherwise, f"no schedule asks for more than {otherwise}"
    return max(held), f"{len(held)} schedule{'s hold' if len(held) > 1 else ' holds'}, for {max(held)} at most"
