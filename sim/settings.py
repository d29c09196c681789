"""What a scenario says of a pod's queues, door and CPU, as records that both engines keep."""

from __future__ import annotations

from scenarios.schema.concurrency import ConcurrencyLimit
from scenarios.schema.queueing import Queue
from scenarios.schema.topology import Service
from sim.laws.concurrency import LIMITERS
from sim.laws.cpu import CPU_MODELS, PERIOD_NS
from sim.laws.queueing import CONTROLS, DISCIPLINES, FOREVER_NS, PRIORITIES
from sim.laws.service import servers

Fields = dict[str, int | float]


def resized(service: Service, cpu_limit: int | None) -> Service:
    """H32 A service as a pod of it sees it that was given another CPU limit, in milli-cores; None: the file's."""
    if cpu_limit is None or cpu_limit == service.resources.limits.cpu:
        return service
    limits = service.resources.limits.model_copy(update={"cpu": cpu_limit})
    return service.model_copy(update={"resources": service.resources.model_copy(update={"limits": limits})})


def queue_fields(queue: Queue) -> Fields:
    """Of a Queue that nobody waits in."""
    codel = queue.codel
    return {
        "discipline": DISCIPLINES.index(queue.discipline), "threshold": queue.lifo_switch_threshold or 0,
        "max_wait_ns": FOREVER_NS if queue.max_wait is None else queue.max_wait,
        "drops_expired": int(queue.drop_expired),
        "control": CONTROLS.index(codel.control) if codel else 0,
        "target_ns": codel.target if codel else 0, "interval_ns": codel.interval if codel else 0,
    }  # fmt: skip


def is_plain(queue: Queue) -> bool:
    """Whether it is first in, first out, and nobody is dropped."""
    return queue.discipline == "fifo" and queue.max_wait is None and queue.codel is None and not queue.drop_expired


def millicores(service: Service) -> int:
    """What a pod's strands share: its limit, and never more than its workers can use."""
    limit = service.resources.limits.cpu
    return service.workers * 1000 if limit is None else min(service.workers * 1000, limit)


def cores(service: Service) -> int:
    """How many works a pod does at once (L9); where they share cores, as many as it has workers."""
    is_shared = service.resources.cpu_model != "fcfs"
    return servers(service.workers, 0 if is_shared else service.resources.limits.cpu or 0)


def slow_core(service: Service) -> int:
    """Milli-cores of the fractional core that a limit leaves; 0: none."""
    limit = service.resources.limits.cpu or 0
    return limit % 1000 if (limit + 999) // 1000 <= service.workers and service.resources.cpu_model != "cfs" else 0


def cpu_fields(service: Service, now_ns: int) -> Fields:
    """Of a Cpu whose pod is ready now, where its first period begins."""
    quota_ns = (service.resources.limits.cpu or 0) * (PERIOD_NS // 1000)
    return {
        "model": CPU_MODELS.index(service.resources.cpu_model), "millicores": millicores(service),
        "quota_ns": quota_ns, "left_ns": quota_ns, "period_end_ns": now_ns + PERIOD_NS, "updated_ns": now_ns,
    }  # fmt: skip


def guard_fields(service: Service, now_ns: int) -> Fields:
    """Of a Guard whose pod is ready now; nothing where it sheds nobody."""
    if service.shedding is None:
        return {}
    return {
        "start": service.shedding.start, "full": service.shedding.full, "window_ns": float(service.shedding.window),
        "capacity": float(capacity(service)), "seen_ns": now_ns,
    }  # fmt: skip


def limit_fields(spec: ConcurrencyLimit | None) -> Fields:
    """Of a limit that learns from every answer; nothing where there is none."""
    if spec is None:
        return {}
    shares: Fields = {f"{priority}_share": -1.0 for priority in PRIORITIES}
    shares |= {f"{priority}_share": share for priority, share in spec.partitions.items()}
    common: Fields = {"limiter": LIMITERS.index(spec.kind), "initial": spec.chosen.initialLimit}
    if spec.aimd is not None:
        own: Fields = {"floor": spec.aimd.minLimit, "ceiling": spec.aimd.maxLimit, "ratio": spec.aimd.backoffRatio,
                       "drop_ns": spec.aimd.timeout}  # fmt: skip
    elif spec.vegas is not None:
        own = {"ceiling": spec.vegas.maxConcurrency, "smoothing": spec.vegas.smoothing, "probe_every": spec.vegas.probeMultiplier}
    else:
        assert spec.gradient2 is not None
        one = spec.gradient2
        own = {"floor": one.minLimit, "ceiling": one.maxConcurrency, "smoothing": one.smoothing, "tolerance": one.rttTolerance,
               "headroom": one.queueSize, "long_window": one.longWindow}  # fmt: skip
    return shares | common | own


def capacity(service: Service) -> float:
    """What a pod's busy time is compared with: workers that are held, or cores."""
    if service.model == "thread":
        return service.workers
    return millicores(service) / 1000 if service.resources.cpu_model == "cfs" else -(-millicores(service) // 1000)
