"""How those at work in a pod share its CPU: processor sharing, and the quota of Linux' bandwidth control."""

from __future__ import annotations

from typing import Any

from sim.laws.service import to_ns
from sim.registry import law

CPU_MODELS = ("fcfs", "ps", "cfs")
FCFS, PS, CFS = range(3)
PERIOD_NS = 100_000_000  # of cpu.max, as Kubernetes sets it


@law
def speed(working: int, millicores: int) -> float:
    """L12 `ps`: how fast each of those at work runs, where 1 is a whole core."""
    return min(1.0, millicores / (1000.0 * working))


@law
def pass_time(cpu: Any, now_ns: int) -> None:
    """L12, L13 Virtual time, which is what each of those at work has got, comes up to now; `cfs` uses its quota up."""
    elapsed = now_ns - cpu.updated_ns
    cpu.updated_ns = now_ns
    if cpu.working == 0:
        cpu.virtual_ns = 0.0
    elif cpu.model == PS:
        cpu.virtual_ns += elapsed * speed(cpu.working, cpu.millicores)
    elif cpu.is_throttled == 0:
        cpu.virtual_ns += float(elapsed)
        cpu.left_ns -= cpu.working * elapsed


@law
def renew(cpu: Any, now_ns: int) -> int:
    """L13 `cfs`: a new period brings a new quota, less what was overdrawn; 1 where the pod is throttled from now on."""
    if cpu.model != CFS:
        return 0
    if now_ns >= cpu.period_end_ns:
        cpu.left_ns = cpu.quota_ns + min(cpu.left_ns, 0)
        cpu.period_end_ns += PERIOD_NS * ((now_ns - cpu.period_end_ns) // PERIOD_NS + 1)
    before = cpu.is_throttled
    cpu.is_throttled = 1 if cpu.left_ns <= 0 and cpu.working > 0 else 0
    return 1 if cpu.is_throttled > before else 0


@law
def is_over(cpu: Any, finish_ns: float) -> bool:
    """L12, L13 Whether a work that is over at virtual time `finish_ns` is, now that the CPU's next change has come."""
    if cpu.model == PS and cpu.virtual_ns < finish_ns:
        cpu.virtual_ns = finish_ns  # it comes at the nearest nanosecond
    return bool(cpu.virtual_ns >= finish_ns)


@law
def next_change_ns(cpu: Any, finish_ns: float, now_ns: int) -> int:
    """L12, L13 When the first work is over if nobody comes or goes; under `cfs` no later than quota or period end."""
    ahead = finish_ns - cpu.virtual_ns
    if ahead <= 0.0:
        return now_ns
    if cpu.model == PS:
        return now_ns + to_ns(ahead / speed(cpu.working, cpu.millicores))
    if cpu.is_throttled == 1:
        return int(cpu.period_end_ns)
    return int(min(now_ns + to_ns(ahead), now_ns - (-cpu.left_ns // cpu.working), cpu.period_end_ns))


@law
def stalled(cpu: Any) -> int:
    """L12, L13 How many of those at work get nothing: under `ps` all beyond the cores, as if some ran and others not."""
    if cpu.model == PS:
        return int(max(0, cpu.working - (cpu.millicores + 999) // 1000))
    return int(cpu.working) if cpu.is_throttled == 1 else 0


@law
def uses_fraction(cpu: Any) -> int:
    """L12 `ps`: 1 while all whole cores are in use and the fraction of one that a limit leaves is, too."""
    return 1 if cpu.model == PS and cpu.millicores % 1000 > 0 and cpu.working * 1000 > cpu.millicores else 0
