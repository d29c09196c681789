"""Who may come in, and where a pod's time goes."""

from __future__ import annotations

import math
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


@law
def shift_stalled(pod: Any, by: int, now_ns: int) -> None:
    """Q2 So many more of those at work get nothing from the CPU from now on."""
    pod.stalled += by
    pod.stalled_area_ns -= by * now_ns


DISCIPLINES = ("fifo", "lifo", "priority", "adaptive_lifo")
FIFO, LIFO, PRIORITY, ADAPTIVE_LIFO = range(4)
CONTROLS = ("none", "rfc8289", "fail_at_scale")
UNCONTROLLED, CODEL, FAIL_AT_SCALE = range(3)
PRIORITIES = ("critical", "degraded", "best_effort", "bulk")
LEVELS = len(PRIORITIES)
FOREVER_NS = 1 << 62


@law
def level(discipline: int, priority: int) -> int:
    """Q5 Which of a queue's lines one waits in: that of its class under `priority`, else the only one."""
    return priority if discipline == PRIORITY else 0


@law
def takes_newest(discipline: int, left: int, threshold: int) -> bool:
    """Q5 Whether the newest is next, when `left` would still wait after one is taken (HHVM's switch to LIFO)."""
    return discipline == LIFO or (discipline == ADAPTIVE_LIFO and left >= threshold)


@law
def patience_ns(queue: Any, now_ns: int) -> int:
    """Q6 How long one who joins now may wait: `max_wait`, and by Fail at Scale's rule the short time or the long.

    `queue.crowded_ns` is when it was last empty: now, if nobody waits. A queue that has stood for longer than the
    interval allows only the target.
    """
    patience = queue.max_wait_ns
    if queue.control == FAIL_AT_SCALE:
        stands = queue.crowded_ns < now_ns - queue.interval_ns
        patience = min(patience, queue.target_ns if stands else queue.interval_ns)
    return int(patience)


@law
def is_expired(deadline_ns: int, now_ns: int) -> bool:
    """Q10 Whether somebody's deadline has passed: nothing is left (C5)."""
    return deadline_ns <= now_ns


@law
def codel_drops(queue: Any, waited_ns: int, left: int, now_ns: int) -> bool:
    """Q7 CoDel (RFC 8289, section 5): whether one that is taken after waiting so long, and leaves `left`, is dropped.

    Asked again, at the same instant, of whoever is taken in place of one that was dropped.
    """
    may_drop = False
    if waited_ns < queue.target_ns or left == 0:
        queue.first_above_ns = 0
    elif queue.first_above_ns == 0:
        queue.first_above_ns = now_ns + queue.interval_ns
    else:
        may_drop = now_ns >= queue.first_above_ns
    if not may_drop:
        queue.dropping = queue.moves = 0
        return False
    if queue.dropping == 0:
        grown = queue.drops - queue.last_drops
        queue.drops = grown if grown > 1 and now_ns - queue.drop_next_ns < 16 * queue.interval_ns else 1
        queue.dropping, queue.last_drops = 1, queue.drops
        queue.drop_next_ns = codel_next_ns(now_ns, queue.interval_ns, queue.drops)
        return True
    if queue.moves == 1:  # the one before was dropped, and a queue still stands
        queue.moves = 0
        queue.drop_next_ns = codel_next_ns(queue.drop_next_ns, queue.interval_ns, queue.drops)
    if now_ns < queue.drop_next_ns:
        return False
    queue.drops += 1
    queue.moves = 1
    return True


@law
def codel_next_ns(from_ns: int, interval_ns: int, drops: int) -> int:
    """Q7 CoDel's control law: the next drop comes interval / sqrt(drops) later."""
    return from_ns + int(interval_ns / math.sqrt(drops) + 0.5)
